// SPDX-License-Identifier: Apache-2.0
// OpenSSL's default provider with few decoders. At every certificate OpenSSL 3.0 asks each decoder it has (forty)
// whether it could read the public key: a quarter of a handshake's time. A peer's key needs four of them.
#include "dtls_provider.h"

#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/provider.h>

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#define PROVIDER "isthmus"
#define DECODERS_MAX 8

static pthread_once_t once = PTHREAD_ONCE_INIT;
static OSSL_PROVIDER
	*whole; // until the process ends: a provider isn't told when its last user has gone
static OSSL_ALGORITHM decoders[DECODERS_MAX + 1];

// What may sign a certificate's proof in our suites. The key of a certificate comes as SubjectPublicKeyInfo.
static bool is_needed(const OSSL_ALGORITHM *algorithm)
{
	static const char *const names[] = {"EC", "RSA", "RSA-PSS", "ED25519"};

	if (strstr(algorithm->property_definition, "structure=SubjectPublicKeyInfo") == NULL)
		return false;
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(algorithm->algorithm_names, names[i]) == 0)
			return true;
	}
	return false;
}

static void whole_load(void)
{
	OSSL_LIB_CTX *libctx = OSSL_LIB_CTX_new();
	const OSSL_ALGORITHM *algorithm;
	unsigned count = 0;
	int no_cache;

	whole = libctx != NULL ? OSSL_PROVIDER_load(libctx, "default") : NULL;
	if (whole == NULL)
		return;
	algorithm = OSSL_PROVIDER_query_operation(whole, OSSL_OP_DECODER, &no_cache);
	for (; algorithm != NULL && algorithm->algorithm_names != NULL; algorithm++) {
		if (count < DECODERS_MAX && is_needed(algorithm))
			decoders[count++] = *algorithm;
	}
}

static const OSSL_ALGORITHM *on_query(void *context, int operation, int *no_cache)
{
	(void)context;
	if (operation != OSSL_OP_DECODER)
		return OSSL_PROVIDER_query_operation(whole, operation, no_cache);
	*no_cache = 0;
	return decoders;
}

static int on_capabilities(
	void *context, const char *capability, OSSL_CALLBACK *callback, void *arg)
{
	(void)context;
	return OSSL_PROVIDER_get_capabilities(whole, capability, callback, arg);
}

static int on_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *core,
	const OSSL_DISPATCH **functions, void **context)
{
	static const OSSL_DISPATCH ours[] = {
		{OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))on_query},
		{OSSL_FUNC_PROVIDER_GET_CAPABILITIES, (void (*)(void))on_capabilities},
		{0, NULL},
	};

	(void)handle;
	(void)core;
	*functions = ours;
	*context = OSSL_PROVIDER_get0_provider_ctx(whole); // its algorithms take it for their own
	return 1;
}

OSSL_PROVIDER *dtls_provider_load(OSSL_LIB_CTX *libctx)
{
	pthread_once(&once, whole_load);
	if (whole == NULL || OSSL_PROVIDER_add_builtin(libctx, PROVIDER, on_init) != 1)
		return NULL;
	return OSSL_PROVIDER_load(libctx, PROVIDER);
}
