// SPDX-License-Identifier: Apache-2.0
// DTLS: to the service, from sources whose check was authenticated.
#include "context.h"
#include "stage.h"

uint16_t stage_dtls(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < n; i++) {
		const struct pkt *pkt = pkt_of(pkts[i]);
		struct shard *shard = w->shards[pkt->shard];

		if (pkt->klass != PKT_DTLS)
			pkts[kept++] = pkts[i];
		else if (context_admits_dtls(shard, shard_transport(shard, pkt->transport), pkt))
			context_on_dtls(w, shard, pkt->transport, pkts[i]);
		else
			DROP(w, pkts[i], drop_dtls_source);
	}
	return kept;
}
