// SPDX-License-Identifier: Apache-2.0
// Cycles (TSC) a packet of SRTP alone: our back ends and libsrtp2, by suite, flows and batch.
#include "bench.h"
#include "crypto_bench.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define STRIDE 1280
#define SWEEP_BYTES (16u << 20) // more than an L2 holds
#define SAMPLES 31
#define SAMPLES_QUICK 7
#define DISTURBED_MAX 200 // times the samples: then the machine is too busy to say anything
#define NSS_FLOWS_MAX 1000 // with more sessions that build takes minutes

#define FLOWS_MAX 100000
#define RATIO_BATCH 32

static struct {
	struct bench_options options;
	unsigned samples;
	const char *build; // libsrtp2's crypto library
	uint8_t *memory, *sweep;
	struct crypto_packet packets[CRYPTO_PACKETS];
	uint32_t *order, *sent; // of the flows: in which they come, packets so far
	uint32_t at;
	double huge_mb; // in transparent huge pages, with the flows of the case
	struct srtp_ctx *sealer;
	struct srtp_key masters[CRYPTO_MASTERS];
} bench;

void crypto_master(uint8_t master[32 + 14], uint32_t flow)
{
	for (unsigned i = 0; i < 32 + 14; i++)
		master[i] = (uint8_t)(flow % CRYPTO_MASTERS * 37 + i * 101);
}

static void *bytes_get(size_t bytes)
{
	void *p = aligned_alloc(4096, (bytes + 4095) & ~(size_t)4095);

	if (!p)
		bench_fail("no memory");
	memset(p, 1, bytes);
	return p;
}

// A packet of the next flow; with a tag when it is to be opened.
static void packet_make(const struct crypto_case *of, struct crypto_packet *packet)
{
	uint32_t flow = bench.order[bench.at++ % of->flows];
	uint32_t index = bench.sent[flow]++;
	struct srtp_index sealing = {.roc = index >> 16};
	struct srtp_item item;

	*packet = (struct crypto_packet){packet->data, flow, (uint16_t)(12 + of->payload),
		(uint16_t)(12 + of->payload + CRYPTO_ROOM)};
	memset(packet->data, 0, 12);
	packet->data[0] = 0x80;
	packet->data[2] = (uint8_t)(index >> 8);
	packet->data[3] = (uint8_t)index;
	flow = __builtin_bswap32(flow + 1);
	memcpy(packet->data + 8, &flow, 4);
	if (!of->unprotects)
		return;
	item = (struct srtp_item){.data = packet->data,
		.key = &bench.masters[packet->flow % CRYPTO_MASTERS],
		.index = &sealing,
		.len = packet->len,
		.room = packet->room};
	if (srtp_protect_burst(bench.sealer, &item, 1) != 1)
		bench_fail("a packet can't be sealed");
	packet->len = item.len;
}

// Where flows are many, their keys have left L1 and L2 since they were last used; the packets have not.
static void caches_settle(const struct crypto_case *of)
{
	volatile uint8_t sink = 0;

	if (of->flows <= 1000)
		return;
	for (size_t i = 0; i < SWEEP_BYTES; i += 64)
		sink ^= bench.sweep[i];
	for (unsigned i = 0; i < CRYPTO_PACKETS; i++) {
		for (unsigned k = 0; k < of->payload + 64u; k += 64)
			sink ^= bench.packets[i].data[k];
	}
	(void)sink;
}

static long preemptions(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nivcsw;
}

// Cycles a packet, or a negative number when something else ran meanwhile.
static double sample_take(const struct crypto_side *side, const struct crypto_case *of)
{
	unsigned done;
	uint64_t start, end;
	long before;

	for (unsigned i = 0; i < CRYPTO_PACKETS; i++)
		packet_make(of, &bench.packets[i]);
	side->ready(bench.packets, CRYPTO_PACKETS);
	caches_settle(of);
	before = preemptions();
	start = bench_tsc();
	done = side->run(of);
	end = bench_tsc();
	if (done != CRYPTO_PACKETS)
		bench_fail("%s has done %u of %u packets", side->backend, done, CRYPTO_PACKETS);
	return preemptions() == before ? (double)(end - start) / CRYPTO_PACKETS : -1;
}

