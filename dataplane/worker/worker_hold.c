// SPDX-License-Identifier: Apache-2.0
// Packets that came before their transport could take them: a bounded few wait, oldest first.
#include "worker_priv.h"

#include <string.h>

#define HOLD_US 2000000u

static bool is_of(const struct held *held, uint8_t shard, uint16_t transport)
{
	return held->shard == shard && held->transport == transport;
}

bool worker_hold(struct worker *w, struct rte_mbuf *m)
{
	struct hold *hold = &w->priv->hold;
	const struct pkt *pkt = pkt_of(m);
	unsigned same = 0;

	for (unsigned i = 0; i < hold->count; i++)
		same += is_of(&hold->packets[i], pkt->shard, pkt->transport);
	if (same == HOLD_OF_TRANSPORT || hold->count == HOLD_MAX)
		return false;
	hold->packets[hold->count++] = (struct held){.m = m,
		.until_us = w->now_us + HOLD_US,
		.transport = pkt->transport,
		.shard = pkt->shard};
	COUNT(w, held);
	return true;
}

static void go_on(struct worker *w, struct rte_mbuf *m)
{
	if (rte_ring_sp_enqueue(w->priv->out[w->id], m) != 0)
		DROP(w, m, drop_handover_full);
}

static void give_up(struct worker *w, struct rte_mbuf *m)
{
	DROP(w, m, drop_no_keys);
}

static void take_out(struct worker *w, uint8_t shard, uint16_t transport,
	void (*act)(struct worker *w, struct rte_mbuf *m))
{
	struct hold *hold = &w->priv->hold;
	unsigned kept = 0;

	for (unsigned i = 0; i < hold->count; i++) {
		if (is_of(&hold->packets[i], shard, transport))
			act(w, hold->packets[i].m);
		else
			hold->packets[kept++] = hold->packets[i];
	}
	hold->count = kept;
}

void worker_hold_release(struct worker *w, uint8_t shard, uint16_t transport)
{
	take_out(w, shard, transport, go_on);
}

void worker_hold_drop(struct worker *w, uint8_t shard, uint16_t transport)
{
	take_out(w, shard, transport, give_up);
}

void hold_expire(struct worker *w)
{
	struct hold *hold = &w->priv->hold;
	unsigned n = 0;

	while (n < hold->count && hold->packets[n].until_us <= w->now_us)
		give_up(w, hold->packets[n++].m);
	if (n == 0)
		return;
	hold->count -= n;
	memmove(hold->packets, hold->packets + n, hold->count * sizeof(hold->packets[0]));
}

void hold_fini(struct worker *w)
{
	struct hold *hold = &w->priv->hold;

	while (hold->count > 0)
		rte_pktmbuf_free(hold->packets[--hold->count].m);
}
