// SPDX-License-Identifier: Apache-2.0
// The network in memory.
#include "ice_rig.h"

#include <stdio.h>
#include <string.h>

void rig_init(struct rig *rig, uint64_t seed)
{
	memset(rig, 0, sizeof(*rig));
	rig->now_us = 1000 * RIG_SECOND;
	rig->random = seed * 2654435761u + 88172645463325252ull;
	rig->delay_us = 10000;
}

uint64_t rig_random(struct rig *rig)
{
	uint64_t z = rig->random += 0x9e3779b97f4a7c15ull; // splitmix64

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static uint64_t on_random(void *arg)
{
	const struct rig_node *node = arg;

	return rig_random(node->rig);
}

static void packet_queue(struct rig *rig, unsigned to, const struct ice_tuple *tuple,
	const uint8_t *bytes, uint16_t len)
{
	for (unsigned i = 0; i < RIG_PACKETS; i++) {
		struct rig_packet *packet = &rig->packets[i];

		if (packet->at_us != 0)
			continue;
		packet->at_us = rig->now_us + rig->delay_us;
		if (rig->jitter_us != 0)
			packet->at_us += rig_random(rig) % rig->jitter_us;
		packet->to = (uint8_t)to;
		packet->tuple = *tuple;
		packet->len = len;
		memcpy(packet->bytes, bytes, len);
		return;
	}
	fail_msg("the network is full");
}

// From the sender's view of a path to the receiver's: false when nobody is there.
static bool tuple_turn(
	struct rig *rig, unsigned from, const struct ice_tuple *to, struct ice_tuple *seen)
{
	const struct ice_local *source = &rig->nodes[from].start.locals[to->local];
	const struct ice_start *peer = &rig->nodes[!from].start;
	uint16_t port = to->remote_port;

	if (rig->nat_port != 0 && from == 0) {
		if (!rig->nat_open || port - to->component != rig->nat_port)
			return false;
		port = (uint16_t)(peer->locals[0].port + to->component);
	}
	if (rig->nat_port != 0 && from == 1)
		rig->nat_open = true;
	for (unsigned i = 0; i < peer->local_count; i++) {
		const struct ice_local *local = &peer->locals[i];

		if (local->family != to->family || local->port + to->component != port ||
			memcmp(local->ip, to->remote_ip, sizeof(local->ip)) != 0)
			continue;
		*seen = (struct ice_tuple){.local = (uint8_t)i,
			.component = to->component,
			.family = source->family,
			.remote_port = (uint16_t)(source->port + to->component)};
		if (rig->nat_port != 0 && from == 1)
			seen->remote_port = (uint16_t)(rig->nat_port + to->component);
		memcpy(seen->remote_ip, source->ip, sizeof(seen->remote_ip));
		return true;
	}
	return false;
}

static void on_send(void *arg, const struct ice_tuple *to, const uint8_t *bytes, uint16_t len)
{
	struct rig_node *node = arg;
	struct rig *rig = node->rig;
	struct ice_tuple target = *to, seen;
	uint8_t copy[512];

	assert_true(len <= sizeof(copy) && to->local < node->start.local_count);
	node->sent++;
	node->requests += (bytes[0] == 0 && bytes[1] == 1);
	node->last_tx_us = rig->now_us;
	memcpy(copy, bytes, len);
	if (rig->on_packet != NULL && !rig->on_packet(rig, node->number, &target, copy, &len))
		return;
	if (node->mute || target.family == rig->lost_family ||
		rig_random(rig) % 100 < rig->loss_percent)
		return;
	if (!tuple_turn(rig, node->number, &target, &seen))
		return;
	packet_queue(rig, !node->number, &seen, copy, len);
	if (rig_random(rig) % 100 < rig->double_percent)
		packet_queue(rig, !node->number, &seen, copy, len);
}

struct ice_env rig_env(struct rig_node *node)
{
	return (struct ice_env){.now_us = node->rig->now_us,
		.send = on_send,
		.random = on_random,
		.arg = node,
		.strangers = node->strangers};
}

void rig_start(struct rig *rig, unsigned n, bool controlling, bool lite, unsigned components)
{
	struct rig_node *node = &rig->nodes[n];

	*node = (struct rig_node){.rig = rig, .number = n};
	node->start = (struct ice_start){.controlling = controlling,
		.lite = lite,
		.components = (uint8_t)components,
		.local_count = 2,
		.tiebreaker = rig_random(rig)};
	node->start.locals[0] = (struct ice_local){.family = 6, .port = (uint16_t)(40000 + 2 * n)};
	node->start.locals[1] = (struct ice_local){.family = 4, .port = (uint16_t)(40000 + 2 * n)};
	memcpy(node->start.locals[0].ip, (uint8_t[]){0xfd, 0, 2, 3, [15] = (uint8_t)(n + 1)}, 16);
	memcpy(node->start.locals[1].ip, (uint8_t[]){203, 0, 113, (uint8_t)(n + 1)}, 4);
	snprintf(node->start.ufrag, sizeof(node->start.ufrag), "ufr%u", n);
	snprintf(node->start.pwd, sizeof(node->start.pwd), "password-of-node-number-%u", n);
	ice_init(&node->agent, &node->view, &node->start);
}

void rig_describe(const struct rig *rig, unsigned n, struct iq_remote_transport *remote)
{
	const struct ice_start *start = &rig->nodes[n].start;

	memset(remote, 0, sizeof(*remote));
	remote->ice = 1;
	remote->ice_lite = start->lite;
	remote->rtcp_mux = start->components == 1;
	snprintf(remote->ufrag, sizeof(remote->ufrag), "%s", start->ufrag);
	snprintf(remote->pwd, sizeof(remote->pwd), "%s", start->pwd);
	for (unsigned i = 0; i < start->local_count; i++) {
		for (unsigned c = 0; c < start->components; c++) {
			struct iq_candidate *candidate =
				&remote->candidates[remote->candidate_count++];

			*candidate = (struct iq_candidate){.component = (uint8_t)(c + 1),
				.foundation = i + 1,
				.priority = ice_priority(IQ_CANDIDATE_HOST, i, c)};
			candidate->addr.family = start->locals[i].family;
			candidate->addr.port = (uint16_t)(start->locals[i].port + c);
			memcpy(candidate->addr.ip, start->locals[i].ip, 16);
		}
	}
}

void rig_introduce(struct rig *rig, unsigned n)
{
	struct ice_env env = rig_env(&rig->nodes[n]);
	struct iq_remote_transport remote;

	rig_describe(rig, !n, &remote);
	ice_remote_set(&rig->nodes[n].agent, &rig->nodes[n].view, &remote, &env);
}

void rig_restart(struct rig *rig, unsigned n, const char *tag)
{
	struct rig_node *node = &rig->nodes[n];

	snprintf(node->start.ufrag, sizeof(node->start.ufrag), "%s%u", tag, n);
	snprintf(node->start.pwd, sizeof(node->start.pwd), "password-%s-restarted-%u", tag, n);
	ice_restart(&node->agent, node->start.ufrag, node->start.pwd);
}

void rig_input(struct rig *rig, unsigned n, const struct ice_tuple *from, const uint8_t *bytes,
	uint16_t len)
{
	struct rig_node *node = &rig->nodes[n];
	struct ice_env env = rig_env(node);
	struct ice_result result;

	result = ice_input(&node->agent, &node->view, from, bytes, len, &env);
	node->changed |= result.changed;
	node->verdicts[result.verdict]++;
}

static struct rig_packet *packet_next(struct rig *rig)
{
	struct rig_packet *first = NULL;

	for (unsigned i = 0; i < RIG_PACKETS; i++) {
		struct rig_packet *packet = &rig->packets[i];

		if (packet->at_us != 0 && (first == NULL || packet->at_us < first->at_us))
			first = packet;
	}
	return first;
}

static void node_timer(struct rig_node *node)
{
	struct ice_env env = rig_env(node);
	struct ice_result result = ice_timer(&node->agent, &node->view, &env);
	uint64_t next = ice_deadline_us(&node->agent);

	node->timers++;
	node->changed |= result.changed;
	// Never wants the same moment again, or a worker would spin.
	assert_true(next == 0 || next > node->rig->now_us);
}

// One event: the earliest packet or timer, if it comes before end_us.
static bool step(struct rig *rig, uint64_t end_us)
{
	struct rig_packet *packet = packet_next(rig);
	struct rig_node *timer = NULL;
	uint64_t at = packet != NULL ? packet->at_us : UINT64_MAX;

	for (unsigned i = 0; i < RIG_NODES; i++) {
		uint64_t due = ice_deadline_us(&rig->nodes[i].agent);

		if (due != 0 && due < at) {
			at = due;
			timer = &rig->nodes[i];
		}
	}
	if (at > end_us)
		return false;
	if (at > rig->now_us)
		rig->now_us = at;
	if (timer != NULL) {
		node_timer(timer);
	} else {
		struct rig_packet taken = *packet; // its place may be used for the answer

		packet->at_us = 0;
		rig_input(rig, taken.to, &taken.tuple, taken.bytes, taken.len);
	}
	return true;
}

bool rig_run_until(struct rig *rig, uint64_t for_us, bool (*done)(struct rig *rig))
{
	uint64_t end = rig->now_us + for_us;

	while (done == NULL || !done(rig)) {
		if (!step(rig, end)) {
			rig->now_us = end;
			return done != NULL && done(rig);
		}
	}
	return true;
}

void rig_run(struct rig *rig, uint64_t for_us)
{
	rig_run_until(rig, for_us, NULL);
}

static bool node_all_set(const struct rig_node *node, const uint8_t *pairs)
{
	for (unsigned c = 0; c < node->agent.components; c++) {
		if (pairs[c] == ICE_NONE)
			return false;
	}
	return node->agent.current.remote_ufrag_len != 0;
}

bool rig_both_nominated(struct rig *rig)
{
	return node_all_set(&rig->nodes[0], rig->nodes[0].agent.nominated) &&
		node_all_set(&rig->nodes[1], rig->nodes[1].agent.nominated);
}

bool rig_both_connected(struct rig *rig)
{
	return ice_state(&rig->nodes[0].agent) == IQ_ICE_CONNECTED &&
		ice_state(&rig->nodes[1].agent) == IQ_ICE_CONNECTED;
}

bool rig_paths_agree(const struct rig *rig, unsigned component)
{
	const struct ice_tuple *near = &rig->nodes[0].view.selected[component];
	const struct ice_tuple *far = &rig->nodes[1].view.selected[component];
	struct ice_tuple seen;

	return near->family != 0 && far->family != 0 &&
		tuple_turn((struct rig *)rig, 0, near, &seen) && ice_tuple_equal(&seen, far);
}

struct ice_tuple rig_peer_tuple(const struct rig *rig, unsigned n, unsigned family)
{
	const struct ice_local *local = &rig->nodes[!n].start.locals[family == 4];
	struct ice_tuple tuple = {
		.local = family == 4, .family = (uint8_t)family, .remote_port = local->port};

	memcpy(tuple.remote_ip, local->ip, sizeof(tuple.remote_ip));
	return tuple;
}
