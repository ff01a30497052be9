// SPDX-License-Identifier: Apache-2.0
// The transport of a local port: one array read; then the packet's class.
#include "arena.h"
#include "stage.h"
#include "stage_ahead.h"
#include "wire_rtp.h"

static uint16_t transports_find(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < n; i++) {
		struct pkt *pkt = pkt_of(pkts[i]);
		struct shard *shard = w->shards[pkt->shard];

		pkt->transport = shard_lookup(shard, pkt->network, pkt->set, pkt->local_port);
		if (pkt->transport == NO_INDEX) {
			DROP(w, pkts[i], drop_no_transport);
			continue;
		}
		rte_prefetch0(shard_transport(shard, pkt->transport));
		rte_prefetch0(&shard_transport(shard, pkt->transport)->out);
		pkts[kept++] = pkts[i];
	}
	return kept;
}

static bool class_set(struct pkt *pkt, const struct transport *t, enum wire_kind kind)
{
	bool secure = (t->flags & TRANSPORT_SECURE) != 0;

	pkt->leg = t->leg;
	switch (kind) {
	case WIRE_KIND_RTP:
		pkt->klass = PKT_RTP;
		return true;
	case WIRE_KIND_RTCP:
		pkt->klass = PKT_RTCP;
		return true;
	case WIRE_KIND_STUN:
		pkt->klass = PKT_STUN;
		return secure;
	case WIRE_KIND_DTLS:
		pkt->klass = PKT_DTLS;
		return secure;
	default:
		return false;
	}
}

uint16_t stage_lookup(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t kept = 0;

	n = transports_find(w, pkts, n);
	for (uint16_t i = 0; i < n; i++) {
		struct pkt *pkt = pkt_of(pkts[i]);
		const struct transport *t = shard_transport(w->shards[pkt->shard], pkt->transport);
		enum wire_kind kind = wire_classify(
			rte_pktmbuf_mtod(pkts[i], uint8_t *), rte_pktmbuf_data_len(pkts[i]));

		if (!class_set(pkt, t, kind)) {
			DROP(w, pkts[i], drop_classify);
			continue;
		}
		ahead_of_transport(w->shards[pkt->shard], t);
		pkts[kept++] = pkts[i];
	}
	return kept;
}
