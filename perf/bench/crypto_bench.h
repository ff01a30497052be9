// SPDX-License-Identifier: Apache-2.0
// What the SRTP benchmark shares with those whom it compares: packets in turn, and calls to protect or unprotect them.
#pragma once

#include "srtp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRYPTO_PACKETS                                                                             \
	1024 // of a sample; in L2 when the clock starts, as a NIC leaves them close by
#define CRYPTO_ROOM 32 // behind a packet, for its tag
#define CRYPTO_MASTERS 64 // different keys; the cost of a packet does not depend on its key

struct crypto_packet {
	uint8_t *data;
	uint32_t flow;
	uint16_t len, room;
};

struct crypto_case {
	enum srtp_suite suite;
	uint32_t flows;
	uint16_t batch;
	uint16_t payload;
	int unprotects;
};

// Master key and salt of a flow, side by side.
void crypto_master(uint8_t master[32 + 14], uint32_t flow);

// Someone to compare. run is timed, nothing else is.
struct crypto_side {
	const char *backend;
	// Whether this processor can do it; NULL: any can.
	bool (*is_possible)(void);
	// The flows of a case with their keys; ends the process when it can't.
	void (*open)(const struct crypto_case *of);
	void (*close)(void);
	// n packets that the next run is to work on, of rising sequence numbers a flow.
	void (*ready)(const struct crypto_packet *packets, unsigned n);
	// All of them, batch at a time; returns how many were done.
	unsigned (*run)(const struct crypto_case *of);
};

extern const struct crypto_side crypto_own, crypto_ipsec_mb, crypto_libsrtp2;

// What libsrtp2 has been loaded from: file NULL for Debian's. Its crypto library is told, "OpenSSL" or "NSS".
const char *crypto_libsrtp2_load(const char *file);
