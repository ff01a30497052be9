// SPDX-License-Identifier: Apache-2.0
// Parse: from a frame to a UDP payload of one of our addresses.
#include "stage.h"

#include <rte_ip.h>
#include <rte_prefetch.h>
#include <rte_udp.h>

#include <string.h>

#define NEXT_FRAGMENT 44
#define FRAGMENT_HEADER_LEN 8

// What became of a frame.
enum verdict {
	VERDICT_KEEP,
	VERDICT_MAIN,
	VERDICT_MALFORMED,
	VERDICT_NOT_OURS,
	VERDICT_CHECKSUM,
	VERDICT_FRAGMENT,
	VERDICT_TAKEN, // kept or freed by somebody else
};

// A frame being read; at and left are what follows.
struct frame {
	struct rte_mbuf *m;
	struct pkt *pkt;
	const uint8_t *at;
	uint32_t left;
	uint16_t vlan;
	uint16_t ether_type;
};

static bool ether_read(struct frame *frame)
{
	const struct rte_ether_hdr *eth = (const struct rte_ether_hdr *)frame->at;
	uint16_t type;

	if (frame->left < sizeof(*eth))
		return false;
	rte_ether_addr_copy(&eth->src_addr, &frame->pkt->remote_mac);
	type = rte_be_to_cpu_16(eth->ether_type);
	frame->at += sizeof(*eth);
	frame->left -= (uint32_t)sizeof(*eth);
	if (frame->m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED)
		frame->vlan = frame->m->vlan_tci & 0xfff;
	if (type == RTE_ETHER_TYPE_VLAN) {
		const struct rte_vlan_hdr *tag = (const struct rte_vlan_hdr *)frame->at;

		if (frame->left < sizeof(*tag))
			return false;
		frame->vlan = rte_be_to_cpu_16(tag->vlan_tci) & 0xfff;
		type = rte_be_to_cpu_16(tag->eth_proto);
		frame->at += sizeof(*tag);
		frame->left -= (uint32_t)sizeof(*tag);
	}
	frame->ether_type = type;
	return true;
}

// Several networks may share a port and even a VLAN: the local address decides.
static bool network_find(const struct worker *w, struct frame *frame, const uint8_t *local_ip)
{
	for (unsigned i = 0; i < w->networks->count; i++) {
		const struct network *network = &w->networks->list[i];
		int set;

		if (network->port_id != frame->m->port || network->vlan != frame->vlan)
			continue;
		set = network_set_find(network, frame->pkt->family, local_ip);
		if (set < 0)
			continue;
		frame->pkt->network = network->id;
		frame->pkt->set = (uint8_t)set;
		return true;
	}
	return false;
}

static bool network_is_heard(const struct worker *w, const struct frame *frame)
{
	for (unsigned i = 0; i < w->networks->count; i++) {
		const struct network *network = &w->networks->list[i];

		if (network->port_id == frame->m->port && network->vlan == frame->vlan)
			return true;
	}
	return false;
}

static enum verdict udp_read(struct frame *frame)
{
	const struct rte_udp_hdr *udp = (const struct rte_udp_hdr *)frame->at;
	uint32_t len;

	if (frame->left < sizeof(*udp))
		return VERDICT_MALFORMED;
	len = rte_be_to_cpu_16(udp->dgram_len);
	if (len < sizeof(*udp) || len > frame->left)
		return VERDICT_MALFORMED;
	// Only what the port calls bad: veth delivers partial checksums.
	if ((frame->m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_BAD)
		return VERDICT_CHECKSUM;
	frame->pkt->remote_port = rte_be_to_cpu_16(udp->src_port);
	frame->pkt->local_port = rte_be_to_cpu_16(udp->dst_port);
	// Nobody can be answered at port 0.
	if (frame->pkt->remote_port == 0)
		return VERDICT_MALFORMED;
	frame->pkt->shard = shard_of_port(frame->pkt->local_port);
	frame->at += sizeof(*udp);
	frame->left = len - (uint32_t)sizeof(*udp);
	return VERDICT_KEEP;
}

static enum verdict ipv4_read(const struct worker *w, struct frame *frame)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)frame->at;
	uint32_t header_len, len;

	if (frame->left < sizeof(*ip) || ip->version_ihl >> 4 != 4)
		return VERDICT_MALFORMED;
	header_len = rte_ipv4_hdr_len(ip);
	len = rte_be_to_cpu_16(ip->total_length);
	if (header_len < sizeof(*ip) || len < header_len || len > frame->left)
		return VERDICT_MALFORMED;
	if ((frame->m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_BAD)
		return VERDICT_CHECKSUM;
	frame->pkt->family = 4;
	if (!network_find(w, frame, (const uint8_t *)&ip->dst_addr))
		return VERDICT_NOT_OURS;
	if (ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK))
		return VERDICT_FRAGMENT;
	if (ip->next_proto_id == IPPROTO_ICMP)
		return VERDICT_MAIN;
	if (ip->next_proto_id != IPPROTO_UDP)
		return VERDICT_NOT_OURS;
	memcpy(frame->pkt->remote_ip, &ip->src_addr, 4);
	frame->at += header_len;
	frame->left = len - header_len;
	return udp_read(frame);
}

