// SPDX-License-Identifier: Apache-2.0
// Every back end makes, byte by byte, what the first one makes: all suites, both directions, 1 to 64 packets of random
// lengths in a burst, indices around the wraps; and none writes outside of a packet's room.
#include "srtp_rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define BURST 64
#define FLOWS 12
#define GUARD 96
#define GUARD_BYTE 0xc5

// A packet between guards, with the room that it needs and no byte more.
struct guarded {
	uint8_t bytes[GUARD + RIG_PACKET_MAX + GUARD];
	uint16_t len, room;
};

struct flow {
	struct srtp_key key;
	struct srtp_index out, in; // of the side under test
	struct srtp_index first_out, first_in;
	uint32_t ssrc, seq;
};

struct scene {
	struct srtp_ctx *first, *other;
	struct rig_random random;
	struct flow flows[FLOWS];
	struct flow *of[BURST];
	struct guarded ours[BURST], theirs[BURST], plain[BURST];
	uint16_t n;
};

static void scene_open(struct scene *scene, uint64_t seed)
{
	scene->random.state = seed;
	for (int i = 0; i < FLOWS; i++) {
		struct flow *flow = &scene->flows[i];
		struct rig_master master;

		memset(flow, 0, sizeof(*flow));
		rig_master(
			&scene->random, &master, (enum srtp_suite)(1 + i % (SRTP_SUITE_COUNT - 1)));
		rig_key(&flow->key, &master);
		flow->ssrc = rig_next(&scene->random);
		flow->seq = 65000 + rig_below(&scene->random, 500);
		flow->out.roc = rig_next(&scene->random) >> rig_below(&scene->random, 32) >> 1;
		flow->in = flow->first_out = flow->first_in = flow->out;
	}
}

static void guarded_fill(struct guarded *to, const struct rig_packet *from, uint8_t overhead)
{
	memset(to->bytes, GUARD_BYTE, sizeof(to->bytes));
	memcpy(to->bytes + GUARD, from->bytes, from->len);
	to->len = from->len;
	to->room = (uint16_t)(from->len + overhead);
}

static void guards_hold(const struct guarded *packet)
{
	const uint8_t *behind = packet->bytes + GUARD + packet->room;
	const uint8_t *end = packet->bytes + sizeof(packet->bytes);

	for (int i = 0; i < GUARD; i++)
		assert_int_equal(packet->bytes[i], GUARD_BYTE);
	for (; behind < end; behind++)
		assert_int_equal(*behind, GUARD_BYTE);
}

static void burst_make(struct scene *scene, uint16_t n, int is_rtcp)
{
	// Short, long, and mixed, so that the lanes end apart.
	static const uint16_t longest[] = {0, 70, 170, 1400};
	uint16_t payload_max = longest[rig_below(&scene->random, 4)];
	struct rig_packet packet;

	scene->n = n;
	for (uint16_t i = 0; i < n; i++) {
		struct flow *flow = &scene->flows[rig_below(&scene->random, FLOWS)];
		const struct srtp_suite_info *info = srtp_suite_info(
			(enum srtp_suite)(1 + (flow - scene->flows) % (SRTP_SUITE_COUNT - 1)));

		flow->seq += 1 + rig_below(&scene->random, 20);
		if (is_rtcp)
			rig_rtcp(&scene->random, &packet, flow->ssrc, payload_max);
		else
			rig_rtp(&scene->random, &packet, flow->ssrc, (uint16_t)flow->seq,
				payload_max);
		scene->of[i] = flow;
		guarded_fill(&scene->ours[i], &packet,
			is_rtcp ? info->rtcp_overhead : info->rtp_overhead);
		scene->theirs[i] = scene->plain[i] = scene->ours[i];
	}
}

static struct srtp_item item_of(
	struct guarded *packet, const struct flow *flow, struct srtp_index *index)
{
	return (struct srtp_item){.data = packet->bytes + GUARD,
		.key = &flow->key,
		.index = index,
		.len = packet->len,
		.room = packet->room,
		.status = 1};
}

