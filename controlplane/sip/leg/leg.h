// SPDX-License-Identifier: Apache-2.0
// A leg: one SIP dialog of a call, on W2 or on Mw, told what to do by the call.
#pragma once

#include "sip_stack.h"

#define LEG_EARLY_MAX 8 // early dialogs kept of a forked INVITE

struct leg_relay; // a request passed through the call, waiting for its answer

struct sip_leg {
	struct dialog_user user; // first
	struct sip_stack *stack;
	struct call *call; // NULL once released
	enum call_side side;
	bool w2;
	registration_id binding; // of the browser; on Mw too: whose call it is
	enum header_way way; // of what this leg sends
	unsigned refs; // of the call, of each transaction and timer that names the leg
	struct sip_dialog dialog;
	char *charging; // P-Charging-Vector of requests (Mw)
	char *identity; // P-Asserted-Identity of our responses (Mw)

	msg_t *first; // the prepared INVITE, until offer() sends it
	struct uac *invite; // INVITE of ours: until its ACK was sent, or it failed
	uint32_t invite_cseq;
	struct uas *offer; // INVITE or UPDATE of the peer that the call hasn't answered
	struct uas *unacked; // INVITE of the peer that got 2xx and no ACK yet
	char *early[LEG_EARLY_MAX]; // To tags
	unsigned early_count;
	bool invite_accepted; // invite has got its 2xx
	bool offer_cancelled; // offer was a re-INVITE and was cancelled
	bool confirmed; // the dialog is: a 2xx was got, or acknowledged
	bool ended; // nothing more is to be said but what ends it
	bool owes_bye; // the browser is away: it gets its BYE when it is back; holds a reference
	char *farewell; // Reason of that BYE
	void *farewell_timer;
	struct leg_relay *relays; // in and out
	void *owner; // of a leg that is no call's
	struct sip_leg *next_of_binding;
	struct sip_leg *next, **at; // all legs of the stack
};

extern const struct call_leg_ops sip_leg_ops;

// An empty leg with one reference, for the call; NULL with errno.
struct sip_leg *sip_leg_create(struct sip_stack *stack, bool w2, registration_id binding);
void sip_leg_ref(struct sip_leg *leg);
void sip_leg_unref(struct sip_leg *leg);

// Gives up every transaction of the leg, for the end of the stack.
void sip_leg_abandon(struct sip_leg *leg);

// Makes the leg found by its dialog: 0, -EEXIST, -ENOMEM.
int sip_leg_enlist(struct sip_leg *leg);
void sip_leg_delist(struct sip_leg *leg);

// Our Contact: a random user part at our address on that side.
int sip_leg_contact_make(struct sip_leg *leg);

ws_conn sip_leg_conn(const struct sip_leg *leg); // 0: on Mw, or parked

// Puts the leg's own headers and those that pass of the bag into a message: Contact, Allow, charging, body.
int sip_leg_decorate(struct sip_leg *leg, msg_t *msg, const struct call_msg *from);

// Our tag of a dialog that the peer opens: that of the far callee's response; another when it is taken or unknown.
int sip_leg_tag_make(struct sip_leg *leg, struct call_bag *tag_from);

// A response to a request of the peer with its To tag; tag_from: whose To tag to take over if none is set yet.
msg_t *sip_leg_response(struct sip_leg *leg, struct uas *uas, int status, const char *phrase,
	struct call_bag *tag_from);

// leg_server.c
extern const struct uas_user sip_leg_uas_user;
int sip_leg_progress(void *leg, int status, const struct call_msg *msg);
int sip_leg_answer(void *leg, const struct call_msg *msg);
int sip_leg_reject(void *leg, const struct call_refusal *refusal);
void sip_leg_on_request(struct dialog_user *user, struct uas *uas);
void sip_leg_on_ack(struct dialog_user *user, msg_t *ack);

// leg_client.c
int sip_leg_offer(void *leg, const struct call_msg *msg);
int sip_leg_confirm(void *leg, const struct call_msg *msg);

// leg_record.c
int sip_leg_record(void *leg, struct call_bag *answer, char *buf, size_t room);
// For calls_config; arg is the stack.
int sip_leg_restore(void *arg, struct call *call, enum call_side side, const char *text, size_t len,
	struct call_leg *out);

// leg_end.c
int sip_leg_end(void *leg, int cause, const char *text);
void sip_leg_bye(struct sip_leg *leg, const char *reason);
void sip_leg_ack_and_bye(struct sip_leg *leg); // the 2xx of an INVITE that nobody wants any more
void sip_leg_release(void *leg);
void sip_leg_forget(void *leg);
// The browser is back and gets the BYE that it is owed; or never comes back.
void sip_leg_farewell(struct sip_leg *leg);
void sip_leg_farewell_drop(struct sip_leg *leg);

// leg_relay.c
int sip_leg_relay_request(void *leg, uint64_t token, struct call_bag *request);
int sip_leg_relay_response(void *leg, uint64_t token, int status, struct call_bag *response);
void sip_leg_relay_receive(struct sip_leg *leg, struct uas *uas);
void sip_leg_relays_drop(struct sip_leg *leg);
// Tells the call later that its offer (token 0) or relayed request was refused here.
int sip_leg_refuse_soon(struct sip_leg *leg, uint64_t token, int status);

// leg_binding.c: the legs of a browser
int sip_leg_bind(struct sip_leg *leg);
void sip_leg_unbind(struct sip_leg *leg);
// Calls visit for each W2 leg of the binding; legs may go meanwhile.
void sip_legs_of_binding(struct sip_stack *stack, registration_id binding,
	void (*visit)(struct sip_leg *leg, void *arg), void *arg);

// call_setup.c: an initial INVITE, of a browser that may send it, or of the core toward a browser; takes it over.
void invite_from_wic(struct sip_stack *stack, struct uas *uas);
void invite_from_core(
	struct sip_stack *stack, struct uas *uas, const struct registration_view *view);
