// SPDX-License-Identifier: Apache-2.0
// Media only from sources that passed a check, or from the signalled address; and only once there are keys.
#include "context.h"
#include "stage.h"

// The peer has its keys a flight before we have ours: a few packets wait.
static void early_take(
	struct worker *w, struct shard *shard, const struct transport *t, struct rte_mbuf *m)
{
	if (!context_awaits_keys(shard, t) || !worker_hold(w, m))
		DROP(w, m, drop_no_keys);
}

uint16_t stage_admit(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < n; i++) {
		const struct pkt *pkt = pkt_of(pkts[i]);
		struct shard *shard = w->shards[pkt->shard];
		struct transport *t = shard_transport(shard, pkt->transport);

		if (!context_admits(shard, t, pkt)) {
			t->not_admitted++;
			DROP(w, pkts[i], drop_source);
		} else if ((t->flags & (TRANSPORT_SECURE | TRANSPORT_KEYS)) == TRANSPORT_SECURE) {
			early_take(w, shard, t, pkts[i]);
		} else {
			pkts[kept++] = pkts[i];
		}
	}
	return kept;
}
