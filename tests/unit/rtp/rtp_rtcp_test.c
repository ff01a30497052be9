// SPDX-License-Identifier: Apache-2.0
// RTCP between the legs: what a receiver reports reaches the sender as what was lost of its packets, in its numbers.
#include "rtp_rig.h"
#include "wire_rtcp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CLOCK 8000
#define SOURCE 0x11111111u
#define OTHER 0x22222222u
#define RECEIVER 0x33333333u

static struct rtcp_out outs[IQ_STREAMS_MAX];
static uint64_t relayed_us;

static int relay(const struct rtp_rig *rig, enum iq_leg leg, const uint8_t *bytes, size_t len)
{
	const struct rtcp_in in = {.shard = rig->shard,
		.context = rig->context,
		.bytes = bytes,
		.now_us = relayed_us,
		.len = (uint16_t)len,
		.leg = leg};

	memset(outs, 0, sizeof(outs));
	return rtcp_relay(&in, outs);
}

// The first packet of a type in what was made for a stream; false: there is none.
static bool find(unsigned n, uint8_t type, struct wire_rtcp *packet)
{
	struct wire_walk walk = wire_walk_over(outs[n].bytes, outs[n].len);
	int ret;

	while ((ret = wire_rtcp_next(&walk, packet)) == 1) {
		if (packet->type == type)
			return true;
	}
	assert_int_equal(ret, 0);
	return false;
}

// A sender on the core leg, this gateway, and a receiver on the access leg that knows all.
struct world {
	const struct rtp_rig *rig;
	struct sender *sender;
	uint16_t flows[2];
	uint32_t numbers[2]; // of the sources, next
	uint64_t now_us;
	// The receiver, about our SSRC.
	uint64_t highest, first, received; // extended by itself
	uint32_t source_number[65536]; // of the packet that came with a number
	// What is true of each source since its first packet was relayed.
	uint32_t begun[2], arrived[2];
	bool has_begun[2];
};

static struct world *world_of(void **state)
{
	static struct world world;
	const struct rtp_rig *rig = *state;

	memset(&world, 0, sizeof(world));
	world.rig = rig;
	world.flows[0] = rig_flow(rig, rig->core[0], SOURCE);
	world.flows[1] = rig_flow(rig, rig->core[0], OTHER);
	world.sender = &rig_stream(rig, 0)->sender[IQ_LEG_ACCESS];
	world.sender->seq_last = 0x7f00;
	world.now_us = 1000000;
	return &world;
}

static void receiver_take(struct world *world, unsigned source, uint32_t number, uint16_t seq)
{
	if (world->received++ == 0)
		world->highest = world->first = seq;
	else if ((uint16_t)(seq - (uint16_t)world->highest) < 0x8000)
		world->highest += (uint16_t)(seq - (uint16_t)world->highest);
	world->source_number[seq] = number;
	world->arrived[source]++;
}

// A source sends; either leg may lose it.
static void send(struct world *world, unsigned source, unsigned loss_percent)
{
	struct flow *flow = shard_flow(world->rig->shard, world->flows[source]);
	uint32_t number = world->numbers[source]++;
	struct rtp_identity out;

	world->now_us += 20000;
	if (rig_random() % 100 < loss_percent)
		return;
	assert_true(rtp_received(flow, (uint16_t)number, number * 160, CLOCK, world->now_us));
	if (!rtp_relay(flow, world->flows[source], world->sender, (uint16_t)number, number * 160,
		    world->now_us, &out))
		return;
	if (!world->has_begun[source]) {
		world->has_begun[source] = true;
		world->begun[source] = number;
	}
	if (rig_random() % 100 >= loss_percent)
		receiver_take(world, source, number, out.seq);
}

