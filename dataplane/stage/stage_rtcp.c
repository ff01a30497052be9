// SPDX-License-Identifier: Apache-2.0
// RTCP: translated and sent on, a packet a stream.
#include "context.h"
#include "rtp.h"
#include "stage.h"

static void relay(struct worker *w, struct rte_mbuf *m)
{
	const struct pkt *pkt = pkt_of(m);
	struct shard *shard = w->shards[pkt->shard];
	const struct transport *t = shard_transport(shard, pkt->transport);
	const struct context *c = shard_context(shard, t->context);
	enum iq_leg to = t->leg == IQ_LEG_ACCESS ? IQ_LEG_CORE : IQ_LEG_ACCESS;
	struct rtcp_in in = {.shard = shard,
		.context = c,
		.bytes = rte_pktmbuf_mtod(m, uint8_t *),
		.now_us = w->now_us,
		.len = rte_pktmbuf_data_len(m),
		.leg = t->leg};
	struct rtcp_out out[IQ_STREAMS_MAX];

	for (unsigned n = 0; n < IQ_STREAMS_MAX; n++)
		out[n] = (struct rtcp_out){.len = 0};
	if (rtcp_relay(&in, out) < 0) {
		COUNT(w, drop_rtcp_malformed);
		return;
	}
	for (unsigned n = 0; n < c->streams; n++) {
		if (out[n].reported)
			context_breakers_due(w, shard, c, n);
		if (out[n].len > 0 &&
			context_rtcp_send(w, shard, shard_stream(shard, c->stream[n]), to,
				out[n].bytes, out[n].len))
			COUNT(w, rtcp_relayed);
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
