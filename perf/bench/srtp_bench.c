// SPDX-License-Identifier: Apache-2.0
// Cycles (TSC) per packet of the SRTP bursts, by suite, number of flows, burst and payload.
#include "srtp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <x86intrin.h>

#define BURST_MAX 64
#define PACKETS 1024 // buffers in turn: warm in L2, as after a NIC's DDIO
#define STRIDE 2048
#define REPEATS 5

// What a shard's arena holds of a flow.
struct flow {
	struct srtp_key key;
	struct srtp_index index;
	uint16_t seq;
} __attribute__((aligned(64)));

struct bench {
	struct srtp_ctx *ctx;
	struct flow *flows;
	uint32_t *order; // flows in random order
	uint8_t *packets;
	uint32_t flow_count, at, packet;
	uint16_t payload, burst;
	enum srtp_suite suite;
};

static void *pages_get(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

static void flows_make(struct bench *bench)
{
	const struct srtp_suite_info *info = srtp_suite_info(bench->suite);
	uint8_t master[32 + 14] = {0};
	struct srtp_key sample;

	bench->at = 0;
	for (uint32_t i = 0; i < bench->flow_count; i++) {
		memcpy(master, &i, sizeof(i));
		// The cost of a packet does not depend on the key: derive a few, copy the rest.
		if (i < 64 &&
			srtp_key_init(&sample, bench->suite, master, info->key_len, master + 32,
				info->salt_len) < 0)
			exit(1);
		bench->flows[i].key = sample;
		bench->flows[i].index = (struct srtp_index){0};
		bench->flows[i].seq = (uint16_t)i;
		bench->order[i] = i;
	}
	for (uint32_t i = bench->flow_count; i > 1; i--) {
		uint32_t k = (uint32_t)rand() % i;
		uint32_t swap = bench->order[i - 1];

		bench->order[i - 1] = bench->order[k];
		bench->order[k] = swap;
	}
}

static void burst_make(struct bench *bench, struct srtp_item *items)
{
	for (uint16_t i = 0; i < bench->burst; i++) {
		struct flow *flow = &bench->flows[bench->order[bench->at]];
		uint8_t *data = bench->packets + (size_t)bench->packet * STRIDE;

		bench->at = bench->at + 1 == bench->flow_count ? 0 : bench->at + 1;
		bench->packet = (bench->packet + 1) % PACKETS;
		data[0] = 0x80;
		data[2] = (uint8_t)(flow->seq >> 8);
		data[3] = (uint8_t)flow->seq++;
		items[i] = (struct srtp_item){.data = data,
			.key = &flow->key,
			.index = &flow->index,
			.len = (uint16_t)(12 + bench->payload),
			.room = STRIDE};
	}
}

struct cycles {
	double protect, unprotect;
};

// Sealing moves on. Opening is timed on bursts sealed just before, with the indices set back, and,
// where flows are many, keys and indices thrown out of all caches: nobody prefetched them.
static struct cycles bench_once(struct bench *bench, uint32_t bursts)
{
	struct srtp_index before[BURST_MAX];
	struct srtp_item items[BURST_MAX];
	uint64_t seal = 0, open = 0;
	uint32_t packets = bursts * bench->burst;

	for (uint32_t b = 0; b < bursts; b++) {
		uint64_t start;

		burst_make(bench, items);
		start = __rdtsc();
		if (srtp_protect_burst(bench->ctx, items, bench->burst) != bench->burst)
			exit(1);
		seal += __rdtsc() - start;
	}
	for (uint32_t b = 0; b < bursts; b++) {
		uint64_t start;

		burst_make(bench, items);
		for (uint16_t i = 0; i < bench->burst; i++)
			before[i] = *items[i].index;
		srtp_protect_burst(bench->ctx, items, bench->burst);
		for (uint16_t i = bench->burst; i-- > 0;) {
			*(struct srtp_index *)items[i].index = before[i];
			if (bench->flow_count > 2 * PACKETS)
				for (int line = 0; line < 9; line++)
					_mm_clflushopt((char *)(uintptr_t)items[i].key + 64 * line);
		}
		_mm_mfence();
		start = __rdtsc();
		if (srtp_unprotect_burst(bench->ctx, items, bench->burst) != bench->burst)
			exit(1);
		open += __rdtsc() - start;
	}
	return (struct cycles){(double)seal / packets, (double)open / packets};
}

static int double_order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void bench_row(struct bench *bench)
{
	uint32_t bursts = (bench->flow_count > 40000 ? 120000 : 40000) / bench->burst;
	double protect[REPEATS], unprotect[REPEATS];

	flows_make(bench);
	bench_once(bench, bursts / 4 + 1);
	for (int i = 0; i < REPEATS; i++) {
		struct cycles cycles = bench_once(bench, bursts);

		protect[i] = cycles.protect;
		unprotect[i] = cycles.unprotect;
	}
	qsort(protect, REPEATS, sizeof(double), double_order);
	qsort(unprotect, REPEATS, sizeof(double), double_order);
	printf("%-24s %7u flows  burst %2u  %4u B   protect %6.0f   unprotect %6.0f\n",
		srtp_suite_info(bench->suite)->sdes_name, bench->flow_count, bench->burst,
		bench->payload, protect[REPEATS / 2], unprotect[REPEATS / 2]);
}

static void suite_rows(struct bench *bench, uint32_t flows_max)
{
	static const uint16_t bursts[] = {1, 4, 8, 16, 32, 64};

	bench->payload = 160;
	bench->flow_count = 1000;
	for (unsigned int i = 0; i < sizeof(bursts) / sizeof(bursts[0]); i++) {
		bench->burst = bursts[i];
		bench_row(bench);
	}
	bench->burst = 32;
	for (bench->flow_count = 10000; bench->flow_count <= flows_max; bench->flow_count *= 10)
		bench_row(bench);
	bench->flow_count = 1000;
	bench->payload = 1200;
	bench_row(bench);
}

int main(int argc, char **argv)
{
	static const enum srtp_arch archs[] = {SRTP_ARCH_AUTO, SRTP_ARCH_SSE, SRTP_ARCH_AVX2};
	uint32_t flows_max = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 100000;
	unsigned int arch = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) % 3 : 0;
	struct bench bench = {.ctx = srtp_ctx_create(archs[arch])};

	if (!bench.ctx || flows_max < 1000) {
		fprintf(stderr, "usage: srtp_bench [flows >= 1000 [0 auto | 1 sse | 2 avx2]]\n");
		return 1;
	}
	bench.flows = pages_get(flows_max * sizeof(struct flow));
	bench.order = pages_get(flows_max * sizeof(uint32_t));
	bench.packets = pages_get((size_t)PACKETS * STRIDE);
	printf("%s, cycles of the time stamp counter per packet, median of %d\n",
		srtp_ctx_arch_name(bench.ctx), REPEATS);
	for (int suite = 1; suite < SRTP_SUITE_COUNT; suite++) {
		if (suite == SRTP_SUITE_AES128_CM_SHA1_32)
			continue; // as the 80-bit suite
		bench.suite = (enum srtp_suite)suite;
		suite_rows(&bench, flows_max);
	}
	srtp_ctx_destroy(bench.ctx);
	return 0;
}
