// SPDX-License-Identifier: Apache-2.0
// Reception statistics of a flow (RFC 3550 appendix A).
#include "rtp.h"

static void sequence_update(struct flow *flow, uint16_t seq)
{
	uint16_t ahead = (uint16_t)(seq - (uint16_t)flow->highest_seq);

	if (!flow->counted) {
		flow->counted = 1;
		flow->base_seq = seq;
		flow->highest_seq = seq;
	} else if (ahead < 0x8000) {
		flow->highest_seq += ahead;
	} else if ((uint16_t)((uint16_t)flow->base_seq - seq) < 64 &&
		flow->base_seq == (flow->base_seq & 0xffff)) {
		// Reordered at the very beginning: the base is the first sent, not the first seen.
		if ((uint16_t)(flow->highest_seq - seq) < 64 && seq < flow->base_seq)
			flow->base_seq = seq;
	}
}

void rtp_received(struct flow *flow, uint16_t seq, uint32_t ts, uint32_t clock_hz, uint64_t now_us)
{
	uint32_t arrival = (uint32_t)(now_us * clock_hz / 1000000u);
	uint32_t transit = arrival - ts;
	int32_t d = (int32_t)(transit - flow->transit);
	bool first = !flow->counted;

	sequence_update(flow, seq);
	flow->received++;
	flow->transit = transit;
	flow->clock_hz = clock_hz;
	if (first)
		return;
	if (d < 0)
		d = -d;
	flow->jitter_scaled += (uint32_t)d - ((flow->jitter_scaled + 8) >> 4);
}
