// SPDX-License-Identifier: Apache-2.0
// The worker's context: instruction set, library manager, jobs whose constants never change.
#include "srtp_ctx.h"

#include <openssl/crypto.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	IMB_ARCH imb;
	const char *name;
	uint64_t features; // that the processor must have
	void (*init)(IMB_MGR *mgr);
	uint16_t hash_lanes;
	const struct srtp_backend *backend;
} archs[] = {
	[SRTP_ARCH_SSE] = {IMB_ARCH_SSE, "sse", IMB_CPUFLAGS_SSE, init_mb_mgr_sse, 4,
		&srtp_backend_mb},
	[SRTP_ARCH_AVX2] = {IMB_ARCH_AVX2, "avx2", IMB_CPUFLAGS_AVX2, init_mb_mgr_avx2, 8,
		&srtp_backend_mb},
	[SRTP_ARCH_AVX512] = {IMB_ARCH_AVX512, "avx512", IMB_CPUFLAGS_AVX512, init_mb_mgr_avx512,
		16, &srtp_backend_mb},
	[SRTP_ARCH_OWN] = {IMB_ARCH_AVX512, "own-avx512",
		IMB_CPUFLAGS_AVX512 | IMB_FEATURE_VAES | IMB_FEATURE_BMI2, init_mb_mgr_avx512, 16,
		&srtp_backend_avx512},
};

// The library reads what the processor has; the compiler's test also asks whether the kernel keeps the
// wide registers.
static int arch_is_usable(enum srtp_arch arch, uint64_t features)
{
	if (arch > SRTP_ARCH_OWN || (features & archs[arch].features) != archs[arch].features)
		return 0;
	return archs[arch].imb != IMB_ARCH_AVX512 || __builtin_cpu_supports("avx512bw");
}

// The second manager for what would leave the wide hash nearly empty. The library's SSE code takes
// the SHA extensions by itself.
static int narrow_start(struct srtp_ctx *ctx)
{
	if (ctx->hash_lanes <= 4 || !(ctx->mgr->features & IMB_FEATURE_SHANI))
		return 0;
	ctx->narrow = alloc_mb_mgr(0);
	if (!ctx->narrow)
		return -ENOMEM;
	init_mb_mgr_sse(ctx->narrow);
	return imb_get_errno(ctx->narrow) == 0 ? 0 : -ENOTSUP;
}

static int manager_start(struct srtp_ctx *ctx, enum srtp_arch arch)
{
	uint64_t features;

	ctx->mgr = alloc_mb_mgr(0);
	if (!ctx->mgr)
		return -ENOMEM;
	features = ctx->mgr->features;
	if (arch == SRTP_ARCH_AUTO) {
		for (arch = SRTP_ARCH_OWN; arch > SRTP_ARCH_SSE; arch--) {
			if (arch_is_usable(arch, features))
				break;
		}
	}
	if (!arch_is_usable(arch, features))
		return -ENOTSUP;
	ctx->backend = archs[arch].backend;
	archs[arch].init(ctx->mgr);
	ctx->arch_name = archs[arch].name;
	ctx->hash_lanes = archs[arch].hash_lanes;
	if (imb_get_errno(ctx->mgr) != 0 || ctx->mgr->used_arch != archs[arch].imb)
		return -ENOTSUP;
	// Power-on tests of the library itself.
	features = ctx->mgr->features;
	if ((features & IMB_FEATURE_SELF_TEST) && !(features & IMB_FEATURE_SELF_TEST_PASS))
		return -ENOTSUP;
	return narrow_start(ctx);
}

static void gcm_ops_set(struct srtp_ctx *ctx)
{
	const IMB_MGR *mgr = ctx->mgr;

	ctx->gcm_ops[0] = (struct srtp_gcm_ops){
		.enc = mgr->gcm128_enc,
		.dec = mgr->gcm128_dec,
		.init = mgr->gcm128_init,
		.enc_update = mgr->gcm128_enc_update,
		.dec_update = mgr->gcm128_dec_update,
		.enc_finalize = mgr->gcm128_enc_finalize,
		.dec_finalize = mgr->gcm128_dec_finalize,
		.precomp = mgr->gcm128_precomp,
		.pre = mgr->gcm128_pre,
	};
	ctx->gcm_ops[1] = (struct srtp_gcm_ops){
		.enc = mgr->gcm256_enc,
		.dec = mgr->gcm256_dec,
		.init = mgr->gcm256_init,
		.enc_update = mgr->gcm256_enc_update,
		.dec_update = mgr->gcm256_dec_update,
		.enc_finalize = mgr->gcm256_enc_finalize,
		.dec_finalize = mgr->gcm256_dec_finalize,
		.precomp = mgr->gcm256_precomp,
		.pre = mgr->gcm256_pre,
	};
}

static void jobs_set(struct srtp_ctx *ctx)
{
	for (int i = 0; i < SRTP_LANES; i++) {
		IMB_JOB *job = &ctx->jobs[i];

		job->cipher_mode = IMB_CIPHER_CNTR;
		job->cipher_direction = IMB_DIR_ENCRYPT;
		job->hash_alg = IMB_AUTH_HMAC_SHA_1;
		job->chain_order = IMB_ORDER_CIPHER_HASH;
		job->key_len_in_bytes = IMB_KEY_128_BYTES;
		job->iv_len_in_bytes = 16;
		job->auth_tag_output = ctx->tags[i];
		job->auth_tag_output_len_in_bytes = IMB_SHA1_DIGEST_SIZE_IN_BYTES;
	}
}

struct srtp_ctx *srtp_ctx_create(enum srtp_arch arch)
{
	struct srtp_ctx *ctx = aligned_alloc(64, sizeof(*ctx));
	int ret;

	if (!ctx) {
		errno = ENOMEM;
		return NULL;
	}
	memset(ctx, 0, sizeof(*ctx));
	ret = manager_start(ctx, arch);
	if (ret < 0)
		goto err;
	jobs_set(ctx);
	gcm_ops_set(ctx);
	ret = srtp_gcm_check(ctx);
	if (ret < 0)
		goto err;
	return ctx;
err:
	srtp_ctx_destroy(ctx);
	errno = -ret;
	return NULL;
}

void srtp_ctx_destroy(struct srtp_ctx *ctx)
{
	if (!ctx)
		return;
	if (ctx->mgr)
		free_mb_mgr(ctx->mgr);
	if (ctx->narrow)
		free_mb_mgr(ctx->narrow);
	OPENSSL_cleanse(ctx, sizeof(*ctx));
	free(ctx);
}

const char *srtp_ctx_arch_name(const struct srtp_ctx *ctx)
{
	return ctx->arch_name;
}

const struct srtp_counters *srtp_ctx_counters(const struct srtp_ctx *ctx)
{
	return &ctx->counters;
}
