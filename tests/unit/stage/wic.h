// SPDX-License-Identifier: Apache-2.0
// A scripted WebRTC client: ICE written by hand, DTLS by OpenSSL, SRTP by libsrtp2; nothing of the gateway's own.
#pragma once

#include "media_rig.h"

struct wic_config {
	uint8_t host, family;
	uint16_t port;
	const char *profiles; // of DTLS-SRTP, in OpenSSL's names
	bool is_dtls_server; // else the gateway is
};

struct wic;

struct wic *wic_create(struct media_rig *rig, const struct wic_config *config);
void wic_destroy(struct wic *wic);
struct media_end *wic_end(struct wic *wic);

// What the controller tells the gateway of this client.
void wic_describe(const struct wic *wic, struct iq_remote_transport *remote);
// What the gateway told of itself: its first transport in the client's family.
void wic_answer(struct wic *wic, const struct iq_context_local *local);
const struct iq_addr *wic_gateway(const struct wic *wic);

// A check, nominating or not, with the right password or a wrong one.
void wic_check(struct wic *wic, bool nominate, bool is_right);
// A good answer to a check that the gateway never sent.
void wic_stray_answer(struct wic *wic);
// Sends the first flight of DTLS, as a client.
void wic_hello(struct wic *wic);
// Checks and handshake until both have keys; false: not within five seconds, or the controller was told of a failure.
bool wic_connect(struct wic *wic);
// As DTLS server: until the client has keys, its last flight not yet sent. wic_connect() goes on.
bool wic_connect_first(struct wic *wic);
bool wic_has_keys(const struct wic *wic);
// How many good requests of the gateway were answered, and good answers came.
unsigned wic_asked(const struct wic *wic);
unsigned wic_answered(const struct wic *wic);
// Deaf: the gateway's requests stay without answer.
void wic_deaf_set(struct wic *wic, bool is_deaf);
void wic_close(struct wic *wic); // DTLS close_notify

// Protects a packet and sends it; the protected bytes are left in place, for another try.
size_t wic_rtp_send(struct wic *wic, uint8_t *packet, size_t len);
void wic_rtcp_send(struct wic *wic, const uint8_t *packet, size_t len);
void wic_raw_send(struct wic *wic, const void *bytes, size_t len);
// The next SRTP or SRTCP packet of the inbox, unprotected: its length; 0: none. A bad one fails the test.
size_t wic_take(struct wic *wic, uint8_t *packet, bool *is_rtcp);
