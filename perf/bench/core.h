// SPDX-License-Identifier: Apache-2.0
// A core for a while.
#pragma once

#include <sched.h>
#include <stdbool.h>

// Takes the core of a thread (0: the caller) from everything else of the machine, or gives it back: for a fraction of a
// second at a time. Where we may not ask for that, stalls are seen and counted.
static inline void core_take(pid_t thread, bool is_ours)
{
	struct sched_param priority = {.sched_priority = is_ours ? 1 : 0};

	sched_setscheduler(thread, is_ours ? SCHED_FIFO : SCHED_OTHER, &priority);
}
