// SPDX-License-Identifier: Apache-2.0
// The tests' own DTLS endpoint: a socket pair keeps the datagrams' borders.
#include "dtls_peer.h"

#include <openssl/ssl.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct dtls_peer {
	SSL_CTX *ctx;
	SSL *ssl;
	EVP_PKEY *key;
	X509 *certificate;
	int inner, outer;
	bool connected, failed;
};

static int accept_any(int ok, X509_STORE_CTX *store)
{
	(void)ok;
	(void)store;
	return 1;
}

static void certificate_make(struct dtls_peer *peer, bool rsa)
{
	X509_NAME *name;

	peer->key = rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
	peer->certificate = X509_new();
	name = X509_get_subject_name(peer->certificate);
	X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_ASC, (const unsigned char *)"peer", -1, -1, 0);
	X509_set_issuer_name(peer->certificate, name);
	X509_gmtime_adj(X509_getm_notBefore(peer->certificate), -60);
	X509_gmtime_adj(X509_getm_notAfter(peer->certificate), 3600);
	X509_set_pubkey(peer->certificate, peer->key);
	X509_sign(peer->certificate, peer->key, EVP_sha256());
}

struct dtls_peer *dtls_peer_create(const struct dtls_peer_config *config)
{
	struct dtls_peer *peer = calloc(1, sizeof(*peer));
	BIO_ADDR *address = BIO_ADDR_new();
	BIO *bio;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		abort();
	peer->inner = pair[0];
	peer->outer = pair[1];
	certificate_make(peer, config->rsa);
	peer->ctx = SSL_CTX_new(DTLS_method());
	SSL_CTX_use_certificate(peer->ctx, peer->certificate);
	SSL_CTX_use_PrivateKey(peer->ctx, peer->key);
	SSL_CTX_set_verify(
		peer->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, accept_any);
	SSL_CTX_set_options(peer->ctx, SSL_OP_NO_QUERY_MTU);
	if (config->profiles != NULL &&
		SSL_CTX_set_tlsext_use_srtp(peer->ctx, config->profiles) != 0)
		abort();
	peer->ssl = SSL_new(peer->ctx);
	bio = BIO_new_dgram(peer->inner, BIO_NOCLOSE);
	BIO_ctrl_set_connected(bio, address); // else it would sendto() an address
	SSL_set_bio(peer->ssl, bio, bio);
	BIO_ADDR_free(address);
	SSL_set_mtu(peer->ssl, config->small_records ? 300 : 1200);
	if (config->client)
		SSL_set_connect_state(peer->ssl);
	else
		SSL_set_accept_state(peer->ssl);
	return peer;
}

void dtls_peer_destroy(struct dtls_peer *peer)
{
	SSL_free(peer->ssl);
	SSL_CTX_free(peer->ctx);
	X509_free(peer->certificate);
	EVP_PKEY_free(peer->key);
	close(peer->inner);
	close(peer->outer);
	free(peer);
}

void dtls_peer_fingerprint(const struct dtls_peer *peer, uint8_t sha256[32])
{
	unsigned len = 32;

	X509_digest(peer->certificate, EVP_sha256(), sha256, &len);
}

static void note(struct dtls_peer *peer, int ret)
{
	int error = ret > 0 ? SSL_ERROR_NONE : SSL_get_error(peer->ssl, ret);

	if (error == SSL_ERROR_SSL || error == SSL_ERROR_SYSCALL || error == SSL_ERROR_ZERO_RETURN)
		peer->failed = true;
}

void dtls_peer_input(struct dtls_peer *peer, const uint8_t *bytes, size_t len)
{
	uint8_t scratch[2000];
	int ret;

	if (bytes != NULL && send(peer->outer, bytes, len, 0) < 0)
		abort();
	if (peer->connected) {
		note(peer, SSL_read(peer->ssl, scratch, sizeof(scratch)));
		return;
	}
	ret = SSL_do_handshake(peer->ssl);
	peer->connected = ret == 1;
	note(peer, ret);
}

size_t dtls_peer_output(struct dtls_peer *peer, uint8_t *bytes, size_t room)
{
	ssize_t len = recv(peer->outer, bytes, room, 0);

	return len > 0 ? (size_t)len : 0;
}

bool dtls_peer_connected(const struct dtls_peer *peer)
{
	return peer->connected;
}

bool dtls_peer_failed(const struct dtls_peer *peer)
{
	return peer->failed;
}

void dtls_peer_send(struct dtls_peer *peer, const char *text)
{
	SSL_write(peer->ssl, text, (int)strlen(text));
}

void dtls_peer_close(struct dtls_peer *peer)
{
	SSL_shutdown(peer->ssl);
}

void dtls_peer_timeout(struct dtls_peer *peer)
{
	DTLSv1_handle_timeout(peer->ssl);
}

unsigned long dtls_peer_profile(const struct dtls_peer *peer)
{
	SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(peer->ssl);

	return profile != NULL ? profile->id : 0;
}

static bool key_export(const struct dtls_peer *peer, bool of_server, const size_t lens[2],
	uint8_t *key, uint8_t *salt)
{
	uint8_t material[128];
	size_t key_len = lens[0], salt_len = lens[1], at = of_server ? 1 : 0;

	if (SSL_export_keying_material(peer->ssl, material, 2 * (key_len + salt_len),
		    "EXTRACTOR-dtls_srtp", 19, NULL, 0, 0) != 1)
		return false;
	memcpy(key, material + at * key_len, key_len);
	memcpy(salt, material + 2 * key_len + at * salt_len, salt_len);
	return true;
}

bool dtls_peer_tx_key(
	const struct dtls_peer *peer, size_t key_len, size_t salt_len, uint8_t *key, uint8_t *salt)
{
	return key_export(
		peer, SSL_is_server(peer->ssl), (size_t[2]){key_len, salt_len}, key, salt);
}

bool dtls_peer_rx_key(
	const struct dtls_peer *peer, size_t key_len, size_t salt_len, uint8_t *key, uint8_t *salt)
{
	return key_export(
		peer, !SSL_is_server(peer->ssl), (size_t[2]){key_len, salt_len}, key, salt);
}
