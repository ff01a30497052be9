// SPDX-License-Identifier: Apache-2.0
// An RTP header as the other leg wants it: our SSRC, its payload type, no extensions, no contributing sources.
#include "rtp.h"
#include "stage.h"
#include "wire_rtp.h"

// Where it may go now; false counts why not.
static bool way_out(struct worker *w, struct shard *shard, const struct transport *to)
{
	if (to->out[0].family == 0) {
		COUNT(w, drop_no_remote);
		return false;
	}
	if ((to->flags & TRANSPORT_SECURE) == 0)
		return true;
	if ((to->flags & TRANSPORT_KEYS) == 0) {
		COUNT(w, drop_no_keys);
		return false;
	}
	if (!shard_secure(shard, to->secure)->view.consent) {
		COUNT(w, drop_no_consent);
		return false;
	}
	return true;
}

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

static bool rewrite(struct worker *w, struct rte_mbuf *m)
{
	struct pkt *pkt = pkt_of(m);
	struct shard *shard = w->shards[pkt->shard];
	const struct transport *from = shard_transport(shard, pkt->transport);
	enum iq_leg to_leg = from->leg == IQ_LEG_ACCESS ? IQ_LEG_CORE : IQ_LEG_ACCESS;
	struct stream *stream =
		shard_stream(shard, shard_context(shard, from->context)->stream[pkt->stream]);
	const struct transport *to = shard_transport(shard, stream->transport[to_leg]);
	struct sender *sender = &stream->sender[to_leg];
	struct rtp_identity identity;
	uint8_t *data;

	if (!way_out(w, shard, to))
		return false;
	data = header_strip(m, pkt);
	if (!rtp_relay(shard_flow(shard, (uint16_t)pkt->flow), (uint16_t)pkt->flow, sender,
		    pkt->seq, wire_load32(data + 4), w->now_us, &identity)) {
		COUNT(w, drop_demux);
		return false;
	}
	wire_rtp_set_pt(data, stream->pt_map[from->leg][data[1] & 0x7f]);
	if (identity.marker && stream->kind == IQ_KIND_AUDIO)
		data[1] |= 0x80;
	wire_rtp_set_seq(data, identity.seq);
	wire_rtp_set_ts(data, identity.ts);
	wire_rtp_set_ssrc(data, sender->ssrc);
	sender->packets++;
	sender->octets += rte_pktmbuf_data_len(m) - WIRE_RTP_HEADER;
	pkt->out = &to->out[0];
	pkt->transport = stream->transport[to_leg];
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
