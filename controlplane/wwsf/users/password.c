// SPDX-License-Identifier: Apache-2.0
// Password records: scrypt by OpenSSL's EVP_KDF, with its parameters beside it so that they can grow.
#include "hex.h"
#include "wwsf_password.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SALT_BYTES 16
#define HASH_BYTES 32
#define LOG2_N 15
#define BLOCK_R 8
#define LANES_P 1
#define RECORD_HEAD "scrypt$15$8$1$"
#define MEMORY_MAX (64U << 20)

static int scrypt_derive(const char *password, uint8_t *salt, uint8_t *hash)
{
	uint64_t n = 1U << LOG2_N, memory = MEMORY_MAX;
	uint32_t r = BLOCK_R, p = LANES_P;
	OSSL_PARAM params[] = {
		OSSL_PARAM_octet_string(
			OSSL_KDF_PARAM_PASSWORD, (void *)(uintptr_t)password, strlen(password)),
		OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SALT, salt, SALT_BYTES),
		OSSL_PARAM_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
		OSSL_PARAM_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
		OSSL_PARAM_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
		OSSL_PARAM_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
		OSSL_PARAM_END,
	};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
	EVP_KDF_CTX *ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
	int done = ctx != NULL ? EVP_KDF_derive(ctx, hash, HASH_BYTES, params) : 0;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return done == 1 ? 0 : -EIO;
}

int password_hash(const char *password, char record[static PASSWORD_RECORD_MAX])
{
	char salt_text[2 * SALT_BYTES + 1], hash_text[2 * HASH_BYTES + 1];
	uint8_t salt[SALT_BYTES], hash[HASH_BYTES];
	int ret;

	if (RAND_bytes(salt, sizeof(salt)) != 1)
		return -EIO;
	ret = scrypt_derive(password, salt, hash);
	if (ret < 0)
		return ret;
	hex_write(salt_text, salt, sizeof(salt));
	hex_write(hash_text, hash, sizeof(hash));
	snprintf(record, PASSWORD_RECORD_MAX, RECORD_HEAD "%s$%s", salt_text, hash_text);
	OPENSSL_cleanse(hash, sizeof(hash));
	OPENSSL_cleanse(hash_text, sizeof(hash_text));
	return 0;
}

bool password_verify(const char *password, const char *record)
{
	size_t head = strlen(RECORD_HEAD);
	uint8_t salt[SALT_BYTES], want[HASH_BYTES], have[HASH_BYTES];
	bool same;

	if (strlen(record) != head + 2 * SALT_BYTES + 1 + 2 * HASH_BYTES ||
		strncmp(record, RECORD_HEAD, head) != 0 || record[head + 2 * SALT_BYTES] != '$' ||
		hex_parse(salt, sizeof(salt), record + head) < 0 ||
		hex_parse(want, sizeof(want), record + head + 2 * SALT_BYTES + 1) < 0)
		return false;
	if (scrypt_derive(password, salt, have) < 0)
		return false;
	same = CRYPTO_memcmp(want, have, sizeof(want)) == 0;
	OPENSSL_cleanse(want, sizeof(want));
	OPENSSL_cleanse(have, sizeof(have));
	return same;
}
