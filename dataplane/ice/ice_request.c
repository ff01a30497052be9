// SPDX-License-Identifier: Apache-2.0
// Requests of the peer: who it is, the answer, and what they teach (RFC 8445 section 7.3).
#include "ice_parts.h"

#include <string.h>

#define REQUEST_PERIOD_MS 20 // 50 a second
#define REQUEST_BURST 100
#define RESEND_US 100000u

static bool user_matches(
	const struct ice_generation *generation, const struct wire_stun *msg, bool early)
{
	size_t ours = strlen(generation->local_ufrag);

	if (ours == 0 || msg->username_len < ours + 2 || msg->username[ours] != ':' ||
		memcmp(msg->username, generation->local_ufrag, ours) != 0)
		return false;
	if (generation->remote_ufrag_len == 0)
		return early;
	return msg->username_len == ours + 1 + generation->remote_ufrag_len &&
		memcmp(msg->username + ours + 1, generation->remote_ufrag,
			generation->remote_ufrag_len) == 0;
}

static const struct ice_generation *generation_of(
	const struct ice_agent *a, const struct wire_stun *msg)
{
	if (user_matches(&a->current, msg, true))
		return &a->current;
	return user_matches(&a->previous, msg, false) ? &a->previous : NULL;
}

// Candidates of the peer have a budget each and everybody else has one together: whoever floods from elsewhere
// can't silence the peer. And whoever floods all transports can't occupy their worker.
static bool budget_allows(struct ice_run *run, const struct ice_tuple *from)
{
	unsigned remote = ice_remote_find(run->a, from);
	uint32_t *budget = remote != ICE_NONE ? &run->a->remotes[remote].budget : &run->a->budget;

	if (!ice_budget_take(budget, run->env->now_us, REQUEST_PERIOD_MS, REQUEST_BURST))
		return false;
	return remote != ICE_NONE || ice_strangers_take(run->env, 0);
}

// A request on a pair that we are asking about: the way is open now, so ask again at once, with the same
// transaction, that an answer on its way still counts. Not faster than one in 100 ms.
static void check_hasten(struct ice_run *run, struct ice_pair *pair)
{
	if (run->env->now_us - pair->sent_us >= RESEND_US)
		pair->flags |= PAIR_TRIGGERED;
}

static void check_trigger(struct ice_run *run, unsigned index)
{
	struct ice_pair *pair = &run->a->pairs[index];

	switch (pair->state) {
	case PAIR_SUCCEEDED:
		if (pair->flags & PAIR_NOMINATED)
			ice_nominate(run, index);
		return;
	case PAIR_IN_PROGRESS:
		check_hasten(run, pair);
		return;
	default:
		pair->state = PAIR_WAITING;
		pair->flags |= PAIR_TRIGGERED;
	}
}

void ice_request_learn(
	struct ice_run *run, const struct ice_tuple *from, uint32_t priority, bool use_candidate)
{
	struct ice_agent *a = run->a;
	unsigned remote, index;

	if (priority == 0)
		priority = ice_priority(IQ_CANDIDATE_PRFLX, 0, from->component);
	remote = ice_remote_learn(a, from, priority);
	index = ice_pair_find(a, from->local, remote);
	if (index == ICE_NONE)
		index = ice_pair_add(a, from->local, remote);
	if (index == ICE_NONE)
		return;
	if (use_candidate && !a->controlling)
		a->pairs[index].flags |= PAIR_NOMINATED;
	if (a->checks)
		check_trigger(run, index);
	else
		ice_check_succeeded(run, index); // lite: the peer's check is the check
}

// The peer may begin DTLS as soon as it has our answer; ours to our own check may be on its way still.
static void heard_keep(struct ice_view *view, const struct ice_tuple *from)
{
	for (unsigned i = 0; i < view->heard_count; i++) {
		if (ice_tuple_equal(&view->heard[i], from))
			return;
	}
	view->heard[view->heard_next] = *from;
	view->heard_next = (uint8_t)((view->heard_next + 1) % ICE_HEARD_MAX);
	if (view->heard_count < ICE_HEARD_MAX)
		view->heard_count++;
}

static enum ice_verdict request_accept(struct ice_run *run, const struct ice_tuple *from,
	const struct wire_stun *msg, const struct ice_generation *generation)
{
	struct ice_agent *a = run->a;

	if (msg->unknown_count > 0) {
		ice_reply_error(run, from, msg, &generation->local, 420);
		return ICE_ERROR_SENT;
	}
	if (generation == &a->current && ice_role_conflict(run, msg)) {
		ice_reply_error(run, from, msg, &generation->local, 487);
		return ICE_ERROR_SENT;
	}
	ice_reply_success(run, from, msg, &generation->local);
	if (generation != &a->current || from->component >= a->components)
		return ICE_OK;
	heard_keep(run->view, from);
	if (generation->remote_ufrag_len == 0)
		ice_early_keep(a, from, msg);
	else
		ice_request_learn(
			run, from, msg->has_priority ? msg->priority : 0, msg->use_candidate);
	return ICE_OK;
}

enum ice_verdict ice_request_input(
	struct ice_run *run, const struct ice_tuple *from, const struct wire_stun *msg)
{
	const struct ice_generation *generation;

	if (msg->username == NULL || msg->integrity_offset == 0) {
		ice_reply_error(run, from, msg, NULL, 400);
		return ICE_MALFORMED;
	}
	generation = generation_of(run->a, msg);
	if (generation == NULL) {
		ice_reply_error(run, from, msg, NULL, 401);
		return ICE_UNKNOWN_USER;
	}
	if (!budget_allows(run, from))
		return ICE_BUDGET;
	if (!ice_hmac_verify(&generation->local, msg)) {
		ice_reply_error(run, from, msg, NULL, 401);
		return ICE_INTEGRITY;
	}
	return request_accept(run, from, msg, generation);
}
