// SPDX-License-Identifier: Apache-2.0
// What the SRTP tests share.
#include "srtp_rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

uint32_t rig_next(struct rig_random *random)
{
	uint64_t x = random->state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	random->state = x;
	return (uint32_t)(x * 0x2545f4914f6cdd1dULL >> 32);
}

uint32_t rig_below(struct rig_random *random, uint32_t limit)
{
	return rig_next(random) % limit;
}

void rig_bytes(struct rig_random *random, uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)rig_next(random);
}

static void store32(uint8_t *p, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(p, &v, 4);
}

void rig_rtp(struct rig_random *random, struct rig_packet *packet, uint32_t ssrc, uint16_t seq,
	uint16_t payload_max)
{
	uint32_t csrcs = rig_below(random, 4) == 0 ? rig_below(random, 16) : 0;
	uint32_t words = rig_below(random, 3) == 0 ? rig_below(random, 12) : 0;
	int extended = words > 0 || rig_below(random, 8) == 0;
	uint32_t header_len = 12 + 4 * csrcs + (extended ? 4 + 4 * words : 0);

	packet->len = (uint16_t)(header_len + rig_below(random, payload_max + 1u));
	rig_bytes(random, packet->bytes, packet->len);
	packet->bytes[0] = (uint8_t)(0x80 | extended << 4 | csrcs);
	packet->bytes[2] = (uint8_t)(seq >> 8);
	packet->bytes[3] = (uint8_t)seq;
	store32(packet->bytes + 8, ssrc);
	if (extended)
		store32(packet->bytes + 12 + 4 * csrcs, 0xbede0000u | words);
}

void rig_rtcp(
	struct rig_random *random, struct rig_packet *packet, uint32_t ssrc, uint16_t body_max)
{
	packet->len = (uint16_t)(8 + rig_below(random, body_max + 1u));
	rig_bytes(random, packet->bytes, packet->len);
	packet->bytes[0] = 0x80;
	packet->bytes[1] = 200;
	store32(packet->bytes + 4, ssrc);
}

void rig_master(struct rig_random *random, struct rig_master *master, enum srtp_suite suite)
{
	master->suite = suite;
	rig_bytes(random, master->key, sizeof(master->key));
	rig_bytes(random, master->salt, sizeof(master->salt));
}

void rig_key(struct srtp_key *key, const struct rig_master *master)
{
	const struct srtp_suite_info *info = srtp_suite_info(master->suite);

	assert_int_equal(srtp_key_init(key, master->suite, master->key, info->key_len, master->salt,
				 info->salt_len),
		0);
}

struct srtp_item rig_item(
	struct rig_packet *packet, const struct srtp_key *key, struct srtp_index *index)
{
	return (struct srtp_item){.data = packet->bytes,
		.key = key,
		.index = index,
		.len = packet->len,
		.room = sizeof(packet->bytes),
		.status = 1};
}

int rig_run(struct srtp_ctx *ctx, rig_burst burst, struct rig_packet *packet,
	const struct srtp_key *key, struct srtp_index *index)
{
	struct srtp_item item = rig_item(packet, key, index);

	uint16_t ok = burst(ctx, &item, 1);

	assert_int_equal(ok, item.status == 0);
	packet->len = item.len;
	return item.status;
}

unsigned int rig_contexts(struct srtp_ctx *contexts[RIG_ARCHS])
{
	static const enum srtp_arch archs[RIG_ARCHS] = {
		SRTP_ARCH_SSE, SRTP_ARCH_AVX2, SRTP_ARCH_AVX512, SRTP_ARCH_OWN};
	unsigned int n = 0;

	for (int i = 0; i < RIG_ARCHS; i++) {
		contexts[n] = srtp_ctx_create(archs[i]);
		if (contexts[n]) {
			n++;
			continue;
		}
		assert_int_equal(errno, ENOTSUP);
		fprintf(stderr, "instruction set %d is not tested: this processor lacks it\n", i);
	}
	assert_true(n > 0);
	return n;
}
