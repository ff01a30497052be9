// SPDX-License-Identifier: Apache-2.0
// The algorithms of a service thread's library context.
#pragma once
#include <openssl/types.h>

// NULL: OpenSSL's default provider can't be had. To be unloaded (OSSL_PROVIDER_unload) before libctx is freed.
OSSL_PROVIDER *dtls_provider_load(OSSL_LIB_CTX *libctx);
