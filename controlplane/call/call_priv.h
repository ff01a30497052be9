// SPDX-License-Identifier: Apache-2.0
// Inside the call room: one call, its offer/answer exchange, its media context.
#pragma once

#include "call.h"
#include "iq_client.h"
#include "sdp.h"
#include "store.h"

#include <sys/queue.h>

// Where a call stands. Offers after CALL_UP don't change it.
enum call_state {
	CALL_STARTING, // the first INVITE came in
	CALL_INVITING, // B has its INVITE
	CALL_ANSWERING, // B has answered; media and store are being set
	CALL_UP, // both dialogs are confirmed
	CALL_OVER, // ended; waits only for its destruction
};

// One exchange of an offer and an answer (RFC 3264), from the side that offers to the other.
enum exchange_state {
	EXCHANGE_NONE,
	EXCHANGE_RESERVING, // the gateway makes room
	EXCHANGE_OFFERED, // the other side has our offer
	EXCHANGE_APPLYING, // the gateway is told what was agreed
};

struct exchange {
	enum exchange_state state;
	enum call_side from;
	bool initial;
	bool in_response; // the offer stood in a 200: our answer goes into an ACK
	bool local; // answered here, the other side isn't asked
	bool early; // an early answer is being applied, the final one is still to come
	bool early_told; // the offerer has an answer in a 18x already
	bool unconfirmed; // the other side's 200 to our re-INVITE waits for its ACK
	int status; // of that 18x
	struct call_bag *bag; // of that 18x, until the offerer has it
	struct sdp_session *offer; // from's
	struct sdp_session *forward; // ours to the other side
	struct sdp_session *answer; // the other side's
	struct sdp_session *reply; // ours to from
};

struct call {
	struct calls *calls;
	struct call *next; // of the table's bucket
	struct call *next_over; // of those to be destroyed
	struct call_leg legs[2];
	enum call_side web;
	enum call_state state;
	char id[IQ_REF_LEN];
	uint8_t families[2]; // by enum iq_leg
	uint64_t started_us, up_us;
	bool offerless;
	bool is_parked;
	bool is_restored; // of another process; its media isn't confirmed yet
	struct call_bag *first_bag; // of the initial INVITE, until B has it
	struct call_bag *answer_bag; // of B's 200, until A has it
	void *timer; // one at a time: start, set-up, park
	unsigned waiting; // replies of the gateway to come
	int applied; // first failure among them
	void (*on_applied)(struct call *call);
	char dialog[128]; // B's dialog whose answer A was given
	char why[200]; // sentence for a 488

	iq_handle media;
	struct iq_context_local local_media;
	uint8_t transport_of[SDP_MAX_SECTIONS]; // access transport of a section
	unsigned sections;
	uint8_t audio_sections; // bits 1 << section
	unsigned role; // enum sdp_role once decided
	uint64_t session_id[2];
	struct sdp_session *local[2], *remote[2]; // in force
	bool remote_was_offer[2];
	struct exchange exchange;
};

struct orphanage;
LIST_HEAD(orphanage_list, orphanage);

#define CALL_BUCKETS 4096

struct calls {
	struct calls_config config;
	struct call *buckets[CALL_BUCKETS];
	struct call *over;
	void *reap_timer;
	unsigned count;
	struct orphanage_list orphanages;
};

static inline enum call_side other_side(enum call_side side)
{
	return side == CALL_A ? CALL_B : CALL_A;
}
static inline bool side_is_web(const struct call *call, enum call_side side)
{
	return side == call->web;
}

// call_table.c
struct call *call_create(struct calls *calls, const struct call_setup *setup);
void call_discard(struct call *call); // nobody knows it, or any more
void call_retire(struct call *call); // leaves the table, is destroyed from the loop
struct call *call_by_id(struct calls *calls, const char *id);

// call_exchange.c: offer and answer.
int exchange_begin(struct call *call, enum call_side from, const struct call_msg *msg);
void exchange_answered(struct call *call, const struct call_msg *msg);
void exchange_wipe(struct call *call);
// The offerer is told; the call ends if initial.
void exchange_refused(struct call *call, const struct call_refusal *refusal);
void exchange_fail(struct call *call, int status, const char *phrase); // the same, by ourselves
void exchange_useless(struct call *call, int status); // the same, for call->why: a Warning says it

// call_sdp.c: descriptions for one side.
int description_local(struct call *call, enum call_side side, struct sdp_local *local);
int description_offer(struct call *call, enum call_side to, const struct sdp_session *remote,
	struct sdp_session **out);
int description_answer(struct call *call, enum call_side to, const struct sdp_session *remote,
	struct sdp_session **out);
int description_parse(struct call *call, const struct call_msg *msg, struct sdp_session **out);

// call_media.c: commands to the gateway.
int media_reserve(struct call *call, const struct sdp_needs *needs, bool restart);
int media_apply(
	struct call *call, const struct sdp_pair *pair, void (*on_applied)(struct call *call));
void media_forget(struct call *call); // what was asked of the gateway: its replies never come
void media_release(struct call *call);

// call_orphan.c: contexts without a call.
void orphans_forget(struct calls *calls);

// call_record.c, call_restore.c: what outlives the process.
#define CALL_RECORD_VERSION 3
int record_put(struct call *call, store_on_done *on_done);
void record_del(struct call *call);

// call_end.c
// Tells both sides what fits the state. status 0: both know already.
void call_refuse(struct call *call, const struct call_refusal *refusal);
void call_fail(struct call *call, int status, const char *text); // the same, by ourselves
void call_forget(struct call *call); // nobody is told, nothing is deleted; its memory goes at once
void call_timer(struct call *call, unsigned ms, void (*on_timer)(void *arg));
void call_timer_stop(struct call *call);
void call_setup_over(void *arg);
void call_park(struct call *call);

// call_verbs.c: legs told, failures turned into the call's end.
void leg_offer(struct call *call, enum call_side side, const struct sdp_session *sdp,
	struct call_bag *bag);
void leg_progress(struct call *call, enum call_side side, int status, const struct sdp_session *sdp,
	struct call_bag *bag);
void leg_answer(struct call *call, enum call_side side, const struct sdp_session *sdp,
	struct call_bag *bag);
void leg_confirm(struct call *call, enum call_side side, const struct sdp_session *sdp);
void leg_reject(struct call *call, enum call_side side, const struct call_refusal *refusal);
void leg_end(struct call *call, enum call_side side, int cause, const char *text);
