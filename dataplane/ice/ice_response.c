// SPDX-License-Identifier: Apache-2.0
// Answers to our checks and consent requests (RFC 8445 section 7.2.5, RFC 7675 section 5.1).
#include "ice_parts.h"

#include <string.h>

static unsigned pair_asked(const struct ice_agent *a, const uint8_t *txid)
{
	for (unsigned i = 0; i < ICE_PAIRS_MAX; i++) {
		const struct ice_pair *pair = &a->pairs[i];

		if ((pair->flags & PAIR_ASKING) && memcmp(pair->txid, txid, WIRE_STUN_TXID) == 0)
			return i;
	}
	return ICE_NONE;
}

// Both sides claimed one role and the peer keeps it. A new tiebreaker, lest the next round ends the same way.
static void role_give_way(struct ice_run *run)
{
	run->a->tiebreaker = run->env->random(run->env->arg);
	ice_role_set(run->a, !run->a->controlling);
}

static void check_refused(struct ice_run *run, unsigned index, unsigned code)
{
	struct ice_pair *pair = &run->a->pairs[index];

	if (code == 487) {
		role_give_way(run);
		pair->flags |= PAIR_TRIGGERED;
		return;
	}
	ice_check_failed(run, index);
}

static enum ice_verdict check_answered(struct ice_run *run, unsigned index,
	const struct ice_tuple *from, const struct wire_stun *msg)
{
	struct ice_agent *a = run->a;
	struct ice_pair *pair = &a->pairs[index];
	struct ice_tuple asked = ice_pair_tuple(a, pair);

	// Also errors: an unauthenticated 401 may be anybody's, or the peer doesn't know us yet. Keep asking.
	if (!ice_hmac_verify(&a->current.remote, msg))
		return ICE_INTEGRITY;
	if (msg->class == WIRE_STUN_ERROR) {
		check_refused(run, index, msg->error_code);
		return ICE_OK;
	}
	if (msg->mapped.len == 0)
		return ICE_MALFORMED;
	if (!ice_tuple_equal(&asked, from)) { // RFC 8445 section 7.2.5.2.1
		ice_check_failed(run, index);
		return ICE_OK;
	}
	ice_check_succeeded(run, index);
	if (pair->attempts == 1 && asked.component == 0 && a->selected[0] == index)
		a->rtt_us = (uint32_t)(run->env->now_us - pair->sent_us);
	return ICE_OK;
}

static enum ice_verdict consent_answered(struct ice_run *run, unsigned component,
	const struct ice_tuple *from, const struct wire_stun *msg)
{
	struct ice_agent *a = run->a;
	const struct ice_generation *generation =
		a->consent[component].old ? &a->previous : &a->current;

	if (!ice_hmac_verify(&generation->remote, msg))
		return ICE_INTEGRITY;
	if (!ice_tuple_equal(&run->view->selected[component], from))
		return ICE_LATE; // consent is of a 5-tuple
	if (msg->class == WIRE_STUN_ERROR && msg->error_code == 487 && !a->consent[component].old)
		role_give_way(run);
	ice_consent_answered(run, component, msg, msg->class == WIRE_STUN_SUCCESS);
	return ICE_OK;
}

enum ice_verdict ice_response_input(
	struct ice_run *run, const struct ice_tuple *from, const struct wire_stun *msg)
{
	unsigned index;

	if (msg->unknown_count > 0) // RFC 8489 section 6.3.3: not understood, so discarded
		return ICE_MALFORMED;
	if (msg->class == WIRE_STUN_ERROR && msg->error_code == 0)
		return ICE_MALFORMED;
	index = pair_asked(run->a, msg->txid);
	if (index != ICE_NONE)
		return check_answered(run, index, from, msg);
	index = ice_consent_match(run->a, msg->txid);
	if (index != ICE_NONE)
		return consent_answered(run, index, from, msg);
	return ICE_LATE;
}
