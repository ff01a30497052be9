// SPDX-License-Identifier: Apache-2.0
// What is kept from OpenSSL, which would give up the handshake for it.
#pragma once

#include <stdint.h>

struct assoc;

// How far the peer's clear messages have come.
struct screen {
	uint16_t next_seq; // message that may come next: those before it have been fed
	uint16_t front, back; // bytes of it that have been fed, from its beginning and from its end
	uint8_t hello_random
		[32]; // of the client, when we are the server and front or next_seq isn't 0
};

enum screen_verdict {
	SCREEN_GOOD,
	SCREEN_BAD,
	SCREEN_ALERT, // with an alert that anybody may have written
	SCREEN_MISMATCH, // with a certificate that wasn't signalled
};

// Judges a datagram of the peer; next says how far it comes with it, when it is good.
enum screen_verdict dtls_screen(
	const struct assoc *assoc, struct screen *next, const uint8_t *bytes, uint16_t len);