// Both back ends do the burst, with the same result; who was refused has no flow afterwards.
static void both_run(struct scene *scene, rig_burst burst, int is_out)
{
	struct srtp_item ours[BURST], theirs[BURST];

	for (uint16_t i = 0; i < scene->n; i++) {
		struct flow *flow = scene->of[i];

		ours[i] = item_of(&scene->ours[i], flow, is_out ? &flow->out : &flow->in);
		theirs[i] = item_of(
			&scene->theirs[i], flow, is_out ? &flow->first_out : &flow->first_in);
	}
	burst(scene->other, ours, scene->n);
	burst(scene->first, theirs, scene->n);
	for (uint16_t i = 0; i < scene->n; i++) {
		scene->ours[i].len = ours[i].len;
		scene->theirs[i].len = theirs[i].len;
		assert_int_equal(ours[i].status, theirs[i].status);
		assert_int_equal(ours[i].len, theirs[i].len);
		if (ours[i].status == 0)
			assert_memory_equal(ours[i].data, theirs[i].data, ours[i].len);
		scene->of[i] = ours[i].status == 0 ? scene->of[i] : NULL;
		guards_hold(&scene->ours[i]);
		guards_hold(&scene->theirs[i]);
	}
}

// Some packets are spoilt on the way; what both refuse doesn't come out.
static uint32_t network_harm(struct scene *scene)
{
	uint32_t spoilt = 0;

	for (uint16_t i = 0; i < scene->n; i++) {
		if (rig_below(&scene->random, 10) > 0)
			continue;
		scene->ours[i]
			.bytes[GUARD + 12 + rig_below(&scene->random, scene->ours[i].len - 12u)] ^=
			4;
		scene->theirs[i] = scene->ours[i];
		spoilt++;
	}
	return spoilt;
}

static uint32_t burst_match(struct scene *scene, uint16_t n, int is_rtcp)
{
	uint32_t spoilt, opened = 0;

	burst_make(scene, n, is_rtcp);
	both_run(scene, is_rtcp ? srtcp_protect_burst : srtp_protect_burst, 1);
	for (uint16_t i = 0; i < n; i++)
		assert_non_null(scene->of[i]);
	spoilt = network_harm(scene);
	both_run(scene, is_rtcp ? srtcp_unprotect_burst : srtp_unprotect_burst, 0);
	for (uint16_t i = 0; i < n; i++) {
		if (scene->of[i] == NULL)
			continue;
		opened++;
		assert_int_equal(scene->ours[i].len, scene->plain[i].len);
		assert_memory_equal(scene->ours[i].bytes + GUARD, scene->plain[i].bytes + GUARD,
			scene->plain[i].len);
	}
	assert_in_range(opened, n - spoilt, n - spoilt);
	return opened;
}

static void indices_match(const struct scene *scene)
{
	for (int i = 0; i < FLOWS; i++) {
		const struct flow *flow = &scene->flows[i];

		assert_memory_equal(&flow->out, &flow->first_out, sizeof(flow->out));
		assert_memory_equal(&flow->in, &flow->first_in, sizeof(flow->in));
	}
}

static void back_ends_make_the_same_bytes(void **state)
{
	struct srtp_ctx *contexts[RIG_ARCHS];
	unsigned int count = rig_contexts(contexts);
	static struct scene scene;

	(void)state;
	scene.first = contexts[0];
	for (unsigned int i = 1; i < count; i++) {
		uint32_t opened = 0;

		scene.other = contexts[i];
		scene_open(&scene, 77 + i);
		for (int round = 0; round < 4; round++) {
			for (uint16_t n = 1; n <= BURST; n++) {
				opened += burst_match(&scene, n, 0);
				opened += burst_match(&scene, n, 1);
			}
		}
		indices_match(&scene);
		print_message("%s: %u packets as %s\n", srtp_ctx_arch_name(scene.other), opened,
			srtp_ctx_arch_name(scene.first));
		assert_true(opened > 10000);
	}
	for (unsigned int i = 0; i < count; i++)
		srtp_ctx_destroy(contexts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(back_ends_make_the_same_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
