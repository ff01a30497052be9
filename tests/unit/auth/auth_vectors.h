// SPDX-License-Identifier: Apache-2.0
// Keys, key sets and tokens made by OpenSSL, so that cjose is checked against another implementation.
#pragma once

#include "cscf_config.h"

#include <openssl/evp.h>

#include <stdint.h>

EVP_PKEY *vector_key_ec(const char *curve);
EVP_PKEY *vector_key_rsa(unsigned bits);

// A JWK of the public key, for free(). kid NULL: without.
char *vector_jwk(EVP_PKEY *key, const char *kid);

// A compact JWS of the two JSON texts, signed as key's type demands (ES256: r || s). For free().
char *vector_token(EVP_PKEY *key, const char *header, const char *claims);
// The same with RSASSA-PSS (RFC 7518 section 3.5).
char *vector_token_pss(EVP_PKEY *key, const char *header, const char *claims);

// HS256 with that secret.
char *vector_token_hmac(const char *secret, const char *header, const char *claims);

// A configuration with one issuer ("https://waf.test", waf.test) and one page (wwsf.test); jwks is its key set. Static.
struct cscf_config *vector_config(const char *jwks, const char *jwks_ca);
