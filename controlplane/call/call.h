// SPDX-License-Identifier: Apache-2.0
// A call: two SIP dialogs joined by one media context. The state machine that joins the web side and the IMS side.
//
// It knows no SIP library, no SDP text and no JSON: legs are told what to do by the verbs of call_leg_ops and tell
// what happened by the call_on_ functions. One side of a call is always a browser (web), the other the IMS core; a call
// between two browsers is two calls, joined by the core. Everything here runs on the event loop's thread.
#pragma once

#include "iq_msg.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct calls; // all calls of the process
struct call; // one; valid until its legs were released
struct store_record;
struct call_bag; // headers to pass through, opaque, reference-counted, owned by the adapters (sip/)

// The two dialogs: A sent the first INVITE, B got it from us.
enum call_side { CALL_A = 0, CALL_B = 1 };

// What a message carries. Borrowed for the time of the call it is passed to; a bag is kept with bag_ref.
struct call_msg {
	const char *sdp; // NULL: no description
	size_t sdp_len;
	struct call_bag *bag; // NULL: nothing to pass
};

// Why something is refused.
struct call_refusal {
	int status; // 300 to 699
	const char *
		phrase; // of the far side, or the sentence of a log and a Reason; NULL: the usual one
	const char *warning; // a sentence of our own for a Warning header; NULL: none
	struct call_bag *bag; // the far side's refusal; NULL: it is ours
};

// What a leg can be told. All return 0 or -errno; a failure ends the call. They never call back into call_ functions
// before they return. A leg lives until release().
struct call_leg_ops {
	// The initial INVITE, or a re-INVITE once the dialog is confirmed. sdp NULL: an offerless one.
	int (*offer)(void *leg, const struct call_msg *msg);
	// A 18x for the INVITE this leg has got.
	int (*progress)(void *leg, int status, const struct call_msg *msg);
	// The 200 for the INVITE or UPDATE this leg has got.
	int (*answer)(void *leg, const struct call_msg *msg);
	// The ACK for the 200 that this leg was sent, with the answer if the offer was in the 200.
	int (*confirm)(void *leg, const struct call_msg *msg);
	// The final failure for the INVITE or UPDATE this leg has got.
	int (*reject)(void *leg, const struct call_refusal *refusal);
	// CANCEL, BYE, or a failure response, as the state of the dialog demands; cause becomes a Reason header.
	int (*end)(void *leg, int cause, const char *text);
	// An in-dialog request of a method the call has no rule for, in the bag; its final response comes as
	// call_on_relayed with the same token.
	int (*relay)(void *leg, uint64_t token, struct call_bag *request);
	// The final response to such a request that this leg has got.
	int (*relay_response)(void *leg, uint64_t token, int status, struct call_bag *response);
	// The dialog as a flat record (ids, tags, CSeqs, routes, targets, transport): bytes written, -ENOSPC. answer: what
	// answer() will pass to an INVITE this leg hasn't answered; NULL: nothing.
	int (*record)(void *leg, struct call_bag *answer, char *buf, size_t room);
	// The call will never name this leg again. It may still finish its own transactions.
	void (*release)(void *leg);
	// As release, but the far end is told nothing: the dialog lives on for another process.
	void (*forget)(void *leg);
};

struct call_leg {
	const struct call_leg_ops *ops;
	void *leg;
};

struct call_setup {
	struct call_leg legs[2]; // B is prepared (target, routes, identity) but has sent nothing
	enum call_side web; // which of the two is the browser
	char id[IQ_REF_LEN]; // the call's name in logs, in the store and at the media gateway: unique
	uint8_t families_access; // IQ_FAMILY_ bits to offer the browser
	uint8_t families_core;
	struct call_msg msg; // of the initial INVITE; sdp NULL: offerless
};

// From configuration and main; all callbacks run on the event loop's thread.
struct calls_config {
	struct iq_client *iq; // borrowed
	struct store *store; // borrowed, NULL: nothing is persisted (unit tests)
	const struct sdp_profile *web_profile, *ims_profile;
	unsigned park_time_ms; // a call whose WebSocket was lost waits this long
	unsigned orphan_time_ms; // a media context that no call owns is kept this long
	unsigned setup_timeout_ms; // from INVITE to 200
	uint8_t breakers[IQ_LEGS]; // bits 1 << iq_breaker of what is sent toward each leg
	bool breaker_releases; // a call whose audio a breaker has silenced is ended
	struct call_bag *(*bag_ref)(struct call_bag *bag);
	void (*bag_unref)(struct call_bag *bag);
	// One-shot timer of the loop: calls on_timer(arg) once after ms; returns a handle for timer_stop.
	void *(*timer_start)(void *loop, unsigned ms, void (*on_timer)(void *arg), void *arg);
	void (*timer_stop)(void *loop, void *timer);
	void *loop;
	// Makes a leg again out of its record; the call owns it. 0 or -errno. NULL: nothing is restored.
	int (*leg_restore)(void *legs, struct call *call, enum call_side side, const char *text,
		size_t len, struct call_leg *out);
	void *legs;
};

