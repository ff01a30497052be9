// SPDX-License-Identifier: Apache-2.0
// Reception statistics of a flow (RFC 3550 appendix A).
#include "rtp.h"

#define DROPOUT_MAX 3000 // packets missing before the source must prove itself
#define MISORDER_MAX 100
#define BAD_SEQ 0x10000u // bad_seq holds

// How far ahead is still the same sequence. What SRTP has authenticated is no stray.
static uint32_t ahead_max(const struct flow *flow)
{
	return flow->index.started ? 0x8000 : DROPOUT_MAX;
}

// The source began to count anew: as if the number were the next one.
static void restart(struct flow *flow, uint16_t ahead)
{
	flow->base_seq += ahead - 1u;
	flow->highest_seq += ahead;
	flow->bad_seq = 0;
	rtp_hold(flow);
}

static bool sequence_update(struct flow *flow, uint16_t seq)
{
	uint16_t ahead = (uint16_t)(seq - (uint16_t)flow->highest_seq);

	if (!flow->counted) {
		flow->counted = 1;
		flow->base_seq = seq;
		flow->highest_seq = seq;
	} else if (ahead < ahead_max(flow)) {
		flow->highest_seq += ahead;
	} else if (ahead <= 0x10000 - MISORDER_MAX) {
		if (flow->bad_seq != (BAD_SEQ | seq)) {
			flow->bad_seq = BAD_SEQ | (uint16_t)(seq + 1);
			return false;
		}
		restart(flow, ahead);
	}
	return true;
}

static void jitter_update(struct flow *flow, uint32_t ts, uint32_t clock_hz, uint64_t now_us)
{
	uint32_t transit = (uint32_t)(now_us * clock_hz / 1000000u) - ts;
	int32_t d = (int32_t)(transit - flow->transit);

	flow->transit = transit;
	if (flow->clock_hz != clock_hz) {
		flow->clock_hz = clock_hz; // the first packet, or another codec
		return;
	}
	if (d < 0)
		d = -d;
	flow->jitter_scaled += (uint32_t)d - ((flow->jitter_scaled + 8) >> 4);
}

bool rtp_received(struct flow *flow, uint16_t seq, uint32_t ts, uint32_t clock_hz, uint64_t now_us)
{
	if (!sequence_update(flow, seq))
		return false;
	flow->received++;
	flow->left = 0;
	if (clock_hz != 0)
		jitter_update(flow, ts, clock_hz, now_us);
	return true;
}
