// SPDX-License-Identifier: Apache-2.0
// What the legs tell a call.
#include "call_priv.h"
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

// The status that an offer nobody can use deserves (RFC 3261 section 21.4.26, RFC 3264 section 6).
static int status_of(int ret)
{
	switch (ret) {
	case -ENOTSUP:
	case -EINVAL:
	case -E2BIG:
		return 488;
	case -ENOMEM:
		return 500;
	default:
		return 503;
	}
}

static void start(void *arg)
{
	struct call *call = arg;

	call->timer = NULL;
	call_timer(call, call->calls->config.setup_timeout_ms, call_setup_over);
	if (call->offerless) {
		struct call_bag *bag = call->first_bag;

		call->first_bag = NULL;
		call->state = CALL_INVITING;
		leg_offer(call, CALL_B, NULL, bag);
		call->calls->config.bag_unref(bag);
		return;
	}
	// The offer waits in the exchange as text; it was parsed when the call began.
	if (call->applied < 0)
		call_refuse(call,
			&(struct call_refusal){
				.status = status_of(call->applied), .warning = call->why});
}

int call_start(struct calls *calls, const struct call_setup *setup, struct call **out)
{
	struct call *call;

	if (call_by_id(calls, setup->id) != NULL)
		return -EEXIST;
	call = call_create(calls, setup);
	if (call == NULL)
		return -ENOMEM;
	call->first_bag = setup->msg.bag != NULL ? calls->config.bag_ref(setup->msg.bag) : NULL;
	call->offerless = setup->msg.sdp == NULL;
	call_timer(call, 0, start);
	if (!call->offerless) {
		int ret;

		call->exchange.initial = true;
		ret = exchange_begin(call, CALL_A, &setup->msg);
		if (ret < 0)
			call->applied = ret; // told from the loop, not from here
	}
	*out = call;
	return 0;
}

// The first early dialog's answer is shown; others ring without (B.11 of TS 24.229's forking: one answer a dialog).
void call_on_progress(struct call *call, enum call_side side, int status, const char *dialog,
	const struct call_msg *msg)
{
	struct exchange *x = &call->exchange;
	bool first = call->dialog[0] == '\0' || strcmp(call->dialog, dialog) == 0;

	if (call->state != CALL_INVITING || side != CALL_B)
		return;
	if (msg->sdp == NULL || x->state != EXCHANGE_OFFERED || !first || x->early_told ||
		x->in_response) {
		leg_progress(call, CALL_A, status, NULL, msg->bag);
		return;
	}
	snprintf(call->dialog, sizeof(call->dialog), "%s", dialog);
	x->early = true;
	x->status = status;
	if (msg->bag != NULL && x->bag == NULL)
		x->bag = call->calls->config.bag_ref(msg->bag);
	exchange_answered(call, msg);
}

// The 200 to an offerless INVITE holds the offer; A hears it in its 200, and its ACK has the answer.
static void offer_in_answer(struct call *call, enum call_side side, const struct call_msg *msg)
{
	int ret;

	call->exchange.initial = true;
	call->exchange.in_response = true;
	ret = msg->sdp != NULL ? exchange_begin(call, side, msg) : -EINVAL;
	if (ret < 0) {
		leg_confirm(call, side,
			NULL); // a 200 is acknowledged, whatever comes then (RFC 3261 13.2.2.4)
		if (call->state != CALL_OVER)
			call_fail(call, status_of(ret), call->why);
	}
}

void call_on_answer(
	struct call *call, enum call_side side, const char *dialog, const struct call_msg *msg)
{
	struct exchange *x = &call->exchange;

	(void)dialog;
	if (call->state == CALL_OVER)
		return;
	if (call->state == CALL_INVITING && side == CALL_B) {
		call->state = CALL_ANSWERING;
		call->answer_bag = msg->bag != NULL ? call->calls->config.bag_ref(msg->bag) : NULL;
		if (call->offerless) {
			offer_in_answer(call, side, msg);
			return;
		}
	}
	// A 200 comes again until its ACK, which waits for the gateway: the first one counts.
	if (x->from == side || (x->state != EXCHANGE_OFFERED && !x->early))
		return;
	if (x->state == EXCHANGE_APPLYING) {
		// The early answer is still on its way to the gateway: this one replaces it there.
		media_forget(call);
	}
	x->early = false;
	exchange_answered(call, msg);
}

