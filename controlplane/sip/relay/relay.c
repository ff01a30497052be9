// SPDX-License-Identifier: Apache-2.0
// Requests outside of calls (MESSAGE, SUBSCRIBE, PUBLISH, OPTIONS, REFER ...), both ways under the same identity rules.
#include "relay.h"

#include "leg.h"

#include <sofia-sip/sip_header.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SUBSCRIPTION_S 3600 // when the notifier names no time
#define SUBSCRIPTION_MARGIN_S 64

// The two dialogs of a subscription: the asking side, and the side that was asked.
struct pair {
	struct sip_stack *stack;
	struct sip_leg *legs[2];
	void *timer;
};

// One request on its way.
struct relay {
	struct sip_stack *stack;
	struct uas *uas;
	struct uac *uac;
	struct pair *pair; // NULL: the request makes no dialog
	struct sip_leg *from, *to; // of the pair; held
	bool ends_pair; // a NOTIFY that ends the subscription
};

static void pair_destroy(struct pair *pair)
{
	const struct sip_timers *timers = &pair->stack->timers;

	timers->stop(timers->loop, pair->timer);
	for (int i = 0; i < 2; i++)
		if (pair->legs[i]) {
			pair->legs[i]->owner = NULL;
			sip_leg_delist(pair->legs[i]);
			sip_leg_unref(pair->legs[i]);
		}
	free(pair);
}

void relay_abandon(void *owner)
{
	pair_destroy(owner);
}

static void on_pair_timer(void *arg)
{
	struct pair *pair = arg;

	pair->timer = NULL;
	pair_destroy(pair);
}

static void pair_live(struct pair *pair, unsigned long expires_s)
{
	const struct sip_timers *timers = &pair->stack->timers;

	if (expires_s > SUBSCRIPTION_S * 24)
		expires_s = SUBSCRIPTION_S * 24;
	timers->stop(timers->loop, pair->timer);
	pair->timer = timers->start(timers->loop,
		(unsigned)(expires_s + SUBSCRIPTION_MARGIN_S) * 1000, on_pair_timer, pair);
}

static void relay_end(struct relay *relay)
{
	if (relay->uac)
		uac_release(relay->uac);
	if (relay->uas)
		uas_release(relay->uas);
	if (relay->from)
		sip_leg_unref(relay->from);
	if (relay->to)
		sip_leg_unref(relay->to);
	free(relay);
}

static void pair_on_request(struct dialog_user *user, struct uas *uas);

static void pair_on_ack(struct dialog_user *user, msg_t *ack)
{
	(void)user;
	(void)ack;
}

static struct sip_leg *half_create(struct pair *pair, bool w2, registration_id binding)
{
	struct sip_leg *leg = sip_leg_create(pair->stack, w2, binding);

	if (!leg)
		return NULL;
	leg->user.on_request = pair_on_request;
	leg->user.on_ack = pair_on_ack;
	leg->owner = pair;
	return leg;
}

static struct pair *pair_create(struct sip_stack *stack, const struct uas *uas,
	registration_id binding, const char *target, const char *routes)
{
	struct pair *pair = calloc(1, sizeof(*pair));
	const sip_t *request = sip_object(uas->request);

	if (!pair)
		return NULL;
	pair->stack = stack;
	pair->legs[0] = half_create(pair, uas->w2, binding);
	pair->legs[1] = half_create(pair, !uas->w2, binding);
	if (!pair->legs[0] || !pair->legs[1] ||
		sip_dialog_from_request(&pair->legs[0]->dialog, request) < 0 ||
		sip_dialog_toward(&pair->legs[1]->dialog, request, target) < 0 ||
		sip_text_set(&pair->legs[1]->dialog.routes, routes) < 0 ||
		sip_leg_contact_make(pair->legs[0]) < 0 ||
		sip_leg_contact_make(pair->legs[1]) < 0 || sip_leg_enlist(pair->legs[1]) < 0) {
		pair_destroy(pair);
		return NULL;
	}
	pair->legs[1]->dialog.local_cseq = request->sip_cseq->cs_seq;
	pair_live(pair, SUBSCRIPTION_MARGIN_S); // until the answer says more
	return pair;
}

static bool makes_dialog(const sip_t *sip)
{
	return sip->sip_contact && (sip_method_is(sip, "SUBSCRIBE") || sip_method_is(sip, "REFER"));
}

