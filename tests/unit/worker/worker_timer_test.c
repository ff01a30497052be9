// SPDX-License-Identifier: Apache-2.0
// The timer wheel against an array that is searched on every tick.
#include "timer_wheel.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TIMERS 40
#define GROUPS 2
#define START_US 777777ull

// The oracle: a deadline a timer, 0 when it isn't set.
struct rig {
	struct timer_wheel wheel;
	uint64_t now_us;
	uint64_t deadline_us[GROUPS][TIMERS];
	unsigned ran;
};

static int rig_up(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	timer_wheel_init(&rig->wheel, START_US, TIMERS);
	for (uint8_t g = 0; g < GROUPS; g++)
		assert_int_equal(timer_wheel_group_add(&rig->wheel, g), 0);
	rig->now_us = START_US;
	*state = rig;
	return 0;
}

static int rig_down(void **state)
{
	struct rig *rig = *state;

	timer_wheel_fini(&rig->wheel);
	free(rig);
	return 0;
}

static void set(struct rig *rig, uint8_t group, uint16_t index, uint64_t deadline_us)
{
	rig->deadline_us[group][index] = deadline_us;
	timer_wheel_set(&rig->wheel, group, index, deadline_us);
}

static void on_run(uint8_t group, uint16_t index, void *arg)
{
	struct rig *rig = arg;

	assert_int_not_equal(rig->deadline_us[group][index], 0);
	assert_true(rig->deadline_us[group][index] <= rig->now_us); // never early
	rig->deadline_us[group][index] = 0;
	rig->ran++;
	// One in three sets itself again, one in three disturbs another that may be due as well.
	if (rand() % 3 == 0)
		set(rig, group, index, rig->now_us + (uint64_t)rand() % 200000);
	if (rand() % 3 == 0)
		set(rig, (uint8_t)(rand() % GROUPS), (uint16_t)(rand() % TIMERS),
			rand() % 2 ? rig->now_us + (uint64_t)rand() % 100000 : 0);
}

// Nothing that was due two ticks ago is still waiting.
static void none_is_late(const struct rig *rig)
{
	for (unsigned g = 0; g < GROUPS; g++) {
		for (unsigned i = 0; i < TIMERS; i++) {
			uint64_t deadline_us = rig->deadline_us[g][i];

			if (deadline_us != 0)
				assert_true(deadline_us + 2 * TIMER_TICK_US > rig->now_us);
		}
	}
}

static void random_against_oracle(void **state)
{
	// Steps within a tick, of a few ticks, and past a whole turn of the wheel.
	static const uint64_t steps_us[] = {700, 5000, 23000, 400000, 50000000};
	struct rig *rig = *state;

	srand(3);
	for (unsigned round = 0; round < 30000; round++) {
		uint64_t far = rand() % 50 == 0 ? 200000000 : 300000;

		if (rand() % 2)
			set(rig, (uint8_t)(rand() % GROUPS), (uint16_t)(rand() % TIMERS),
				rand() % 8 ? rig->now_us + (uint64_t)rand() % far : 0);
		rig->now_us += (uint64_t)rand() % steps_us[rand() % 200 == 0 ? 4 : rand() % 4];
		timer_wheel_run(&rig->wheel, rig->now_us, UINT32_MAX, on_run, rig);
		none_is_late(rig);
	}
	assert_true(rig->ran > 1000);
}

static void on_count(uint8_t group, uint16_t index, void *arg)
{
	(void)group;
	(void)index;
	++*(unsigned *)arg;
}

static void work_is_bounded(void **state)
{
	struct rig *rig = *state;
	unsigned count = 0;

	for (uint16_t i = 0; i < TIMERS; i++)
		timer_wheel_set(&rig->wheel, 0, i, START_US + 1);
	assert_int_equal(timer_wheel_run(&rig->wheel, START_US + 4999, 16, on_count, &count), 0);
	assert_int_equal(timer_wheel_run(&rig->wheel, START_US + 5000, 16, on_count, &count), 16);
	assert_int_equal(timer_wheel_run(&rig->wheel, START_US + 5000, 100, on_count, &count), 24);
	assert_int_equal(timer_wheel_run(&rig->wheel, START_US + 90000, 100, on_count, &count), 0);
	assert_int_equal(count, TIMERS);
}

static void stopped_ones_stay_silent(void **state)
{
	struct rig *rig = *state;
	unsigned count = 0;

	timer_wheel_set(&rig->wheel, 0, 1, START_US + 10000);
	timer_wheel_set(&rig->wheel, 0, 1, 0);
	timer_wheel_set(&rig->wheel, 0, 1, 0);
	timer_wheel_set(&rig->wheel, 1, 1, 1); // long past: with the next tick
	assert_int_equal(timer_wheel_run(&rig->wheel, START_US + 50000, 9, on_count, &count), 1);
}

// 2^32 ticks are 248 days.
static void uptime_has_no_end(void **state)
{
	struct rig *rig = *state;
	uint64_t ticks = UINT32_MAX - 10ull;
	uint64_t now_us = START_US + ticks * TIMER_TICK_US;
	unsigned count = 0;

	rig->wheel.tick = ticks;
	timer_wheel_set(&rig->wheel, 0, 1, now_us + 3 * TIMER_TICK_US);
	timer_wheel_set(&rig->wheel, 0, 2, now_us + 20 * TIMER_TICK_US);
	for (unsigned i = 0; i < 20; i++, now_us += TIMER_TICK_US)
		timer_wheel_run(&rig->wheel, now_us, 9, on_count, &count);
	assert_int_equal(count, 1);
	timer_wheel_run(&rig->wheel, now_us, 9, on_count, &count);
	assert_int_equal(count, 2);
	timer_wheel_set(&rig->wheel, 1, 1, now_us + TIMER_TICK_US);
	timer_wheel_run(&rig->wheel, now_us + TIMER_TICK_US, 9, on_count, &count);
	assert_int_equal(count, 3);
}

#define RIGGED(name) cmocka_unit_test_setup_teardown(name, rig_up, rig_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(random_against_oracle),
		RIGGED(work_is_bounded),
		RIGGED(stopped_ones_stay_silent),
		RIGGED(uptime_has_no_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
