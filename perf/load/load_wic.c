// SPDX-License-Identifier: Apache-2.0
// The WIC of a call while it connects, and after: ICE checks as the controlling agent, a DTLS client, answers to consent checks.
#include "clock.h"
#include "load.h"
#include "wire_stun.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define RESEND_US 250000

struct load_wic {
	SSL *ssl; // NULL until the check was answered
	BIO *in, *out;
	uint64_t sent_us; // check or flight
};

const char load_wic_ufrag[] = "load", load_wic_pwd[] = "passwordofthegenerator";
static SSL_CTX *ctx; // one certificate for all
static uint8_t fingerprint[32];

static int on_verify(int preverify, X509_STORE_CTX *store)
{
	(void)preverify;
	(void)store;
	return 1; // a generator trusts what it tests
}

static void ctx_make(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	unsigned len = sizeof(fingerprint);

	ctx = SSL_CTX_new(DTLS_client_method());
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, on_verify);
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
		(const uint8_t *)"load", -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	X509_set_pubkey(cert, key);
	if (X509_sign(cert, key, EVP_sha256()) == 0 ||
		X509_digest(cert, EVP_sha256(), fingerprint, &len) != 1 ||
		SSL_CTX_use_certificate(ctx, cert) != 1 || SSL_CTX_use_PrivateKey(ctx, key) != 1 ||
		SSL_CTX_set_tlsext_use_srtp(ctx, "SRTP_AES128_CM_SHA1_80") != 0)
		die("no certificate for DTLS");
	X509_free(cert);
	EVP_PKEY_free(key);
}

const uint8_t *load_wic_fingerprint(void)
{
	if (ctx == NULL)
		ctx_make();
	return fingerprint;
}

static void put(struct load *load, const struct sockaddr_in *to, const void *bytes, size_t len)
{
	if (sendto(load->sock[LOAD_ACCESS], bytes, len, 0, (const struct sockaddr *)to,
		    sizeof(*to)) < 0)
		die("send: %m");
}

static void stun_put(struct load *load, const struct sockaddr_in *to, struct wire_stun_writer *w,
	const char *pwd)
{
	size_t covered;
	uint8_t *tag = wire_stun_reserve_integrity(w, &covered);
	unsigned tag_len = WIRE_STUN_TAG;
	int len;

	HMAC(EVP_sha1(), pwd, (int)strlen(pwd), w->data, covered, tag, &tag_len);
	len = wire_stun_finish_fingerprint(w);
	put(load, to, w->data, (size_t)len);
}

static void check_send(struct load *load, struct load_call *call)
{
	struct wire_stun_writer w;
	uint8_t buf[512], txid[WIRE_STUN_TXID];
	char user[64];

	RAND_bytes(txid, sizeof(txid));
	snprintf(user, sizeof(user), "%s:%s", call->ufrag, load_wic_ufrag);
	wire_stun_begin(&w, buf, sizeof(buf));
	wire_stun_header(&w, WIRE_STUN_REQUEST, WIRE_STUN_BINDING, txid);
	wire_stun_add_username(&w, user, strlen(user));
	wire_stun_add_priority(&w, 0x6e7f1eff);
	wire_stun_add_role(&w, WIRE_STUN_CONTROLLING, 0x123456789abcdef0ull);
	wire_stun_add_use_candidate(&w);
	stun_put(load, &call->to[LOAD_ACCESS], &w, call->pwd);
}

static void request_answer(
	struct load *load, const struct wire_stun *request, const struct sockaddr_in *from)
{
	struct wire_addr mapped = {.len = 4, .port = ntohs(from->sin_port)};
	struct wire_stun_writer w;
	uint8_t buf[256];

	memcpy(mapped.bytes, &from->sin_addr, 4);
	wire_stun_begin(&w, buf, sizeof(buf));
	wire_stun_header(&w, WIRE_STUN_SUCCESS, WIRE_STUN_BINDING, request->txid);
	wire_stun_add_xor_mapped(&w, &mapped);
	stun_put(load, from, &w, load_wic_pwd);
	load->stun_requests++;
}

