// SPDX-License-Identifier: Apache-2.0
// Reception statistics against the text of RFC 3550 appendix A, in floating point and with a list of what was received.
#include "rtp_rig.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// What a receiver knows that keeps everything.
struct oracle {
	uint64_t first, highest, received; // numbers that never wrap
	double jitter, transit;
};

static void oracle_take(
	struct oracle *oracle, uint64_t number, uint32_t ts, double clock_hz, uint64_t now_us)
{
	double transit = (double)now_us * clock_hz / 1e6 - ts;

	if (oracle->received == 0) {
		oracle->first = oracle->highest = number;
	} else {
		if (number > oracle->highest)
			oracle->highest = number;
		oracle->jitter += (fabs(transit - oracle->transit) - oracle->jitter) / 16;
	}
	oracle->transit = transit;
	oracle->received++;
}

static uint64_t lost_of(const struct flow *flow)
{
	return (uint64_t)flow->highest_seq - flow->base_seq + 1 - flow->received;
}

// Losses, reordering by up to 20 packets, late arrival, wraps: as the oracle says.
static void random_streams(void **state)
{
	for (unsigned round = 0; round < 20; round++) {
		struct flow flow = {0};
		struct oracle oracle = {0};
		uint64_t start = rig_random() & 0xffff, at_us = 1000000;
		uint32_t loss = rig_random() % 30;

		for (uint64_t i = 0; i < 150000; i++) {
			uint64_t number = start + i;
			uint32_t ts;

			if (rig_random() % 100 < loss)
				continue;
			if (i > 100 && rig_random() % 50 == 0)
				number -= rig_random() % 20;
			ts = (uint32_t)((number - start) * 160);
			at_us = 1000000 + i * 20000 + rig_random() % 15000;
			assert_true(rtp_received(&flow, (uint16_t)number, ts, 8000, at_us));
			oracle_take(&oracle, number, ts, 8000, at_us);
		}
		assert_int_equal(flow.received, oracle.received);
		assert_int_equal(
			lost_of(&flow), oracle.highest - oracle.first + 1 - oracle.received);
		assert_int_equal(flow.highest_seq & 0xffff, oracle.highest & 0xffff);
		assert_int_equal(flow.highest_seq - flow.base_seq, oracle.highest - oracle.first);
		assert_true(fabs(flow.jitter_scaled / 16.0 - oracle.jitter) < 3);
	}
	(void)state;
}

// A source that counts anew is believed at its second packet, and nothing counts as lost.
static void restart_is_proven(void **state)
{
	struct flow flow = {0};

	(void)state;
	for (uint16_t seq = 60000; seq < 60100; seq++)
		assert_true(rtp_received(&flow, seq, 0, 8000, 0));
	assert_false(rtp_received(&flow, 7, 0, 8000, 0));
	assert_true(rtp_received(&flow, 8, 0, 8000, 0));
	assert_true(rtp_received(&flow, 9, 0, 8000, 0));
	assert_int_equal(flow.received, 102);
	assert_int_equal(lost_of(&flow), 0);
	assert_int_equal(flow.highest_seq & 0xffff, 9);
	assert_true(flow.highest_seq > 60099);
}

static void strays_are_refused(void **state)
{
	struct flow flow = {0};

	(void)state;
	assert_true(rtp_received(&flow, 10, 0, 8000, 0));
	for (unsigned i = 0; i < 10; i++) {
		// Number 0 proves nothing by itself, nor do two strays that don't follow each other.
		assert_false(rtp_received(&flow, 0x8000, 0, 8000, 0));
		assert_false(rtp_received(&flow, 0x9000, 0, 8000, 0));
		assert_true(rtp_received(&flow, (uint16_t)(11 + i), 0, 8000, 0));
	}
	assert_int_equal(flow.received, 11);
	assert_int_equal(lost_of(&flow), 0);
}

static void zero_is_no_proof(void **state)
{
	struct flow flow = {0};

	(void)state;
	assert_true(rtp_received(&flow, 30000, 0, 8000, 0));
	assert_false(rtp_received(&flow, 0, 0, 8000, 0));
	assert_true(rtp_received(&flow, 1, 0, 8000, 0));
}

// The borders of appendix A.1: MAX_DROPOUT 3000, MAX_MISORDER 100; what SRTP has authenticated may jump further.
static void borders(void **state)
{
	struct flow flow = {.counted = 1, .highest_seq = 10000, .base_seq = 10000};

	(void)state;
	assert_false(rtp_received(&flow, 13000, 0, 8000, 0));
	assert_false(rtp_received(&flow, 9900, 0, 8000, 0));
	assert_true(rtp_received(&flow, 9901, 0, 8000, 0));
	assert_true(rtp_received(&flow, 12999, 0, 8000, 0));
	assert_int_equal(flow.highest_seq, 12999);
	flow.index.started = 1;
	assert_true(rtp_received(&flow, 12999 + 0x7fff, 0, 8000, 0));
	assert_int_equal(flow.highest_seq, 12999 + 0x7fff);
}

// Telephone events repeat their timestamp, and a codec with another clock has none in common: no jitter.
static void jitter_needs_a_clock(void **state)
{
	struct flow flow = {0};
	uint16_t seq = 0;

	(void)state;
	for (unsigned i = 0; i < 50; i++, seq++)
		rtp_received(&flow, seq, i * 160u, 8000, i * 20000u);
	for (unsigned i = 50; i < 100; i++, seq++)
		rtp_received(&flow, seq, 8000, 0, i * 20000u);
	for (unsigned i = 100; i < 150; i++, seq++)
		rtp_received(&flow, seq, 77 + i * 960u, 48000, i * 20000u);
	assert_int_equal(flow.jitter_scaled, 0);
	assert_int_equal(flow.received, 150);
	assert_int_equal(flow.clock_hz, 48000);
}

#define RIGGED(name) cmocka_unit_test_setup_teardown(name, rig_up, rig_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(random_streams),
		RIGGED(restart_is_proven),
		RIGGED(strays_are_refused),
		RIGGED(zero_is_no_proof),
		RIGGED(borders),
		RIGGED(jitter_needs_a_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
