// SPDX-License-Identifier: Apache-2.0
// What time does: pacing, settling, failure, the end of old credentials; and when it wants to be asked.
#include "ice_parts.h"

#include <openssl/crypto.h>

// Every component has its pair of this generation: connected, also when it comes after the failure was told.
void ice_state_update(struct ice_agent *a)
{
	if (a->current.remote_ufrag_len == 0)
		return;
	for (unsigned i = 0; i < a->components; i++) {
		if (a->selected[i] == ICE_NONE)
			return;
	}
	a->state = IQ_ICE_CONNECTED;
}

struct ice_result ice_run_result(struct ice_run *run, enum ice_verdict verdict)
{
	struct ice_agent *a = run->a;
	struct ice_result result = {.verdict = (uint8_t)verdict};

	if (a->state != a->told_state || a->moves != a->told_moves)
		a->pending |= IQ_CHANGED_ICE;
	a->told_state = a->state;
	a->told_moves = a->moves;
	result.changed = a->pending;
	a->pending = 0;
	return result;
}

static void previous_drop(struct ice_agent *a)
{
	OPENSSL_cleanse(&a->previous, sizeof(a->previous));
	a->previous_until_us = 0;
}

struct ice_result ice_timer(
	struct ice_agent *agent, struct ice_view *view, const struct ice_env *env)
{
	struct ice_run run = {agent, view, env};

	if (agent->state == IQ_ICE_CHECKING && agent->fail_us != 0 && agent->fail_us <= env->now_us)
		agent->state = IQ_ICE_FAILED;
	if (agent->previous_until_us != 0 && agent->previous_until_us <= env->now_us)
		previous_drop(agent);
	for (unsigned i = 0; i < agent->components; i++) {
		uint64_t settle = ice_settle_deadline(agent, i);

		if (settle != 0 && settle <= env->now_us)
			ice_selection_update(&run, i);
	}
	ice_checks_run(&run);
	ice_consent_run(&run);
	return ice_run_result(&run, ICE_OK);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return b != 0 && b < a ? b : a;
}

uint64_t ice_deadline_us(const struct ice_agent *agent)
{
	uint64_t first = UINT64_MAX;

	if (agent->pending != 0 || agent->state != agent->told_state ||
		agent->moves != agent->told_moves)
		return 1; // something to tell that a call without a result has done
	if (agent->state == IQ_ICE_CHECKING)
		first = earlier(first, agent->fail_us);
	first = earlier(first, agent->previous_until_us);
	for (unsigned i = 0; i < agent->components; i++)
		first = earlier(first, ice_settle_deadline(agent, i));
	first = earlier(first, ice_consent_deadline(agent));
	if (ice_checks_deadline(agent) < first)
		first = ice_checks_deadline(agent);
	if (first == UINT64_MAX)
		return 0;
	return first == 0 ? 1 : first;
}
