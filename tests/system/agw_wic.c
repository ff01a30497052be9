// SPDX-License-Identifier: Apache-2.0
// The media side of a browser in small.
#include "agw_wic.h"

#include "wire_stun.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

_Noreturn void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "FAIL: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	exit(1);
}

void address_set(struct sockaddr_storage *address, socklen_t *len, const char *ip, uint16_t port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, ip, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		*len = sizeof(*v4);
	} else if (inet_pton(AF_INET6, ip, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		*len = sizeof(*v6);
	} else {
		die("%s is no address", ip);
	}
}

int socket_in(const char *ns, const char *ip, uint16_t port)
{
	struct sockaddr_storage address;
	socklen_t len;
	char path[128];
	int home = open("/proc/self/ns/net", O_RDONLY);
	int away, sock;

	snprintf(path, sizeof(path), "/run/netns/%s", ns);
	away = open(path, O_RDONLY);
	if (away < 0 || setns(away, CLONE_NEWNET) < 0)
		die("namespace %s: %m", ns);
	address_set(&address, &len, ip, port);
	sock = socket(address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (sock < 0 || bind(sock, (struct sockaddr *)&address, len) < 0)
		die("socket at %s port %u in %s: %m", ip, port, ns);
	if (setns(home, CLONE_NEWNET) < 0)
		die("back home: %m");
	close(away);
	close(home);
	return sock;
}

static void certificate_make(struct wic *wic)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	unsigned len = 32;

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
		(const uint8_t *)"WebRTC", -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	X509_set_pubkey(cert, key);
	if (X509_sign(cert, key, EVP_sha256()) == 0 ||
		X509_digest(cert, EVP_sha256(), wic->fingerprint, &len) != 1 ||
		SSL_CTX_use_certificate(wic->ctx, cert) != 1 ||
		SSL_CTX_use_PrivateKey(wic->ctx, key) != 1)
		die("certificate");
	X509_free(cert);
	EVP_PKEY_free(key);
}

static int on_verify(int preverify, X509_STORE_CTX *ctx)
{
	(void)preverify;
	(void)ctx;
	return 1; // the caller compares fingerprints
}

void wic_init(struct wic *wic, int sock, const char *profiles)
{
	memset(wic, 0, sizeof(*wic));
	wic->sock = sock;
	strcpy(wic->ufrag, "wicu");
	strcpy(wic->pwd, "wicpasswordwicpassword");
	wic->ctx = SSL_CTX_new(DTLS_client_method());
	SSL_CTX_set_verify(wic->ctx, SSL_VERIFY_PEER, on_verify);
	certificate_make(wic);
	if (SSL_CTX_set_tlsext_use_srtp(wic->ctx, profiles) != 0)
		die("profiles %s", profiles);
	wic->ssl = SSL_new(wic->ctx);
	wic->in = BIO_new(BIO_s_mem());
	wic->out = BIO_new(BIO_s_mem());
	BIO_set_mem_eof_return(wic->in, -1);
	SSL_set_bio(wic->ssl, wic->in, wic->out);
	SSL_set_options(wic->ssl, SSL_OP_NO_QUERY_MTU);
	SSL_set_mtu(wic->ssl, 1200);
	SSL_set_connect_state(wic->ssl);
}

void wic_fini(struct wic *wic)
{
	if (wic->tx != NULL)
		srtp_dealloc(wic->tx);
	if (wic->rx != NULL)
		srtp_dealloc(wic->rx);
	SSL_free(wic->ssl);
	SSL_CTX_free(wic->ctx);
	close(wic->sock);
}

static void put(struct wic *wic, const void *bytes, size_t len)
{
	if (sendto(wic->sock, bytes, len, 0, (struct sockaddr *)&wic->gateway, wic->gateway_len) <
		0)
		die("send: %m");
}

static void sign_and_put(struct wic *wic, struct wire_stun_writer *w, const char *pwd)
{
	size_t covered;
	uint8_t *tag = wire_stun_reserve_integrity(w, &covered);
	unsigned tag_len = 20;
	int len;

	HMAC(EVP_sha1(), pwd, (int)strlen(pwd), w->data, covered, tag, &tag_len);
	len = wire_stun_finish_fingerprint(w);
	put(wic, w->data, (size_t)len);
}

void wic_check(struct wic *wic)
{
	struct wire_stun_writer w;
	uint8_t buf[512], txid[12];
	char user[64];

	RAND_bytes(txid, sizeof(txid));
	snprintf(user, sizeof(user), "%s:%s", wic->gateway_ufrag, wic->ufrag);
	wire_stun_begin(&w, buf, sizeof(buf));
	wire_stun_header(&w, WIRE_STUN_REQUEST, WIRE_STUN_BINDING, txid);
	wire_stun_add_username(&w, user, strlen(user));
	wire_stun_add_priority(&w, 0x6e7f1eff);
	wire_stun_add_role(&w, WIRE_STUN_CONTROLLING, 0x123456789abcdef0ull);
	wire_stun_add_use_candidate(&w);
	sign_and_put(wic, &w, wic->gateway_pwd);
}

