// SPDX-License-Identifier: Apache-2.0
// libsrtp2 for the SRTP benchmark, loaded at run time: the build on OpenSSL where there is one, else Debian's on NSS.
#include "crypto_bench.h"

#include <dlfcn.h>
#include <srtp2/srtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The library's calls that are used, by name.
#define CALLS(call)                                                                                \
	call(srtp_init) call(srtp_create) call(srtp_dealloc) call(srtp_protect)                    \
		call(srtp_unprotect) call(srtp_crypto_policy_set_rtp_default)                      \
			call(srtp_crypto_policy_set_aes_gcm_128_16_auth)                           \
				call(srtp_crypto_policy_set_aes_gcm_256_16_auth)

#define CALL_FIELD(name) __typeof__(&name) name;
#define CALL_LOAD(name) lib.name = (__typeof__(&name))symbol_find(handle, #name);

static struct {
	CALLS(CALL_FIELD)
} lib;

static srtp_t *sessions;
static uint32_t session_count;
static const struct crypto_packet *ready;
static unsigned ready_count;

static void *symbol_find(void *handle, const char *name)
{
	void *symbol = dlsym(handle, name);

	if (!symbol) {
		fprintf(stderr, "srtp_bench: %s\n", dlerror());
		exit(1);
	}
	return symbol;
}

const char *crypto_libsrtp2_load(const char *file)
{
	void *handle = dlopen(file ? file : "libsrtp2.so.1", RTLD_NOW | RTLD_LOCAL);

	if (!handle) {
		fprintf(stderr, "srtp_bench: %s\n", dlerror());
		exit(1);
	}
	CALLS(CALL_LOAD)
	if (lib.srtp_init() != srtp_err_status_ok)
		exit(1);
	return dlopen("libnss3.so", RTLD_NOW | RTLD_NOLOAD) ? "NSS" : "OpenSSL";
}

static void policy_set(srtp_policy_t *policy, enum srtp_suite suite)
{
	switch (suite) {
	case SRTP_SUITE_AEAD_AES_128_GCM:
		lib.srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy->rtp);
		break;
	case SRTP_SUITE_AEAD_AES_256_GCM:
		lib.srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy->rtp);
		break;
	default:
		lib.srtp_crypto_policy_set_rtp_default(&policy->rtp);
	}
	policy->rtcp = policy->rtp;
}

// One session a flow, as a gateway that gives each transport its keys has it.
static void libsrtp2_open(const struct crypto_case *of)
{
	session_count = of->flows;
	sessions = calloc(session_count, sizeof(*sessions));
	for (uint32_t i = 0; sessions && i < session_count; i++) {
		srtp_policy_t policy = {.ssrc = {ssrc_specific, i + 1}, .window_size = 128};
		uint8_t master[32 + 14];

		policy_set(&policy, of->suite);
		crypto_master(master, i);
		policy.key = master;
		if (lib.srtp_create(&sessions[i], &policy) != srtp_err_status_ok) {
			fprintf(stderr, "srtp_bench: libsrtp2 refuses the suite\n");
			exit(1);
		}
	}
}

static void libsrtp2_close(void)
{
	for (uint32_t i = 0; i < session_count; i++)
		lib.srtp_dealloc(sessions[i]);
	free(sessions);
}

static void libsrtp2_ready(const struct crypto_packet *packets, unsigned n)
{
	ready = packets;
	ready_count = n;
}

static unsigned libsrtp2_run(const struct crypto_case *of)
{
	unsigned done = 0;

	for (unsigned i = 0; i < ready_count; i++) {
		srtp_t session = sessions[ready[i].flow];
		int len = ready[i].len;

		done += (of->unprotects ? lib.srtp_unprotect(session, ready[i].data, &len)
					: lib.srtp_protect(session, ready[i].data, &len)) ==
			srtp_err_status_ok;
	}
	return done;
}

const struct crypto_side crypto_libsrtp2 = {
	"libsrtp2", NULL, libsrtp2_open, libsrtp2_close, libsrtp2_ready, libsrtp2_run};
