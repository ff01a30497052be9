// SPDX-License-Identifier: Apache-2.0
// A sample of packets judged by libsrtp2: each SRTP packet must be what libsrtp2 makes of the plain one, bit for bit, and
// each payload must be the one that its leg has sent.
#pragma once

#include "gateway.h"

#define WITNESS_CALLS_MAX 64

enum witness_what {
	WITNESS_BROWSER_SENT, // SRTP, made by the benchmark
	WITNESS_BROWSER_GOT, // SRTP, made by the gateway
	WITNESS_PHONE_GOT, // RTP
};

struct witness;

// every: calls 0, every, 2 * every ... are sampled, at most WITNESS_CALLS_MAX of calls.
struct witness *witness_create(uint32_t calls, uint32_t every, enum srtp_suite suite);
void witness_destroy(struct witness *witness);

// Keeps a copy of a packet of call n, until there are enough.
void witness_take(struct witness *witness, enum witness_what what, uint32_t n,
	const uint8_t *packet, uint16_t len);

// Judges and forgets what was kept: how many were wrong. checked grows by how many there were.
uint64_t witness_check(struct witness *witness, uint64_t *checked);

// What leg 2 * call + leg sends in its packet with this number: len bytes, at least 16.
void witness_payload_write(uint8_t *payload, uint32_t leg, uint16_t seq, uint16_t len);
