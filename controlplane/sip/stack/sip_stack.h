// SPDX-License-Identifier: Apache-2.0
// What registrations, legs and relays share: the state of the stack, plain answers, what is said to the core.
#pragma once

#include "header_policy.h"
#include "mw.h"
#include "registration.h"
#include "sip_bag.h"
#include "sip_config.h"
#include "sip_dialog.h"
#include "sip_message.h"
#include "sip_table.h"
#include "sip_timer.h"
#include "sip_transaction.h"
#include "w2.h"

#include <sofia-sip/su_wait.h>

#define SIP_ALLOW                                                                                  \
	"INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, MESSAGE, UPDATE, SUBSCRIBE, NOTIFY, REFER, "     \
	"PUBLISH"

struct sip_leg;

struct sip_stack {
	struct sip_config config;
	struct ws_server *ws; // NULL: closed
	struct sip_timers timers;
	struct w2 *w2;
	struct mw *mw;
	struct calls *calls;
	struct sip_table dialogs; // of sip_leg and sip_pair, by sip_dialog_key()
	struct sip_table bindings; // of leg lists, by registration_id
	struct sip_leg *legs; // all
	struct sip_counters counters;
	uint64_t last_token;
};

// Who owns a dialog: first member of sip_leg and of each half of a sip_pair.
struct dialog_user {
	struct sip_table_node node;
	// A request in the dialog; takes it over.
	void (*on_request)(struct dialog_user *user, struct uas *uas);
	void (*on_ack)(struct dialog_user *user, msg_t *ack);
};

// Dialogs are found by the side, on W2 the binding, Call-ID and our tag; NULL: no memory.
char *sip_dialog_key(registration_id binding, const char *call_id, const char *local_tag);

// Answers a request and releases it.
void uas_answer(struct uas *uas, int status, const char *phrase);
// The same with one more header.
void uas_answer_with(struct uas *uas, int status, const char *name, const char *value);

// The values of the request's Authorization headers, in its memory; how many.
#define AUTHORIZATIONS_MAX 4
unsigned authorizations_of(struct uas *uas, const char *values[AUTHORIZATIONS_MAX]);

// Where requests to a side go out.
struct sip_sender *sender_of(struct sip_stack *stack, bool w2);

// What an initial request of a browser gets on its way to the core: Route, identity, organization. 0 or -ENOMEM.
int originate_decorate(struct sip_stack *stack, msg_t *msg, const sip_t *request,
	const struct registration_view *view);
// A fresh P-Charging-Vector value in home's memory (RFC 7315 section 4.6): an icid, and our orig-ioi of type 1.
char *charging_vector(const struct sip_stack *stack, su_home_t *home);
// The value of a request with our term-ioi, for what we say to it; NULL: it had none.
char *charging_vector_answer(const struct sip_stack *stack, su_home_t *home, const sip_t *request);
// From, To, Call-ID and CSeq of the request, and Max-Forwards one less: a request sent on outside of dialogs.
int request_copy(msg_t *msg, const sip_t *request);
// The URI in a name-addr or addr-spec, in home's memory; NULL: none.
char *address_uri(su_home_t *home, const char *value);