// Both dialogs have the notifier's tag, from the 2xx or from a NOTIFY that was faster.
static void pair_confirm(struct pair *pair, const char *tag)
{
	struct sip_leg *asking = pair->legs[0];

	if (asking->dialog.local_tag || !tag)
		return;
	if (sip_text_set(&asking->dialog.local_tag, tag) < 0 || sip_leg_enlist(asking) < 0)
		sip_text_set(&asking->dialog.local_tag, NULL);
}

static int response_fill(struct relay *relay, msg_t *msg, const sip_t *response)
{
	int ret;

	if (relay->from && response->sip_contact) {
		// sip_leg_decorate takes headers from a bag; the body has its own type here.
		ret = sip_message_add(msg, "Contact", relay->from->dialog.contact);
		if (ret < 0)
			return ret;
	}
	ret = headers_pass(msg, response, relay->uas->w2 ? HEADERS_TO_WIC : HEADERS_TO_CORE);
	return ret < 0 ? ret : sip_message_body_copy(msg, response);
}

static void pair_follow(struct relay *relay, const sip_t *response)
{
	struct pair *pair = relay->from->owner;
	int status = response->sip_status->st_status;
	unsigned long expires =
		response->sip_expires ? response->sip_expires->ex_delta : SUBSCRIPTION_S;

	if (!pair)
		return;
	if (status >= 300 && !pair->legs[0]->confirmed) {
		pair_destroy(pair);
		return;
	}
	if (status >= 300 || !sip_method_is(response, "NOTIFY")) {
		if (status < 300 && pair->legs[1] == relay->to) {
			if (!pair->legs[0]->confirmed)
				sip_dialog_from_response(&relay->to->dialog, response);
			pair_confirm(pair, response->sip_to->a_tag);
			pair->legs[0]->confirmed = true;
			pair_live(pair, expires);
		}
	}
	if (relay->ends_pair)
		pair_destroy(pair);
}

static void on_response(void *arg, int status, msg_t *response)
{
	struct relay *relay = arg;
	const sip_t *sip = response ? sip_object(response) : NULL;
	char tag[SIP_TAG_LEN];
	msg_t *msg;

	if (status < 200)
		return;
	sip_token_make(tag);
	msg = sip_message_response(relay->uas->request, status,
		sip ? sip->sip_status->st_phrase : NULL,
		sip && sip->sip_to->a_tag ? sip->sip_to->a_tag : tag);
	if (msg && sip && response_fill(relay, msg, sip) < 0) {
		msg_destroy(msg);
		msg = NULL;
	}
	if (msg)
		uas_respond(relay->uas, msg);
	if (relay->from && sip)
		pair_follow(relay, sip);
	relay_end(relay);
}

// Sends msg on; answers the request when that can't be done.
static void relay_start(struct relay *relay, ws_conn conn, msg_t *msg)
{
	struct sip_sender *sender = sender_of(relay->stack, !relay->uas->w2);

	relay->stack->counters.relays++;
	relay->uac = sender->send(sender, conn, msg, on_response, relay);
	if (relay->uac)
		return;
	uas_answer(relay->uas, 503, NULL);
	relay->uas = NULL;
	relay_end(relay);
}

static struct relay *relay_create(struct sip_stack *stack, struct uas *uas)
{
	struct relay *relay = calloc(1, sizeof(*relay));

	if (relay) {
		relay->stack = stack;
		relay->uas = uas;
	}
	return relay;
}

static void relay_hold(struct relay *relay, struct sip_leg *from, struct sip_leg *to)
{
	relay->from = from;
	relay->to = to;
	sip_leg_ref(from);
	sip_leg_ref(to);
}

// What every request outside of dialogs gets, on either side.
static int request_fill(struct relay *relay, msg_t *msg)
{
	const sip_t *request = sip_object(relay->uas->request);
	int ret = request_copy(msg, request);

	if (ret == 0)
		ret = headers_pass(msg, request, relay->uas->w2 ? HEADERS_TO_CORE : HEADERS_TO_WIC);
	if (ret == 0)
		ret = sip_message_body_copy(msg, request);
	if (ret == 0 && relay->to)
		ret = sip_message_add(msg, "Contact", relay->to->dialog.contact);
	return ret;
}

static void give_up(struct relay *relay, struct uas *uas, msg_t *msg)
{
	msg_destroy(msg);
	uas_answer(uas, 500, NULL);
	if (!relay)
		return;
	if (relay->from && relay->from->owner)
		pair_destroy(relay->from->owner);
	relay->uas = NULL;
	relay_end(relay);
}

