// SPDX-License-Identifier: Apache-2.0
// The section of a packet, what it says of loss and jitter, and whether its gate is open.
#include "rtp.h"
#include "stage.h"
#include "wire_rtp.h"

// The id of the mid extension is one for all sections of a transport (RFC 8843 section 15).
static uint8_t mid_ext_id(struct shard *shard, const struct context *c)
{
	return c->streams > 0 ? shard_stream(shard, c->stream[0])->mid_ext_id : 0;
}

static uint8_t stream_find(struct shard *shard, const struct transport *t, struct flow *flow,
	const uint8_t *data, const struct wire_rtp *rtp)
{
	const struct context *c = shard_context(shard, t->context);
	uint8_t id = t->leg == IQ_LEG_ACCESS ? mid_ext_id(shard, c) : 0;
	struct wire_rtp_ext mid;

	if (t->leg == IQ_LEG_CORE)
		return t->number; // a port a section
	if (id != 0 && wire_rtp_ext_find(rtp, data, id, &mid))
		return rtp_demux(shard, c, t, flow, rtp->pt, mid.data, mid.len);
	return rtp_demux(shard, c, t, flow, rtp->pt, NULL, 0);
}

static bool gate_open(const struct stream *stream, enum iq_leg from)
{
	return (stream->gate & (from == IQ_LEG_ACCESS ? IQ_GATE_TO_CORE : IQ_GATE_TO_ACCESS)) != 0;
}

static bool demux(struct worker *w, struct rte_mbuf *m)
{
	struct pkt *pkt = pkt_of(m);
	struct shard *shard = w->shards[pkt->shard];
	const struct transport *t = shard_transport(shard, pkt->transport);
	struct flow *flow = shard_flow(shard, (uint16_t)pkt->flow);
	const uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *);
	const struct stream *stream;
	struct wire_rtp rtp;

	if (wire_rtp_parse(&rtp, data, rte_pktmbuf_data_len(m)) < 0) {
		COUNT(w, drop_rtp_malformed);
		return false;
	}
	pkt->stream = stream_find(shard, t, flow, data, &rtp);
	if (pkt->stream == NO_PT) {
		COUNT(w, drop_demux);
		return false;
	}
	stream = shard_stream(shard, shard_context(shard, t->context)->stream[pkt->stream]);
	if (!stream->enabled || stream->pt_map[t->leg][rtp.pt] == NO_PT) {
		COUNT(w, drop_payload_type);
		return false;
	}
	rtp_received(flow, rtp.seq, rtp.ts, stream->clock_hz[t->leg], w->now_us);
	flow->octets += rtp.payload_len;
	flow->stream = pkt->stream;
	if (!gate_open(stream, t->leg)) {
		COUNT(w, drop_gate);
		return false;
	}
	return true;
}

uint16_t stage_demux(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < n; i++) {
		if (demux(w, pkts[i]))
			pkts[kept++] = pkts[i];
		else
			rte_pktmbuf_free(pkts[i]);
	}
	return kept;
}
