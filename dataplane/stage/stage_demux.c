// SPDX-License-Identifier: Apache-2.0
// The section of a packet, what it says of loss and jitter, and whether its gate is open.
#include "rtp.h"
#include "stage.h"
#include "stage_ahead.h"
#include "wire_rtp.h"

// The id of the mid extension is one for all sections of a transport (RFC 9143 section 15).
static uint8_t mid_ext_id(struct shard *shard, const struct context *c)
{
	for (unsigned n = 0; n < c->streams; n++) {
		const struct stream *stream = shard_stream(shard, c->stream[n]);

		if (stream->enabled && stream->mid_ext_id != 0)
			return stream->mid_ext_id;
	}
	return 0;
}

// Toward the core a section has a port of its own.
static uint8_t stream_of_port(
	struct shard *shard, const struct context *c, const struct transport *t)
{
	for (unsigned n = 0; n < c->streams; n++) {
		const struct stream *stream = shard_stream(shard, c->stream[n]);

		if (stream->enabled && shard_transport(shard, stream->transport[t->leg]) == t)
			return (uint8_t)n;
	}
	return NO_PT;
}

static uint8_t stream_find(struct shard *shard, const struct transport *t, struct flow *flow,
	const uint8_t *data, const struct wire_rtp *rtp)
{
	const struct context *c = shard_context(shard, t->context);
	struct wire_rtp_ext mid;
	uint8_t id;

	if (t->leg == IQ_LEG_CORE)
		return stream_of_port(shard, c, t);
	id = mid_ext_id(shard, c);
	if (id != 0 && wire_rtp_ext_find(rtp, data, id, &mid))
		return rtp_demux(shard, c, t, flow, rtp->pt, mid.data, mid.len);
	return rtp_demux(shard, c, t, flow, rtp->pt, NULL, 0);
}

static bool gate_open(const struct stream *stream, enum iq_leg from)
{
	return (stream->gate & (from == IQ_LEG_ACCESS ? IQ_GATE_TO_CORE : IQ_GATE_TO_ACCESS)) != 0;
}

// What was received counts, also what a shut gate keeps back.
static bool receive(struct worker *w, const struct stream *stream, const struct transport *t,
	struct flow *flow, const struct wire_rtp *rtp)
{
	const struct iq_pt *pt = stream_pt(stream, t->leg, rtp->pt);

	if (pt == NULL) {
		COUNT(w, drop_payload_type);
		return false;
	}
	if (!rtp_received(flow, rtp->seq, rtp->ts, pt->telephone_event ? 0 : pt->clock_hz[t->leg],
		    w->now_us)) {
		COUNT(w, drop_sequence);
		return false;
	}
	flow->octets += rtp->payload_len;
	if (!gate_open(stream, t->leg)) {
		rtp_hold(flow);
		COUNT(w, drop_gate);
		return false;
	}
	return true;
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
	flow->stream = pkt->stream;
	stream = shard_stream(shard, shard_context(shard, t->context)->stream[pkt->stream]);
	ahead_of_egress(shard, stream, pkt);
	return receive(w, stream, t, flow, &rtp);
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
