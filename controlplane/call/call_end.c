// SPDX-License-Identifier: Apache-2.0
// How calls end: by either side, by time, by the media gateway, by a WebSocket that doesn't come back.
#include "call_breaker.h"
#include "call_priv.h"
#include "log.h"

#include <errno.h>

void call_timer_stop(struct call *call)
{
	if (call->timer != NULL)
		call->calls->config.timer_stop(call->calls->config.loop, call->timer);
	call->timer = NULL;
}

void call_timer(struct call *call, unsigned ms, void (*on_timer)(void *arg))
{
	call_timer_stop(call);
	call->timer = call->calls->config.timer_start(call->calls->config.loop, ms, on_timer, call);
}

static const char *text_of(const struct call_refusal *refusal)
{
	if (refusal->warning != NULL)
		return refusal->warning;
	return refusal->phrase != NULL ? refusal->phrase : "";
}

// status 0: both sides know already. Before the call is up A gets a failure response and B a CANCEL; after that both a
// BYE with the reason. end() does what the dialog's state demands.
static void sides_tell(struct call *call, enum call_state was, const struct call_refusal *refusal)
{
	bool unanswered = was == CALL_STARTING || was == CALL_INVITING || was == CALL_ANSWERING;

	if (refusal->status == 0)
		return;
	// A may have its 200 already: the offer of an offerless INVITE stood in it.
	if (!unanswered || call->legs[CALL_A].ops->reject(call->legs[CALL_A].leg, refusal) < 0)
		leg_end(call, CALL_A, refusal->status, text_of(refusal));
	if (was != CALL_STARTING)
		leg_end(call, CALL_B, refusal->status, text_of(refusal));
}

void call_fail(struct call *call, int status, const char *text)
{
	call_refuse(call, &(struct call_refusal){.status = status, .phrase = text});
}

void call_refuse(struct call *call, const struct call_refusal *refusal)
{
	enum call_state was = call->state;

	if (was == CALL_OVER)
		return;
	call->state = CALL_OVER;
	call_timer_stop(call);
	if (refusal->status != 0)
		log_info("call %s: ends with %d %s", call->id, refusal->status, text_of(refusal));
	else
		log_info("call %s: ends", call->id);
	sides_tell(call, was, refusal);
	media_release(call);
	if (call->calls->config.store != NULL)
		store_cancel(call->calls->config.store, call);
	record_del(call);
	for (unsigned side = 0; side < 2; side++)
		call->legs[side].ops->release(call->legs[side].leg);
	call_retire(call);
}

void call_forget(struct call *call)
{
	call->state = CALL_OVER;
	call_timer_stop(call);
	media_forget(call);
	if (call->calls->config.store != NULL)
		store_cancel(call->calls->config.store, call);
	for (unsigned side = 0; side < 2; side++)
		call->legs[side].ops->forget(call->legs[side].leg);
	call_discard(call);
}

void call_setup_over(void *arg)
{
	struct call *call = arg;

	call->timer = NULL;
	call_fail(call, 408, "not answered in time");
}

static void on_park_over(void *arg)
{
	struct call *call = arg;

	call->timer = NULL;
	call_fail(call, 503, "the browser's connection was lost");
}

void call_park(struct call *call)
{
	call->is_parked = true;
	call_timer(call, call->calls->config.park_time_ms, on_park_over);
}

void call_on_parked(struct call *call, enum call_side side)
{
	if (call->state == CALL_OVER)
		return;
	if (call->state != CALL_UP) {
		// Nothing to come back to: a browser that lost its socket has forgotten an unanswered INVITE.
		leg_end(call, other_side(side), 480, "the browser's connection was lost");
		call_fail(call, 0, NULL);
		return;
	}
	log_info("call %s: parked for %u ms", call->id, call->calls->config.park_time_ms);
	call_park(call);
}

void call_on_resumed(struct call *call, enum call_side side)
{
	(void)side;
	if (call->state != CALL_UP)
		return;
	log_info("call %s: resumed", call->id);
	call->is_parked = false;
	call_timer_stop(call);
}

static const char *media_fault(const struct iq_context_state *state)
{
	const struct iq_leg_state *access = &state->legs[IQ_LEG_ACCESS];

	if ((state->changed & IQ_CHANGED_GONE) != 0)
		return "the media context is gone";
	if (access->dtls == IQ_DTLS_FAILED && access->dtls_error == 1)
		return "the browser's certificate is not the one it announced";
	if (access->dtls == IQ_DTLS_FAILED)
		return "DTLS failed";
	if (access->ice == IQ_ICE_FAILED)
		return "no path to the browser was found";
	if (access->consent == IQ_CONSENT_EXPIRED || access->consent == IQ_CONSENT_REVOKED)
		return "the browser no longer consents to media";
	return NULL;
}

void calls_on_media_state(struct calls *calls, const struct iq_context_state *state)
{
	struct call *call = call_by_id(calls, state->ref);
	const char *fault = media_fault(state);

	if (call == NULL || call->media != state->handle || call->state == CALL_OVER)
		return;
	if (fault == NULL && (state->changed & IQ_CHANGED_BREAKER) != 0)
		fault = breaker_fault(call, state);
	if (fault != NULL)
		call_fail(call, 503, fault);
}

static void calls_with_gateway_end(struct calls *calls, uint8_t gateway, const char *text)
{
	for (unsigned i = 0; i < CALL_BUCKETS; i++) {
		struct call *next;

		for (struct call *call = calls->buckets[i]; call != NULL; call = next) {
			next = call->next;
			if (call->media != 0 && iq_handle_gateway(call->media) == gateway) {
				call->media = 0; // nothing is left to delete
				call_fail(call, 503, text);
			}
		}
	}
}

void calls_on_media_lost(struct calls *calls, uint8_t gateway)
{
	calls_with_gateway_end(calls, gateway, "the media gateway was lost");
}

int call_end(struct calls *calls, const char *id, int cause, const char *text)
{
	struct call *call = call_by_id(calls, id);

	if (call == NULL)
		return -ENOENT;
	call_fail(call, cause, text);
	return 0;
}
