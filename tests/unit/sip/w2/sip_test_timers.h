// SPDX-License-Identifier: Apache-2.0
// A clock that moves only when a test says so.
#pragma once

#include "sip_timer.h"

struct test_clock {
	unsigned now_ms;
	struct test_timer *timers;
};

struct sip_timers test_timers(struct test_clock *clock);
void test_clock_advance(struct test_clock *clock, unsigned ms); // fires what is due, in order
unsigned test_clock_pending(const struct test_clock *clock);
