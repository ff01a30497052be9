// SPDX-License-Identifier: Apache-2.0
// The peer's candidates, signalled and learned, and the requests that came before its credentials did.
#include "ice_parts.h"

#include <string.h>

#define PORT_DISCARD 9 // what TCP candidates and placeholders name (RFC 6544 section 4.5)

unsigned ice_remote_find(const struct ice_agent *a, const struct ice_tuple *from)
{
	for (unsigned i = 0; i < ICE_REMOTES_MAX; i++) {
		const struct ice_remote *remote = &a->remotes[i];

		if (remote->family == from->family && remote->port == from->remote_port &&
			remote->component == from->component &&
			memcmp(remote->ip, from->remote_ip, sizeof(remote->ip)) == 0)
			return i;
	}
	return ICE_NONE;
}

static bool remote_is_used(const struct ice_agent *a, unsigned remote)
{
	for (unsigned i = 0; i < ICE_COMPONENTS; i++) {
		unsigned selected = a->selected[i], nominated = a->nominated[i];

		if ((selected != ICE_NONE && a->pairs[selected].remote == remote) ||
			(nominated != ICE_NONE && a->pairs[nominated].remote == remote))
			return true;
	}
	return false;
}

static void remote_drop(struct ice_agent *a, unsigned remote)
{
	for (unsigned i = 0; i < ICE_PAIRS_MAX; i++) {
		if (a->pairs[i].state != PAIR_FREE && a->pairs[i].remote == remote)
			memset(&a->pairs[i], 0, sizeof(a->pairs[i]));
	}
	memset(&a->remotes[remote], 0, sizeof(a->remotes[remote]));
}

// When the table is full the least one that isn't in use gives way: a peer that moves behind a rebinding NAT for
// hours shows ever new addresses.
static unsigned remote_place(struct ice_agent *a)
{
	unsigned least = ICE_NONE;

	for (unsigned i = 0; i < ICE_REMOTES_MAX; i++) {
		if (a->remotes[i].family == 0)
			return i;
		if (remote_is_used(a, i))
			continue;
		if (least == ICE_NONE || a->remotes[i].priority < a->remotes[least].priority)
			least = i;
	}
	remote_drop(a, least); // at most two are in use
	return least;
}

unsigned ice_remote_learn(struct ice_agent *a, const struct ice_tuple *from, uint32_t priority)
{
	unsigned index = ice_remote_find(a, from);
	struct ice_remote *remote;

	if (index != ICE_NONE)
		return index;
	index = remote_place(a);
	remote = &a->remotes[index];
	*remote = (struct ice_remote){.priority = priority,
		.foundation = 0xffff0000u + index, // like no other
		.port = from->remote_port,
		.family = from->family,
		.component = from->component,
		.type = IQ_CANDIDATE_PRFLX};
	memcpy(remote->ip, from->remote_ip, sizeof(remote->ip));
	return index;
}

static bool family_is_ours(const struct ice_agent *a, uint8_t family)
{
	for (unsigned i = 0; i < a->local_count; i++) {
		if (a->locals[i].family == family)
			return true;
	}
	return false;
}

static bool candidate_is_usable(const struct ice_agent *a, const struct iq_candidate *candidate)
{
	static const uint8_t zeros[16];
	const struct iq_addr *addr = &candidate->addr;
	unsigned len = addr->family == 4 ? 4 : 16;

	if (candidate->component < 1 || candidate->component > a->components ||
		candidate->type > IQ_CANDIDATE_RELAY)
		return false;
	if ((addr->family != 4 && addr->family != 6) || !family_is_ours(a, addr->family))
		return false;
	if (addr->port == 0 || addr->port == PORT_DISCARD || memcmp(addr->ip, zeros, len) == 0)
		return false;
	return addr->family == 4 ? addr->ip[0] < 224 : addr->ip[0] != 0xff; // no multicast
}

static void candidate_add(struct ice_agent *a, const struct iq_candidate *candidate)
{
	struct ice_tuple from = {.component = (uint8_t)(candidate->component - 1),
		.remote_port = candidate->addr.port,
		.family = candidate->addr.family};
	unsigned index;

	memcpy(from.remote_ip, candidate->addr.ip, from.family == 4 ? 4 : 16);
	index = ice_remote_learn(a, &from, candidate->priority);
	a->remotes[index].priority = candidate->priority;
	a->remotes[index].foundation = candidate->foundation;
	a->remotes[index].type = candidate->type & 0xf;
	ice_pairs_form(a, index);
}

void ice_candidates_add(
	struct ice_agent *agent, const struct iq_candidate *candidates, unsigned count, bool end)
{
	(void)end; // failure goes by time: a peer-reflexive pair may come at any moment
	for (unsigned i = 0; i < count && i < IQ_CANDIDATES_MAX; i++) {
		if (candidate_is_usable(agent, &candidates[i]))
			candidate_add(agent, &candidates[i]);
	}
}

uint32_t ice_ufrag_crc(const void *ufrag, size_t len)
{
	return wire_crc32(ufrag, len);
}

void ice_early_keep(struct ice_agent *a, const struct ice_tuple *from, const struct wire_stun *msg)
{
	size_t ours = strlen(a->current.local_ufrag) + 1;
	uint32_t crc = ice_ufrag_crc(msg->username + ours, msg->username_len - ours);
	unsigned i = 0;

	while (i < a->early_count &&
		(a->early[i].user_crc != crc || !ice_tuple_equal(&a->early[i].from, from)))
		i++;
	if (i == ICE_EARLY_MAX)
		return; // answered all the same, and the peer will ask again
	if (i == a->early_count) {
		a->early_count++;
		a->early[i] = (struct ice_early){.from = *from, .user_crc = crc};
	}
	a->early[i].priority = msg->has_priority ? msg->priority : 0;
	a->early[i].use_candidate |= msg->use_candidate;
}

void ice_early_replay(struct ice_run *run)
{
	struct ice_agent *a = run->a;
	uint32_t crc = ice_ufrag_crc(a->current.remote_ufrag, a->current.remote_ufrag_len);

	for (unsigned i = 0; i < a->early_count; i++) {
		const struct ice_early *early = &a->early[i];

		if (early->user_crc == crc && early->from.component < a->components)
			ice_request_learn(run, &early->from, early->priority, early->use_candidate);
	}
	a->early_count = 0;
}
