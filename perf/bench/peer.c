// SPDX-License-Identifier: Apache-2.0
// Frames of the far ends, and STUN with one password for all browsers.
#include "peer.h"

#include "bench.h"
#include "ice_parts.h"
#include "wire_bytes.h"
#include "wire_stun.h"

#include <rte_ip.h>
#include <rte_udp.h>

#include <string.h>

#define STUN_MAX 200

struct iq_addr peer_addr(uint32_t n, enum iq_leg leg, uint8_t family, bool is_sampled)
{
	struct iq_addr addr = {
		.family = family, .port = is_sampled ? PEER_PORT_SAMPLED : PEER_PORT};

	if (family == 4) {
		wire_store32(
			addr.ip, (leg == IQ_LEG_ACCESS ? 100u << 24 | 64u << 16 : 10u << 24) + n);
	} else {
		wire_store16(addr.ip, (uint16_t)(0xfd10 + leg));
		wire_store32(addr.ip + 12, n);
	}
	return addr;
}

static void ipv4_head_write(struct rte_ipv4_hdr *ip, const struct peer_head *head)
{
	*ip = (struct rte_ipv4_hdr){.version_ihl = RTE_IPV4_VHL_DEF,
		.total_length = rte_cpu_to_be_16((uint16_t)(head->len + 28)),
		.time_to_live = 60,
		.next_proto_id = IPPROTO_UDP};
	memcpy(&ip->src_addr, head->from->ip, 4);
	memcpy(&ip->dst_addr, head->to->ip, 4);
	ip->hdr_checksum = rte_ipv4_cksum(ip);
}

static void ipv6_head_write(struct rte_ipv6_hdr *ip, const struct peer_head *head)
{
	ip->vtc_flow = rte_cpu_to_be_32(6u << 28);
	ip->payload_len = rte_cpu_to_be_16((uint16_t)(head->len + 8));
	ip->proto = IPPROTO_UDP;
	ip->hop_limits = 60;
	memcpy(ip->src_addr, head->from->ip, 16);
	memcpy(ip->dst_addr, head->to->ip, 16);
}

void peer_head_write(uint8_t *frame, const struct peer_head *head)
{
	static const uint8_t macs[12] = {2, 0, 0, 0, 0, 10, 2, 0, 0, 0, 0, 1};
	bool is_v4 = head->from->family == 4;
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(frame + (is_v4 ? 34 : 54));

	memcpy(frame, macs, sizeof(macs));
	wire_store16(frame + 12, is_v4 ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6);
	if (is_v4)
		ipv4_head_write((struct rte_ipv4_hdr *)(frame + 14), head);
	else
		ipv6_head_write((struct rte_ipv6_hdr *)(frame + 14), head);
	*udp = (struct rte_udp_hdr){.src_port = rte_cpu_to_be_16(head->from->port),
		.dst_port = rte_cpu_to_be_16(head->to->port),
		.dgram_len = rte_cpu_to_be_16((uint16_t)(head->len + 8))};
}

struct rte_mbuf *peer_mbuf(struct gateway *g)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(g->pool);

	if (m == NULL)
		bench_fail("the pool of packets is empty");
	return m;
}

static bool put(struct gateway *g, struct rte_mbuf *m, uint16_t local_port)
{
	unsigned queue = peer_queue(g, local_port);

	m->port = g->ports[IQ_LEG_ACCESS].id;
	if (rte_ring_sp_enqueue(g->rx[IQ_LEG_ACCESS][queue], m) == 0)
		return true;
	rte_pktmbuf_free(m);
	return false;
}

// The tag and the fingerprint; the gateway's code, since a browser's speed is not what is measured.
static uint16_t stun_end(struct wire_stun_writer *w, const char *password)
{
	struct ice_hmac hmac;
	int len;

	ice_hmac_init(&hmac, password);
	len = ice_message_end(w, &hmac);
	if (len < 0)
		bench_fail("a STUN message doesn't fit");
	return (uint16_t)len;
}

// All contexts have the same credentials, so one check is good for all.
static uint16_t check_write(uint8_t *bytes, const char *password)
{
	static const char username[] = GATEWAY_UFRAG ":" PEER_UFRAG;
	struct wire_stun_writer w;

	wire_stun_begin(&w, bytes, STUN_MAX);
	wire_stun_header(
		&w, WIRE_STUN_REQUEST, WIRE_STUN_BINDING, (const uint8_t *)"bench's check");
	wire_stun_add_username(&w, username, sizeof(username) - 1);
	wire_stun_add_priority(&w, 0x6e0001ff);
	wire_stun_add_role(&w, WIRE_STUN_CONTROLLING, 0);
	wire_stun_add_use_candidate(&w);
	return stun_end(&w, password);
}

