// SPDX-License-Identifier: Apache-2.0
// memory.*: the lines that a packet reads or writes of its flow, what a leg costs, and whether calls leave anything.
#include "bench.h"
#include "dtls_client.h"
#include "gateway.h"
#include "peer.h"
#include "timer_wheel.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE 64
#define ASSOCIATIONS 1000
#define ROUND 1000 // calls that are up together
#define PAIRS_QUICK 100000
#define PAIRS 1000000
#define LINGER_S 1
#define ROUNDS_BEFORE 5 // the first ones leave what is kept for good
#define QUARANTINE_US 6000000
#define TURNS 3000
#define REST_TURNS 300
#define REST_SAME 10 // turns without a change

// Of what an RTP packet touches: from a member to the end of another, in lines.
#define LINES(type, first, last)                                                                   \
	((offsetof(type, last) + sizeof(((type *)0)->last) - 1) / LINE -                           \
		offsetof(type, first) / LINE + 1)

// Lines of a key set: the key's room says how many a suite reads.
static unsigned key_lines(enum srtp_suite suite)
{
	bool is_gcm = suite == SRTP_SUITE_AEAD_AES_128_GCM || suite == SRTP_SUITE_AEAD_AES_256_GCM;

	return is_gcm ? LINES(struct srtp_key, suite, gcm.powers)
		      : LINES(struct srtp_key, suite, cm.rtp);
}

static void hot_row(enum srtp_suite suite, const char *name)
{
	unsigned flow = LINES(struct flow, index, lost_base);
	unsigned sender = LINES(struct sender, sent_us, started);
	// Of both legs: the transport it comes to, where it leaves, the sources or the consent of the browser, the
	// context's list of streams, the payload types of the stream. Both flows of a call share most of it.
	unsigned shared = LINES(struct transport, ssrc, last_rx_us) +
		LINES(struct transport, out[0], out[0]) + 1 + 1 + 2;
	char conditions[200];
	struct bench_row row = {.name = "memory.hot_bytes_per_flow",
		.unit = "bytes",
		.conditions = conditions,
		.remark = "whole lines: flow, sender, key set of its direction"};

	snprintf(conditions, sizeof(conditions),
		"\"suite\":\"%s\",\"flow\":%u,\"sender\":%u,\"key\":%u,"
		"\"besides_of_its_transports\":%u",
		name, flow * LINE, sender * LINE, key_lines(suite) * LINE, shared * LINE);
	bench_row_print_one(&row, (flow + sender + key_lines(suite)) * LINE);
}

// What glibc's threads keep for themselves would count as used.
static void cache_forgo(char **argv)
{
	if (getenv("GLIBC_TUNABLES") != NULL)
		return;
	setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0", 1);
	execv("/proc/self/exe", argv);
	bench_fail("no memory_bench to start again");
}

static double heap_bytes(void)
{
	struct mallinfo2 info = mallinfo2();

	return (double)info.uordblks + (double)info.hblkhd;
}

// Heap of one association of the service, after real handshakes.
static double association_bytes(bool retain_call)
{
	struct dtls_bed *bed = dtls_bed_create(&(struct dtls_config){
		.workers = 1, .retain_call = retain_call, .linger_s = LINGER_S});
	double before, after;

	dtls_bed_run(bed, 0, 16); // what the first ones leave for good
	before = heap_bytes();
	dtls_bed_run(bed, 16, ASSOCIATIONS);
	for (uint16_t i = 16; i < 16 + ASSOCIATIONS; i++)
		dtls_bed_linger(bed, i);
	sleep(LINGER_S + 1);
	after = heap_bytes();
	dtls_bed_destroy(bed);
	return (after - before) / ASSOCIATIONS;
}

static double arena_bytes(const struct gateway *g)
{
	double sum = 0;

	for (unsigned i = 0; i < SHARDS; i++)
		sum += (double)g->shards[i]->bytes +
			(double)g->shards[i]->pools[POOL_TRANSPORT].count *
				sizeof(struct timer_node);
	return sum;
}

