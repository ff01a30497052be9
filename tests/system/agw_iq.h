// SPDX-License-Identifier: Apache-2.0
// The controller of a test: attaches to one gateway, runs commands one after the other, makes audio contexts.
#pragma once

#include "agw_wic.h"
#include "iq_client.h"

#define WIC_PT 111
#define CORE_PT 96

struct controller {
	struct iq_client *client;
	bool is_attached, is_replied;
	int32_t status;
	int reply_len;
	uint8_t reply[IQ_PAYLOAD_MAX];
	unsigned states;
	unsigned gone_count;
	iq_handle gone[8]; // deleted by the gateway, each once
};

// Attaches, or exits.
void controller_init(struct controller *controller, const char *path);
void controller_fini(struct controller *controller);
// Lets the client work without waiting.
void controller_turn(struct controller *controller);

// Runs a command of a context (handle 0: a new one); the reply is left in controller->reply. Its status.
int32_t command_try(
	struct controller *controller, uint16_t type, iq_handle handle, const void *payload);
// Exits when the status isn't 0.
void command(struct controller *controller, uint16_t type, iq_handle handle, const void *payload);

// A context with one audio stream.
void audio_reserve(struct controller *controller, struct iq_context_local *local);
// The WIC of its access leg: host candidate, credentials, fingerprint; our role is DTLS server.
void access_set(struct controller *controller, const struct iq_context_local *local,
	const struct wic *wic, const struct iq_addr *candidate);
// Where its core leg sends.
void core_set(struct controller *controller, const struct iq_context_local *local,
	const struct iq_addr *rtp);
// Opus both ways, announced by this SSRC.
void audio_set(struct controller *controller, const struct iq_context_local *local, uint32_t ssrc);

struct iq_addr iq_addr_of(const char *ip, uint16_t port);

// Connects a WIC to its context: ICE, then DTLS.
void wic_connect(struct controller *controller, struct wic *wic,
	const struct iq_context_local *local, bool is_v6);

// RTP packet n of a talk: sequence numbers wrap on the way; its length.
int rtp_write(uint8_t *packet, uint8_t pt, unsigned n, uint32_t ssrc);

// What must hold for the packets of a direction, whatever way they came: one SSRC, one payload type, no gaps, the payload
// untouched. Exits when it doesn't.
struct arrival {
	const char *name;
	uint8_t pt;
	uint32_t ssrc;
	unsigned count;
	uint16_t seq;
};
void arrival_check(struct arrival *arrival, const uint8_t *packet, int len);
// Takes a packet of the WIC's, if one comes.
void wic_take(struct wic *wic, struct arrival *arrival, int timeout_ms);
