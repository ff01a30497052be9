// SPDX-License-Identifier: Apache-2.0
// STUN: to the ICE agent of its transport.
#include "context.h"
#include "stage.h"

uint16_t stage_stun(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < n; i++) {
		const struct pkt *pkt = pkt_of(pkts[i]);

		if (pkt->klass == PKT_STUN)
			context_on_stun(w, w->shards[pkt->shard], pkt->transport, pkts[i]);
		else
			pkts[kept++] = pkts[i];
	}
	return kept;
}
