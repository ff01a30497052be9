// SPDX-License-Identifier: Apache-2.0
// RTCP: translated and sent on, a packet a stream.
#include "context.h"
#include "rtp.h"
#include "stage.h"

#include <rte_memcpy.h>

static bool protect(struct worker *w, struct shard *shard, const struct transport *t,
	struct sender *sender, struct rte_mbuf *m)
{
	struct srtp_item item = {
		.data = rte_pktmbuf_mtod(m, uint8_t *),
		.key = &shard_secure(shard, t->secure)->tx,
		.index = &sender->index,
		.len = rte_pktmbuf_data_len(m),
		.room = (uint16_t)(rte_pktmbuf_data_len(m) + rte_pktmbuf_tailroom(m)),
	};

	if (srtcp_protect_burst(w->srtp, &item, 1) != 1)
		return false;
	rte_pktmbuf_append(m, (uint16_t)(item.len - rte_pktmbuf_data_len(m)));
	return true;
}

static void out_send(struct worker *w, struct shard *shard, struct stream *stream, enum iq_leg to,
	const struct rtcp_out *out)
{
	const struct transport *t = shard_transport(shard, stream->transport[to]);
	struct rte_mbuf *m;

	if (!context_may_send(w, shard, t, 1))
		return;
	m = worker_mbuf(w, out->len);
	if (m == NULL)
		return;
	rte_memcpy(rte_pktmbuf_mtod(m, void *), out->bytes, out->len);
	if ((t->flags & TRANSPORT_SECURE) != 0 && !protect(w, shard, t, &stream->sender[to], m)) {
		DROP(w, m, drop_srtp_expired);
		return;
	}
	COUNT(w, rtcp_relayed);
	worker_send(w, m, &t->out[1]);
}

static void relay(struct worker *w, struct rte_mbuf *m)
{
	const struct pkt *pkt = pkt_of(m);
	struct shard *shard = w->shards[pkt->shard];
	const struct transport *t = shard_transport(shard, pkt->transport);
	const struct context *c = shard_context(shard, t->context);
	enum iq_leg to = t->leg == IQ_LEG_ACCESS ? IQ_LEG_CORE : IQ_LEG_ACCESS;
	struct rtcp_out out[IQ_STREAMS_MAX];

	for (unsigned n = 0; n < IQ_STREAMS_MAX; n++)
		out[n].len = 0;
	if (rtcp_relay(shard, c, t->leg, rte_pktmbuf_mtod(m, uint8_t *), rte_pktmbuf_data_len(m),
		    out) < 0) {
		COUNT(w, drop_rtcp_malformed);
		return;
	}
	for (unsigned n = 0; n < c->streams; n++) {
		if (out[n].len > 0)
			out_send(w, shard, shard_stream(shard, c->stream[n]), to, &out[n]);
	}
}

uint16_t stage_rtcp(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < n; i++) {
		if (pkt_of(pkts[i])->klass == PKT_RTCP) {
			relay(w, pkts[i]);
			rte_pktmbuf_free(pkts[i]);
		} else {
			pkts[kept++] = pkts[i];
		}
	}
	return kept;
}