static void request_answer(struct wic *wic, const struct wire_stun *request)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&wic->gateway;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&wic->gateway;
	struct wire_addr mapped = {.len = v4->sin_family == AF_INET ? 4 : 16};
	struct wire_stun_writer w;
	uint8_t buf[256];

	mapped.port = ntohs(mapped.len == 4 ? v4->sin_port : v6->sin6_port);
	if (mapped.len == 4)
		memcpy(mapped.bytes, &v4->sin_addr, 4);
	else
		memcpy(mapped.bytes, &v6->sin6_addr, 16);
	wire_stun_begin(&w, buf, sizeof(buf));
	wire_stun_header(&w, WIRE_STUN_SUCCESS, WIRE_STUN_BINDING, request->txid);
	wire_stun_add_xor_mapped(&w, &mapped);
	sign_and_put(wic, &w, wic->pwd);
	wic->requests_answered++;
}

static void stun_take(struct wic *wic, const uint8_t *bytes, size_t len)
{
	struct wire_stun msg;

	if (wire_stun_parse(&msg, bytes, len) < 0)
		die("the gateway sent bad STUN");
	if (msg.class == WIRE_STUN_REQUEST)
		request_answer(wic, &msg);
	else if (msg.class == WIRE_STUN_SUCCESS)
		wic->is_checked = true;
	else
		die("the gateway answered a check with error %u", msg.error_code);
}

static void keys_take(struct wic *wic)
{
	const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(wic->ssl);
	bool is_gcm = strstr(profile->name, "AEAD") != NULL;
	int key_len = strstr(profile->name, "256") != NULL ? 32 : 16, salt_len = is_gcm ? 12 : 14;
	srtp_policy_t policy = {.window_size = 128};
	uint8_t material[96], client[48], server[48];

	snprintf(wic->profile, sizeof(wic->profile), "%s", profile->name);
	SSL_export_keying_material(wic->ssl, material, (size_t)(2 * (key_len + salt_len)),
		"EXTRACTOR-dtls_srtp", 19, NULL, 0, 0);
	memcpy(client, material, (size_t)key_len);
	memcpy(server, material + key_len, (size_t)key_len);
	memcpy(client + key_len, material + 2 * key_len, (size_t)salt_len);
	memcpy(server + key_len, material + 2 * key_len + salt_len, (size_t)salt_len);
	srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, (srtp_profile_t)profile->id);
	srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, (srtp_profile_t)profile->id);
	policy.ssrc.type = ssrc_any_outbound;
	policy.key = client;
	if (srtp_create(&wic->tx, &policy) != srtp_err_status_ok)
		die("srtp_create");
	policy.ssrc.type = ssrc_any_inbound;
	policy.key = server;
	if (srtp_create(&wic->rx, &policy) != srtp_err_status_ok)
		die("srtp_create");
}

void wic_handshake(struct wic *wic)
{
	uint8_t flight[4096];
	int ret, len;

	if (!wic->is_connected) {
		DTLSv1_handle_timeout(wic->ssl);
		ret = SSL_do_handshake(wic->ssl);
		if (ret != 1 && SSL_get_error(wic->ssl, ret) != SSL_ERROR_WANT_READ)
			die("DTLS: %s", ERR_error_string(ERR_get_error(), NULL));
		if (ret == 1) {
			wic->is_connected = true;
			keys_take(wic);
		}
	}
	// A flight is records one behind the other; each goes in a datagram of its own.
	len = BIO_read(wic->out, flight, sizeof(flight));
	for (int at = 0; at + 13 <= len;) {
		int record = 13 + (flight[at + 11] << 8 | flight[at + 12]);

		put(wic, flight + at, (size_t)record);
		at += record;
	}
}

static int media_take(struct wic *wic, uint8_t *packet, int len)
{
	srtp_err_status_t status;

	if (wic->rx == NULL)
		return 0;
	if (packet[1] >= 192 && packet[1] <= 223)
		status = srtp_unprotect_rtcp(wic->rx, packet, &len);
	else
		status = srtp_unprotect(wic->rx, packet, &len);
	if (status != srtp_err_status_ok)
		die("SRTP of the gateway: status %d", status);
	return len;
}

int wic_receive(struct wic *wic, int timeout_ms, uint8_t packet[2048])
{
	struct pollfd fd = {.fd = wic->sock, .events = POLLIN};
	ssize_t len;

	if (poll(&fd, 1, timeout_ms) <= 0)
		return 0;
	len = recv(wic->sock, packet, 2048, 0);
	if (len <= 0)
		return 0;
	if (packet[0] < 4) {
		stun_take(wic, packet, (size_t)len);
		return 0;
	}
	if (packet[0] >= 20 && packet[0] < 64) {
		BIO_write(wic->in, packet, (int)len);
		wic_handshake(wic);
		return 0;
	}
	return media_take(wic, packet, (int)len);
}

void wic_send(struct wic *wic, uint8_t *packet, int len)
{
	if (srtp_protect(wic->tx, packet, &len) != srtp_err_status_ok)
		die("srtp_protect");
	put(wic, packet, (size_t)len);
}
