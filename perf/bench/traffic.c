// SPDX-License-Identifier: Apache-2.0
// Makes media, puts it in the gateway's ports, and takes it back.
#include "traffic.h"

#include "bench.h"
#include "peer.h"
#include "wire_bytes.h"
#include "wire_rtp.h"

#include <rte_mbuf_dyn.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define TS_STEP 960 // 20 ms at 48 kHz

static void *pages_get(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		bench_fail("no memory for %zu bytes", bytes);
	madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

static bool is_sampled(const struct traffic *t, uint32_t n)
{
	return t->config.sampled_every != 0 && n % t->config.sampled_every == 0;
}

static void legs_make(struct traffic *t)
{
	const struct srtp_suite_info *info = srtp_suite_info(t->config.suite);

	for (uint32_t leg = 0; leg < t->leg_count; leg++) {
		uint32_t n = leg / 2;

		t->legs[leg] = (struct traffic_leg){
			.from = peer_addr(n, leg % 2, t->config.family, is_sampled(t, n)),
			.to = t->g->calls[n].local[leg % 2],
			.ssrc = 0x10000000u + leg,
			.ts = leg * 7919,
			.seq = (uint16_t)(leg * 31 & 0x3fff)};
	}
	for (uint32_t n = 0; n < t->config.calls; n++) {
		struct gateway_master master = gateway_master(n, IQ_LEG_ACCESS);

		if (srtp_key_init(&t->keys[n], t->config.suite, master.key, info->key_len,
			    master.salt, info->salt_len) < 0)
			bench_fail("no key for browser %u", n);
	}
}

static int stamp_register(void)
{
	static const struct rte_mbuf_dynfield field = {
		.name = "bench_stamp", .size = sizeof(uint64_t), .align = sizeof(uint64_t)};
	int offset = rte_mbuf_dynfield_register(&field);

	if (offset < 0)
		bench_fail("no place for times in packets");
	return offset;
}

static uint64_t *stamp_of(const struct traffic *t, struct rte_mbuf *m)
{
	return RTE_MBUF_DYNFIELD(m, t->stamp, uint64_t *);
}

struct traffic *traffic_create(struct gateway *g, const struct traffic_config *config)
{
	struct traffic *t = calloc(1, sizeof(*t));

	if (t == NULL)
		bench_fail("no memory");
	t->g = g;
	t->config = *config;
	t->leg_count = config->calls * 2;
	t->stamp = stamp_register();
	t->order = bench_order(t->leg_count, config->seed);
	t->legs = pages_get(t->leg_count * sizeof(*t->legs));
	t->keys = pages_get(config->calls * sizeof(*t->keys));
	t->indices = pages_get(config->calls * sizeof(*t->indices));
	t->spare = calloc(g->pool->size, sizeof(struct rte_mbuf *));
	t->srtp = srtp_ctx_create(SRTP_ARCH_AUTO);
	if (t->srtp == NULL || t->spare == NULL)
		bench_fail("no memory");
	legs_make(t);
	if (config->sampled_every != 0)
		t->witness = witness_create(config->calls, config->sampled_every, config->suite);
	return t;
}

void traffic_destroy(struct traffic *t)
{
	while (t->spare_count > 0)
		rte_pktmbuf_free(t->spare[--t->spare_count]);
	witness_destroy(t->witness);
	srtp_ctx_destroy(t->srtp);
	munmap(t->legs, t->leg_count * sizeof(*t->legs));
	munmap(t->keys, t->config.calls * sizeof(*t->keys));
	munmap(t->indices, t->config.calls * sizeof(*t->indices));
	free(t->spare);
	free(t->order);
	free(t);
}

void traffic_payload_set(struct traffic *t, uint16_t payload)
{
	t->config.payload = payload;
}

static struct rte_mbuf *mbuf_get(struct traffic *t)
{
	return t->spare_count > 0 ? t->spare[--t->spare_count] : peer_mbuf(t->g);
}

static uint32_t leg_next(struct traffic *t)
{
	uint32_t leg = t->order[t->at];

	t->at = t->at + 1 == t->leg_count ? 0 : t->at + 1;
	return leg;
}

static void next_prefetch(const struct traffic *t, unsigned n)
{
	for (unsigned i = 0; i < n && t->at + i < t->leg_count; i++) {
		uint32_t leg = t->order[t->at + i];

		__builtin_prefetch(&t->legs[leg], 1);
		if (leg % 2 == IQ_LEG_ACCESS) {
			srtp_key_prefetch(&t->keys[leg / 2]);
			__builtin_prefetch(&t->indices[leg / 2], 1);
		}
	}
}

// A leg's next packet, plain, with room for a tag counted in the frame's lengths.
static void packet_write(struct traffic *t, uint32_t n, struct rte_mbuf *m)
{
	struct traffic_leg *leg = &t->legs[n];
	uint16_t head_len = peer_head_len(t->config.family);
	uint16_t tag_len =
		n % 2 == IQ_LEG_ACCESS ? srtp_suite_info(t->config.suite)->rtp_overhead : 0;
	struct peer_head head = {.from = &leg->from,
		.to = &leg->to,
		.len = (uint16_t)(WIRE_RTP_HEADER + t->config.payload + tag_len)};
	uint8_t *frame, *rtp;

	rte_pktmbuf_reset(m);
	m->port = t->g->ports[n % 2].id;
	m->data_len = (uint16_t)(head_len + head.len);
	m->pkt_len = m->data_len;
	frame = rte_pktmbuf_mtod(m, uint8_t *);
	peer_head_write(frame, &head);
	rtp = frame + head_len;
	rtp[0] = 0x80;
	rtp[1] = n % 2 == IQ_LEG_ACCESS ? GATEWAY_PT_ACCESS : GATEWAY_PT_CORE;
	wire_store16(rtp + 2, leg->seq);
	wire_store32(rtp + 4, leg->ts);
	wire_store32(rtp + 8, leg->ssrc);
	witness_payload_write(rtp + WIRE_RTP_HEADER, n, leg->seq, t->config.payload);
	leg->seq++;
	leg->ts += TS_STEP;
}

static void browsers_protect(
	struct traffic *t, struct rte_mbuf **pkts, const uint32_t *legs, unsigned n)
{
	uint16_t head_len = peer_head_len(t->config.family), count = 0;
	struct srtp_item items[TRAFFIC_BURST];

	for (unsigned i = 0; i < n; i++) {
		uint32_t call = legs[i] / 2;

		if (legs[i] % 2 != IQ_LEG_ACCESS)
			continue;
		items[count++] = (struct srtp_item){
			.data = rte_pktmbuf_mtod_offset(pkts[i], uint8_t *, head_len),
			.key = &t->keys[call],
			.index = &t->indices[call],
			.len = (uint16_t)(WIRE_RTP_HEADER + t->config.payload),
			.room = (uint16_t)(WIRE_RTP_HEADER + t->config.payload + 64)};
	}
	if (srtp_protect_burst(t->srtp, items, count) != count)
		bench_fail("a browser's packet was not protected");
}

static void sample(struct traffic *t, struct rte_mbuf **pkts, const uint32_t *legs, unsigned n)
{
	uint16_t head_len = peer_head_len(t->config.family);

	for (unsigned i = 0; i < n; i++) {
		if (legs[i] % 2 != IQ_LEG_ACCESS || t->legs[legs[i]].from.port != PEER_PORT_SAMPLED)
			continue;
		witness_take(t->witness, WITNESS_BROWSER_SENT, legs[i] / 2,
			rte_pktmbuf_mtod_offset(pkts[i], uint8_t *, head_len),
			(uint16_t)(pkts[i]->data_len - head_len));
	}
}

// Packets of one queue go in together.
struct batch {
	struct rte_mbuf *pkts[TRAFFIC_BURST];
	unsigned count;
};

static unsigned batch_put(struct traffic *t, struct rte_ring *ring, const struct batch *batch)
{
	uint64_t now = bench_tsc();
	unsigned n;

	for (unsigned i = 0; i < batch->count; i++)
		*stamp_of(t, batch->pkts[i]) = now;
	n = rte_ring_sp_enqueue_burst(ring, (void *const *)batch->pkts, batch->count, NULL);

	for (unsigned i = n; i < batch->count; i++)
		t->spare[t->spare_count++] = batch->pkts[i];
	t->refused += batch->count - n;
	t->sent += n;
	return n;
}

static unsigned batches_put(
	struct traffic *t, struct rte_mbuf **pkts, const uint32_t *legs, unsigned n)
{
	struct batch batches[GATEWAY_PORTS][GATEWAY_WORKERS_MAX];
	unsigned workers = t->g->config.workers, put = 0;

	for (unsigned port = 0; port < GATEWAY_PORTS; port++) {
		for (unsigned i = 0; i < workers; i++)
			batches[port][i].count = 0;
	}
	for (unsigned i = 0; i < n; i++) {
		unsigned queue = peer_queue(t->g, t->legs[legs[i]].to.port);
		struct batch *batch;

		if (t->config.is_handed_over)
			queue = (queue + 1) % workers;
		batch = &batches[legs[i] % 2][queue];
		batch->pkts[batch->count++] = pkts[i];
	}
	for (unsigned port = 0; port < GATEWAY_PORTS; port++) {
		for (unsigned i = 0; i < workers; i++)
			put += batch_put(t, t->g->rx[port][i], &batches[port][i]);
	}
	return put;
}

unsigned traffic_send(struct traffic *t, unsigned n)
{
	struct rte_mbuf *pkts[TRAFFIC_BURST];
	uint32_t legs[TRAFFIC_BURST];

	for (unsigned i = 0; i < n; i++) {
		legs[i] = leg_next(t);
		pkts[i] = mbuf_get(t);
	}
	next_prefetch(t, n);
	for (unsigned i = 0; i < n; i++)
		packet_write(t, legs[i], pkts[i]);
	browsers_protect(t, pkts, legs, n);
	if (t->witness != NULL)
		sample(t, pkts, legs, n);
	return batches_put(t, pkts, legs, n);
}

static void sampled_take(struct traffic *t, const struct rte_mbuf *m, unsigned port)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	uint16_t head_len = peer_head_len(t->config.family);
	uint32_t n = t->config.family == 4
		? wire_load32(frame + 30) & (port == 0 ? 0x3fffff : 0xffffff)
		: wire_load32(frame + 50);

	witness_take(t->witness, port == IQ_LEG_ACCESS ? WITNESS_BROWSER_GOT : WITNESS_PHONE_GOT, n,
		frame + head_len, (uint16_t)(m->data_len - head_len));
}

