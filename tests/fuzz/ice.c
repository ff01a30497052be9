// SPDX-License-Identifier: Apache-2.0
// Fuzzes an agent with datagrams and time: as they come, and signed so that they pass for the peer's.
#include "fuzz.h"
#include "ice_parts.h"
#include "wire_bytes.h"

#include <string.h>

static struct ice_agent agent;
static struct ice_view view;
static uint64_t now_us, counter;
static uint8_t last_txid[WIRE_STUN_TXID];

static void on_send(void *arg, const struct ice_tuple *to, const uint8_t *bytes, uint16_t len)
{
	struct wire_stun msg;

	(void)arg;
	FUZZ_CHECK(to->local < agent.local_count && to->family == agent.locals[to->local].family);
	FUZZ_CHECK(wire_stun_parse(&msg, bytes, len) == 0 && msg.has_fingerprint);
	if (msg.class == WIRE_STUN_REQUEST)
		memcpy(last_txid, msg.txid, sizeof(last_txid));
}

static uint64_t on_random(void *arg)
{
	(void)arg;
	return ++counter * 0x9e3779b97f4a7c15ull;
}

static void agent_open(uint8_t options)
{
	struct ice_env env = {.now_us = now_us = 1000000, .send = on_send, .random = on_random};
	struct ice_start start = {.controlling = options & 1,
		.lite = options & 2,
		.components = options & 4 ? 2 : 1,
		.local_count = 1,
		.ufrag = "a",
		.pwd = "p"};
	struct iq_remote_transport remote = {
		.ice = 1, .ufrag = "b", .pwd = "p", .candidate_count = 1};

	counter = 0;
	start.locals[0] = (struct ice_local){.family = 4, .port = 4000, .ip = {192, 0, 2, 1}};
	remote.candidates[0] = (struct iq_candidate){.component = 1, .priority = 1};
	remote.candidates[0].addr =
		(struct iq_addr){.family = 4, .port = 0x100, .ip = {192, 0, 2, 2}};
	ice_init(&agent, &view, &start);
	if (options & 8)
		ice_remote_set(&agent, &view, &remote, &env);
	if (options & 16) {
		ice_restart(&agent, "c", "p");
		ice_remote_set(&agent, &view, &remote, &env);
	}
}

// What a fuzzer can't guess: header, tag and CRC; the id of our last request for responses.
static uint16_t message_mend(uint8_t *bytes, size_t len)
{
	struct wire_stun_writer w = {.data = bytes, .cap = len + 32, .len = len & ~(size_t)3};
	struct ice_hmac hmac;
	int ret;

	bytes[0] &= 1;
	bytes[1] &= 0x11;
	wire_store32(bytes + 4, WIRE_STUN_MAGIC);
	if (bytes[0])
		memcpy(bytes + 8, last_txid, sizeof(last_txid));
	ice_hmac_init(&hmac, "p");
	ret = ice_message_end(&w, &hmac);
	return ret > 0 ? (uint16_t)ret : 0;
}

static void invariants_check(void)
{
	FUZZ_CHECK(view.source_count <= ICE_SOURCES_MAX);
	FUZZ_CHECK(!view.consent || view.selected[0].family == 4);
	for (unsigned i = 0; i < ICE_PAIRS_MAX; i++) {
		if (agent.pairs[i].state != PAIR_FREE)
			FUZZ_CHECK(agent.remotes[agent.pairs[i].remote].family == 4);
	}
	for (unsigned i = 0; i < ICE_COMPONENTS; i++) {
		if (agent.selected[i] != ICE_NONE)
			FUZZ_CHECK(agent.pairs[agent.selected[i]].state != PAIR_FREE);
	}
}

static void datagram_put(const uint8_t *data, size_t len, uint8_t how, uint8_t port)
{
	struct ice_env env = {.now_us = now_us, .send = on_send, .random = on_random};
	struct ice_tuple from = {.family = 4,
		.component = how >> 1 & 1,
		.remote_port = (uint16_t)(0x100 + port % 64),
		.remote_ip = {192, 0, 2, 2}};
	uint8_t *copy = malloc(len + 32);
	size_t whole = len;

	FUZZ_CHECK(copy);
	memcpy(copy, data, len);
	if ((how & 1) && len >= WIRE_STUN_HEADER)
		whole = message_mend(copy, len);
	ice_input(&agent, &view, &from, copy, (uint16_t)whole, &env);
	free(copy);
}

static void time_pass(uint8_t ticks)
{
	now_us += (uint64_t)ticks * ticks * 1000;
	for (unsigned i = 0; i < 8; i++) {
		struct ice_env env = {.now_us = now_us, .send = on_send, .random = on_random};
		uint64_t due = ice_deadline_us(&agent);

		if (due == 0 || due > now_us)
			return;
		ice_timer(&agent, &view, &env);
		FUZZ_CHECK(ice_deadline_us(&agent) == 0 || ice_deadline_us(&agent) > now_us);
	}
}

// A byte of options, then records: length, how, port, time, bytes.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t at = 1;

	if (len == 0)
		return 0;
	agent_open(data[0]);
	while (len - at >= 4) {
		const uint8_t *head = data + at;
		size_t size = head[0];

		at += 4;
		if (size > len - at)
			size = len - at;
		datagram_put(data + at, size, head[1], head[2]);
		time_pass(head[3]);
		invariants_check();
		at += size;
	}
	return 0;
}
