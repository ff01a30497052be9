// SPDX-License-Identifier: Apache-2.0
// What leaves a worker by another way than a port: packets for other workers, frames and messages for main.
#include "worker_priv.h"

#include <string.h>

#define WANT_AGAIN_US 100000 // before the same next hop is asked for again

void worker_hand_over(struct worker *w, struct rte_mbuf *m)
{
	struct pkt *pkt = pkt_of(m);

	if (pkt->hops >= HOPS_MAX) {
		DROP(w, m, drop_handover_hops);
		return;
	}
	pkt->hops++;
	if (rte_ring_sp_enqueue(w->priv->out[w->owners[pkt->shard]], m) != 0) {
		DROP(w, m, drop_handover_full);
		return;
	}
	COUNT(w, handed_over);
}

void worker_to_main(struct worker *w, struct rte_mbuf *m)
{
	if (rte_ring_sp_enqueue(w->priv->to_main, m) != 0) {
		DROP(w, m, drop_to_main_full);
		return;
	}
	COUNT(w, to_main);
}

bool worker_tell_main(struct worker *w, const void *data, uint32_t len)
{
	return message_ring_put(&w->priv->messages, data, len);
}

void worker_want_neigh(struct worker *w, const struct path *path)
{
	struct neigh_want_message want = {.network = path->network, .family = path->family};
	struct worker_priv *priv = w->priv;

	memcpy(want.ip, path->remote_ip, path->family == 4 ? 4 : 16);
	if (memcmp(&want, &priv->wanted, sizeof(want)) == 0 &&
		w->now_us - priv->wanted_us < WANT_AGAIN_US)
		return;
	// When the ring is full main is behind: whoever misses the hop asks again.
	if (!message_ring_put(&priv->wants, &want, sizeof(want)))
		return;
	priv->wanted = want;
	priv->wanted_us = w->now_us;
}

void worker_timer_set(struct worker *w, uint8_t shard, uint16_t transport, uint64_t deadline_us)
{
	timer_wheel_set(&w->priv->timers, shard, transport, deadline_us);
}
