// SPDX-License-Identifier: Apache-2.0
// BUNDLE against a demultiplexer written from the tables of RFC 9143 section 9.2, over random packets.
#include "rtp_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SSRCS 12
#define PTS 8 // payload types in play: 96 and up

// Three tables, as the RFC describes them.
struct oracle {
	int by_ssrc[SSRCS]; // learned; -1: nothing
};

static int oracle_by_mid(const struct rtp_rig *rig, const char *mid)
{
	for (unsigned n = 0; n < RIG_STREAMS; n++) {
		if (rig_stream(rig, n)->enabled && strcmp(rig_stream(rig, n)->mid, mid) == 0)
			return (int)n;
	}
	return -1;
}

static int oracle_by_announced(const struct rtp_rig *rig, uint32_t ssrc)
{
	for (unsigned n = 0; n < RIG_STREAMS; n++) {
		for (unsigned i = 0; i < rig_stream(rig, n)->ssrc_count; i++) {
			if (rig_stream(rig, n)->enabled && rig_stream(rig, n)->ssrcs[i] == ssrc)
				return (int)n;
		}
	}
	return -1;
}

static bool has_pt(const struct rtp_rig *rig, unsigned n, uint8_t pt)
{
	return rig_stream(rig, n)->enabled &&
		rig_stream(rig, n)->pt_map[IQ_LEG_ACCESS][pt] != NO_PT;
}

static int oracle_by_pt(const struct rtp_rig *rig, uint8_t pt)
{
	int found = -1, count = 0;

	for (unsigned n = 0; n < RIG_STREAMS; n++) {
		if (has_pt(rig, n, pt)) {
			found = (int)n;
			count++;
		}
	}
	return count == 1 ? found : -1;
}

static int oracle_demux(struct oracle *oracle, const struct rtp_rig *rig, unsigned ssrc, uint8_t pt,
	const char *mid)
{
	int n;

	if (mid != NULL) {
		n = oracle_by_mid(rig, mid);
		if (n >= 0)
			oracle->by_ssrc[ssrc] = n;
		return n;
	}
	if (oracle->by_ssrc[ssrc] < 0)
		oracle->by_ssrc[ssrc] = oracle_by_announced(rig, ssrc);
	if (oracle->by_ssrc[ssrc] < 0)
		oracle->by_ssrc[ssrc] = oracle_by_pt(rig, pt);
	return oracle->by_ssrc[ssrc];
}

static void sections_shuffle(const struct rtp_rig *rig)
{
	for (unsigned n = 0; n < RIG_STREAMS; n++) {
		struct stream *stream = rig_stream(rig, n);

		stream->enabled = rig_random() % 6 != 0;
		stream->mid_len = (uint8_t)snprintf(
			stream->mid, sizeof(stream->mid), "m%u", n + rig_random() % 2 * 3);
		stream->ssrc_count = (uint8_t)(rig_random() % 3);
		for (unsigned i = 0; i < stream->ssrc_count; i++)
			stream->ssrcs[i] = rig_random() % SSRCS;
		memset(stream->pt_map, NO_PT, sizeof(stream->pt_map));
		for (uint8_t i = 0; i < PTS; i++) {
			if (rig_random() % 3 == 0)
				stream->pt_map[IQ_LEG_ACCESS][96 + i] = 0;
		}
	}
}

static void random_packets(void **state)
{
	const struct rtp_rig *rig = *state;
	static const char *const mids[] = {"m0", "m1", "m2", "m3", "m4", "m5", "m", "m00", "x"};
	unsigned found = 0, discarded = 0;

	for (unsigned round = 0; round < 2000; round++) {
		struct flow flows[SSRCS] = {0};
		struct oracle oracle;

		sections_shuffle(rig);
		for (unsigned i = 0; i < SSRCS; i++) {
			flows[i].ssrc = i;
			flows[i].stream = NO_PT;
			oracle.by_ssrc[i] = -1;
		}
		for (unsigned i = 0; i < 60; i++) {
			unsigned ssrc = rig_random() % SSRCS;
			uint8_t pt = (uint8_t)(96 + rig_random() % PTS);
			const char *mid =
				rig_random() % 4 == 0 ? mids[rig_random() % RTE_DIM(mids)] : NULL;
			int want = oracle_demux(&oracle, rig, ssrc, pt, mid);
			uint8_t got = rtp_demux(rig->shard, rig->context,
				shard_transport(rig->shard, rig->access), &flows[ssrc], pt,
				(const uint8_t *)mid, mid == NULL ? 0 : (uint8_t)strlen(mid));

			assert_int_equal(got, want < 0 ? NO_PT : want);
			found += want >= 0;
			discarded += want < 0;
		}
	}
	assert_true(found > 10000 && discarded > 10000);
}

// Sections of another transport don't take part.
static void other_transports_are_apart(void **state)
{
	const struct rtp_rig *rig = *state;
	struct flow flow = {.ssrc = 5, .stream = NO_PT};

	for (unsigned n = 0; n < RIG_STREAMS; n++) {
		struct stream *stream = rig_stream(rig, n);

		stream->pt_map[IQ_LEG_ACCESS][96] = 0;
		stream->mid_len = 1;
		stream->mid[0] = (char)('0' + n);
		stream->transport[IQ_LEG_ACCESS] = n == 1 ? rig->access : rig->core[2];
	}
	assert_int_equal(
		rtp_demux(rig->shard, rig->context, shard_transport(rig->shard, rig->access), &flow,
			96, (const uint8_t *)"0", 1),
		NO_PT);
	assert_int_equal(rtp_demux(rig->shard, rig->context,
				 shard_transport(rig->shard, rig->access), &flow, 96, NULL, 0),
		1);
}

// An element of no length names no section, not even one without a name.
static void empty_mid(void **state)
{
	const struct rtp_rig *rig = *state;
	struct flow flow = {.ssrc = 5, .stream = NO_PT};

	assert_int_equal(
		rtp_demux(rig->shard, rig->context, shard_transport(rig->shard, rig->access), &flow,
			96, (const uint8_t *)"", 0),
		NO_PT);
}

#define RIGGED(name) cmocka_unit_test_setup_teardown(name, rig_up, rig_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(random_packets),
		RIGGED(other_transports_are_apart),
		RIGGED(empty_mid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
