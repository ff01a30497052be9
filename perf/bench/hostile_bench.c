// SPDX-License-Identifier: Apache-2.0
// hostile.*: what strangers may send beside media at 30 % of its rate before any media is lost.
#include "beside.h"
#include "peer.h"
#include "wire_bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES 32768 // different ones of a kind, each to another leg
#define FRAME_ROOM 256
#define BODY_LEN 160
#define MEDIA_PERCENT 30
#define MBUFS_MORE 65536

struct frame {
	uint16_t len;
	uint8_t bytes[FRAME_ROOM - 2];
};

struct hostile {
	struct load load;
	struct beside beside;
	struct frame *frames;
	unsigned at;
	uint64_t random;
};

// What a kind is: the UDP payload, and the ends between which it goes (to, from: those of call n's browser at first).
struct kind {
	const char *name;
	uint16_t (*write)(struct hostile *h, uint32_t n, uint8_t *body);
	void (*ends)(struct hostile *h, struct iq_addr *from, struct iq_addr *to);
};

static uint16_t noise_write(struct hostile *h, uint8_t *body, uint16_t len)
{
	for (uint16_t i = 0; i < len; i++)
		body[i] = (uint8_t)bench_random(&h->random);
	return len;
}

static uint16_t stun_write(struct hostile *h, uint32_t n, uint8_t *body)
{
	(void)h;
	(void)n;
	return peer_bad_check(body);
}

// The browser's own SSRC and numbers it will use: only the tag tells.
static uint16_t srtp_write(struct hostile *h, uint32_t n, uint8_t *body)
{
	const struct traffic_leg *leg = &h->load.t->legs[2 * n];
	uint16_t len = noise_write(h, body, 12 + BODY_LEN + 10);

	body[0] = 0x80;
	body[1] = GATEWAY_PT_ACCESS;
	wire_store16(body + 2, (uint16_t)(leg->seq + 1 + n % 64));
	wire_store32(body + 8, leg->ssrc);
	return len;
}

static uint16_t dtls_write(struct hostile *h, uint32_t n, uint8_t *body)
{
	static const uint8_t head[] = {22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, BODY_LEN};

	(void)n;
	memcpy(body, head, sizeof(head));
	return (uint16_t)(sizeof(head) + noise_write(h, body + sizeof(head), BODY_LEN));
}

static uint16_t rtp_write(struct hostile *h, uint32_t n, uint8_t *body)
{
	uint16_t len = noise_write(h, body, 12 + BODY_LEN);

	(void)n;
	body[0] = 0x80;
	body[1] = 0;
	return len;
}

static void stranger_ends(struct hostile *h, struct iq_addr *from, struct iq_addr *to)
{
	(void)to;
	wire_store32(from->ip, (uint32_t)bench_random(&h->random) % 0x50000000 + 0x70000000);
	from->port = (uint16_t)(1024 + bench_random(&h->random) % 60000);
}

static void unused_ends(struct hostile *h, struct iq_addr *from, struct iq_addr *to)
{
	struct gateway *g = h->load.g;
	uint16_t port;

	do {
		port = (uint16_t)(1024 + bench_random(&h->random) % 64000) & 0xfffe;
	} while (shard_lookup(g->shards[shard_of_port(port)], IQ_LEG_ACCESS, 0, port) != NO_INDEX);
	stranger_ends(h, from, to);
	memcpy(to->ip, g->networks.list[IQ_LEG_ACCESS].sets[0].v4, 4);
	to->port = port;
}

static const struct kind kinds[] = {
	{"stun_bad_integrity", stun_write, stranger_ends},
	{"srtp_bad_tag", srtp_write, NULL},
	{"dtls_unknown_source", dtls_write, stranger_ends},
	{"unused_port", rtp_write, unused_ends},
};

static void frames_make(struct hostile *h, const struct kind *kind)
{
	uint32_t *order = bench_order(h->load.t->config.calls, h->load.options.seed + 1);

	for (unsigned i = 0; i < FRAMES; i++) {
		uint32_t n = order[i % h->load.t->config.calls];
		struct iq_addr from = h->load.t->legs[2 * n].from, to = h->load.t->legs[2 * n].to;
		struct peer_head head = {.from = &from, .to = &to};
		struct frame *frame = &h->frames[i];

		head.len = kind->write(h, n, frame->bytes + peer_head_len(4));
		if (kind->ends != NULL)
			kind->ends(h, &from, &to);
		peer_head_write(frame->bytes, &head);
		frame->len = (uint16_t)(peer_head_len(4) + head.len);
	}
	free(order);
	h->at = 0;
}

