// SPDX-License-Identifier: Apache-2.0
// The end of the list: every packet to where the rewrite stage pointed it.
#include "stage.h"

uint16_t stage_tx(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		worker_send(w, pkts[i], pkt_of(pkts[i])->out);
	return 0;
}
