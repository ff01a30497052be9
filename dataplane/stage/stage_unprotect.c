// SPDX-License-Identifier: Apache-2.0
// SRTP and SRTCP of a burst to plain, suites and keys mixed.
#include "context.h"
#include "stage.h"
#include "stage_ahead.h"

#include <errno.h>

// Packets of one class, with where each stands in the burst.
struct batch {
	struct srtp_item items[BURST_MAX];
	uint8_t at[BURST_MAX];
	uint16_t count;
};

static void batch_add(struct batch *batch, struct rte_mbuf *m, uint16_t at,
	const struct srtp_key *key, struct srtp_index *index)
{
	batch->items[batch->count] = (struct srtp_item){
		.data = rte_pktmbuf_mtod(m, uint8_t *),
		.key = key,
		.index = index,
		.len = rte_pktmbuf_data_len(m),
		.room = (uint16_t)(rte_pktmbuf_data_len(m) + rte_pktmbuf_tailroom(m)),
	};
	batch->at[batch->count++] = (uint8_t)at;
}

static void drop_counted(struct worker *w, struct shard *shard, struct rte_mbuf *m, int status)
{
	const struct pkt *pkt = pkt_of(m);
	struct transport *t = shard_transport(shard, pkt->transport);

	switch (status) {
	case -EEXIST:
		t->replayed++;
		COUNT(w, drop_srtp_replay);
		break;
	case -EKEYEXPIRED:
		COUNT(w, drop_srtp_expired);
		break;
	case -EINVAL:
		COUNT(w, drop_rtp_malformed);
		break;
	default:
		t->auth_failed++;
		COUNT(w, drop_srtp_auth);
	}
}

static void proven(struct worker *w, struct shard *shard, const struct pkt *pkt)
{
	struct flow *flow = shard_flow(shard, (uint16_t)pkt->flow);

	shard_transport(shard, pkt->transport)->last_rx_us = w->now_us;
	if (!flow->proven) {
		flow->proven = 1;
		context_on_media(w, shard, pkt->transport);
	}
}

static void batch_finish(struct worker *w, struct rte_mbuf **pkts, const struct batch *batch)
{
	for (uint16_t i = 0; i < batch->count; i++) {
		struct rte_mbuf *m = pkts[batch->at[i]];
		struct pkt *pkt = pkt_of(m);
		struct shard *shard = w->shards[pkt->shard];

		if (batch->items[i].status == 0) {
			rte_pktmbuf_trim(
				m, (uint16_t)(rte_pktmbuf_data_len(m) - batch->items[i].len));
			proven(w, shard, pkt);
		} else {
			drop_counted(w, shard, m, batch->items[i].status);
			pkt->hops = UINT8_MAX; // marked: leaves the burst below
		}
	}
}

// Frees what was marked; an SSRC that nothing has proven leaves no flow behind.
static uint16_t marked_drop(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < n; i++) {
		const struct pkt *pkt = pkt_of(pkts[i]);
		struct shard *shard = w->shards[pkt->shard];
		uint16_t flow;

		if (pkt->hops != UINT8_MAX) {
			pkts[kept++] = pkts[i];
			continue;
		}
		flow = flow_find(shard, shard_transport(shard, pkt->transport), pkt->ssrc);
		if (flow != NO_INDEX && !shard_flow(shard, flow)->proven)
			flow_del(shard, flow, pkt->transport);
		rte_pktmbuf_free(pkts[i]);
	}
	return kept;
}

uint16_t stage_unprotect(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	struct batch rtp, rtcp;

	rtp.count = 0;
	rtcp.count = 0;
	for (uint16_t i = 0; i < n; i++) {
		const struct pkt *pkt = pkt_of(pkts[i]);
		struct shard *shard = w->shards[pkt->shard];
		struct transport *t = shard_transport(shard, pkt->transport);
		struct flow *flow = shard_flow(shard, (uint16_t)pkt->flow);

		ahead_of_stream(shard, pkt);
		if ((t->flags & TRANSPORT_SECURE) == 0) {
			t->last_rx_us = w->now_us;
			flow->proven = 1;
			continue;
		}
		batch_add(pkt->klass == PKT_RTP ? &rtp : &rtcp, pkts[i], i,
			&shard_secure(shard, t->secure)->rx, &flow->index);
	}
	if (rtp.count > 0)
		srtp_unprotect_burst(w->srtp, rtp.items, rtp.count);
	if (rtcp.count > 0)
		srtcp_unprotect_burst(w->srtp, rtcp.items, rtcp.count);
	batch_finish(w, pkts, &rtp);
	batch_finish(w, pkts, &rtcp);
	return marked_drop(w, pkts, n);
}
