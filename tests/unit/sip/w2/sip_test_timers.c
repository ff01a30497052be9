// SPDX-License-Identifier: Apache-2.0
// A clock that moves only when a test says so.
#include "sip_test_timers.h"

#include <stdlib.h>

struct test_timer {
	struct test_timer *next;
	unsigned due_ms;
	void (*on_timer)(void *arg);
	void *arg;
};

static void *start(void *loop, unsigned ms, void (*on_timer)(void *arg), void *arg)
{
	struct test_clock *clock = loop;
	struct test_timer **at = &clock->timers, *timer = malloc(sizeof(*timer));

	*timer = (struct test_timer){NULL, clock->now_ms + ms, on_timer, arg};
	while (*at && (*at)->due_ms <= timer->due_ms)
		at = &(*at)->next;
	timer->next = *at;
	*at = timer;
	return timer;
}

static void stop(void *loop, void *timer)
{
	struct test_timer **at = &((struct test_clock *)loop)->timers;

	while (*at && *at != timer)
		at = &(*at)->next;
	if (*at) {
		*at = (*at)->next;
		free(timer);
	}
}

struct sip_timers test_timers(struct test_clock *clock)
{
	return (struct sip_timers){start, stop, clock};
}

void test_clock_advance(struct test_clock *clock, unsigned ms)
{
	unsigned end = clock->now_ms + ms;

	while (clock->timers && clock->timers->due_ms <= end) {
		struct test_timer timer = *clock->timers;

		free(clock->timers);
		clock->timers = timer.next;
		clock->now_ms = timer.due_ms;
		timer.on_timer(timer.arg);
	}
	clock->now_ms = end;
}

unsigned test_clock_pending(const struct test_clock *clock)
{
	unsigned count = 0;

	for (const struct test_timer *timer = clock->timers; timer; timer = timer->next)
		count++;
	return count;
}
