// SPDX-License-Identifier: Apache-2.0
// A DTLS endpoint of the tests' own: plain OpenSSL over datagram pairs of BIOs, independent of the service.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dtls_peer;

struct dtls_peer_config {
	bool client;
	bool rsa; // certificate with an RSA key
	const char *profiles; // use_srtp, NULL: extension not sent
	bool small_records; // the flight goes out in datagrams of at most 300 bytes
};

struct dtls_peer *dtls_peer_create(const struct dtls_peer_config *config);
void dtls_peer_destroy(struct dtls_peer *peer);
void dtls_peer_fingerprint(const struct dtls_peer *peer, uint8_t sha256[32]);

// Takes one datagram (NULL: only steps on) and runs the handshake as far as it goes.
void dtls_peer_input(struct dtls_peer *peer, const uint8_t *bytes, size_t len);
// The next datagram to send: length, 0 when there is none.
size_t dtls_peer_output(struct dtls_peer *peer, uint8_t *bytes, size_t room);
bool dtls_peer_connected(const struct dtls_peer *peer);
bool dtls_peer_failed(const struct dtls_peer *peer);
void dtls_peer_send(struct dtls_peer *peer, const char *text); // application data
void dtls_peer_close(struct dtls_peer *peer); // close_notify
// Runs the retransmission timer if its time has come.
void dtls_peer_timeout(struct dtls_peer *peer);
// RFC 5764 keys: what this side sends with. Lengths of the negotiated profile.
bool dtls_peer_tx_key(
	const struct dtls_peer *peer, size_t key_len, size_t salt_len, uint8_t *key, uint8_t *salt);
// And what the other side does.
bool dtls_peer_rx_key(
	const struct dtls_peer *peer, size_t key_len, size_t salt_len, uint8_t *key, uint8_t *salt);
unsigned long dtls_peer_profile(const struct dtls_peer *peer);
