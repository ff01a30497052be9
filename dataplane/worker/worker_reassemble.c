// SPDX-License-Identifier: Apache-2.0
// Puts received fragments together again, on rte_ip_frag.
#include "worker_priv.h"

#include <rte_ip.h>
#include <rte_ip_frag.h>

// One call buries at most one datagram that expired and one that was refused.
static void bury(struct worker *w, struct rte_ip_frag_death_row *dead)
{
	COUNT_ADD(w, drop_fragment, dead->cnt);
	rte_ip_frag_free_death_row(dead, 0);
}

static struct rte_mbuf *fragment_add(
	struct worker *w, struct rte_mbuf *m, uint8_t family, struct rte_ip_frag_death_row *dead)
{
	uint8_t *ip = rte_pktmbuf_mtod_offset(m, uint8_t *, m->l2_len);

	if (family == 4) {
		m->l3_len = rte_ipv4_hdr_len((struct rte_ipv4_hdr *)ip);
		return rte_ipv4_frag_reassemble_packet(
			w->priv->fragments, dead, m, w->now_tsc, (struct rte_ipv4_hdr *)ip);
	}
	m->l3_len = sizeof(struct rte_ipv6_hdr) + RTE_IPV6_FRAG_HDR_SIZE;
	return rte_ipv6_frag_reassemble_packet(w->priv->fragments, dead, m, w->now_tsc,
		(struct rte_ipv6_hdr *)ip,
		(struct rte_ipv6_fragment_ext *)(ip + sizeof(struct rte_ipv6_hdr)));
}

struct rte_mbuf *worker_reassemble(struct worker *w, struct rte_mbuf *m, uint8_t family)
{
	struct rte_ip_frag_death_row dead; // large: only the count is read before it's written
	struct rte_mbuf *whole;

	dead.cnt = 0;
	whole = fragment_add(w, m, family, &dead);
	bury(w, &dead);
	if (whole == NULL)
		return NULL;
	if (rte_pktmbuf_linearize(whole) != 0) {
		DROP(w, whole, drop_fragment); // larger than a buffer
		return NULL;
	}
	// Whatever the port said of a fragment's checksum, it can't have meant the datagram's.
	whole->ol_flags &= ~RTE_MBUF_F_RX_L4_CKSUM_MASK;
	COUNT(w, reassembled);
	return whole;
}
