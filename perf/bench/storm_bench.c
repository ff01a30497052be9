// SPDX-License-Identifier: Apache-2.0
// dtls.storm_media_lost: as many ClientHellos at once as there are browsers waiting, beside media at 70 % of its rate.
#include "beside.h"
#include "dtls_client.h"
#include "peer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HELLOS 10000
#define MEDIA_PERCENT 70
#define TRIALS_MAX 20
#define SETTLE_TURNS 800
#define SETTLE_US 1000

struct storm {
	struct load load;
	struct gateway_call_config call;
	struct iq_fingerprint fingerprint;
	uint8_t hello[DTLS_HELLO_MAX];
	uint16_t hello_len;
	uint32_t at; // browsers that have begun
};

// Calls behind those that carry media: with consent, their role known, no handshake begun.
static void browsers_up(struct storm *storm)
{
	uint32_t first = storm->load.t->config.calls;

	for (uint32_t n = first; n < first + HELLOS; n++) {
		if (gateway_call_add(storm->load.g, n, &storm->call) < 0)
			bench_fail("call %u is refused", n);
		peer_drain(storm->load.g);
	}
	gateway_calls_connect(storm->load.g, first, first + HELLOS);
	// The service hears of all of them before the first hello.
	for (unsigned i = 0; i < SETTLE_TURNS; i++) {
		gateway_clock_advance(storm->load.g, SETTLE_US);
		gateway_step(storm->load.g);
		peer_drain(storm->load.g);
		gateway_tend(storm->load.g);
		usleep(SETTLE_US);
	}
	storm->at = 0;
}

static void browsers_down(struct storm *storm)
{
	uint32_t first = storm->load.t->config.calls;

	for (uint32_t n = first; n < first + HELLOS; n++) {
		if (gateway_call_delete(storm->load.g, n) < 0)
			bench_fail("call %u can't be deleted", n);
	}
	gateway_clock_advance(storm->load.g, 6000000); // ports rest
}

static bool hello_put(struct storm *storm, uint32_t n)
{
	struct gateway *g = storm->load.g;
	struct iq_addr from = peer_addr(n, IQ_LEG_ACCESS, 4, false);
	struct peer_head head = {
		.from = &from, .to = &g->calls[n].local[IQ_LEG_ACCESS], .len = storm->hello_len};
	struct rte_mbuf *m = peer_mbuf(g);
	uint8_t *frame =
		(uint8_t *)rte_pktmbuf_append(m, (uint16_t)(peer_head_len(4) + storm->hello_len));

	m->port = g->ports[IQ_LEG_ACCESS].id;
	peer_head_write(frame, &head);
	memcpy(frame + peer_head_len(4), storm->hello, storm->hello_len);
	if (rte_ring_sp_enqueue(g->rx[IQ_LEG_ACCESS][0], m) == 0)
		return true;
	rte_pktmbuf_free(m);
	return false;
}

static unsigned offer(void *arg, unsigned n)
{
	struct storm *storm = arg;
	unsigned done = 0;

	while (done < n && storm->at < HELLOS &&
		hello_put(storm, storm->load.t->config.calls + storm->at)) {
		storm->at++;
		done++;
	}
	return done;
}

static struct beside_trial storm_try(struct storm *storm, struct beside *b)
{
	struct beside_trial trial;

	browsers_up(storm);
	gateway_start(storm->load.g);
	trial = beside_try(b, 1e9);
	gateway_stop(storm->load.g);
	if (storm->at < HELLOS)
		bench_fail("only %u ClientHellos found room", storm->at);
	browsers_down(storm);
	return trial;
}

static void storm_row(struct storm *storm, double pps)
{
	struct beside b = {.load = &storm->load,
		.media_pps = pps * MEDIA_PERCENT / 100,
		.seconds = storm->load.options.quick ? 0.2 : 0.5,
		.offer = offer,
		.arg = storm};
	double samples[BENCH_SAMPLES_MAX];
	unsigned count = 0, repeated = 0;
	char conditions[256];
	struct bench_row row = {
		.name = "dtls.storm_media_lost", .unit = "packets", .conditions = conditions};
	uint64_t punted = gateway_count(storm->load.g, COUNTER_dtls_punted);
	uint64_t full = gateway_count(storm->load.g, COUNTER_drop_dtls_full);

	for (unsigned i = 0; i < TRIALS_MAX && count < storm->load.options.repeats; i++) {
		struct beside_trial trial = storm_try(storm, &b);

		if (trial.media.was_stalled && trial.media.lost > 0 && i < TRIALS_MAX / 2)
			repeated++;
		else
			samples[count++] = (double)trial.media.lost;
	}
	load_wrong_check(&storm->load);
	snprintf(conditions, sizeof(conditions),
		"\"hellos\":%u,\"media_mpps\":%.3g,\"to_service\":%.0f,\"queue_full\":%.0f,%s,"
		"\"trials_repeated\":%u",
		HELLOS, b.media_pps / 1e6,
		(double)(gateway_count(storm->load.g, COUNTER_dtls_punted) - punted) /
			(count + repeated),
		(double)(gateway_count(storm->load.g, COUNTER_drop_dtls_full) - full) /
			(count + repeated),
		storm->load.conditions, repeated);
	bench_row_print(&row, samples, count);
}

int main(int argc, char **argv)
{
	static struct storm storm; // large
	struct load *load = &storm.load;
	struct gateway_phase phase;
	double pps;

	bench_options_read(&load->options, argc, argv);
	storm.hello_len = dtls_client_hello(storm.hello);
	storm.fingerprint = (struct iq_fingerprint){.hash = IQ_HASH_SHA256, .len = 32};
	storm.call = (struct gateway_call_config){.suite = gateway_suite(load->options.suite),
		.family = 4,
		.role = IQ_DTLS_SERVER,
		.fingerprint = &storm.fingerprint};
	load->contexts_more = HELLOS + HELLOS / 10;
	load->mbufs = 65536;
	load_up(load);
	load_warm_up(load, LOAD_FILL);
	phase = load_phases(load);
	pps = rate_search(load, bench_tsc_hz() * (double)phase.packets / (double)phase.ticks).pps;
	storm_row(&storm, pps);
	load_down(load);
	return 0;
}
