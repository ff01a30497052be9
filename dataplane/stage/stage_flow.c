// SPDX-License-Identifier: Apache-2.0
// The flow of a packet's SSRC. A new one is unproven until a packet of it was authenticated.
#include "arena.h"
#include "stage.h"
#include "stage_ahead.h"
#include "wire_rtp.h"

#define RTCP_MIN 8 // header and SSRC of the sender

static bool header_read(struct worker *w, struct rte_mbuf *m, struct pkt *pkt)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *);
	uint16_t len = rte_pktmbuf_data_len(m);
	struct wire_rtp rtp;

	if (pkt->klass == PKT_RTCP) {
		if (len < RTCP_MIN || (data[0] & 0xc0) != 0x80) {
			COUNT(w, drop_rtcp_malformed);
			return false;
		}
		pkt->ssrc = wire_load32(data + 4);
		return true;
	}
	if (wire_rtp_parse_header(&rtp, data, len) < 0) {
		COUNT(w, drop_rtp_malformed);
		return false;
	}
	pkt->ssrc = rtp.ssrc;
	pkt->seq = rtp.seq;
	pkt->header_len = rtp.header_len;
	return true;
}

static bool flow_set(struct worker *w, struct pkt *pkt)
{
	struct shard *shard = w->shards[pkt->shard];
	uint16_t flow = flow_find(shard, shard_transport(shard, pkt->transport), pkt->ssrc);

	if (flow == NO_INDEX)
		flow = flow_add(shard, pkt->transport, pkt->ssrc);
	if (flow == NO_INDEX) {
		COUNT(w, drop_ssrc_limit);
		return false;
	}
	pkt->flow = flow;
	return true;
}

uint16_t stage_flow(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < n; i++) {
		struct pkt *pkt = pkt_of(pkts[i]);

		if (header_read(w, pkts[i], pkt) && flow_set(w, pkt))
			pkts[kept++] = pkts[i];
		else
			rte_pktmbuf_free(pkts[i]);
	}
	for (uint16_t i = 0; i < kept; i++)
		ahead_of_flow(w->shards[pkt_of(pkts[i])->shard], pkt_of(pkts[i]));
	return kept;
}
