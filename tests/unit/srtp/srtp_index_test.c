// SPDX-License-Identifier: Apache-2.0
// Packet indices and replay windows against slow oracles that remember everything.
#include "srtp_index.h"
#include "srtp_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define INDICES (1u << 22)

// Remembers each index ever marked, one byte each.
struct window_oracle {
	uint8_t *seen;
	int64_t highest; // -1: none yet
};

static int oracle_check(const struct window_oracle *oracle, int64_t index)
{
	if (oracle->seen[index] || index <= oracle->highest - SRTP_WINDOW)
		return -EEXIST;
	return 0;
}

static void oracle_mark(struct window_oracle *oracle, int64_t index)
{
	oracle->seen[index] = 1;
	if (index > oracle->highest)
		oracle->highest = index;
}

static int64_t index_near(struct rig_random *random, int64_t highest)
{
	static const uint32_t spread[] = {1, 2, 2, 5, 10, 10, 60, 127, 128, 129, 300, 5000};
	uint32_t width = spread[rig_below(random, sizeof(spread) / sizeof(spread[0]))];
	int64_t index = highest - width + rig_below(random, 2 * width + 1);

	return index < 0 ? 0 : index;
}

static void windows_match_a_full_memory(void **state)
{
	struct rig_random random = {77};
	struct window_oracle oracle = {calloc(INDICES, 1), -1};
	struct srtp_index rtp = {0};
	struct srtp_index rtcp = {0};
	int64_t index;
	int refused = 0;

	(void)state;
	for (int i = 0; i < 400000; i++) {
		index = index_near(&random, oracle.highest);
		if (index >= INDICES)
			break;
		int want = oracle_check(&oracle, index);

		assert_int_equal(srtp_index_check(&rtp, (uint64_t)index), want);
		assert_int_equal(srtcp_index_check(&rtcp, (uint32_t)index), want);
		if (want < 0) {
			refused++;
			continue;
		}
		oracle_mark(&oracle, index);
		srtp_index_mark(&rtp, (uint64_t)index);
		srtcp_index_mark(&rtcp, (uint32_t)index);
		assert_int_equal(srtp_index_highest(&rtp), oracle.highest);
		assert_int_equal(rtcp.rtcp_index, oracle.highest);
	}
	assert_true(refused > 1000 && oracle.highest > 100000);
	free(oracle.seen);
}

// The nearest of all indices with this sequence number: what RFC 3711 3.3.1 says in words.
static uint64_t nearest_index(uint64_t highest, uint16_t seq)
{
	uint64_t best = seq;

	for (uint64_t roc = 0; roc < (highest >> 16) + 3; roc++) {
		uint64_t index = roc << 16 | seq;
		uint64_t distance = index > highest ? index - highest : highest - index;
		uint64_t least = best > highest ? best - highest : highest - best;

		if (distance < least)
			best = index;
	}
	return best;
}

static void estimates_are_the_nearest_index(void **state)
{
	struct rig_random random = {78};

	(void)state;
	for (int i = 0; i < 200000; i++) {
		struct srtp_index ix = {.roc = rig_below(&random, 4),
			.highest_seq = (uint16_t)rig_next(&random),
			.started = 1};
		uint16_t seq = (uint16_t)rig_next(&random);
		uint16_t apart = (uint16_t)(seq - ix.highest_seq);

		if (apart == 32768) // equally near: the RFC's text decides, see below
			continue;
		assert_int_equal(
			srtp_index_estimate(&ix, seq), nearest_index(srtp_index_highest(&ix), seq));
	}
}

struct estimate {
	uint32_t roc;
	uint16_t highest_seq, seq;
	uint64_t want;
};

static void estimates_at_the_edges(void **state)
{
	static const struct estimate rows[] = {
		{0, 65535, 0, 0x10000},
		{1, 0, 65535, 0x0ffff},
		{1, 65535, 65534, 0x1fffe},
		{0, 0, 65535, 0x0ffff}, // there is no ROC -1
		{5, 32767, 65535, 0x5ffff}, // 32768 apart: not greater than, so same ROC
		{5, 32768, 0, 0x50000}, // likewise
		{5, 32769, 0, 0x60000}, // 32769 apart
		{5, 32766, 65535, 0x4ffff}, // likewise, downwards
		{UINT32_MAX, 65535, 0, SRTP_INDEX_END},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct srtp_index ix = {
			.roc = rows[i].roc, .highest_seq = rows[i].highest_seq, .started = 1};

		assert_int_equal(srtp_index_estimate(&ix, rows[i].seq), rows[i].want);
	}
}

static void the_first_packet_sets_the_highest(void **state)
{
	struct srtp_index ix = {.roc = 3};

	(void)state;
	assert_int_equal(srtp_index_estimate(&ix, 40000), 0x30000 + 40000);
	srtp_index_mark(&ix, 0x30000 + 40000);
	assert_int_equal(ix.highest_seq, 40000);
	assert_int_equal(ix.roc, 3);
	assert_int_equal(srtp_index_check(&ix, 0x30000 + 40000), -EEXIST);
	assert_int_equal(srtp_index_check(&ix, 0x30000 + 39999), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_match_a_full_memory),
		cmocka_unit_test(estimates_are_the_nearest_index),
		cmocka_unit_test(estimates_at_the_edges),
		cmocka_unit_test(the_first_packet_sets_the_highest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
