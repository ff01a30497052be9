// SPDX-License-Identifier: Apache-2.0
// What is random in a context, drawn by main: workers make no system calls.
#pragma once

#include "context.h"

struct dtls_service;

// ICE credentials (RFC 8445 section 5.3), CNAME (RFC 7022), tie-breaker, distinct SSRCs, first sequence numbers, and the
// certificate's fingerprint. 0 or -errno of getrandom.
int seed_fill(struct context_seed *seed, const struct dtls_service *dtls, bool is_lite);

// random: 16 bytes that seed a generator, not all zero. 0 or -errno.
int seed_generator(uint64_t random[2]);
