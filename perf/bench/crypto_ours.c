// SPDX-License-Identifier: Apache-2.0
// Our two back ends for the SRTP benchmark: keys and flows in arrays, as the shards' arenas hold them.
#include "crypto_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// What a flow takes of an arena besides its key.
struct flow {
	struct srtp_index index;
} __attribute__((aligned(128)));

static struct {
	struct srtp_ctx *ctx;
	struct srtp_key *keys;
	struct flow *flows;
	uint32_t count;
	struct srtp_item items[CRYPTO_PACKETS];
	unsigned n;
} ours;

static void *pages_get(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	madvise(p, bytes, MADV_HUGEPAGE);
	memset(p, 0, bytes); // page faults now, not when the clock runs
	return p;
}

static void keys_make(enum srtp_suite suite)
{
	const struct srtp_suite_info *info = srtp_suite_info(suite);
	uint8_t master[32 + 14];

	for (uint32_t i = 0; i < ours.count; i++) {
		if (i >= CRYPTO_MASTERS) {
			ours.keys[i] = ours.keys[i % CRYPTO_MASTERS];
			continue;
		}
		crypto_master(master, i);
		if (srtp_key_init(&ours.keys[i], suite, master, info->key_len,
			    master + info->key_len, info->salt_len) < 0)
			exit(1);
	}
}

static void arch_open(const struct crypto_case *of, enum srtp_arch arch)
{
	ours.ctx = srtp_ctx_create(arch);
	if (!ours.ctx) {
		fprintf(stderr, "srtp_bench: this processor lacks a back end\n");
		exit(1);
	}
	ours.count = of->flows;
	ours.keys = pages_get(ours.count * sizeof(struct srtp_key));
	ours.flows = pages_get(ours.count * sizeof(struct flow));
	keys_make(of->suite);
}

static bool own_is_possible(void)
{
	struct srtp_ctx *ctx = srtp_ctx_create(SRTP_ARCH_OWN);

	srtp_ctx_destroy(ctx);
	return ctx != NULL;
}

static void own_open(const struct crypto_case *of)
{
	arch_open(of, SRTP_ARCH_OWN);
}

static void ipsec_mb_open(const struct crypto_case *of)
{
	struct srtp_ctx *wide = srtp_ctx_create(SRTP_ARCH_AVX512);

	arch_open(of, wide ? SRTP_ARCH_AVX512 : SRTP_ARCH_SSE);
	srtp_ctx_destroy(wide);
}

static void ours_close(void)
{
	munmap(ours.keys, ours.count * sizeof(struct srtp_key));
	munmap(ours.flows, ours.count * sizeof(struct flow));
	srtp_ctx_destroy(ours.ctx);
}

static void ours_ready(const struct crypto_packet *packets, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		ours.items[i] = (struct srtp_item){.data = packets[i].data,
			.key = &ours.keys[packets[i].flow],
			.index = &ours.flows[packets[i].flow].index,
			.len = packets[i].len,
			.room = packets[i].room};
	ours.n = n;
}

static unsigned ours_run(const struct crypto_case *of)
{
	unsigned done = 0;

	for (unsigned at = 0; at < ours.n; at += of->batch) {
		struct srtp_item *items = &ours.items[at];

		done += of->unprotects ? srtp_unprotect_burst(ours.ctx, items, of->batch)
				       : srtp_protect_burst(ours.ctx, items, of->batch);
	}
	return done;
}

const struct crypto_side crypto_own = {
	"avx512", own_is_possible, own_open, ours_close, ours_ready, ours_run};
const struct crypto_side crypto_ipsec_mb = {
	"ipsec-mb", NULL, ipsec_mb_open, ours_close, ours_ready, ours_run};