static void leg_row(const struct gateway *g, const char *retention, double association)
{
	char conditions[160];
	struct bench_row row = {
		.name = "memory.bytes_per_leg", .unit = "bytes", .conditions = conditions};
	double arena = arena_bytes(g) / (2.0 * g->config.contexts);

	snprintf(conditions, sizeof(conditions),
		"\"dtls_retention\":\"%s\",\"kind\":\"audio\",\"suite\":\"CM_80\",\"arena\":%.0f,"
		"\"association\":%.0f",
		retention, arena, association);
	bench_row_print_one(&row, arena + association / 2);
}

// The reaper looks at a few transports a turn; ports rest meanwhile.
static void turns_take(struct gateway *g)
{
	for (unsigned i = 0; i < TURNS; i++) {
		gateway_clock_advance(g, QUARANTINE_US / TURNS);
		gateway_step(g);
		peer_drain(g);
		gateway_tend(g);
	}
}

static void round_run(struct gateway *g, const struct gateway_call_config *call)
{
	for (uint32_t n = 0; n < ROUND; n++) {
		if (gateway_call_add(g, n, call) < 0)
			bench_fail("call %u is refused", n);
		peer_drain(g);
	}
	gateway_calls_connect(g, 0, ROUND);
	for (uint32_t n = 0; n < ROUND; n++) {
		if (gateway_call_delete(g, n) < 0)
			bench_fail("call %u can't be deleted", n);
	}
	turns_take(g);
}

// Heap, objects of the arenas, packets.
static double in_use(const struct gateway *g)
{
	double sum = heap_bytes();

	for (unsigned i = 0; i < SHARDS; i++) {
		for (unsigned k = 0; k < POOL_COUNT; k++) {
			const struct pool *pool = &g->shards[i]->pools[k];

			sum += (double)pool->used * pool->size;
		}
	}
	return sum + (double)rte_mempool_in_use_count(g->pool) * g->pool->elt_size;
}

// Once the DTLS service, which has a thread of its own, is done with what is gone.
static double in_use_at_rest(struct gateway *g)
{
	double last = in_use(g);

	for (unsigned turn = 0, same = 0; turn < REST_TURNS && same < REST_SAME; turn++) {
		double now;

		usleep(100000);
		turns_take(g);
		now = in_use(g);
		same = now == last ? same + 1 : 0;
		last = now;
	}
	return last;
}

static void growth_row(struct gateway *g, const struct bench_options *options)
{
	uint32_t pairs = options->quick ? PAIRS_QUICK : PAIRS;
	struct iq_fingerprint fingerprint = {.hash = IQ_HASH_SHA256, .len = 32};
	struct gateway_call_config call = {.suite = SRTP_SUITE_AES128_CM_SHA1_80,
		.family = 4,
		.role = IQ_DTLS_SERVER,
		.fingerprint = &fingerprint};
	char conditions[64];
	struct bench_row row = {
		.name = "memory.growth_bytes", .unit = "bytes", .conditions = conditions};
	double before;

	for (unsigned i = 0; i < ROUNDS_BEFORE; i++)
		round_run(g, &call);
	before = in_use_at_rest(g);
	for (uint32_t done = 0; done < pairs; done += ROUND)
		round_run(g, &call);
	snprintf(conditions, sizeof(conditions), "\"pairs\":%u", pairs);
	bench_row_print_one(&row, in_use_at_rest(g) - before);
}

int main(int argc, char **argv)
{
	struct bench_options options;
	double linger, call;
	struct gateway *g;

	cache_forgo(argv);
	bench_options_read(&options, argc, argv);
	hot_row(SRTP_SUITE_AES128_CM_SHA1_80, "CM_80");
	hot_row(SRTP_SUITE_AEAD_AES_128_GCM, "GCM_128");
	hot_row(SRTP_SUITE_AEAD_AES_256_GCM, "GCM_256");
	linger = association_bytes(false);
	call = association_bytes(true);
	g = gateway_create(
		&(struct gateway_config){.contexts = options.legs / 2, .has_own_clock = true});
	leg_row(g, "linger", linger);
	leg_row(g, "call", call);
	growth_row(g, &options);
	gateway_destroy(g);
	return 0;
}
