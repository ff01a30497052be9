// SPDX-License-Identifier: Apache-2.0
// Cuts datagrams that outgrow the MTU (RFC 791 section 3.2, RFC 8200 section 4.5).
#include "worker_priv.h"

#include <rte_ip.h>

#include <string.h>

#define IP6_FRAGMENT_LEN 8
#define MORE_FRAGMENTS_V4 0x2000
#define NEXT_FRAGMENT 44

// One piece of a packet: len bytes of its IP payload from offset.
struct piece {
	uint16_t offset, len;
	bool is_last;
};

static void piece_head_v4(uint8_t *head, const struct rte_mbuf *whole, const struct piece *piece)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)head;

	memcpy(head, rte_pktmbuf_mtod(whole, void *), sizeof(*ip));
	ip->total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*ip) + piece->len));
	ip->fragment_offset = rte_cpu_to_be_16(
		(uint16_t)(piece->offset / 8 | (piece->is_last ? 0 : MORE_FRAGMENTS_V4)));
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
}

static void piece_head_v6(
	uint8_t *head, const struct rte_mbuf *whole, const struct piece *piece, uint32_t id)
{
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)head;
	uint8_t *fragment = head + sizeof(*ip);
	uint16_t offset = rte_cpu_to_be_16((uint16_t)(piece->offset | (piece->is_last ? 0 : 1)));

	memcpy(head, rte_pktmbuf_mtod(whole, void *), sizeof(*ip));
	fragment[0] = ip->proto;
	fragment[1] = 0;
	memcpy(fragment + 2, &offset, 2);
	memcpy(fragment + 4, &id, 4);
	ip->proto = NEXT_FRAGMENT;
	ip->payload_len = rte_cpu_to_be_16((uint16_t)(IP6_FRAGMENT_LEN + piece->len));
}

static bool piece_send(struct worker *w, const struct rte_mbuf *whole, const struct egress *to,
	const struct piece *piece)
{
	uint16_t head_len = to->family == 4 ? sizeof(struct rte_ipv4_hdr)
					    : sizeof(struct rte_ipv6_hdr) + IP6_FRAGMENT_LEN;
	uint16_t skip = to->family == 4 ? sizeof(struct rte_ipv4_hdr) : sizeof(struct rte_ipv6_hdr);
	struct rte_mbuf *m = worker_mbuf(w, (uint16_t)(head_len + piece->len));
	uint8_t *at;

	if (m == NULL)
		return false;
	at = rte_pktmbuf_mtod(m, uint8_t *);
	if (to->family == 4)
		piece_head_v4(at, whole, piece);
	else
		piece_head_v6(at, whole, piece, w->priv->fragment_id);
	memcpy(at + head_len, rte_pktmbuf_mtod_offset(whole, uint8_t *, skip + piece->offset),
		piece->len);
	egress_link(w, m, to);
	COUNT(w, fragments_sent);
	return true;
}

void egress_fragment(struct worker *w, struct rte_mbuf *m, const struct egress *to)
{
	uint16_t skip = to->family == 4 ? sizeof(struct rte_ipv4_hdr) : sizeof(struct rte_ipv6_hdr);
	uint16_t head_len = to->family == 4 ? skip : skip + IP6_FRAGMENT_LEN;
	uint16_t payload_len = (uint16_t)(rte_pktmbuf_data_len(m) - skip);
	uint16_t step = (uint16_t)((to->network->mtu - head_len) & ~7);

	w->priv->fragment_id++;
	for (uint16_t offset = 0; offset < payload_len; offset = (uint16_t)(offset + step)) {
		uint16_t left = (uint16_t)(payload_len - offset);
		struct piece piece = {
			.offset = offset, .len = RTE_MIN(left, step), .is_last = left <= step};

		// A datagram with a piece missing is lost anyway.
		if (!piece_send(w, m, to, &piece))
			break;
	}
	rte_pktmbuf_free(m);
}
