// SPDX-License-Identifier: Apache-2.0
// RTP and RTCP between two legs: reception statistics, one outgoing identity a stream, reports translated truthfully.
#pragma once

#include "arena.h"

#include <stdbool.h>
#include <stdint.h>

// An authenticated RTP packet was received: RFC 3550 appendix A.1, A.3, A.8. clock_hz 0: its timestamp says nothing of
// jitter (telephone events). False: its number is far from the others', drop it; a second one in order proves that the
// source has restarted, and is taken.
bool rtp_received(struct flow *flow, uint16_t seq, uint32_t ts, uint32_t clock_hz, uint64_t now_us);

// Sequence number, timestamp and marker with which a packet of a flow leaves.
struct rtp_identity {
	uint16_t seq;
	uint32_t ts;
	bool begins; // the source has changed, or was kept back: the receiver can't know what came between
};

// Makes the packets of a flow continue what the sender has sent so far: gaps stay gaps, a new source begins one after
// the last packet and by as much later as time has passed. False: another flow is being relayed and this one is an old
// one, or the packet is older than the flow's turn; drop. A flow never relayed before takes over at once, an old one
// when the current one was quiet for RTP_SOURCE_QUIET_US. rtp_received() has seen the packet.
#define RTP_SOURCE_QUIET_US 200000u
bool rtp_relay(struct flow *flow, uint16_t flow_index, struct sender *sender, uint16_t seq,
	uint32_t ts, uint64_t now_us, struct rtp_identity *out);

// A packet of the flow was kept back on purpose (gate, no keys): what follows continues without a gap.
void rtp_hold(struct flow *flow);

// The section a received RTP packet belongs to (RFC 9143 section 9.2): index of the stream in the context, or NO_PT.
// mid: the packet's mid extension, or NULL.
uint8_t rtp_demux(struct shard *shard, const struct context *context,
	const struct transport *transport, struct flow *flow, uint8_t pt, const uint8_t *mid,
	uint8_t mid_len);

#define RTCP_OUT_MAX 512

// What goes to the other leg for one stream: a whole compound packet, not yet protected.
struct rtcp_out {
	uint16_t len; // 0: nothing
	bool reported; // what we send there was reported about: context_breakers_due()
	uint8_t bytes[RTCP_OUT_MAX];
};

// A plain compound packet that came on a leg.
struct rtcp_in {
	struct shard *shard;
	const struct context *context;
	const uint8_t *bytes;
	uint64_t now_us;
	uint16_t len;
	uint8_t leg; // iq_leg
};

// Translates it into one for each stream it speaks of: SSRCs and sequence numbers mapped, losses counted for the source
// that the report goes to, CNAME ours; requests for key frames as the other leg's peer understands them, at once or, where
// it has no early feedback, with the next report; what only concerns this edge taken out (transport-wide feedback, REMB,
// NACK, XR). out has IQ_STREAMS_MAX places, all zero. 0, or -EBADMSG.
int rtcp_relay(const struct rtcp_in *in, struct rtcp_out *out);

// Asks the source of stream n for a key frame: a new one is relayed, or one that was kept back. in: the leg it is on,
// without bytes. out may stay empty: then the next report takes the request along.
void rtcp_key_frame_ask(const struct rtcp_in *in, unsigned n, struct rtcp_out *out);