// The receiver reports; what arrives at the source: false when nothing does.
static bool report(struct world *world, struct wire_rtcp_report *told)
{
	struct wire_rtcp_report about = {.ssrc = world->sender->ssrc,
		.highest_seq = (uint32_t)world->highest,
		.lost = (int32_t)(world->highest - world->first + 1 - world->received),
		.jitter = 77,
		.fraction = 13};
	uint8_t bytes[64];
	int len = wire_rtcp_rr_write(bytes, sizeof(bytes), RECEIVER, &about, 1);
	struct wire_rtcp packet;

	assert_int_equal(relay(world->rig, IQ_LEG_ACCESS, bytes, (size_t)len), 0);
	assert_int_equal(outs[1].len, 0);
	if (!find(0, WIRE_RTCP_RR, &packet) || packet.count == 0)
		return false;
	assert_int_equal(packet.count, 1);
	assert_int_equal(
		wire_load32(packet.data + 4), rig_stream(world->rig, 0)->sender[IQ_LEG_CORE].ssrc);
	assert_int_equal(wire_rtcp_report_read(&packet, 0, told), 0);
	assert_int_equal(told->jitter, 77);
	assert_int_equal(told->fraction, 13);
	return true;
}

// Losses on both legs, through several wraps of both numberings.
static void losses_are_told(void **state)
{
	struct world *world = world_of(state);
	struct wire_rtcp_report told;
	uint32_t truth;

	world->numbers[0] = 65500;
	send(world, 0, 0);
	for (unsigned i = 0; i < 300000; i++) {
		send(world, 0, 5);
		if (i % 1000 != 999)
			continue;
		assert_true(report(world, &told));
		assert_int_equal(told.ssrc, SOURCE);
		truth = world->source_number[(uint16_t)world->highest];
		assert_int_equal(told.highest_seq & 0xffff, truth & 0xffff);
		assert_int_equal(told.highest_seq - 65500, truth - 65500);
		assert_int_equal(told.lost, truth + 1 - world->begun[0] - world->arrived[0]);
	}
}

// Each source hears of its own losses only, also when it comes back.
static void sources_hear_their_own(void **state)
{
	struct world *world = world_of(state);
	struct wire_rtcp_report told;
	unsigned source = 0;

	world->numbers[0] = 1000;
	world->numbers[1] = 50000;
	for (unsigned round = 0; round < 6; round++, source = !source) {
		int32_t lost_before =
			shard_flow(world->rig->shard, world->flows[source])->lost_told;
		uint32_t begun = world->numbers[source], arrived = world->arrived[source];

		world->now_us += 1000000;
		// The receiver still speaks of the source before.
		if (round > 0) {
			send(world, source, 0);
			world->highest--;
			world->received--;
			assert_false(report(world, &told));
			world->highest++;
			world->received++;
		} else {
			send(world, source, 0);
		}
		for (unsigned i = 0; i < 500; i++)
			send(world, source, 5);
		send(world, source, 0);
		assert_true(report(world, &told));
		assert_int_equal(told.ssrc, source == 0 ? SOURCE : OTHER);
		assert_int_equal(told.highest_seq & 0xffff, (world->numbers[source] - 1) & 0xffff);
		assert_int_equal(told.lost - lost_before,
			world->numbers[source] - begun - (world->arrived[source] - arrived));
	}
}

// What a shut gate kept back was not lost.
static void held_packets_are_not_lost(void **state)
{
	struct world *world = world_of(state);
	struct flow *flow = shard_flow(world->rig->shard, world->flows[0]);
	struct wire_rtcp_report told;

	for (unsigned i = 0; i < 100; i++)
		send(world, 0, 0);
	for (unsigned i = 0; i < 40000; i++) {
		rtp_received(flow, (uint16_t)world->numbers[0]++, 0, CLOCK, world->now_us);
		rtp_hold(flow);
	}
	assert_true(report(world, &told)); // of before
	assert_int_equal(told.highest_seq, 99);
	for (unsigned i = 0; i < 100; i++)
		send(world, 0, 0);
	assert_true(report(world, &told));
	assert_int_equal(told.lost, 0);
	assert_int_equal(told.highest_seq, 40199);
}

static size_t sr_write(uint8_t *bytes, size_t room, uint32_t ssrc, uint64_t ntp, uint32_t rtp_ts)
{
	struct wire_rtcp_sr sr = {
		.ntp = ntp, .ssrc = ssrc, .rtp_ts = rtp_ts, .packets = 1, .octets = 1};

	return (size_t)wire_rtcp_sr_write(bytes, room, &sr, NULL, 0);
}

