// SPDX-License-Identifier: Apache-2.0
// The way out: UDP, IP and Ethernet headers in front of a payload, then a burst a port.
#include "worker_priv.h"

#include <rte_ip.h>
#include <rte_udp.h>

#include <string.h>

#define TTL 64
#define KEPT_FLAGS (RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_INDIRECT)

static void tx_port_flush(struct worker *w, struct tx_port *tx, uint16_t port_id)
{
	uint16_t sent = rte_eth_tx_burst(port_id, tx->queue, tx->mbufs, tx->count);

	COUNT_ADD(w, tx_packets, sent);
	COUNT_ADD(w, drop_tx_full, tx->count - sent);
	for (; sent < tx->count; sent++)
		rte_pktmbuf_free(tx->mbufs[sent]);
	tx->count = 0;
}

void tx_put(struct worker *w, uint16_t port_id, struct rte_mbuf *m)
{
	struct tx_port *tx = &w->priv->tx[port_id];

	tx->mbufs[tx->count++] = m;
	if (tx->count == BURST_MAX)
		tx_port_flush(w, tx, port_id);
}

void tx_flush(struct worker *w)
{
	for (unsigned i = 0; i < RTE_MAX_ETHPORTS; i++) {
		if (w->priv->tx[i].count > 0)
			tx_port_flush(w, &w->priv->tx[i], (uint16_t)i);
	}
}

void egress_link(struct worker *w, struct rte_mbuf *m, const struct egress *to)
{
	uint16_t vlan = to->network->vlan;
	uint16_t len = vlan == 0 ? RTE_ETHER_HDR_LEN : RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN;
	struct rte_ether_hdr *eth = (struct rte_ether_hdr *)rte_pktmbuf_prepend(m, len);
	rte_be16_t type =
		to->family == 4 ? RTE_BE16(RTE_ETHER_TYPE_IPV4) : RTE_BE16(RTE_ETHER_TYPE_IPV6);

	if (eth == NULL) {
		DROP(w, m, drop_no_mbuf);
		return;
	}
	eth->dst_addr = to->mac;
	eth->src_addr = to->network->mac;
	eth->ether_type = type;
	if (vlan != 0) {
		struct rte_vlan_hdr *tag = (struct rte_vlan_hdr *)(eth + 1);

		eth->ether_type = RTE_BE16(RTE_ETHER_TYPE_VLAN);
		tag->vlan_tci = rte_cpu_to_be_16(vlan);
		tag->eth_proto = type;
	}
	m->l2_len = len;
	tx_put(w, to->network->port_id, m);
}

static struct rte_udp_hdr *udp_write(struct rte_mbuf *m, const struct egress *to)
{
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)rte_pktmbuf_prepend(m, sizeof(*udp));

	if (udp == NULL)
		return NULL;
	udp->src_port = rte_cpu_to_be_16(to->src_port);
	udp->dst_port = rte_cpu_to_be_16(to->dst_port);
	udp->dgram_len = rte_cpu_to_be_16((uint16_t)m->pkt_len);
	udp->dgram_cksum = 0;
	return udp;
}

// The device fills the UDP checksum only of datagrams that stay whole.
static bool udp_is_offloaded(
	const struct worker *w, const struct rte_mbuf *m, const struct egress *to)
{
	return w->priv->tx[to->network->port_id].udp_cksum && m->pkt_len <= to->network->mtu;
}

static bool ipv4_write(struct worker *w, struct rte_mbuf *m, const struct egress *to)
{
	struct rte_udp_hdr *udp = udp_write(m, to);
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)rte_pktmbuf_prepend(m, sizeof(*ip));

	if (udp == NULL || ip == NULL)
		return false;
	ip->version_ihl = RTE_IPV4_VHL_DEF;
	ip->type_of_service = (uint8_t)(to->dscp << 2);
	ip->total_length = rte_cpu_to_be_16((uint16_t)m->pkt_len);
	ip->packet_id = rte_cpu_to_be_16(w->priv->ip_id++);
	ip->fragment_offset = 0;
	ip->time_to_live = TTL;
	ip->next_proto_id = IPPROTO_UDP;
	ip->hdr_checksum = 0;
	memcpy(&ip->src_addr, to->src, 4);
	memcpy(&ip->dst_addr, to->dst, 4);
	m->l3_len = sizeof(*ip);
	if (udp_is_offloaded(w, m, to)) {
		m->ol_flags |= RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_UDP_CKSUM;
		udp->dgram_cksum = rte_ipv4_phdr_cksum(ip, m->ol_flags);
	} else {
		udp->dgram_cksum = rte_ipv4_udptcp_cksum(ip, udp);
	}
	if (w->priv->tx[to->network->port_id].ipv4_cksum)
		m->ol_flags |= RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM;
	else
		ip->hdr_checksum = rte_ipv4_cksum(ip);
	return true;
}

