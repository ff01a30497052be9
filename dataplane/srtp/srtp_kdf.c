// SPDX-License-Identifier: Apache-2.0
// Master keys to session keys: RFC 3711 4.3, RFC 6188 (256-bit), RFC 7714 11.
#include "srtp_priv.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <errno.h>
#include <string.h>

enum label { RTP_CIPHER, RTP_AUTH, RTP_SALT, RTCP_CIPHER, RTCP_AUTH, RTCP_SALT };

#define LABEL_BYTE 7 // of the 14-byte master salt, when the derivation rate is 0

// One output of the pseudo-random function: AES counter mode from IV (label XOR salt) * 2^16.
static int prf_run(
	EVP_CIPHER_CTX *prf, enum label label, const uint8_t salt[14], uint8_t *out, size_t len)
{
	static const uint8_t zeroes[32];
	uint8_t iv[16] = {0};
	int written = 0;
	int done;

	memcpy(iv, salt, 14);
	iv[LABEL_BYTE] ^= (uint8_t)label;
	done = EVP_EncryptInit_ex(prf, NULL, NULL, NULL, iv) == 1 &&
		EVP_EncryptUpdate(prf, out, &written, zeroes, (int)len) == 1;
	OPENSSL_cleanse(iv, sizeof(iv));
	return done && written == (int)len ? 0 : -EIO;
}

static int session_derive(struct srtp_session_keys *out, EVP_CIPHER_CTX *prf, enum label first,
	const uint8_t salt[14], const struct srtp_suite_info *info)
{
	int ret;

	ret = prf_run(prf, first, salt, out->cipher, info->key_len);
	if (ret < 0)
		return ret;
	ret = prf_run(prf, first + 1, salt, out->auth, sizeof(out->auth));
	if (ret < 0)
		return ret;
	return prf_run(prf, first + 2, salt, out->salt, info->salt_len);
}

int srtp_kdf_derive(struct srtp_session_pair *out, enum srtp_suite suite, const uint8_t *master_key,
	const uint8_t *master_salt)
{
	const struct srtp_suite_info *info = srtp_suite_info(suite);
	const EVP_CIPHER *cipher = info->key_len == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr();
	EVP_CIPHER_CTX *prf = EVP_CIPHER_CTX_new();
	uint8_t salt[14] = {0}; // a 12-byte salt is padded on the right
	int ret = -EIO;

	memset(out, 0, sizeof(*out));
	memcpy(salt, master_salt, info->salt_len);
	if (!prf || EVP_EncryptInit_ex(prf, cipher, NULL, master_key, NULL) != 1)
		goto out;
	ret = session_derive(&out->rtp, prf, RTP_CIPHER, salt, info);
	if (ret < 0)
		goto out;
	ret = session_derive(&out->rtcp, prf, RTCP_CIPHER, salt, info);
out:
	OPENSSL_cleanse(salt, sizeof(salt));
	EVP_CIPHER_CTX_free(prf);
	return ret;
}
