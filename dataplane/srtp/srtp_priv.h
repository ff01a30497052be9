// SPDX-License-Identifier: Apache-2.0
// What the files of the SRTP room (and its tests) share.
#pragma once

#include "srtp.h"

// Session keys before expansion, as RFC 3711 4.3 derives them. auth is unused by the AEAD suites.
struct srtp_session_keys {
	uint8_t cipher[32];
	uint8_t auth[20];
	uint8_t salt[14];
};

struct srtp_session_pair {
	struct srtp_session_keys rtp;
	struct srtp_session_keys rtcp;
};

// srtp_kdf.c: master key and salt (lengths of the suite) to session keys. 0 or -EIO.
int srtp_kdf_derive(struct srtp_session_pair *out, enum srtp_suite suite, const uint8_t *master_key,
	const uint8_t *master_salt);

// srtp_key.c: session keys to round keys, HMAC states and hash powers. 0 or -EIO.
int srtp_key_expand(
	struct srtp_key *key, enum srtp_suite suite, const struct srtp_session_pair *session);

// srtp_ghash.c: H^count .. H^1, highest power first, of the hash key h in the form that
// intel-ipsec-mb keeps in all its tables: byte-reversed, times x modulo the polynomial.
void srtp_ghash_powers(uint8_t *powers, const uint8_t h[16], unsigned int count);

static inline int srtp_suite_is_cm(uint8_t suite)
{
	return suite == SRTP_SUITE_AES128_CM_SHA1_80 || suite == SRTP_SUITE_AES128_CM_SHA1_32;
}
