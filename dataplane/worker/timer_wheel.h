// SPDX-License-Identifier: Apache-2.0
// A wheel of timers with one timer an id, in ticks of 5 ms. One thread.
#pragma once

#include <stdint.h>

#define TIMER_TICK_US 5000
#define TIMER_SLOTS 8192 // one turn is 41 s; later timers wait for their turn
#define TIMER_GROUPS 128 // shards

struct timer_node {
	uint32_t next, prev; // ids, or the end, or the list's head
	uint32_t tick; // modulo 2^32
};

struct timer_wheel {
	uint64_t base_us;
	uint64_t tick; // last one whose timers were collected
	uint32_t group_len;
	uint32_t heads[TIMER_SLOTS + 1]; // the last list: due, not yet run
	struct timer_node *groups[TIMER_GROUPS];
};

typedef void (*timer_fn)(uint8_t group, uint16_t index, void *arg);

// group_len timers in each group that timer_wheel_group_add() adds.
void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_us, uint32_t group_len);
void timer_wheel_fini(struct timer_wheel *wheel);
// 0 or -ENOMEM.
int timer_wheel_group_add(struct timer_wheel *wheel, uint8_t group);

// Replaces the timer's deadline; 0 stops it. A deadline in the past runs out with the next tick.
void timer_wheel_set(
	struct timer_wheel *wheel, uint8_t group, uint16_t index, uint64_t deadline_us);

// Runs at most max of the timers that are due, never one early; they may be set again meanwhile. How many ran.
unsigned timer_wheel_run(
	struct timer_wheel *wheel, uint64_t now_us, unsigned max, timer_fn run, void *arg);