static const char *const suites[SRTP_SUITE_COUNT] = {"", "CM_80", "CM_32", "GCM_128", "GCM_256"};

static const char *op_name(const struct crypto_case *of)
{
	return of->unprotects ? "unprotect" : "protect";
}

static int is_crippled(void)
{
	return bench.build != NULL && strcmp(bench.build, "NSS") == 0;
}

static void row_print(const struct crypto_side *side, const struct crypto_case *of, double *samples)
{
	int is_foreign = side == &crypto_libsrtp2;
	char conditions[256];
	struct bench_row row = {.name = "crypto.cycles",
		.unit = "TSC cycles/packet",
		.conditions = conditions,
		.remark = is_foreign && is_crippled() ? "built on NSS: no fair baseline" : NULL};

	snprintf(conditions, sizeof(conditions),
		"\"backend\":\"%s\",%s%s%s\"op\":\"%s\",\"suite\":\"%s\",\"flows\":%u,"
		"\"batch\":%u,\"payload\":%u,\"huge_pages_mb\":%.0f",
		side->backend, is_foreign ? "\"build\":\"" : "", is_foreign ? bench.build : "",
		is_foreign ? "\"," : "", op_name(of), suites[of->suite], of->flows, of->batch,
		of->payload, bench.huge_mb);
	bench_row_print(&row, samples, bench.samples);
}

// How many times the cycles of our own back end at full bursts libsrtp2 takes; nothing without the one or the other.
static void ratio_print(const struct crypto_side *side, const struct crypto_case *of, double median)
{
	static double own[SRTP_SUITE_COUNT][2][3];
	unsigned flows = of->flows == 1 ? 0 : of->flows < FLOWS_MAX ? 1 : 2;
	double *ours = &own[of->suite][of->unprotects][flows];
	char conditions[256];
	struct bench_row row = {.name = "crypto.ratio",
		.unit = "libsrtp2/avx512",
		.conditions = conditions,
		.remark = is_crippled() ? "built on NSS: no fair baseline" : NULL};

	if (side == &crypto_own && of->batch == RATIO_BATCH)
		*ours = median;
	if (side != &crypto_libsrtp2 || *ours == 0)
		return;
	snprintf(conditions, sizeof(conditions),
		"\"build\":\"%s\",\"op\":\"%s\",\"suite\":\"%s\",\"flows\":%u,\"payload\":%u",
		bench.build, op_name(of), suites[of->suite], of->flows, of->payload);
	bench_row_print_one(&row, median / *ours);
}

// The median.
static double row_run(const struct crypto_side *side, const struct crypto_case *of)
{
	double samples[BENCH_SAMPLES_MAX];
	unsigned taken = 0;

	sample_take(side, of);
	for (unsigned tries = 0; taken < bench.samples; tries++) {
		double cycles = sample_take(side, of);

		if (cycles > 0)
			samples[taken++] = cycles;
		else if (tries > DISTURBED_MAX * bench.samples)
			bench_fail("this machine is too busy to measure");
	}
	row_print(side, of, samples);
	return bench_median(samples, bench.samples);
}

static void masters_make(enum srtp_suite suite)
{
	const struct srtp_suite_info *info = srtp_suite_info(suite);
	uint8_t master[32 + 14];

	for (uint32_t i = 0; i < CRYPTO_MASTERS; i++) {
		crypto_master(master, i);
		if (srtp_key_init(&bench.masters[i], suite, master, info->key_len,
			    master + info->key_len, info->salt_len) < 0)
			bench_fail("no key");
	}
}

// An option that was not given lets all pass.
static int only(uint32_t option, uint32_t value)
{
	return option == 0 || option == value;
}

// libsrtp2 takes packets one by one: its rows have a batch of 1.
static void batches_run(const struct crypto_side *side, struct crypto_case *of)
{
	static const uint16_t batches[] = {1, 4, 8, 16, 32, 64};
	int is_single = side == &crypto_libsrtp2;

	of->payload = 160;
	for (unsigned i = 0; i < sizeof(batches) / sizeof(batches[0]); i++) {
		of->batch = batches[i];
		if (is_single ? i == 0 : only(bench.options.batch, of->batch))
			ratio_print(side, of, row_run(side, of));
	}
	of->payload = 1100;
	of->batch = is_single ? 1 : 32;
	if (of->flows == 1000)
		row_run(side, of);
}

