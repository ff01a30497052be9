// SPDX-License-Identifier: Apache-2.0
// Owner: a packet of another worker's shard goes there.
#include "stage.h"

uint16_t stage_owner(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t kept = 0, fresh = 0, missed = 0;

	for (uint16_t i = 0; i < n; i++) {
		const struct pkt *pkt = pkt_of(pkts[i]);
		uint16_t is_fresh = pkt->hops == 0; // from a port, not from another worker

		fresh += is_fresh;
		if (likely(w->owners[pkt->shard] == w->id)) {
			pkts[kept++] = pkts[i];
		} else {
			missed += is_fresh;
			worker_hand_over(w, pkts[i]);
		}
	}
	COUNT_ADD(w, steer_hits, fresh - missed);
	COUNT_ADD(w, steer_misses, missed);
	return kept;
}