void call_on_reject(struct call *call, enum call_side side, int status, const char *phrase,
	const struct call_msg *msg)
{
	const struct call_refusal refusal = {.status = status, .phrase = phrase, .bag = msg->bag};
	struct exchange *x = &call->exchange;

	if (call->state == CALL_OVER)
		return;
	if (call->state != CALL_UP) {
		if (side == CALL_B)
			call_refuse(call, &refusal);
		return;
	}
	if (x->state != EXCHANGE_NONE && x->from != side)
		exchange_refused(call, &refusal);
}

// A re-INVITE without an offer: what the other side said last is offered again, the ACK answers it.
static void offer_ours(struct call *call, enum call_side side)
{
	struct exchange *x = &call->exchange;

	x->state = EXCHANGE_OFFERED;
	x->from = other_side(side);
	x->in_response = true;
	x->local = true;
	if (description_offer(call, side, call->remote[x->from], &x->forward) < 0) {
		const struct call_refusal refusal = {.status = 488, .warning = call->why};

		exchange_wipe(call);
		leg_reject(call, side, &refusal);
		return;
	}
	leg_answer(call, side, x->forward, NULL);
}

void call_on_offer(struct call *call, enum call_side side, const struct call_msg *msg)
{
	const struct call_refusal pending = {.status = 491}; // RFC 3261 section 14.2
	int ret;

	if (call->state != CALL_UP || call->exchange.state != EXCHANGE_NONE) {
		leg_reject(call, side, &pending);
		return;
	}
	if (msg->sdp == NULL) {
		offer_ours(call, side);
		return;
	}
	ret = exchange_begin(call, side, msg);
	if (ret < 0) {
		log_info("call %s: an offer is refused: %s", call->id, call->why);
		exchange_useless(call, status_of(ret));
	}
}

void call_on_refreshed(struct call *call, enum call_side side)
{
	(void)side;
	if (call->state == CALL_UP)
		record_put(call, NULL);
}

void call_on_confirm(struct call *call, enum call_side side, const struct call_msg *msg)
{
	struct exchange *x = &call->exchange;

	if (call->state == CALL_OVER || x->state != EXCHANGE_OFFERED || !x->in_response ||
		x->from == side)
		return;
	if (msg->sdp != NULL) {
		exchange_answered(call, msg);
		return;
	}
	if (x->initial)
		call_fail(call, 488, "an ACK without the answer");
	else
		exchange_wipe(call); // what was in force stays
}

void call_on_cancel(struct call *call, enum call_side side)
{
	if (call->state == CALL_OVER)
		return;
	leg_end(call, other_side(side), 487, "cancelled");
	call_fail(call, 0, NULL);
}

void call_on_end(struct call *call, enum call_side side, struct call_bag *bag)
{
	(void)bag;
	if (call->state == CALL_OVER)
		return;
	leg_end(call, other_side(side), 0, NULL);
	call_fail(call, 0, NULL);
}

void call_on_relay(struct call *call, enum call_side side, uint64_t token, struct call_bag *request)
{
	const struct call_leg *to = &call->legs[other_side(side)];

	if (call->state == CALL_OVER || to->ops->relay(to->leg, token, request) < 0)
		call->legs[side].ops->relay_response(call->legs[side].leg, token, 500, NULL);
}

void call_on_relayed(struct call *call, enum call_side side, uint64_t token, int status,
	struct call_bag *response)
{
	const struct call_leg *to = &call->legs[other_side(side)];

	if (call->state != CALL_OVER &&
		to->ops->relay_response(to->leg, token, status, response) < 0)
		log_info("call %s: a %d has nobody who waits for it", call->id, status);
}

void call_on_failure(struct call *call, enum call_side side, int cause, const char *text)
{
	(void)side;
	if (call->state != CALL_OVER)
		call_fail(call, cause, text);
}