static enum verdict ipv6_read(const struct worker *w, struct frame *frame)
{
	const struct rte_ipv6_hdr *ip = (const struct rte_ipv6_hdr *)frame->at;
	uint32_t len;

	if (frame->left < sizeof(*ip) || frame->at[0] >> 4 != 6)
		return VERDICT_MALFORMED;
	len = rte_be_to_cpu_16(ip->payload_len);
	if (len > frame->left - sizeof(*ip))
		return VERDICT_MALFORMED;
	frame->pkt->family = 6;
	// Neighbour solicitations go to groups; main looks at their target.
	if (ip->proto == IPPROTO_ICMPV6)
		return network_is_heard(w, frame) ? VERDICT_MAIN : VERDICT_NOT_OURS;
	if (!network_find(w, frame, ip->dst_addr))
		return VERDICT_NOT_OURS;
	if (ip->proto == NEXT_FRAGMENT)
		return len < FRAGMENT_HEADER_LEN ? VERDICT_MALFORMED : VERDICT_FRAGMENT;
	if (ip->proto != IPPROTO_UDP)
		return VERDICT_NOT_OURS;
	memcpy(frame->pkt->remote_ip, ip->src_addr, 16);
	frame->at += sizeof(*ip);
	frame->left = len;
	return udp_read(frame);
}

static enum verdict frame_read(const struct worker *w, struct frame *frame)
{
	// Ports are set up without scattered receive: one segment a frame.
	if (frame->m->nb_segs != 1 || !ether_read(frame))
		return VERDICT_MALFORMED;
	switch (frame->ether_type) {
	case RTE_ETHER_TYPE_IPV4:
		return ipv4_read(w, frame);
	case RTE_ETHER_TYPE_IPV6:
		return ipv6_read(w, frame);
	case RTE_ETHER_TYPE_ARP:
		return network_is_heard(w, frame) ? VERDICT_MAIN : VERDICT_NOT_OURS;
	default:
		return VERDICT_NOT_OURS;
	}
}

// Main reads tags from the frame.
static void punt(struct worker *w, struct rte_mbuf *m)
{
	if ((m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) && rte_vlan_insert(&m) != 0) {
		DROP(w, m, drop_malformed);
		return;
	}
	worker_to_main(w, m);
}

static void dispose(struct worker *w, struct rte_mbuf *m, enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_TAKEN:
		break;
	case VERDICT_MAIN:
		punt(w, m);
		break;
	case VERDICT_NOT_OURS:
		DROP(w, m, drop_not_ours);
		break;
	case VERDICT_CHECKSUM:
		DROP(w, m, drop_checksum);
		break;
	case VERDICT_FRAGMENT:
		DROP(w, m, drop_fragment);
		break;
	default:
		DROP(w, m, drop_malformed);
		break;
	}
}

static enum verdict packet_parse(struct worker *w, struct rte_mbuf *m)
{
	struct frame frame = {.m = m,
		.pkt = pkt_of(m),
		.at = rte_pktmbuf_mtod(m, const uint8_t *),
		.left = rte_pktmbuf_data_len(m)};
	enum verdict verdict;

	memset(frame.pkt, 0, sizeof(*frame.pkt));
	frame.pkt->rx_tsc = w->now_tsc;
	verdict = frame_read(w, &frame);
	if (verdict == VERDICT_FRAGMENT)
		m->l2_len = (uint64_t)(frame.at - rte_pktmbuf_mtod(m, const uint8_t *));
	if (verdict != VERDICT_KEEP)
		return verdict;
	// From here on the data is the UDP payload; link-layer padding is cut off.
	m->data_off = (uint16_t)(frame.at - (const uint8_t *)m->buf_addr);
	m->data_len = (uint16_t)frame.left;
	m->pkt_len = frame.left;
	return VERDICT_KEEP;
}

// Only the core may fragment: on access that is an attack more often than a datagram.
static enum verdict fragment_parse(struct worker *w, struct rte_mbuf **m)
{
	const struct pkt *pkt = pkt_of(*m);

	if (w->networks->list[pkt->network].role != NETWORK_CORE)
		return VERDICT_FRAGMENT;
	*m = worker_reassemble(w, *m, pkt->family);
	return *m == NULL ? VERDICT_TAKEN : packet_parse(w, *m);
}

uint16_t stage_parse(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t kept = 0;

	// A port that another core fills, or none of the driver's: even the mbuf isn't here yet.
	for (uint16_t i = 0; i < n; i++) {
		rte_prefetch0(pkts[i]);
		rte_prefetch0(pkt_of(pkts[i]));
		rte_prefetch0((uint8_t *)pkt_of(pkts[i]) + RTE_CACHE_LINE_SIZE);
	}
	for (uint16_t i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(pkts[i], void *));
	for (uint16_t i = 0; i < n; i++) {
		enum verdict verdict;

		verdict = packet_parse(w, pkts[i]);
		if (unlikely(verdict == VERDICT_FRAGMENT))
			verdict = fragment_parse(w, &pkts[i]);
		if (likely(verdict == VERDICT_KEEP))
			pkts[kept++] = pkts[i];
		else
			dispose(w, pkts[i], verdict);
	}
	return kept;
}
