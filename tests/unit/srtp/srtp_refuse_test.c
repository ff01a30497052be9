// SPDX-License-Identifier: Apache-2.0
// What is refused, by which status, and that nothing moves then.
#include "srtp_rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct scene {
	struct srtp_ctx *ctx;
	struct rig_random random;
	struct srtp_key keys[SRTP_SUITE_COUNT];
};

static int scene_open(void **state)
{
	struct scene *scene = aligned_alloc(64, (sizeof(*scene) + 63) / 64 * 64);
	struct rig_master master;

	memset(scene, 0, sizeof(*scene));
	scene->ctx = srtp_ctx_create(SRTP_ARCH_AUTO);
	scene->random.state = 9;
	for (int i = 1; i < SRTP_SUITE_COUNT; i++) {
		rig_master(&scene->random, &master, (enum srtp_suite)i);
		rig_key(&scene->keys[i], &master);
	}
	*state = scene;
	return 0;
}

static int scene_close(void **state)
{
	struct scene *scene = *state;

	srtp_ctx_destroy(scene->ctx);
	free(scene);
	return 0;
}

static const struct srtp_index untouched;

// Runs bytes through a call in a block of exactly their length, so that the sanitizer sees every
// byte read outside.
static int exact_run(
	struct scene *scene, rig_burst burst, const uint8_t *bytes, uint16_t len, int suite)
{
	struct srtp_index index = {0};
	uint8_t *block = malloc(len ? len : 1);
	struct srtp_item item = {.data = block,
		.key = &scene->keys[suite],
		.index = &index,
		.len = len,
		.room = len,
		.status = 1};

	memcpy(block, bytes, len);
	burst(scene->ctx, &item, 1);
	if (item.status != 0) {
		assert_memory_equal(&index, &untouched, sizeof(index));
		assert_int_equal(item.len, len);
	}
	free(block);
	return item.status;
}

static void malformed_packets_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		uint16_t len;
	} rows[] = {
		{"", 0},
		{"\x80", 1},
		{"\x80\x60\x00\x01\x00\x00\x00\x00\x00\x00\x00", 11},
		{"\x40\x60\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01tag.tag.tag.tag.", 28},
		{"\xc0\x60\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01tag.tag.tag.tag.", 28},
		{"\x8f\x60\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01tag.tag.tag.tag.", 28},
		{"\x90\x60\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\xbe\xde\x00\x04tag.tag.", 24},
		{"\x90\x60\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\xbe\xde\xff\xfftag.tag.", 24},
	};
	struct scene *scene = *state;

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int suite = 1; suite < SRTP_SUITE_COUNT; suite++) {
			const uint8_t *bytes = (const uint8_t *)rows[i].bytes;

			assert_int_equal(
				exact_run(scene, srtp_unprotect_burst, bytes, rows[i].len, suite),
				-EINVAL);
			assert_int_equal(
				exact_run(scene, srtp_protect_burst, bytes, rows[i].len, suite),
				-EINVAL);
		}
	}
}

static void random_bytes_never_pass(void **state)
{
	static rig_burst const opens[] = {srtp_unprotect_burst, srtcp_unprotect_burst};
	static rig_burst const seals[] = {srtp_protect_burst, srtcp_protect_burst};
	struct scene *scene = *state;
	uint8_t bytes[200];
	int forged = 0;

	for (int i = 0; i < 20000; i++) {
		uint16_t len = (uint16_t)rig_below(&scene->random, sizeof(bytes));
		int suite = (int)rig_below(&scene->random, SRTP_SUITE_COUNT);
		int status;

		rig_bytes(&scene->random, bytes, len);
		if (len > 0 && rig_below(&scene->random, 4))
			bytes[0] = (uint8_t)(0x80 | (bytes[0] & 0x13));
		status = exact_run(scene, opens[i & 1], bytes, len, suite);
		assert_true(status == -EBADMSG || status == -EINVAL || status == -ENOKEY);
		assert_int_equal(status == -ENOKEY, suite == SRTP_SUITE_NONE);
		forged += status == -EBADMSG;
		status = exact_run(scene, seals[i & 1], bytes, len, suite);
		assert_true(status == -ENOSPC || status == -EINVAL || status == -ENOKEY);
	}
	assert_true(forged > 1000);
}

static void bits_flip(struct scene *scene, const struct srtp_key *key, int rtcp)
{
	rig_burst seal = rtcp ? srtcp_protect_burst : srtp_protect_burst;
	rig_burst open = rtcp ? srtcp_unprotect_burst : srtp_unprotect_burst;
	struct srtp_index sender = {0};
	struct srtp_index receiver = {0};
	struct rig_packet sealed, packet;

	if (rtcp)
		rig_rtcp(&scene->random, &sealed, 1, 40);
	else
		rig_rtp(&scene->random, &sealed, 1, 100, 40);
	assert_int_equal(rig_run(scene->ctx, seal, &sealed, key, &sender), 0);
	for (int bit = 0; bit < 8 * sealed.len; bit++) {
		packet = sealed;
		packet.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(rig_run(scene->ctx, open, &packet, key, &receiver), 0);
		assert_memory_equal(&receiver, &untouched, sizeof(receiver));
	}
	packet = sealed;
	assert_int_equal(rig_run(scene->ctx, open, &packet, key, &receiver), 0);
	packet = sealed;
	assert_int_equal(rig_run(scene->ctx, open, &packet, key, &receiver), -EEXIST);
}

