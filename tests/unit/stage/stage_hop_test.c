// SPDX-License-Identifier: Apache-2.0
// Next hops that a peer's candidates bring up: few at a time, and none that can't be anybody's.
#include "call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SHARD 8
#define HOPS 256

static const uint8_t link_v6[16] = {0xfd, 0, 2, 3};

struct wants {
	unsigned count;
	uint8_t ips[HOPS][16];
};

static void on_want(const struct network *network, uint8_t family, const uint8_t *ip, void *arg)
{
	struct wants *wants = arg;

	assert_int_equal(network->role, NETWORK_ACCESS);
	for (unsigned i = 0; i < wants->count; i++) {
		if (memcmp(wants->ips[i], ip, family == 4 ? 4 : 16) == 0)
			return;
	}
	assert_in_range(wants->count, 0, HOPS - 1);
	memcpy(wants->ips[wants->count++], ip, family == 4 ? 4 : 16);
}

// Lets so much time pass; main makes no hop known, but notes who was asked for.
static void pass(struct media_rig *rig, struct wants *wants, unsigned seconds)
{
	for (unsigned i = 0; i < 50 * seconds; i++) {
		__atomic_fetch_add(&rig->skew_us, 20000, __ATOMIC_RELAXED);
		media_step(rig);
		for (unsigned k = 0; k < RIG_WORKERS; k++)
			worker_wants(rig->workers[k], on_want, wants);
	}
}

static struct iq_context_local reserved(struct media_rig *rig)
{
	static const struct iq_context_reserve one = {
		.ref = "one", .streams = 1, .access_transports = 1};
	struct iq_context_local local;

	assert_int_equal(media_reserve(rig, SHARD, &one, &local), 0);
	return local;
}

static void describe(struct media_rig *rig, iq_handle handle, const struct iq_candidate *candidates,
	unsigned count)
{
	static struct iq_leg_set command;

	memset(&command, 0, sizeof(command));
	command.handle = handle;
	command.transport_count = 1;
	command.transports[0] = (struct iq_remote_transport){.security = IQ_SECURITY_DTLS_SRTP,
		.ice = 1,
		.rtcp_mux = 1,
		.candidate_count = (uint8_t)count,
		.ufrag = "peer",
		.pwd = "peerpasswordpeerpassword"};
	memcpy(command.transports[0].candidates, candidates, count * sizeof(candidates[0]));
	assert_int_equal(media_command(rig, IQ_LEG_SET, SHARD, &command, sizeof(command)), 0);
}

static struct iq_candidate on_link(unsigned n)
{
	struct iq_candidate candidate = {.addr = {.family = 6, .port = 5000},
		.priority = 0x7e0001ff - n,
		.foundation = n,
		.component = 1};

	memcpy(candidate.addr.ip, link_v6, sizeof(link_v6));
	candidate.addr.ip[14] = (uint8_t)(1 + (n >> 8));
	candidate.addr.ip[15] = (uint8_t)n;
	return candidate;
}

static void a_context_names_few_hops(void **state)
{
	struct media_rig *rig = *state;
	struct iq_candidate candidates[IQ_CANDIDATES_MAX];
	struct iq_candidates_add more = {.handle = reserved(rig).handle};
	struct wants wants = {0};
	unsigned first;

	for (unsigned i = 0; i < IQ_CANDIDATES_MAX; i++)
		candidates[i] = on_link(i);
	describe(rig, more.handle, candidates, IQ_CANDIDATES_MAX);
	pass(rig, &wants, 3);
	assert_in_range(wants.count, 10, 17);
	first = wants.count;
	for (unsigned round = 1; round < 6; round++) {
		more.count = IQ_CANDIDATES_MAX;
		for (unsigned i = 0; i < IQ_CANDIDATES_MAX; i++)
			more.candidates[i] = on_link(round * IQ_CANDIDATES_MAX + i);
		assert_int_equal(
			media_command(rig, IQ_CANDIDATES_ADD, SHARD, &more, sizeof(more)), 0);
		pass(rig, &wants, 1);
	}
	assert_in_range(wants.count, first, first + 2);
}

// Who is known already costs nothing, and what lies behind the gateway neither.
static void known_hops_are_free(void **state)
{
	struct media_rig *rig = *state;
	struct iq_candidate candidates[IQ_CANDIDATES_MAX];
	struct media_end *end = media_end_add(rig, 0, 2);
	iq_handle handle = reserved(rig).handle;
	struct wants wants = {0};

	for (unsigned i = 0; i < IQ_CANDIDATES_MAX; i++)
		candidates[i] = on_link(i);
	memcpy(candidates[IQ_CANDIDATES_MAX - 1].addr.ip, media_ip(end, 6), 16);
	describe(rig, handle, candidates, IQ_CANDIDATES_MAX);
	pass(rig, &wants, 3);
	assert_non_null(media_take(end));
}

static void not_anybodys_address(void **state)
{
	static const struct iq_addr addresses[] = {
		{.ip = {0xfe, 0x80, [15] = 2}, .family = 6, .port = 5000},
		{.ip = {0xff, 0x02, [15] = 1}, .family = 6, .port = 5000},
		{.ip = {0}, .family = 6, .port = 5000},
		{.ip = {[15] = 1}, .family = 6, .port = 5000},
		{.ip = {0xfd, 0, 2, 3}, .family = 6, .port = 5000},
		{.ip = {0}, .family = 4, .port = 5000},
		{.ip = {127, 0, 0, 1}, .family = 4, .port = 5000},
		{.ip = {169, 254, 0, 1}, .family = 4, .port = 5000},
		{.ip = {224, 0, 0, 1}, .family = 4, .port = 5000},
		{.ip = {255, 255, 255, 255}, .family = 4, .port = 5000},
		{.ip = {203, 0, 113, 0}, .family = 4, .port = 5000},
		{.ip = {203, 0, 113, 255}, .family = 4, .port = 5000},
	};
	struct media_rig *rig = *state;
	struct iq_candidate candidates[RTE_DIM(addresses)];
	struct wants wants = {0};
	uint64_t sent = media_count(rig, COUNTER_drop_no_neighbour);

	for (unsigned i = 0; i < RTE_DIM(addresses); i++) {
		candidates[i] = on_link(i);
		candidates[i].addr = addresses[i];
	}
	describe(rig, reserved(rig).handle, candidates, RTE_DIM(addresses));
	pass(rig, &wants, 3);
	assert_int_equal(wants.count, 0);
	assert_int_equal(media_count(rig, COUNTER_drop_no_neighbour), sent);
}

#define RIGGED(name) cmocka_unit_test_setup_teardown(name, media_up, media_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(a_context_names_few_hops),
		RIGGED(known_hops_are_free),
		RIGGED(not_anybodys_address),
	};

	return cmocka_run_group_tests(tests, media_group_up, NULL);
}