// The clock mapping goes through with the offset of the timestamps, the counts are what we sent.
static void sender_reports_keep_their_clock(void **state)
{
	struct world *world = world_of(state);
	struct wire_rtcp packet;
	struct wire_rtcp_chunk chunk;
	struct wire_walk walk;
	struct wire_rtcp_sr sr;
	uint8_t bytes[64], cname_len;
	size_t len;

	send(world, 1, 0);
	world->now_us += 1000000;
	send(world, 0, 0);
	world->sender->packets = 1234;
	world->sender->octets = 56789;
	len = sr_write(bytes, sizeof(bytes), SOURCE, 0x1234567890abcdef, 160);
	assert_int_equal(relay(world->rig, IQ_LEG_CORE, bytes, len), 0);
	assert_true(find(0, WIRE_RTCP_SR, &packet));
	assert_int_equal(wire_rtcp_sr_read(&packet, &sr), 0);
	assert_int_equal(sr.ssrc, world->sender->ssrc);
	assert_true(sr.ntp == 0x1234567890abcdef);
	assert_int_equal(
		sr.rtp_ts, 160 + shard_flow(world->rig->shard, world->flows[0])->ts_offset);
	assert_int_not_equal(sr.rtp_ts, 160);
	assert_int_equal(sr.packets, 1234);
	assert_int_equal(sr.octets, 56789);
	assert_true(find(0, WIRE_RTCP_SDES, &packet));
	walk = wire_rtcp_sdes_walk(&packet);
	assert_int_equal(wire_rtcp_sdes_next(&walk, &chunk), 1);
	assert_int_equal(chunk.ssrc, world->sender->ssrc);
	assert_memory_equal(
		wire_rtcp_sdes_find(&chunk, WIRE_RTCP_SDES_CNAME, &cname_len), "our-cname", 9);
	// The source that is no longer relayed has no say.
	len = sr_write(bytes, sizeof(bytes), OTHER, 1, 1);
	assert_int_equal(relay(world->rig, IQ_LEG_CORE, bytes, len), 0);
	assert_int_equal(outs[0].len, 0);
}

static uint32_t lsr_told(struct world *world, uint32_t lsr)
{
	struct wire_rtcp_report told,
		about = {.ssrc = world->sender->ssrc,
			.highest_seq = world->sender->seq_last,
			.lsr = lsr,
			.dlsr = 500};
	uint8_t bytes[64];
	int len = wire_rtcp_rr_write(bytes, sizeof(bytes), RECEIVER, &about, 1);
	struct wire_rtcp packet;

	assert_int_equal(relay(world->rig, IQ_LEG_ACCESS, bytes, (size_t)len), 0);
	assert_true(find(0, WIRE_RTCP_RR, &packet));
	assert_int_equal(wire_rtcp_report_read(&packet, 0, &told), 0);
	assert_int_equal(told.dlsr, told.lsr == 0 ? 0 : 500);
	return told.lsr;
}

// An answer to the report of another source would make a wrong round trip time.
static void answers_reach_who_asked(void **state)
{
	struct world *world = world_of(state);
	uint8_t bytes[64];

	send(world, 0, 0);
	for (uint64_t i = 1; i <= 6; i++)
		relay(world->rig, IQ_LEG_CORE, bytes,
			sr_write(bytes, sizeof(bytes), SOURCE, i << 16, 0));
	assert_int_equal(lsr_told(world, 6), 6);
	assert_int_equal(lsr_told(world, 3), 3);
	assert_int_equal(lsr_told(world, 2), 0); // long ago
	assert_int_equal(lsr_told(world, 0), 0);
	send(world, 1, 0);
	assert_int_equal(lsr_told(world, 6), 0);
	relay(world->rig, IQ_LEG_CORE, bytes, sr_write(bytes, sizeof(bytes), OTHER, 9 << 16, 0));
	assert_int_equal(lsr_told(world, 9), 9);
}