static void mbuf_fill(struct hostile *h, struct rte_mbuf *m)
{
	const struct frame *frame = &h->frames[h->at];

	h->at = (h->at + 1) % FRAMES;
	m->port = h->load.g->ports[IQ_LEG_ACCESS].id;
	m->data_len = frame->len;
	m->pkt_len = frame->len;
	memcpy(rte_pktmbuf_mtod(m, void *), frame->bytes, frame->len);
}

static unsigned offer(void *arg, unsigned n)
{
	struct hostile *h = arg;
	struct gateway *g = h->load.g;
	struct rte_mbuf *pkts[BESIDE_BURST];
	unsigned put;

	if (n == 0 || rte_pktmbuf_alloc_bulk(g->pool, pkts, n) != 0)
		return 0;
	for (unsigned i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(pkts[i], void *));
	for (unsigned i = 0; i < n; i++)
		mbuf_fill(h, pkts[i]);
	put = rte_ring_sp_enqueue_burst(g->rx[IQ_LEG_ACCESS][0], (void *const *)pkts, n, NULL);
	rte_pktmbuf_free_bulk(pkts + put, n - put);
	return put;
}

// Its median.
static double cycles_row(struct hostile *h, const char *conditions)
{
	struct bench_row row = {
		.name = "hostile.cycles_per_packet", .unit = "tsc", .conditions = conditions};
	double samples[BENCH_SAMPLES_MAX];

	for (unsigned i = 0; i < h->load.options.repeats; i++) {
		struct gateway_phase phase;

		for (unsigned k = 0; k < LOAD_FILL; k += BESIDE_BURST)
			offer(h, BESIDE_BURST);
		phase = gateway_run_dry(h->load.g, 0);
		traffic_receive(h->load.t);
		peer_drain(h->load.g);
		samples[i] = (double)phase.ticks / (double)phase.packets;
	}
	bench_row_print(&row, samples, h->load.options.repeats);
	return samples[h->load.options.repeats / 2];
}

static void rate_row(struct hostile *h, const struct kind *kind, double most_per_s)
{
	struct bench_row row = {.name = "hostile.mpps_without_media_loss", .unit = "Mpps"};
	double samples[BENCH_SAMPLES_MAX];
	bool is_generators = false;
	char conditions[256];

	h->beside.repeated = 0;
	for (unsigned i = 0; i < h->load.options.repeats; i++) {
		samples[i] = beside_search(&h->beside, most_per_s) / 1e6;
		is_generators |= h->beside.is_generators;
	}
	load_wrong_check(&h->load);
	snprintf(conditions, sizeof(conditions),
		"\"kind\":\"%s\",\"media_mpps\":%.3g,%s,\"trials_repeated\":%u", kind->name,
		h->beside.media_pps / 1e6, h->load.conditions, h->beside.repeated);
	row.conditions = conditions;
	if (is_generators)
		row.remark = "the generator is the limit: see hostile.cycles_per_packet";
	bench_row_print(&row, samples, h->load.options.repeats);
}

static void lost_row(const struct hostile *h)
{
	struct bench_row row = {
		.name = "hostile.media_lost", .unit = "packets", .conditions = h->load.conditions};

	bench_row_print_one(&row, (double)h->beside.lost);
}

static void kind_run(struct hostile *h, const struct kind *kind)
{
	char conditions[64];

	frames_make(h, kind);
	snprintf(conditions, sizeof(conditions), "\"kind\":\"%s\"", kind->name);
	// Twice what a worker could do that did nothing else, as far as the phase tells.
	rate_row(h, kind, 2 * bench_tsc_hz() / cycles_row(h, conditions));
}

static void hostile_up(struct hostile *h)
{
	struct load *load = &h->load;
	struct gateway_phase phase;
	double pps;

	load->mbufs = MBUFS_MORE;
	load->has_real_clock = true; // budgets are by time
	load_up(load);
	load_warm_up(load, LOAD_FILL);
	phase = load_phases(load);
	pps = rate_search(load, bench_tsc_hz() * (double)phase.packets / (double)phase.ticks).pps;
	h->random = load->options.seed;
	h->frames = calloc(FRAMES, sizeof(*h->frames));
	if (h->frames == NULL)
		bench_fail("no memory");
	h->beside = (struct beside){.load = load,
		.media_pps = pps * MEDIA_PERCENT / 100,
		.seconds = load->options.quick ? 0.15 : 0.5,
		.offer = offer,
		.arg = h};
}

int main(int argc, char **argv)
{
	struct hostile h = {0};

	bench_options_read(&h.load.options, argc, argv);
	if (h.load.options.ip != 4)
		bench_fail("hostile packets are IPv4");
	hostile_up(&h);
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		kind_run(&h, &kinds[i]);
	lost_row(&h);
	gateway_drops_print(h.load.g);
	free(h.frames);
	load_down(&h.load);
	return 0;
}
