// SPDX-License-Identifier: Apache-2.0
// One outgoing identity a stream, whoever the source is.
#include "rtp.h"

static bool may_take_over(const struct flow *flow, const struct sender *sender, uint64_t now_us)
{
	return !flow->relayed || sender->source == NO_INDEX ||
		now_us - sender->sent_us >= RTP_SOURCE_QUIET_US;
}

static void take_over(
	struct flow *flow, struct sender *sender, uint16_t seq, uint32_t ts, uint64_t now_us)
{
	uint32_t elapsed = 0;

	if (sender->started) {
		elapsed = (uint32_t)((now_us - sender->sent_us) * flow->clock_hz / 1000000u);
		if (elapsed == 0)
			elapsed = 1;
		flow->ts_offset = sender->ts_last + elapsed - ts;
	} else {
		flow->ts_offset = 0;
	}
	flow->seq_offset = (uint16_t)(sender->seq_last + 1 - seq);
	flow->relayed = 1;
}

bool rtp_relay(struct flow *flow, uint16_t flow_index, struct sender *sender, uint16_t seq,
	uint32_t ts, uint64_t now_us, struct rtp_identity *out)
{
	bool changed = sender->source != flow_index;

	if (changed) {
		if (!may_take_over(flow, sender, now_us))
			return false;
		take_over(flow, sender, seq, ts, now_us);
		sender->source = flow_index;
	}
	out->seq = (uint16_t)(seq + flow->seq_offset);
	out->ts = ts + flow->ts_offset;
	out->marker = changed && sender->started;
	if (!sender->started || (uint16_t)(out->seq - sender->seq_last) < 0x8000) {
		sender->seq_last = out->seq;
		sender->ts_last = out->ts;
	}
	sender->started = 1;
	sender->sent_us = now_us;
	return true;
}