static double huge_pages_mb(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "r");
	unsigned long long kb = 0;
	char line[128];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "AnonHugePages: %llu", &kb) == 1)
			break;
	}
	if (file != NULL)
		fclose(file);
	return (double)kb / 1024;
}

static void flows_run(const struct crypto_side *side, enum srtp_suite suite, uint32_t flows)
{
	struct crypto_case of = {.suite = suite, .flows = flows};

	masters_make(suite);
	bench.order = bench_order(flows, bench.options.seed);
	memset(bench.sent, 0, flows * sizeof(*bench.sent));
	bench.at = 0;
	side->open(&of);
	bench.huge_mb = huge_pages_mb();
	for (of.unprotects = 0; of.unprotects < 2; of.unprotects++)
		batches_run(side, &of);
	side->close();
	free(bench.order);
}

static void side_run(const struct crypto_side *side)
{
	static const enum srtp_suite all[] = {SRTP_SUITE_AES128_CM_SHA1_80,
		SRTP_SUITE_AEAD_AES_128_GCM, SRTP_SUITE_AEAD_AES_256_GCM};
	static const uint32_t flows[] = {1, 1000, FLOWS_MAX};

	for (unsigned i = 0; i < 3; i++) {
		for (unsigned k = 0; k < 3; k++) {
			if (side == &crypto_libsrtp2 && is_crippled() && flows[k] > NSS_FLOWS_MAX)
				continue;
			if (only(bench.options.flows, flows[k]))
				flows_run(side, all[i], flows[k]);
		}
	}
}

// The build on OpenSSL that perf/libsrtp2-openssl leaves beside the binary, where it is.
static void libsrtp2_choose(void)
{
	bench.build =
		crypto_libsrtp2_load(access(LIBSRTP2_OPENSSL, R_OK) == 0 ? LIBSRTP2_OPENSSL : NULL);
	if (is_crippled())
		fprintf(stderr,
			"srtp_bench: WARNING: libsrtp2 is Debian's build on NSS, which "
			"collapses with many sessions: no fair baseline.\n"
			"perf/libsrtp2-openssl makes the one on OpenSSL.\n");
}

// libsrtp2's sessions lie in the heap: they get the huge pages that our keys have. glibc reads this when a process starts.
static void heap_enlarge(char **argv)
{
	if (getenv("GLIBC_TUNABLES") != NULL)
		return;
	setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", 1);
	execv("/proc/self/exe", argv);
	bench_fail("no srtp_bench to start again");
}

static void core_pin(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void buffers_make(void)
{
	bench.memory = bytes_get((size_t)CRYPTO_PACKETS * STRIDE);
	bench.sweep = bytes_get(SWEEP_BYTES);
	bench.sent = bytes_get(FLOWS_MAX * sizeof(uint32_t));
	for (unsigned i = 0; i < CRYPTO_PACKETS; i++)
		bench.packets[i].data = bench.memory + (size_t)i * STRIDE;
}

int main(int argc, char **argv)
{
	static const struct crypto_side *const sides[] = {
		&crypto_own, &crypto_ipsec_mb, &crypto_libsrtp2};
	struct bench_options *options = &bench.options;

	heap_enlarge(argv);
	bench_options_read(options, argc, argv);
	bench.samples = options->quick ? SAMPLES_QUICK : SAMPLES;
	core_pin();
	bench.sealer = srtp_ctx_create(SRTP_ARCH_AUTO);
	if (!bench.sealer)
		bench_fail("this processor lacks AES-NI");
	buffers_make();
	for (unsigned i = 0; i < 3; i++) {
		if (options->backend && strcmp(options->backend, sides[i]->backend) != 0)
			continue;
		if (sides[i]->is_possible != NULL && !sides[i]->is_possible()) {
			fprintf(stderr,
				"srtp_bench: WARNING: skipped %s: this processor lacks it, and "
				"crypto.ratio with it\n",
				sides[i]->backend);
			continue;
		}
		if (sides[i] == &crypto_libsrtp2)
			libsrtp2_choose();
		side_run(sides[i]);
	}
	return 0;
}
