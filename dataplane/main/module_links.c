// SPDX-License-Identifier: Apache-2.0
// Main's side of the links: frames between workers and resolver, next hops that workers miss.
#include "agw.h"
#include "log.h"

#include <rte_mbuf.h>

#include <errno.h>
#include <string.h>

#define FRAMES_MAX 32 // of a worker, a turn

// Frames leave through the first worker: main has no queue of its own.
static void on_send(uint16_t port_id, const uint8_t *frame, size_t len, void *arg)
{
	struct agw *agw = arg;
	struct rte_mbuf *m;
	char *at;

	if (agw->worker_count == 0)
		return;
	m = rte_pktmbuf_alloc(agw->main_mbufs);
	if (m == NULL)
		return;
	at = rte_pktmbuf_append(m, (uint16_t)len);
	if (at == NULL) {
		rte_pktmbuf_free(m);
		return;
	}
	memcpy(at, frame, len);
	if (!worker_frame_send(agw->workers[0], port_id, m))
		rte_pktmbuf_free(m);
}

static void on_want(const struct network *network, uint8_t family, const uint8_t *ip, void *arg)
{
	struct agw *agw = arg;

	neigh_want(agw->neigh, network, family, ip);
}

static void links_fini(struct agw *agw)
{
	resolver_destroy(agw->resolver);
	neigh_table_destroy(agw->neigh);
	agw->resolver = NULL;
	agw->neigh = NULL;
}

// Gateways are asked for at once: the first call shall not wait for them.
static void gateways_want(struct agw *agw)
{
	for (unsigned i = 0; i < agw->networks.count; i++) {
		const struct network *network = &agw->networks.list[i];

		if (network->has_gateway_v4)
			neigh_want(agw->neigh, network, 4, network->gateway_v4);
		if (network->has_gateway_v6)
			neigh_want(agw->neigh, network, 6, network->gateway_v6);
	}
}

static int links_init(struct agw *agw)
{
	agw->neigh = neigh_table_create(&agw->networks);
	if (agw->neigh != NULL)
		agw->resolver = resolver_create(&agw->networks, agw->neigh, on_send, agw);
	if (agw->resolver == NULL) {
		links_fini(agw);
		return -ENOMEM;
	}
	gateways_want(agw);
	return 0;
}

static bool frames_take(struct agw *agw, struct worker *w, uint64_t now_us)
{
	struct rte_mbuf *frames[FRAMES_MAX];
	unsigned n = worker_frames(w, frames, FRAMES_MAX);

	for (unsigned i = 0; i < n; i++) {
		resolver_input(agw->resolver, frames[i]->port,
			rte_pktmbuf_mtod(frames[i], uint8_t *), rte_pktmbuf_data_len(frames[i]),
			now_us);
		rte_pktmbuf_free(frames[i]);
	}
	return n > 0;
}

static bool links_turn(struct agw *agw, uint64_t now_us)
{
	bool was_busy = false;

	for (unsigned i = 0; i < agw->worker_count; i++) {
		if (frames_take(agw, agw->workers[i], now_us))
			was_busy = true;
		worker_wants(agw->workers[i], on_want, agw);
	}
	resolver_tick(agw->resolver, now_us);
	return was_busy;
}

const struct agw_module links_module = {.name = "links",
	.init = links_init,
	.fini = links_fini,
	.turn = links_turn};