static int core_headers_add(struct sip_stack *stack, msg_t *msg)
{
	const char *vector = charging_vector(stack, msg_home(msg));
	int ret = vector ? sip_message_add(msg, "P-Charging-Vector", vector) : -ENOMEM;

	if (ret == 0 && stack->config.access_network)
		ret = sip_message_add(msg, "P-Access-Network-Info", stack->config.access_network);
	return ret;
}

void relay_from_wic(struct sip_stack *stack, struct uas *uas)
{
	const sip_t *request = sip_object(uas->request);
	const char *target = url_as_string(msg_home(uas->request), request->sip_request->rq_url);
	struct relay *relay = relay_create(stack, uas);
	struct registration_view view;
	msg_t *msg = NULL;

	if (!relay || registration_by_conn(stack->config.registrations, uas->conn, &view) < 0) {
		give_up(relay, uas, NULL);
		return;
	}
	if (makes_dialog(request)) {
		struct pair *pair = pair_create(stack, uas, view.id, target,
			*view.service_route ? view.service_route : NULL);

		if (pair)
			relay_hold(relay, pair->legs[0], pair->legs[1]);
	}
	if (!makes_dialog(request) || relay->from)
		msg = sip_message_request(sip_message_method(request), target);
	if (!msg || request_fill(relay, msg) < 0 || core_headers_add(stack, msg) < 0 ||
		originate_decorate(stack, msg, request, &view) < 0)
		give_up(relay, uas, msg);
	else
		relay_start(relay, 0, msg);
}

void relay_from_core(struct sip_stack *stack, struct uas *uas, const struct registration_view *view)
{
	const sip_t *request = sip_object(uas->request);
	struct relay *relay = relay_create(stack, uas);
	const ws_conn conn = view->conn;
	msg_t *msg = NULL;

	if (relay && makes_dialog(request)) {
		struct pair *pair = pair_create(stack, uas, view->id, view->contact, NULL);

		if (pair)
			relay_hold(relay, pair->legs[0], pair->legs[1]);
	}
	if (relay && (!makes_dialog(request) || relay->from))
		msg = sip_message_request(sip_message_method(request),
			relay->to ? relay->to->dialog.target : view->contact);
	if (!msg || request_fill(relay, msg) < 0)
		give_up(relay, uas, msg);
	else
		relay_start(relay, conn, msg);
}

static bool ends_subscription(const sip_t *request)
{
	const sip_subscription_state_t *state = request->sip_subscription_state;

	return state && state->ss_substate && strcasecmp(state->ss_substate, "terminated") == 0;
}

static msg_t *in_dialog_make(struct relay *relay, struct call_bag *bag)
{
	const sip_t *request = sip_object(bag->msg);
	struct call_msg from = {.bag = bag};
	msg_t *msg = sip_dialog_request(&relay->to->dialog, sip_message_method(request), 0);

	if (!msg || sip_leg_decorate(relay->to, msg, &from) < 0 ||
		sip_message_body_copy(msg, request) < 0) {
		msg_destroy(msg);
		return NULL;
	}
	return msg;
}

static void pair_on_request(struct dialog_user *user, struct uas *uas)
{
	struct sip_leg *leg = (struct sip_leg *)user;
	const sip_t *request = sip_object(uas->request);
	struct pair *pair = leg->owner;
	struct relay *relay;
	struct call_bag *bag;
	msg_t *msg;

	if (!sip_dialog_in_order(&leg->dialog, request)) {
		uas_answer(uas, 500, NULL);
		return;
	}
	// A NOTIFY may be faster than the 2xx that makes the dialog (RFC 6665 section 4.4.1).
	if (!leg->dialog.remote_tag) {
		sip_text_set(&leg->dialog.remote_tag, request->sip_from->a_tag);
		pair_confirm(pair, request->sip_from->a_tag);
	}
	sip_dialog_refresh(&leg->dialog, request);
	relay = relay_create(leg->stack, uas);
	bag = bag_create(uas->request);
	if (relay)
		relay_hold(relay, leg, pair->legs[leg == pair->legs[0]]);
	msg = relay && bag ? in_dialog_make(relay, bag) : NULL;
	if (msg) {
		relay->ends_pair = sip_method_is(request, "NOTIFY") && ends_subscription(request);
		relay_start(relay, sip_leg_conn(relay->to), msg);
	} else {
		uas_answer(uas, 500, NULL);
		if (relay) {
			relay->uas = NULL;
			relay_end(relay);
		}
	}
	sip_bag_unref(bag);
}