static void keys_take(struct load_call *call)
{
	uint8_t material[60], client[30], server[30];

	if (SSL_export_keying_material(call->wic->ssl, material, sizeof(material),
		    "EXTRACTOR-dtls_srtp", 19, NULL, 0, 0) != 1)
		die("no keys from DTLS");
	memcpy(client, material, 16);
	memcpy(server, material + 16, 16);
	memcpy(client + 16, material + 32, 14);
	memcpy(server + 16, material + 46, 14);
	load_keys(call, client, server);
	explicit_bzero(material, sizeof(material));
	call->is_live = true;
}

// A flight is records one behind the other; each goes in a datagram of its own.
static void flight_send(struct load *load, struct load_call *call)
{
	uint8_t flight[4096];
	int len = BIO_read(call->wic->out, flight, sizeof(flight));

	for (int at = 0; at + 13 <= len;) {
		int record = 13 + (flight[at + 11] << 8 | flight[at + 12]);

		put(load, &call->to[LOAD_ACCESS], flight + at, (size_t)record);
		at += record;
	}
	call->wic->sent_us = clock_now_us();
}

static void handshake_go_on(struct load *load, struct load_call *call)
{
	int ret = SSL_do_handshake(call->wic->ssl);

	if (ret != 1 && SSL_get_error(call->wic->ssl, ret) != SSL_ERROR_WANT_READ)
		die("DTLS: %s", ERR_error_string(ERR_get_error(), NULL));
	flight_send(load, call);
	if (ret == 1) {
		keys_take(call);
		load_wic_stop(call);
	}
}

static void handshake_start(struct load *load, struct load_call *call)
{
	struct load_wic *wic = call->wic;

	wic->ssl = SSL_new(ctx);
	wic->in = BIO_new(BIO_s_mem());
	wic->out = BIO_new(BIO_s_mem());
	BIO_set_mem_eof_return(wic->in, -1);
	SSL_set_bio(wic->ssl, wic->in, wic->out);
	SSL_set_options(wic->ssl, SSL_OP_NO_QUERY_MTU);
	SSL_set_mtu(wic->ssl, 1200);
	SSL_set_connect_state(wic->ssl);
	handshake_go_on(load, call);
}

void load_wic_start(struct load *load, unsigned index)
{
	struct load_call *call = &load->calls[index];

	call->wic = calloc(1, sizeof(*call->wic));
	if (call->wic == NULL)
		die("no memory");
	check_send(load, call);
	call->wic->sent_us = clock_now_us();
}

void load_wic_turn(struct load *load, unsigned index)
{
	struct load_call *call = &load->calls[index];

	if (call->wic == NULL || clock_now_us() - call->wic->sent_us < RESEND_US)
		return;
	if (call->wic->ssl == NULL) {
		check_send(load, call);
		call->wic->sent_us = clock_now_us();
	} else {
		DTLSv1_handle_timeout(call->wic->ssl);
		handshake_go_on(load, call);
	}
}

void load_wic_stop(struct load_call *call)
{
	if (call->wic == NULL)
		return;
	SSL_free(call->wic->ssl);
	free(call->wic);
	call->wic = NULL;
}

static void stun_take(struct load *load, struct load_call *call, const uint8_t *bytes, size_t len,
	const struct sockaddr_in *from)
{
	struct wire_stun msg;

	if (wire_stun_parse(&msg, bytes, len) < 0)
		die("the gateway sent bad STUN");
	if (msg.class == WIRE_STUN_REQUEST)
		request_answer(load, &msg, from);
	else if (msg.class == WIRE_STUN_SUCCESS && call->wic != NULL && call->wic->ssl == NULL)
		handshake_start(load, call);
}

void load_wic_take(struct load *load, unsigned index, const uint8_t *bytes, size_t len,
	const struct sockaddr_in *from)
{
	struct load_call *call = &load->calls[index];

	if (bytes[0] < 4) {
		stun_take(load, call, bytes, len, from);
	} else if (bytes[0] >= 20 && bytes[0] < 64 && call->wic != NULL && call->wic->ssl != NULL) {
		BIO_write(call->wic->in, bytes, (int)len);
		handshake_go_on(load, call);
	}
}
