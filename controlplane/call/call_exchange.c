// SPDX-License-Identifier: Apache-2.0
// Offer and answer (RFC 3264) across the call: one side's offer becomes ours to the other, its answer ours to the first.
#include "call_priv.h"
#include "clock.h"
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void exchange_wipe(struct call *call)
{
	struct exchange *x = &call->exchange;

	if (x->bag != NULL)
		call->calls->config.bag_unref(x->bag);
	sdp_destroy(x->offer);
	sdp_destroy(x->forward);
	sdp_destroy(x->answer);
	sdp_destroy(x->reply);
	memset(x, 0, sizeof(*x));
}

void exchange_refused(struct call *call, const struct call_refusal *refusal)
{
	enum call_side from = call->exchange.from;
	bool in_response = call->exchange.in_response;
	bool unconfirmed = call->exchange.unconfirmed;

	if (call->exchange.initial) {
		call_refuse(call, refusal);
		return;
	}
	exchange_wipe(call);
	// A 200 is acknowledged whatever comes then (RFC 3261 section 13.2.2.4).
	if (unconfirmed)
		leg_confirm(call, other_side(from), NULL);
	if (!in_response && call->state != CALL_OVER)
		leg_reject(call, from, refusal);
}

void exchange_fail(struct call *call, int status, const char *phrase)
{
	exchange_refused(call, &(struct call_refusal){.status = status, .phrase = phrase});
}

void exchange_useless(struct call *call, int status)
{
	const struct call_refusal refusal = {.status = status, .warning = call->why};

	exchange_refused(call, &refusal);
}

// What was said becomes what is in force.
static void take(struct sdp_session **place, struct sdp_session **value)
{
	if (*value == NULL)
		return;
	sdp_destroy(*place);
	*place = *value;
	*value = NULL;
}

static void commit(struct call *call)
{
	struct exchange *x = &call->exchange;
	enum call_side from = x->from, to = other_side(from);

	take(&call->remote[from], &x->offer);
	take(&call->local[to], &x->forward);
	take(&call->local[from], &x->reply);
	call->remote_was_offer[from] = true;
	if (x->answer != NULL)
		call->remote_was_offer[to] = false;
	take(&call->remote[to], &x->answer);
	exchange_wipe(call);
}

static void up(struct call *call)
{
	call->state = CALL_UP;
	call->up_us = clock_now_us();
	call_timer_stop(call);
	log_info("call %s: up after %llu ms", call->id,
		(unsigned long long)((call->up_us - call->started_us) / 1000));
}

// The initial answer leaves only when the dialog's record is on disk.
static void on_stored(int status, void *arg)
{
	struct call *call = arg;
	struct exchange *x = &call->exchange;
	enum call_side from = x->from;
	bool in_response = x->in_response;

	if (status < 0)
		log_warn("call %s: its record isn't stored: %s", call->id, strerror(-status));
	commit(call);
	up(call);
	if (in_response) {
		leg_confirm(call, from, call->local[from]);
		return;
	}
	leg_confirm(call, other_side(from), NULL);
	if (call->state == CALL_UP)
		leg_answer(call, from, call->local[from], call->answer_bag);
}

static void final_applied(struct call *call)
{
	struct exchange *x = &call->exchange;
	enum call_side from = x->from;

	if (x->initial) {
		if (record_put(call, on_stored) < 0)
			on_stored(-EAGAIN, call);
		return;
	}
	if (x->in_response && x->local) { // an offerless re-INVITE: its ACK has told the answer
		commit(call);
		return;
	}
	if (!x->local)
		leg_confirm(call, other_side(from), NULL);
	if (call->state == CALL_OVER)
		return;
	commit(call);
	record_put(call, NULL);
	leg_answer(call, from, call->local[from], NULL);
}

static void early_applied(struct call *call)
{
	struct exchange *x = &call->exchange;
	struct call_bag *bag = x->bag;

	x->early = false;
	x->early_told = true;
	x->state = EXCHANGE_OFFERED;
	x->bag = NULL;
	leg_progress(call, x->from, x->status, x->reply, bag);
	if (bag != NULL)
		call->calls->config.bag_unref(bag);
}

static void on_applied(struct call *call)
{
	if (call->applied != 0) {
		exchange_fail(call, 500, "the media gateway refused");
		return;
	}
	if (call->exchange.early)
		early_applied(call);
	else
		final_applied(call);
}

// The four descriptions of the exchange, by kind of side.
static struct sdp_pair pair_of(struct call *call)
{
	struct exchange *x = &call->exchange;
	enum call_side from = x->from, to = other_side(from);
	const struct sdp_session *local[2], *remote[2];
	enum call_side web = call->web, ims = other_side(web);

