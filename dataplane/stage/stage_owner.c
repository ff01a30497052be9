// SPDX-License-Identifier: Apache-2.0
// Owner: a packet of another worker's shard goes there.
#include "stage.h"

uint16_t stage_owner(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < n; i++) {
		if (likely(w->owners[pkt_of(pkts[i])->shard] == w->id))
			pkts[kept++] = pkts[i];
		else
			worker_hand_over(w, pkts[i]);
	}
	return kept;
}
