// SPDX-License-Identifier: Apache-2.0
// Browsers' DTLS by plain OpenSSL, and the gateway's DTLS service alone with them: the service on core 1, all else on 0.
#pragma once

#include "dtls.h"

#define DTLS_BED_ROOM 4096 // associations
#define DTLS_HELLO_MAX 1200

struct dtls_bed;

// Ends the process when that fails.
struct dtls_bed *dtls_bed_create(const struct dtls_config *config);
void dtls_bed_destroy(struct dtls_bed *bed);

// Handshakes of associations first to first + count - 1, from ClientHello to keys. The clients are gone afterwards.
void dtls_bed_run(struct dtls_bed *bed, uint16_t first, uint16_t count);
// The first media of an association has come.
void dtls_bed_linger(struct dtls_bed *bed, uint16_t n);
// Frees an association.
void dtls_bed_stop(struct dtls_bed *bed, uint16_t n);
// Seconds that the service's thread has run.
double dtls_bed_cpu_s(const struct dtls_bed *bed);

// A browser's first flight, as it would repeat it: how many bytes.
uint16_t dtls_client_hello(uint8_t bytes[DTLS_HELLO_MAX]);
