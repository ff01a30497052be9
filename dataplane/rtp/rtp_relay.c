// SPDX-License-Identifier: Apache-2.0
// One outgoing identity a stream, whoever the source is.
#include "rtp.h"

#include <string.h>

static bool may_take_over(const struct flow *flow, const struct sender *sender, uint64_t now_us)
{
	return flow->relayed == FLOW_NEVER_RELAYED || sender->source == NO_INDEX ||
		now_us - sender->sent_us >= RTP_SOURCE_QUIET_US;
}

static uint32_t elapsed_ticks(const struct flow *flow, const struct sender *sender, uint64_t now_us)
{
	uint32_t ticks = (uint32_t)((now_us - sender->sent_us) * flow->clock_hz / 1000000u);

	return ticks == 0 ? 1 : ticks;
}

// A source that was only paused keeps its clock, and with it what its reports have told of lip sync.
static bool clock_goes_on(
	const struct flow *flow, const struct sender *sender, uint32_t ts, uint32_t elapsed)
{
	int32_t off = (int32_t)(ts + flow->ts_offset - sender->ts_last - elapsed);

	return off <= (int32_t)flow->clock_hz && off >= -(int32_t)flow->clock_hz &&
		(int32_t)(ts + flow->ts_offset - sender->ts_last) > 0;
}

static void take_over(
	struct flow *flow, struct sender *sender, uint16_t seq, uint32_t ts, uint64_t now_us)
{
	uint32_t elapsed = elapsed_ticks(flow, sender, now_us);

	if (!sender->started)
		flow->ts_offset = 0;
	else if (flow->relayed != FLOW_PAUSED || !clock_goes_on(flow, sender, ts, elapsed))
		flow->ts_offset = sender->ts_last + elapsed - ts;
	flow->seq_offset = (uint16_t)(sender->seq_last + 1 - seq);
	flow->taken_seq = seq_extend(flow->highest_seq, seq);
	flow->relayed_seq = flow->taken_seq;
	flow->relayed = FLOW_RELAYED;
}

static void source_set(struct sender *sender, struct flow *flow, uint16_t flow_index)
{
	sender->source = flow_index;
	memset(sender->sr_times, 0, sizeof(sender->sr_times));
	flow->lost_base = sender->lost_last - flow->lost_told;
	if (flow->relayed == FLOW_PAUSED)
		flow->relayed = FLOW_RELAYED; // its clock is none of the stream's any more
}

bool rtp_relay(struct flow *flow, uint16_t flow_index, struct sender *sender, uint16_t seq,
	uint32_t ts, uint64_t now_us, struct rtp_identity *out)
{
	bool is_other = sender->source != flow_index;
	bool begins = is_other || flow->relayed != FLOW_RELAYED;
	uint32_t number = seq_extend(flow->highest_seq, seq);

	if (is_other && !may_take_over(flow, sender, now_us))
		return false;
	if (is_other)
		source_set(sender, flow, flow_index);
	if (begins)
		take_over(flow, sender, seq, ts, now_us);
	else if ((int32_t)(number - flow->taken_seq) < 0)
		return false; // its number may be another packet's
	if ((int32_t)(number - flow->relayed_seq) > 0)
		flow->relayed_seq = number;
	out->seq = (uint16_t)(seq + flow->seq_offset);
	out->ts = ts + flow->ts_offset;
	out->begins = begins && sender->started;
	if (!sender->started || (uint16_t)(out->seq - sender->seq_last) < 0x8000) {
		sender->seq_last = out->seq;
		sender->ts_last = out->ts;
	}
	sender->started = 1;
	sender->sent_us = now_us;
	return true;
}

void rtp_hold(struct flow *flow)
{
	if (flow->relayed == FLOW_RELAYED)
		flow->relayed = FLOW_PAUSED;
}