// RFC 7983.
static bool is_media(const struct traffic *t, const uint8_t *frame)
{
	return frame[peer_head_len(t->config.family)] >= 128;
}

// STUN is answered; DTLS is for whom nobody has asked.
static void other_take(struct traffic *t, struct rte_mbuf *m)
{
	if (!peer_stun(t->g, m))
		rte_pktmbuf_free(m);
}

static unsigned burst_take(struct traffic *t, struct rte_mbuf **pkts, unsigned n, unsigned port)
{
	uint16_t port_at = t->config.family == 4 ? 36 : 56;
	uint64_t now = t->latency == NULL ? 0 : bench_tsc();
	unsigned media = 0;

	for (unsigned i = 0; i < n; i++)
		__builtin_prefetch(pkts[i]);
	for (unsigned i = 0; i < n; i++)
		__builtin_prefetch(rte_pktmbuf_mtod(pkts[i], uint8_t *));
	for (unsigned i = 0; i < n; i++) {
		const uint8_t *frame = rte_pktmbuf_mtod(pkts[i], const uint8_t *);

		if (port == IQ_LEG_ACCESS && !is_media(t, frame)) {
			other_take(t, pkts[i]);
			continue;
		}
		if (t->latency != NULL)
			histogram_add(t->latency, now - *stamp_of(t, pkts[i]));
		if (t->witness != NULL && wire_load16(frame + port_at) == PEER_PORT_SAMPLED)
			sampled_take(t, pkts[i], port);
		t->spare[t->spare_count++] = pkts[i];
		media++;
	}
	return media;
}

unsigned traffic_receive(struct traffic *t)
{
	struct rte_mbuf *pkts[2 * TRAFFIC_BURST];
	unsigned media = 0;

	for (unsigned port = 0; port < GATEWAY_PORTS; port++) {
		for (unsigned i = 0; i < t->g->config.workers; i++) {
			unsigned n = rte_ring_sc_dequeue_burst(
				t->g->tx[port][i], (void **)pkts, RTE_DIM(pkts), NULL);

			media += burst_take(t, pkts, n, port);
		}
	}
	t->received += media;
	return media;
}

unsigned traffic_room(const struct traffic *t)
{
	unsigned room = UINT32_MAX;

	for (unsigned port = 0; port < GATEWAY_PORTS; port++) {
		for (unsigned i = 0; i < t->g->config.workers; i++)
			room = RTE_MIN(room, rte_ring_free_count(t->g->rx[port][i]));
	}
	return room;
}