uint16_t peer_bad_check(uint8_t *bytes)
{
	return check_write(bytes, "not the password of the gateway");
}

bool peer_check(struct gateway *g, uint32_t n, const struct iq_addr *browser)
{
	static uint8_t check[STUN_MAX];
	static uint16_t check_len;
	struct peer_head head = {.from = browser, .to = &g->calls[n].local[IQ_LEG_ACCESS]};
	uint16_t head_len = peer_head_len(browser->family);
	struct rte_mbuf *m = peer_mbuf(g);
	uint8_t *frame;

	if (check_len == 0)
		check_len = check_write(check, GATEWAY_PWD);
	head.len = check_len;
	frame = (uint8_t *)rte_pktmbuf_append(m, (uint16_t)(head_len + check_len));
	peer_head_write(frame, &head);
	memcpy(frame + head_len, check, check_len);
	return put(g, m, head.to->port);
}

struct frame_ends {
	struct iq_addr from, to;
};

static struct frame_ends ends_read(const uint8_t *frame, uint8_t family)
{
	size_t ip_len = family == 4 ? 4 : 16;
	const uint8_t *ip = frame + (family == 4 ? 26 : 22), *udp = frame + (family == 4 ? 34 : 54);
	struct frame_ends ends = {.from = {.family = family, .port = wire_load16(udp)},
		.to = {.family = family, .port = wire_load16(udp + 2)}};

	memcpy(ends.from.ip, ip, ip_len);
	memcpy(ends.to.ip, ip + ip_len, ip_len);
	return ends;
}

// A success response to a Binding request (RFC 8489 section 6.3.1).
static uint16_t answer_write(uint8_t *bytes, const uint8_t *txid, const struct iq_addr *asker)
{
	struct wire_addr mapped = {.port = asker->port, .len = asker->family == 4 ? 4 : 16};
	struct wire_stun_writer w;

	memcpy(mapped.bytes, asker->ip, 16);
	wire_stun_begin(&w, bytes, STUN_MAX);
	wire_stun_header(&w, WIRE_STUN_SUCCESS, WIRE_STUN_BINDING, txid);
	wire_stun_add_xor_mapped(&w, &mapped);
	return stun_end(&w, PEER_PWD);
}

static void request_answer(struct gateway *g, struct rte_mbuf *m, uint8_t family)
{
	uint16_t head_len = peer_head_len(family);
	struct frame_ends ends = ends_read(rte_pktmbuf_mtod(m, uint8_t *), family);
	struct peer_head head = {.from = &ends.to, .to = &ends.from};
	uint8_t txid[WIRE_STUN_TXID], *frame;

	memcpy(txid, rte_pktmbuf_mtod(m, uint8_t *) + head_len + 8, sizeof(txid));
	rte_pktmbuf_reset(m);
	frame = rte_pktmbuf_mtod(m, uint8_t *);
	head.len = answer_write(frame + head_len, txid, &ends.from);
	peer_head_write(frame, &head);
	m->data_len = (uint16_t)(head_len + head.len);
	m->pkt_len = m->data_len;
	put(g, m, ends.from.port);
}

bool peer_stun(struct gateway *g, struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	uint8_t family = frame[12] == 0x08 ? 4 : 6;
	const uint8_t *stun = frame + peer_head_len(family);

	if (stun[0] > 3)
		return false;
	if (wire_load16(stun) == WIRE_STUN_BINDING)
		request_answer(g, m, family);
	else
		rte_pktmbuf_free(m);
	return true;
}

unsigned peer_drain(struct gateway *g)
{
	struct rte_mbuf *m;
	unsigned others = 0;

	for (unsigned port = 0; port < GATEWAY_PORTS; port++) {
		for (unsigned i = 0; i < g->config.workers; i++) {
			while (rte_ring_sc_dequeue(g->tx[port][i], (void **)&m) == 0) {
				if (peer_stun(g, m))
					continue;
				rte_pktmbuf_free(m);
				others++;
			}
		}
	}
	return others;
}