static void every_bit_is_authenticated(void **state)
{
	struct scene *scene = *state;

	for (int suite = 1; suite < SRTP_SUITE_COUNT; suite++) {
		bits_flip(scene, &scene->keys[suite], 0);
		bits_flip(scene, &scene->keys[suite], 1);
	}
}

static void a_sender_never_uses_an_index_twice(void **state)
{
	struct scene *scene = *state;
	struct srtp_index sender = {0};
	struct rig_packet packet;
	static const struct {
		uint16_t seq;
		int status;
	} rows[] = {{1000, 0}, {1000, -EEXIST}, {1002, 0}, {1001, 0}, {1001, -EEXIST},
		{1002, -EEXIST}, {1129, 0}, {1002, -EEXIST}, {1001, -EEXIST}, {1003, 0}, {1300, 0},
		{1129, -EEXIST}, {1173, 0}, {1172, -EEXIST}};
	uint64_t refused = srtp_ctx_counters(scene->ctx)->index_refused;

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rig_rtp(&scene->random, &packet, 1, rows[i].seq, 20);
		assert_int_equal(rig_run(scene->ctx, srtp_protect_burst, &packet,
					 &scene->keys[1 + i % 4], &sender),
			rows[i].status);
	}
	assert_int_equal(srtp_ctx_counters(scene->ctx)->index_refused - refused, 7);
}

static void keys_expire(void **state)
{
	struct scene *scene = *state;
	struct srtp_index index = {.roc = UINT32_MAX, .highest_seq = 65534, .started = 1};
	struct srtp_index rtcp = {.rtcp_index = 0x7fffffff};
	struct rig_packet packet;

	rig_rtp(&scene->random, &packet, 1, 65535, 20);
	assert_int_equal(
		rig_run(scene->ctx, srtp_protect_burst, &packet, &scene->keys[1], &index), 0);
	packet = (struct rig_packet){.bytes = {0x80, 96}, .len = 60};
	assert_int_equal(rig_run(scene->ctx, srtp_protect_burst, &packet, &scene->keys[1], &index),
		-EKEYEXPIRED);
	assert_int_equal(
		rig_run(scene->ctx, srtp_unprotect_burst, &packet, &scene->keys[3], &index),
		-EKEYEXPIRED);
	rig_rtcp(&scene->random, &packet, 1, 20);
	assert_int_equal(
		rig_run(scene->ctx, srtcp_protect_burst, &packet, &scene->keys[1], &rtcp), 0);
	rig_rtcp(&scene->random, &packet, 1, 20);
	assert_int_equal(rig_run(scene->ctx, srtcp_protect_burst, &packet, &scene->keys[1], &rtcp),
		-EKEYEXPIRED);
	assert_int_equal(rtcp.rtcp_index, 0x80000000u);
}

static void room_try(struct scene *scene, int suite, int rtcp, uint16_t room)
{
	const struct srtp_suite_info *info = srtp_suite_info(suite);
	rig_burst seal = rtcp ? srtcp_protect_burst : srtp_protect_burst;
	int fits = room == 20 + (rtcp ? info->rtcp_overhead : info->rtp_overhead);
	struct srtp_index index = {0};
	uint8_t *block = calloc(1, room);
	struct srtp_item item = {.data = block,
		.key = &scene->keys[suite],
		.index = &index,
		.len = 20,
		.room = room};

	block[0] = 0x80;
	seal(scene->ctx, &item, 1);
	assert_int_equal(item.status, fits ? 0 : -ENOSPC);
	assert_int_equal(item.len, fits ? room : 20);
	free(block);
}

static void room_is_respected_to_the_byte(void **state)
{
	for (int suite = 1; suite < SRTP_SUITE_COUNT; suite++) {
		const struct srtp_suite_info *info = srtp_suite_info(suite);

		for (uint16_t room = 20; room <= 20 + info->rtp_overhead; room++)
			room_try(*state, suite, 0, room);
		for (uint16_t room = 20; room <= 20 + info->rtcp_overhead; room++)
			room_try(*state, suite, 1, room);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			malformed_packets_are_refused, scene_open, scene_close),
		cmocka_unit_test_setup_teardown(random_bytes_never_pass, scene_open, scene_close),
		cmocka_unit_test_setup_teardown(
			every_bit_is_authenticated, scene_open, scene_close),
		cmocka_unit_test_setup_teardown(
			a_sender_never_uses_an_index_twice, scene_open, scene_close),
		cmocka_unit_test_setup_teardown(keys_expire, scene_open, scene_close),
		cmocka_unit_test_setup_teardown(
			room_is_respected_to_the_byte, scene_open, scene_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
