// SPDX-License-Identifier: Apache-2.0
// The time of day and the time that only grows, injectable for tests.
#pragma once

#include <stdint.h>

// Microseconds of CLOCK_MONOTONIC, or of the injected clock. Any thread.
uint64_t clock_now_us(void);

// Seconds since 1970 (CLOCK_REALTIME), or of the injected clock's wall time. Any thread.
int64_t clock_wall_s(void);

// Tests only: replaces both clocks until called with NULL. Not thread-safe.
struct clock_source {
	uint64_t (*now_us)(void *arg);
	int64_t (*wall_s)(void *arg);
	void *arg;
};
void clock_inject(const struct clock_source *source);
