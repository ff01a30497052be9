// SPDX-License-Identifier: Apache-2.0
// An RTP header as the other leg wants it: our SSRC, its payload type, no extensions, no contributing sources.
#include "context.h"
#include "rtp.h"
#include "stage.h"
#include "wire_rtp.h"

#include <string.h>

// The fixed header moves up to the payload; returns the new start.
static uint8_t *header_strip(struct rte_mbuf *m, const struct pkt *pkt)
{
	uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *);
	uint16_t extra = (uint16_t)(pkt->header_len - WIRE_RTP_HEADER);

	if (extra == 0)
		return data;
	memmove(data + extra, data, WIRE_RTP_HEADER);
	data = (uint8_t *)rte_pktmbuf_adj(m, extra);
	data[0] &= 0xe0; // no extension, no CSRC; version and padding stay
	return data;
}

// Octets of payload, for sender reports (RFC 3550 section 6.4.1): padding isn't.
static uint16_t payload_len(const struct rte_mbuf *m)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	uint16_t len = rte_pktmbuf_data_len(m);

	return (uint16_t)(len - WIRE_RTP_HEADER - ((data[0] & 0x20) != 0 ? data[len - 1] : 0));
}

// Where a packet comes from and goes to.
struct way {
	struct shard *shard;
	struct stream *stream;
	struct flow *flow;
	uint16_t to; // transport
	uint8_t from_leg, to_leg;
};

static struct way way_of(struct worker *w, const struct pkt *pkt)
{
	struct shard *shard = w->shards[pkt->shard];
	const struct transport *from = shard_transport(shard, pkt->transport);
	struct way way = {.shard = shard,
		.flow = shard_flow(shard, (uint16_t)pkt->flow),
		.from_leg = from->leg,
		.to_leg = from->leg == IQ_LEG_ACCESS ? IQ_LEG_CORE : IQ_LEG_ACCESS};

	way.stream = shard_stream(shard, shard_context(shard, from->context)->stream[pkt->stream]);
	way.to = way.stream->transport[way.to_leg];
	return way;
}

static void header_write(
	const struct way *way, struct rte_mbuf *m, const struct rtp_identity *identity)
{
	uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *);
	const struct iq_pt *pt = stream_pt(way->stream, way->from_leg, data[1] & 0x7f);

	wire_rtp_set_pt(data, way->to_leg == IQ_LEG_CORE ? pt->core : pt->access);
	if (identity->begins && way->stream->kind == IQ_KIND_AUDIO)
		data[1] |= 0x80;
	wire_rtp_set_seq(data, identity->seq);
	wire_rtp_set_ts(data, identity->ts);
	wire_rtp_set_ssrc(data, way->stream->sender[way->to_leg].ssrc);
}

// What a receiver has of another video source, or from before a pause, is no picture to go on from.
static void key_frame_ask(struct worker *w, const struct way *way, const struct pkt *pkt)
{
	const struct transport *from =
		shard_transport(way->shard, way->stream->transport[way->from_leg]);
	struct rtcp_in in = {.shard = way->shard,
		.context = shard_context(way->shard, from->context),
		.now_us = w->now_us,
		.leg = way->from_leg};
	struct rtcp_out out;

	if (way->stream->kind != IQ_KIND_VIDEO)
		return;
	out.len = 0;
	rtcp_key_frame_ask(&in, pkt->stream, &out);
	if (out.len > 0 &&
		context_rtcp_send(w, way->shard, way->stream, way->from_leg, out.bytes, out.len))
		COUNT(w, key_frames_asked);
}

static bool rewrite(struct worker *w, struct rte_mbuf *m)
{
	struct pkt *pkt = pkt_of(m);
	struct way way = way_of(w, pkt);
	struct transport *to = shard_transport(way.shard, way.to);
	struct sender *sender = &way.stream->sender[way.to_leg];
	struct rtp_identity identity;
	const uint8_t *data;

	if (!context_may_send(w, way.shard, to, 0)) {
		rtp_hold(way.flow);
		return false;
	}
	data = header_strip(m, pkt);
	if (!rtp_relay(way.flow, (uint16_t)pkt->flow, sender, pkt->seq, wire_load32(data + 4),
		    w->now_us, &identity)) {
		COUNT(w, drop_sequence);
		return false;
	}
	header_write(&way, m, &identity);
	if (unlikely(identity.begins))
		key_frame_ask(w, &way, pkt);
	sender->packets++;
	sender->octets += payload_len(m);
	pkt->out = &to->out[0];
	pkt->transport = way.to;
	return true;
}

uint16_t stage_rewrite(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < n; i++) {
		if (rewrite(w, pkts[i]))
			pkts[kept++] = pkts[i];
		else
			rte_pktmbuf_free(pkts[i]);
	}
	return kept;
}
