// SPDX-License-Identifier: Apache-2.0
// Candidate pairs: priorities, the checklist, which pair is checked next (RFC 8445 section 6.1).
#include "ice_parts.h"

#include <string.h>

uint32_t ice_priority(enum iq_candidate_type type, unsigned local, unsigned component)
{
	static const uint8_t preference[] = {
		[IQ_CANDIDATE_HOST] = 126,
		[IQ_CANDIDATE_SRFLX] = 100,
		[IQ_CANDIDATE_PRFLX] = 110,
		[IQ_CANDIDATE_RELAY] = 0,
	};

	return (uint32_t)preference[type] << 24 | (65535 - local) << 8 | (255 - component);
}

uint64_t ice_pair_priority(const struct ice_agent *a, const struct ice_pair *pair)
{
	const struct ice_remote *remote = &a->remotes[pair->remote];
	uint64_t ours = ice_priority(IQ_CANDIDATE_HOST, pair->local, remote->component);
	uint64_t g = a->controlling ? ours : remote->priority;
	uint64_t d = a->controlling ? remote->priority : ours;

	return ((g < d ? g : d) << 32) + 2 * (g > d ? g : d) + (g > d);
}

unsigned ice_pair_component(const struct ice_agent *a, const struct ice_pair *pair)
{
	return a->remotes[pair->remote].component;
}

struct ice_tuple ice_pair_tuple(const struct ice_agent *a, const struct ice_pair *pair)
{
	const struct ice_remote *remote = &a->remotes[pair->remote];
	struct ice_tuple tuple = {.local = pair->local,
		.component = remote->component,
		.remote_port = remote->port,
		.family = remote->family};

	memcpy(tuple.remote_ip, remote->ip, sizeof(tuple.remote_ip));
	return tuple;
}

bool ice_tuple_equal(const struct ice_tuple *a, const struct ice_tuple *b)
{
	return a->local == b->local && a->component == b->component &&
		a->remote_port == b->remote_port && a->family == b->family &&
		memcmp(a->remote_ip, b->remote_ip, sizeof(a->remote_ip)) == 0;
}

unsigned ice_pair_find(const struct ice_agent *a, unsigned local, unsigned remote)
{
	for (unsigned i = 0; i < ICE_PAIRS_MAX; i++) {
		const struct ice_pair *pair = &a->pairs[i];

		if (pair->state != PAIR_FREE && pair->local == local && pair->remote == remote)
			return i;
	}
	return ICE_NONE;
}

static bool pair_is_used(const struct ice_agent *a, unsigned index)
{
	for (unsigned i = 0; i < ICE_COMPONENTS; i++) {
		if (a->selected[i] == index || a->nominated[i] == index)
			return true;
	}
	return false;
}

// A free place, if need be the place of the least pair: those that failed first, then by priority.
static unsigned place_find(const struct ice_agent *a)
{
	unsigned least = ICE_NONE;
	uint64_t least_rank = UINT64_MAX;

	for (unsigned i = 0; i < ICE_PAIRS_MAX; i++) {
		const struct ice_pair *pair = &a->pairs[i];
		uint64_t rank;

		if (pair->state == PAIR_FREE)
			return i;
		if (pair_is_used(a, i))
			continue;
		// A pair's priority is below 2^63: the top bit is free to set those still alive apart.
		rank = ice_pair_priority(a, pair) >> 1;
		if (pair->state != PAIR_FAILED)
			rank |= 1ull << 63;
		if (rank < least_rank) {
			least_rank = rank;
			least = i;
		}
	}
	return least;
}

unsigned ice_pair_add(struct ice_agent *a, unsigned local, unsigned remote)
{
	unsigned index = place_find(a);

	if (index != ICE_NONE) // at most two are in use, so there is one
		a->pairs[index] = (struct ice_pair){
			.local = (uint8_t)local, .remote = (uint8_t)remote, .state = PAIR_FROZEN};
	return index;
}

void ice_pairs_form(struct ice_agent *a, unsigned remote)
{
	for (unsigned i = 0; i < a->local_count; i++) {
		if (a->locals[i].family == a->remotes[remote].family &&
			ice_pair_find(a, i, remote) == ICE_NONE)
			ice_pair_add(a, i, remote);
	}
}

static bool foundations_equal(
	const struct ice_agent *a, const struct ice_pair *one, const struct ice_pair *other)
{
	return one->local == other->local &&
		a->remotes[one->remote].foundation == a->remotes[other->remote].foundation;
}

void ice_pairs_thaw(struct ice_agent *a, const struct ice_pair *like)
{
	for (unsigned i = 0; i < ICE_PAIRS_MAX; i++) {
		if (a->pairs[i].state == PAIR_FROZEN && foundations_equal(a, like, &a->pairs[i]))
			a->pairs[i].state = PAIR_WAITING;
	}
}

static bool foundation_is_busy(const struct ice_agent *a, const struct ice_pair *like)
{
	for (unsigned i = 0; i < ICE_PAIRS_MAX; i++) {
		const struct ice_pair *pair = &a->pairs[i];

		if ((pair->state == PAIR_WAITING || pair->state == PAIR_IN_PROGRESS) &&
			foundations_equal(a, like, pair))
			return true;
	}
	return false;
}

static unsigned pair_rank(const struct ice_agent *a, const struct ice_pair *pair)
{
	if (pair->flags & PAIR_TRIGGERED)
		return 3;
	if (pair->state == PAIR_WAITING)
		return 2;
	return pair->state == PAIR_FROZEN && !foundation_is_busy(a, pair);
}

unsigned ice_pair_next(const struct ice_agent *a)
{
	unsigned best = ICE_NONE, best_rank = 1;
	uint64_t best_priority = 0;

	if (a->current.remote_ufrag_len == 0 || !a->checks)
		return ICE_NONE;
	for (unsigned i = 0; i < ICE_PAIRS_MAX; i++) {
		const struct ice_pair *pair = &a->pairs[i];
		unsigned rank = pair->state == PAIR_FREE ? 0 : pair_rank(a, pair);
		uint64_t priority;

		if (rank < best_rank)
			continue;
		priority = ice_pair_priority(a, pair);
		if (rank > best_rank || priority > best_priority) {
			best = i;
			best_rank = rank;
			best_priority = priority;
		}
	}
	return best;
}

unsigned ice_pair_best(const struct ice_agent *a, unsigned component)
{
	unsigned best = ICE_NONE;

	for (unsigned i = 0; i < ICE_PAIRS_MAX; i++) {
		const struct ice_pair *pair = &a->pairs[i];

		if (pair->state != PAIR_SUCCEEDED || ice_pair_component(a, pair) != component)
			continue;
		if (best == ICE_NONE ||
			ice_pair_priority(a, pair) > ice_pair_priority(a, &a->pairs[best]))
			best = i;
	}
	return best;
}

bool ice_pair_hopes(const struct ice_agent *a, unsigned component, uint64_t above)
{
	for (unsigned i = 0; i < ICE_PAIRS_MAX; i++) {
		const struct ice_pair *pair = &a->pairs[i];

		if (pair->state >= PAIR_FROZEN && pair->state <= PAIR_IN_PROGRESS &&
			ice_pair_component(a, pair) == component &&
			ice_pair_priority(a, pair) > above)
			return true;
	}
	return false;
}