	remote[from] = x->offer != NULL ? x->offer : call->remote[from];
	local[from] = x->reply != NULL ? x->reply : call->local[from];
	remote[to] = x->answer != NULL ? x->answer : call->remote[to];
	local[to] = x->forward != NULL ? x->forward : call->local[to];
	return (struct sdp_pair){local[web], remote[web], local[ims], remote[ims]};
}

static void apply(struct call *call)
{
	struct sdp_pair pair = pair_of(call);

	call->exchange.state = EXCHANGE_APPLYING;
	if (media_apply(call, &pair, on_applied) < 0)
		exchange_fail(call, 503, "no media gateway");
}

static void reply_and_apply(struct call *call, const struct sdp_session *remote)
{
	struct exchange *x = &call->exchange;

	sdp_destroy(x->reply);
	x->reply = NULL;
	if (description_answer(call, x->from, remote, &x->reply) < 0) {
		log_info("call %s: no answer can be made: %s", call->id, call->why);
		exchange_useless(call, 488);
		return;
	}
	apply(call);
}

void exchange_answered(struct call *call, const struct call_msg *msg)
{
	struct exchange *x = &call->exchange;

	x->unconfirmed = !x->initial && !x->local;
	if (msg->sdp != NULL) {
		sdp_destroy(x->answer);
		x->answer = NULL;
		if (description_parse(call, msg, &x->answer) < 0) {
			log_info("call %s: useless answer: %s", call->id, call->why);
			exchange_useless(call, 488);
			return;
		}
	}
	if (x->answer == NULL) {
		exchange_fail(call, 500, "an answer without a description");
		return;
	}
	if (x->local) // our own offer was answered: the other side isn't told
		apply(call);
	else
		reply_and_apply(call, x->answer);
}

static void forward_send(struct call *call)
{
	struct exchange *x = &call->exchange;
	enum call_side to = other_side(x->from);
	struct call_bag *bag = call->first_bag;

	x->state = EXCHANGE_OFFERED;
	call->first_bag = NULL;
	if (x->in_response) {
		leg_answer(call, to, x->forward, call->answer_bag);
	} else {
		if (x->initial)
			call->state = CALL_INVITING;
		leg_offer(call, to, x->forward, bag);
	}
	call->calls->config.bag_unref(bag);
}

static void on_room(struct call *call)
{
	struct exchange *x = &call->exchange;

	if (call->applied != 0) {
		log_warn("call %s: no room at the media gateway: %s", call->id,
			strerror(-call->applied));
		exchange_fail(call, 503, "no media resources");
		return;
	}
	if (x->local) {
		reply_and_apply(call, call->remote[other_side(x->from)]);
		return;
	}
	if (description_offer(call, other_side(x->from), x->offer, &x->forward) < 0) {
		exchange_useless(call, 488);
		return;
	}
	forward_send(call);
}

// A browser's new ICE credentials or candidates, a phone's new address, a refresh: nothing for the other side.
static bool is_local(const struct call *call, enum call_side from, unsigned changes)
{
	unsigned quiet = SDP_CHANGE_ICE | SDP_CHANGE_CANDIDATES |
		(side_is_web(call, from) ? 0 : SDP_CHANGE_ADDRESS);

	return (changes & ~quiet) == 0;
}

static int needs_get(struct call *call, const struct sdp_session *offer, enum call_side from,
	struct sdp_needs *needs)
{
	const struct calls_config *config = &call->calls->config;
	struct sdp_error err = {0};
	int ret;

	if (side_is_web(call, from))
		ret = sdp_needs_of(offer, config->web_profile, config->ims_profile, needs, &err);
	else
		ret = sdp_needs_of(offer, config->ims_profile, config->web_profile, needs, &err);
	if (ret < 0)
		snprintf(call->why, sizeof(call->why), "%s", err.text);
	return ret;
}

int exchange_begin(struct call *call, enum call_side from, const struct call_msg *msg)
{
	struct exchange *x = &call->exchange;
	static _Thread_local struct sdp_needs needs;
	unsigned changes;
	int ret;

	x->from = from;
	x->state = EXCHANGE_RESERVING;
	ret = description_parse(call, msg, &x->offer);
	if (ret == 0)
		ret = needs_get(call, x->offer, from, &needs);
	if (ret < 0)
		return ret;
	changes = sdp_changes(call->remote[from], x->offer);
	x->local = !x->initial && !x->in_response && is_local(call, from, changes);
	call->on_applied = on_room;
	call->applied = 0;
	ret = media_reserve(call, &needs,
		!x->initial && side_is_web(call, from) && (changes & SDP_CHANGE_ICE) != 0);
	if (ret < 0)
		snprintf(call->why, sizeof(call->why), "no media gateway is attached");
	return ret;
}