// A bundled peer speaks of two sections in one compound; on the other leg each has its own port.
static void one_compound_becomes_two(void **state)
{
	const struct rtp_rig *rig = *state;
	struct wire_rtcp_report abouts[2] = {0};
	uint8_t bytes[256];
	struct wire_rtcp packet;
	int len;

	for (unsigned n = 0; n < 2; n++) {
		rig_stream(rig, n)->sender[IQ_LEG_ACCESS].source =
			rig_flow(rig, rig->core[n], 0x80 + n);
		abouts[n].ssrc = rig_stream(rig, n)->sender[IQ_LEG_ACCESS].ssrc;
	}
	rig_stream(rig, 0)->sender[IQ_LEG_CORE].source = rig_flow(rig, rig->access, SOURCE);
	rig_stream(rig, 1)->rtcp[IQ_LEG_CORE] = IQ_RTCP_AVPF | IQ_RTCP_PLI;
	len = wire_rtcp_sr_write(
		bytes, sizeof(bytes), &(struct wire_rtcp_sr){.ssrc = SOURCE}, abouts, 2);
	len += wire_rtcp_pli_write(
		bytes + len, sizeof(bytes) - (size_t)len, SOURCE, abouts[1].ssrc);
	len += wire_rtcp_bye_write(
		bytes + len, sizeof(bytes) - (size_t)len, &(uint32_t){SOURCE}, 1);
	assert_int_equal(relay(rig, IQ_LEG_ACCESS, bytes, (size_t)len), 0);
	assert_true(find(0, WIRE_RTCP_SR, &packet));
	assert_int_equal(packet.count, 1);
	assert_true(find(0, WIRE_RTCP_BYE, &packet));
	assert_false(find(0, WIRE_RTCP_PSFB, &packet));
	assert_true(find(1, WIRE_RTCP_RR, &packet));
	assert_int_equal(packet.count, 1);
	assert_false(find(1, WIRE_RTCP_BYE, &packet));
	assert_true(find(1, WIRE_RTCP_PSFB, &packet));
	assert_int_equal(outs[2].len, 0);
}

static bool bye_leaves(const struct rtp_rig *rig, uint32_t ssrc)
{
	struct wire_rtcp packet;
	uint8_t bytes[64];
	int len = wire_rtcp_rr_write(bytes, sizeof(bytes), ssrc, NULL, 0);

	len += wire_rtcp_bye_write(bytes + len, sizeof(bytes) - (size_t)len, &(uint32_t){ssrc}, 1);
	assert_int_equal(relay(rig, IQ_LEG_CORE, bytes, (size_t)len), 0);
	return outs[0].len > 0 && find(0, WIRE_RTCP_BYE, &packet);
}

// Our SSRC has left when the last of its sources has.
static void sources_leave_one_by_one(void **state)
{
	const struct rtp_rig *rig = *state;
	struct sender *sender = &rig_stream(rig, 0)->sender[IQ_LEG_ACCESS];
	uint16_t flows[7];

	for (unsigned i = 0; i < 7; i++) {
		flows[i] = rig_flow(rig, rig->core[0], 100 + i);
		shard_flow(rig->shard, flows[i])->stream = 0;
	}
	sender->source = flows[0];
	for (unsigned i = 0; i < 6; i++) // four in the first line, and then the chain
		assert_false(bye_leaves(rig, 100 + i));
	assert_false(bye_leaves(rig, 106)); // it was never relayed
	assert_true(bye_leaves(rig, 100));
	assert_true(rtp_received(shard_flow(rig->shard, flows[6]), 1, 0, 0, 1));
	assert_false(bye_leaves(rig, 100));
	assert_false(bye_leaves(rig, 999));
}

// What the breakers are told: only where they are enabled, with the round trip where the report answers to one.
static void breakers_hear_of_reports(void **state)
{
	struct world *world = world_of(state);
	struct stream *stream = rig_stream(world->rig, 0);
	struct breaker *breaker = &stream->breaker[IQ_LEG_ACCESS];
	struct wire_rtcp_report about = {.ssrc = world->sender->ssrc, .fraction = 5};
	uint8_t bytes[64];
	size_t len;

	send(world, 0, 0);
	relayed_us = 8000000;
	relay(world->rig, IQ_LEG_CORE, bytes,
		sr_write(bytes, sizeof(bytes), SOURCE, 0x1234ull << 16, 0));
	about.lsr = 0x1234;
	about.dlsr = 65536 / 2;
	len = (size_t)wire_rtcp_rr_write(bytes, sizeof(bytes), RECEIVER, &about, 1);
	relayed_us += 540000;
	assert_int_equal(relay(world->rig, IQ_LEG_ACCESS, bytes, len), 0);
	assert_false(outs[0].reported);
	stream->breakers[IQ_LEG_ACCESS] = IQ_BREAKERS_ALL;
	assert_int_equal(relay(world->rig, IQ_LEG_ACCESS, bytes, len), 0);
	assert_true(outs[0].reported);
	assert_true(breaker->reported_us == relayed_us);
	assert_int_equal(breaker->rtt_us, 40000);
	assert_false(outs[1].reported);
	// A report about the other stream on the same transport says that the receiver is there.
	rig_stream(world->rig, 1)->breaker[IQ_LEG_ACCESS].heard_us = 1;
	relay(world->rig, IQ_LEG_ACCESS, bytes, len);
	assert_true(rig_stream(world->rig, 1)->breaker[IQ_LEG_ACCESS].heard_us == relayed_us);
	assert_true(rig_stream(world->rig, 1)->breaker[IQ_LEG_CORE].heard_us == 0);
}

