// SPDX-License-Identifier: Apache-2.0
// The media side of a browser in small: ICE checks as the controlling agent, DTLS client, SRTP by libsrtp2.
#pragma once

#include <openssl/ssl.h>

#include <netinet/in.h>
#include <srtp2/srtp.h>
#include <stdbool.h>
#include <stdint.h>

struct wic {
	int sock;
	struct sockaddr_storage gateway;
	socklen_t gateway_len;
	char ufrag[16], pwd[32]; // ours
	char gateway_ufrag[16], gateway_pwd[40];
	uint8_t fingerprint[32]; // of our certificate
	SSL_CTX *ctx;
	SSL *ssl;
	BIO *in, *out;
	bool is_checked; // our check was answered
	unsigned requests_answered; // checks of the gateway
	bool is_connected;
	char profile[40];
	srtp_t tx, rx;
};

// A UDP socket in a network namespace. Exits on failure, as everything here.
int socket_in(const char *ns, const char *ip, uint16_t port);
void address_set(struct sockaddr_storage *address, socklen_t *len, const char *ip, uint16_t port);

// Certificate, credentials. profiles as of SSL_CTX_set_tlsext_use_srtp.
void wic_init(struct wic *wic, int sock, const char *profiles);
void wic_fini(struct wic *wic);

// Sends a check with USE-CANDIDATE.
void wic_check(struct wic *wic);
// Begins or goes on with the handshake.
void wic_handshake(struct wic *wic);
// Takes one datagram if there is one within timeout_ms. RTP or RTCP that was good is left in packet: its length, else 0.
int wic_receive(struct wic *wic, int timeout_ms, uint8_t packet[2048]);
// Protects and sends an RTP packet of len bytes; packet has room for the tag.
void wic_send(struct wic *wic, uint8_t *packet, int len);

_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
