// SPDX-License-Identifier: Apache-2.0
// OpenSSL for one service thread: a library context of its own, datagrams through a BIO of our own, fingerprints
// instead of chains (RFC 5763, RFC 8122).
#include "dtls_priv.h"
#include "dtls_provider.h"

#include <openssl/evp.h>
#include <openssl/provider.h>

#include <errno.h>
#include <string.h>

// D.5 of RFC 8827: AEAD with forward secrecy only. The SRTP profiles stand in our order of preference.
static const char ciphers[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
			      "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
			      "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";
static const char groups[] = "X25519:P-256:P-384";
static const char profiles[] = "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:"
			       "SRTP_AES128_CM_SHA1_80:SRTP_AES128_CM_SHA1_32";

#define TIMER_FIRST_US 400000u
#define TIMER_MAX_US 60000000u

static int bio_write(BIO *bio, const char *bytes, int len)
{
	struct flight *flight = BIO_get_data(bio);

	// A flight of more datagrams than fit is cut: the retransmission timer brings the rest.
	if (len <= 0 || len > DATAGRAM_MAX || flight->count == DTLS_DATAGRAMS_MAX)
		return len;
	memcpy(flight->bytes[flight->count], bytes, (size_t)len);
	flight->len[flight->count++] = (uint16_t)len;
	return len;
}

static int bio_read(BIO *bio, char *bytes, int len)
{
	struct flight *flight = BIO_get_data(bio);
	int taken = flight->input_len < len ? flight->input_len : len;

	BIO_clear_retry_flags(bio);
	if (flight->input == NULL) {
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(bytes, flight->input, (size_t)taken);
	flight->input = NULL; // one datagram a read
	return taken;
}

static long bio_ctrl(BIO *bio, int command, long num, void *ptr)
{
	(void)bio;
	(void)num;
	(void)ptr;
	return command == BIO_CTRL_FLUSH;
}

static bool digest_match(const struct iq_fingerprint *fingerprint, const uint8_t *der, size_t len)
{
	const EVP_MD *const hashes[] = {[IQ_HASH_SHA256] = EVP_sha256(),
		[IQ_HASH_SHA384] = EVP_sha384(),
		[IQ_HASH_SHA512] = EVP_sha512()};
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned digest_len = sizeof(digest);

	if (fingerprint->hash < IQ_HASH_SHA256 || fingerprint->hash > IQ_HASH_SHA512)
		return false;
	if (EVP_Digest(der, len, digest, &digest_len, hashes[fingerprint->hash], NULL) != 1)
		return false;
	return fingerprint->len == digest_len &&
		CRYPTO_memcmp(digest, fingerprint->bytes, digest_len) == 0;
}

bool dtls_fingerprint_match(const struct assoc *assoc, const uint8_t *der, size_t len)
{
	for (unsigned i = 0; i < assoc->fingerprint_count; i++) {
		if (digest_match(&assoc->fingerprints[i], der, len))
			return true;
	}
	return false;
}

// In place of a chain's verification: 0 makes OpenSSL send a fatal alert (bad_certificate).
static int on_certificate(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct assoc *assoc = SSL_get_app_data(ssl);
	X509 *certificate = X509_STORE_CTX_get0_cert(store);
	unsigned char *der = NULL;
	int len = certificate != NULL ? i2d_X509(certificate, &der) : -1;
	bool match = len > 0 && dtls_fingerprint_match(assoc, der, (size_t)len);

	(void)arg;
	OPENSSL_free(der);
	if (!match) {
		assoc->mismatch = true;
		X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
	}
	return match;
}

static unsigned on_timer(SSL *ssl, unsigned timer_us)
{
	(void)ssl;
	if (timer_us == 0)
		return TIMER_FIRST_US;
	return timer_us > TIMER_MAX_US / 2 ? TIMER_MAX_US : 2 * timer_us;
}

static int ctx_configure(struct service_thread *thread)
{
	SSL_CTX *ctx = thread->ctx;

	// SSL_CTX_set_tlsext_use_srtp returns 0 for success.
	if (SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION) != 1 ||
		SSL_CTX_use_certificate(ctx, thread->service->certificate) != 1 ||
		SSL_CTX_use_PrivateKey(ctx, thread->service->key) != 1 ||
		SSL_CTX_set_cipher_list(ctx, ciphers) != 1 ||
		SSL_CTX_set1_groups_list(ctx, groups) != 1 ||
		SSL_CTX_set_tlsext_use_srtp(ctx, profiles) != 0)
		return -EIO;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, on_certificate, NULL);
	SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_read_ahead(ctx, 1);
	return 0;
}

int dtls_ctx_init(struct service_thread *thread)
{
	// OpenSSL 3.0 takes locks in a shared library context at every handshake.
	thread->libctx = OSSL_LIB_CTX_new();
	thread->method =
		BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "isthmus datagrams");
	if (thread->libctx == NULL || thread->method == NULL)
		return -ENOMEM;
	BIO_meth_set_write(thread->method, bio_write);
	BIO_meth_set_read(thread->method, bio_read);
	BIO_meth_set_ctrl(thread->method, bio_ctrl);
	thread->provider = dtls_provider_load(thread->libctx);
	if (thread->provider == NULL)
		return -EIO;
	thread->ctx = SSL_CTX_new_ex(thread->libctx, NULL, DTLS_method());
	return thread->ctx == NULL ? -ENOMEM : ctx_configure(thread);
}

void dtls_ctx_fini(struct service_thread *thread)
{
	SSL_CTX_free(thread->ctx);
	BIO_meth_free(thread->method);
	if (thread->provider != NULL)
		OSSL_PROVIDER_unload(thread->provider);
	OSSL_LIB_CTX_free(thread->libctx);
}

SSL *dtls_ssl_create(struct service_thread *thread, struct assoc *assoc, enum iq_dtls_role role)
{
	SSL *ssl = SSL_new(thread->ctx);
	BIO *bio = BIO_new(thread->method);

	if (ssl == NULL || bio == NULL) {
		SSL_free(ssl);
		BIO_free(bio);
		return NULL;
	}
	BIO_set_data(bio, &thread->flight);
	BIO_set_init(bio, 1);
	SSL_set_bio(ssl, bio, bio); // one reference serves both
	SSL_set_app_data(ssl, assoc);
	SSL_set_mtu(ssl, thread->service->config.mtu);
	DTLS_set_timer_cb(ssl, on_timer);
	if (role == IQ_DTLS_SERVER)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	return ssl;
}