static bool ipv6_write(struct worker *w, struct rte_mbuf *m, const struct egress *to)
{
	struct rte_udp_hdr *udp = udp_write(m, to);
	uint16_t payload_len = (uint16_t)m->pkt_len;
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)rte_pktmbuf_prepend(m, sizeof(*ip));

	if (udp == NULL || ip == NULL)
		return false;
	ip->vtc_flow = rte_cpu_to_be_32(6u << 28 | (uint32_t)to->dscp << 22);
	ip->payload_len = rte_cpu_to_be_16(payload_len);
	ip->proto = IPPROTO_UDP;
	ip->hop_limits = TTL;
	memcpy(ip->src_addr, to->src, 16);
	memcpy(ip->dst_addr, to->dst, 16);
	m->l3_len = sizeof(*ip);
	if (udp_is_offloaded(w, m, to)) {
		m->ol_flags |= RTE_MBUF_F_TX_IPV6 | RTE_MBUF_F_TX_UDP_CKSUM;
		udp->dgram_cksum = rte_ipv6_phdr_cksum(ip, m->ol_flags);
	} else {
		udp->dgram_cksum = rte_ipv6_udptcp_cksum(ip, udp);
	}
	return true;
}

// Takes m, whose data is the UDP payload.
static void egress_send(struct worker *w, struct rte_mbuf *m, const struct egress *to)
{
	bool is_written;

	m->ol_flags &= KEPT_FLAGS;
	is_written = to->family == 4 ? ipv4_write(w, m, to) : ipv6_write(w, m, to);
	if (!is_written)
		DROP(w, m, drop_no_mbuf);
	else if (m->pkt_len > to->network->mtu)
		egress_fragment(w, m, to);
	else
		egress_link(w, m, to);
}

static bool path_mac(const struct worker *w, struct path *path, struct rte_ether_addr *mac)
{
	neigh_slot slot;

	if (likely(neigh_mac(w->neigh, path->neigh, mac)))
		return true;
	if (path->neigh == NEIGH_REFUSED)
		return false;
	// The path was made before its next hop was known to the table, or the slot has become another's.
	slot = neigh_find(
		w->neigh, &w->networks->list[path->network], path->family, path->remote_ip);
	if (slot == path->neigh || !neigh_mac(w->neigh, slot, mac))
		return false;
	path->neigh = slot; // else each packet searches
	return true;
}

static const uint8_t *set_ip(const struct address_set *set, uint8_t family)
{
	return family == 4 ? set->v4 : set->v6;
}

// For one of our own addresses: as if the datagram had just arrived there.
static void hairpin(struct worker *w, struct rte_mbuf *m, const struct path *path)
{
	const struct network *network = &w->networks->list[path->network];
	int set = network_set_find(network, path->family, path->remote_ip);
	struct pkt *pkt = pkt_of(m);

	if (set < 0) {
		DROP(w, m, drop_not_ours);
		return;
	}
	pkt->network = path->network;
	pkt->set = (uint8_t)set;
	pkt->family = path->family;
	pkt->local_port = path->remote_port;
	pkt->remote_port = path->local_port;
	memcpy(pkt->remote_ip, set_ip(&network->sets[path->set], path->family),
		path->family == 4 ? 4 : 16);
	pkt->remote_mac = (struct rte_ether_addr){{0}};
	pkt->shard = shard_of_port(pkt->local_port);
	COUNT(w, hairpins);
	worker_hand_over(w, m);
}

void worker_send(struct worker *w, struct rte_mbuf *m, struct path *path)
{
	const struct network *network = &w->networks->list[path->network];
	struct egress to = {
		.network = network,
		.src = set_ip(&network->sets[path->set], path->family),
		.dst = path->remote_ip,
		.family = path->family,
		.dscp = path->dscp,
		.src_port = path->local_port,
		.dst_port = path->remote_port,
	};

	if (path->neigh == NEIGH_LOCAL) {
		hairpin(w, m, path);
		return;
	}
	if (!path_mac(w, path, &to.mac)) {
		if (path->neigh != NEIGH_REFUSED)
			worker_want_neigh(w, path);
		DROP(w, m, drop_no_neighbour);
		return;
	}
	egress_send(w, m, &to);
}

void worker_send_back(struct worker *w, struct rte_mbuf *m)
{
	const struct pkt *pkt = pkt_of(m);
	const struct network *network = &w->networks->list[pkt->network];
	struct egress to = {
		.network = network,
		.mac = pkt->remote_mac,
		.src = set_ip(&network->sets[pkt->set], pkt->family),
		.dst = pkt->remote_ip,
		.family = pkt->family,
		.dscp = network->dscp,
		.src_port = pkt->local_port,
		.dst_port = pkt->remote_port,
	};

	// A hairpinned packet came in no frame: it goes back the way it came.
	if (rte_is_zero_ether_addr(&pkt->remote_mac)) {
		struct path path = {.network = pkt->network,
			.set = pkt->set,
			.family = pkt->family,
			.local_port = pkt->local_port,
			.remote_port = pkt->remote_port,
			.neigh = NEIGH_LOCAL};

		memcpy(path.remote_ip, pkt->remote_ip, sizeof(path.remote_ip));
		hairpin(w, m, &path);
		return;
	}
	egress_send(w, m, &to);
}

struct rte_mbuf *worker_mbuf(struct worker *w, uint16_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->mbufs);

	if (m == NULL) {
		COUNT(w, drop_no_mbuf);
		return NULL;
	}
	if (rte_pktmbuf_append(m, len) == NULL) {
		DROP(w, m, drop_no_mbuf);
		return NULL;
	}
	memset(pkt_of(m), 0, sizeof(struct pkt));
	return m;
}