// However much a peer packs into a compound, what leaves stays within its bounds and well-formed.
static void crowds_are_bounded(void **state)
{
	const struct rtp_rig *rig = *state;
	struct wire_rtcp_report abouts[31];
	uint8_t bytes[4096];
	size_t len = 0;
	struct wire_rtcp packet;

	memset(abouts, 0, sizeof(abouts));
	rig_stream(rig, 0)->sender[IQ_LEG_ACCESS].source = rig_flow(rig, rig->core[0], 0x80);
	for (unsigned i = 0; i < 31; i++)
		abouts[i].ssrc = rig_stream(rig, 0)->sender[IQ_LEG_ACCESS].ssrc;
	for (unsigned i = 0; i < 5; i++)
		len += (size_t)wire_rtcp_rr_write(
			bytes + len, sizeof(bytes) - len, RECEIVER, abouts, 31);
	assert_int_equal(relay(rig, IQ_LEG_ACCESS, bytes, len), 0);
	assert_in_range(outs[0].len, 8, RTCP_OUT_MAX);
	assert_true(find(0, WIRE_RTCP_RR, &packet));
	assert_in_range(packet.count, 1, 31);
}

static void garbage_is_survived(void **state)
{
	struct world *world = world_of(state);
	uint8_t valid[256], bytes[256];
	struct wire_rtcp_report about = {.ssrc = world->sender->ssrc};
	size_t len;

	send(world, 0, 0);
	len = sr_write(valid, sizeof(valid), SOURCE, 1, 1);
	len += (size_t)wire_rtcp_rr_write(valid + len, sizeof(valid) - len, RECEIVER, &about, 1);
	len += (size_t)wire_rtcp_fir_write(
		valid + len, sizeof(valid) - len, RECEIVER, about.ssrc, 1);
	len += (size_t)wire_rtcp_bye_write(
		valid + len, sizeof(valid) - len, &(uint32_t){SOURCE}, 1);
	for (unsigned i = 0; i < 200000; i++) {
		size_t cut = 1 + rig_random() % len;
		int ret;

		memcpy(bytes, valid, len);
		for (unsigned k = rig_random() % 4; k > 0; k--)
			bytes[rig_random() % len] = (uint8_t)rig_random();
		ret = relay(world->rig, rig_random() % IQ_LEGS, bytes, i % 2 ? len : cut);
		assert_true(ret == 0 || ret == -EBADMSG);
		for (unsigned n = 0; n < IQ_STREAMS_MAX; n++) {
			struct wire_walk walk = wire_walk_over(outs[n].bytes, outs[n].len);
			struct wire_rtcp packet;
			int more;

			assert_true(ret == 0 || outs[n].len == 0);
			while ((more = wire_rtcp_next(&walk, &packet)) == 1)
				;
			assert_int_equal(more, 0);
		}
	}
	for (size_t cut = 0; cut < len; cut++)
		relay(world->rig, IQ_LEG_CORE, valid, cut);
}

#define RIGGED(name) cmocka_unit_test_setup_teardown(name, rig_up, rig_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(losses_are_told),
		RIGGED(sources_hear_their_own),
		RIGGED(held_packets_are_not_lost),
		RIGGED(sender_reports_keep_their_clock),
		RIGGED(answers_reach_who_asked),
		RIGGED(one_compound_becomes_two),
		RIGGED(sources_leave_one_by_one),
		RIGGED(breakers_hear_of_reports),
		RIGGED(crowds_are_bounded),
		RIGGED(garbage_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
