// SPDX-License-Identifier: Apache-2.0
// Counts failed logins per key (a user name, an address) in a bounded table.
#pragma once

#include <stddef.h>

// Any thread. NULL with errno.
struct limiter *limiter_create(unsigned window_s);
void limiter_destroy(struct limiter *limiter);

// Counts an attempt as failed in advance, so that attempts in parallel can't outrun the limit.
// Returns 0, or the seconds to wait when max attempts of the window are spent (nothing is counted
// then). The key is hashed with a secret, so its bytes may be a peer's.
unsigned limiter_take(struct limiter *limiter, const void *key, size_t len, unsigned max);

// The attempt succeeded: takes it back.
void limiter_return(struct limiter *limiter, const void *key, size_t len);