struct calls *calls_create(const struct calls_config *config); // NULL with errno
// Ends nothing: both sides hear nothing, media contexts and records stay for the process after this one.
void calls_destroy(struct calls *calls);
// Both sides are told, contexts and records are deleted: of all calls, or of those that aren't up, whom nobody could take over.
void calls_end_all(struct calls *calls, int cause, const char *text);
void calls_end_unanswered(struct calls *calls, int cause, const char *text);
unsigned calls_count(const struct calls *calls);

// An INVITE came in on A. On success the call owns both legs; on failure (-ENOMEM, -EEXIST) the caller keeps them.
// Answers, even a rejection for a useless offer, come through the legs, never before this returns.
int call_start(struct calls *calls, const struct call_setup *setup, struct call **out);

// Makes a call again out of the record that another process has left in the store: up, and parked until its browser is
// back. The next audit of its gateway says whether its media lives. 0; -EINVAL the record is damaged; -EPROTO it is of another
// version; -EEXIST the call is there; what leg_restore says; -ENOMEM.
int calls_restore(struct calls *calls, const struct store_record *record);

// What legs tell. dialog names an early dialog of B (its To tag); "" where there is one only.
void call_on_progress(struct call *call, enum call_side side, int status, const char *dialog,
	const struct call_msg *msg);
void call_on_answer(
	struct call *call, enum call_side side, const char *dialog, const struct call_msg *msg);
void call_on_reject(struct call *call, enum call_side side, int status, const char *phrase,
	const struct call_msg *msg);
// A re-INVITE or an UPDATE with an offer (or without, re-INVITE only). Answered by answer() or reject().
void call_on_offer(struct call *call, enum call_side side, const struct call_msg *msg);
// The peer's address has changed, and nothing else.
void call_on_refreshed(struct call *call, enum call_side side);
// The ACK of a 200 that answer() sent.
void call_on_confirm(struct call *call, enum call_side side, const struct call_msg *msg);
void call_on_cancel(struct call *call, enum call_side side); // the adapter has answered 200 and 487
void call_on_end(struct call *call, enum call_side side,
	struct call_bag *bag); // BYE; the adapter has answered 200
void call_on_relay(
	struct call *call, enum call_side side, uint64_t token, struct call_bag *request);
void call_on_relayed(struct call *call, enum call_side side, uint64_t token, int status,
	struct call_bag *response);
// The leg can't go on: transaction timeout, transport gone for good.
void call_on_failure(struct call *call, enum call_side side, int cause, const char *text);
// The browser's WebSocket was lost (parked for park_time_ms), or its binding is back on a new one.
void call_on_parked(struct call *call, enum call_side side);
void call_on_resumed(struct call *call, enum call_side side);

// What the media gateway tells; main connects these to iq_client's callbacks.
void calls_on_media_state(struct calls *calls, const struct iq_context_state *state);
void calls_on_media_lost(
	struct calls *calls, uint8_t gateway); // eims-agw died: its calls end cleanly
// Audits the gateway: contexts that no call owns are orphans, kept for orphan_time, then deleted.
void calls_on_media_attached(struct calls *calls, uint8_t gateway);

// One line a call for the operator: id, state, sides, age, media context. Returns how many were visited.
struct call_info {
	const char *id, *state;
	enum call_side web;
	uint64_t age_ms, setup_ms; // setup: INVITE to 200
	iq_handle media;
	bool is_parked; // its WebSocket was lost
};
unsigned calls_visit(
	struct calls *calls, void (*on_call)(const struct call_info *info, void *arg), void *arg);
// 0 or -ENOENT.
int call_info_get(struct calls *calls, const char *id, struct call_info *info);
// Both sides get BYE, or what fits. 0 or -ENOENT.
int call_end(struct calls *calls, const char *id, int cause, const char *text);
// Milliseconds until an orphan is deleted; -1: it isn't known as one.
int64_t calls_orphan_left_ms(const struct calls *calls, iq_handle media);
unsigned calls_orphan_count(const struct calls *calls);
