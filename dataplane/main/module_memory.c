// SPDX-License-Identifier: Apache-2.0
// Packet memory: one pool a worker and a small one for main.
#include "agw.h"
#include "log.h"

#include <rte_errno.h>
#include <rte_mbuf.h>

#include <stdio.h>

#define MAIN_MBUFS 1023
#define CACHE_LEN 256
#define IN_FLIGHT_MBUFS 4095 // in hand-over rings, waiting bursts and caches

// The pool's ring: where threads sleep and share cores, a thread held up in the middle must not block the others.
static const char *pool_ops(const struct agw *agw)
{
	return agw->config.may_sleep ? "ring_mt_rts" : "ring_mp_mc";
}

static uint16_t mtu_max(const struct agw *agw)
{
	uint16_t mtu = 1500;

	for (unsigned i = 0; i < agw->networks.count; i++) {
		if (agw->networks.list[i].mtu > mtu)
			mtu = agw->networks.list[i].mtu;
	}
	return mtu;
}

static struct rte_mempool *pool_create(const struct agw *agw, const char *name, unsigned count)
{
	uint16_t room = RTE_PKTMBUF_HEADROOM + RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN + mtu_max(agw);
	uint16_t priv_len = RTE_ALIGN(sizeof(struct pkt), RTE_MBUF_PRIV_ALIGN);

	room = RTE_MAX(room, (uint16_t)RTE_MBUF_DEFAULT_BUF_SIZE);
	return rte_pktmbuf_pool_create_by_ops(name, count, count > CACHE_LEN * 4 ? CACHE_LEN : 0,
		priv_len, room, SOCKET_ID_ANY, pool_ops(agw));
}

static int pools_create(struct agw *agw)
{
	unsigned count = IN_FLIGHT_MBUFS;
	char name[RTE_MEMPOOL_NAMESIZE];

	for (unsigned i = 0; i < agw->config.port_count; i++)
		count += 2u * agw->config.ports[i].descriptors; // receive and transmit
	agw->main_mbufs = pool_create(agw, "mbufs_main", MAIN_MBUFS);
	if (agw->main_mbufs == NULL)
		return -rte_errno;
	for (unsigned i = 0; i < agw->config.worker_count; i++) {
		snprintf(name, sizeof(name), "mbufs_%u", i);
		agw->mbufs[i] = pool_create(agw, name, count);
		if (agw->mbufs[i] == NULL)
			return -rte_errno;
	}
	return 0;
}

static void memory_fini(struct agw *agw)
{
	for (unsigned i = 0; i < agw->config.worker_count; i++)
		rte_mempool_free(agw->mbufs[i]);
	rte_mempool_free(agw->main_mbufs);
}

static int memory_init(struct agw *agw)
{
	int ret;

	agw->networks = agw->config.networks;
	ret = pools_create(agw);
	if (ret < 0) {
		log_error("packet memory: %s (raise memory size_mb, now %u)", rte_strerror(-ret),
			agw->config.memory_mb);
		memory_fini(agw);
	}
	return ret;
}

const struct agw_module memory_module = {.name = "packet memory",
	.init = memory_init,
	.fini = memory_fini};
