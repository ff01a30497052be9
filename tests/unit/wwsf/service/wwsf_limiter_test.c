// SPDX-License-Identifier: Apache-2.0
// Failure counts: the limit, the window, giving back, and a table full of other keys.
#include "clock.h"
#include "wwsf_limiter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uint64_t now_us;

static uint64_t fake_now(void *arg)
{
	(void)arg;
	return now_us;
}

static int64_t fake_wall(void *arg)
{
	(void)arg;
	return (int64_t)(now_us / 1000000);
}

static int clock_set(void **state)
{
	static const struct clock_source source = {fake_now, fake_wall, NULL};

	now_us = 1000000;
	clock_inject(&source);
	*state = limiter_create(60);
	return *state != NULL ? 0 : -1;
}

static int clock_reset(void **state)
{
	limiter_destroy(*state);
	clock_inject(NULL);
	return 0;
}

static void limit_and_window(void **state)
{
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(limiter_take(*state, "bob", 3, 3), 0);
	assert_int_equal(limiter_take(*state, "bob", 3, 3), 61);
	assert_int_equal(limiter_take(*state, "eve", 3, 3), 0);
	now_us += 59999999;
	assert_int_equal(limiter_take(*state, "bob", 3, 3), 1);
	now_us += 1;
	assert_int_equal(limiter_take(*state, "bob", 3, 3), 0);
}

static void success_gives_back(void **state)
{
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(limiter_take(*state, "bob", 3, 1), 0);
		limiter_return(*state, "bob", 3);
	}
	// Returning what was never taken adds nothing.
	limiter_return(*state, "bob", 3);
	assert_int_equal(limiter_take(*state, "bob", 3, 1), 0);
	assert_int_not_equal(limiter_take(*state, "bob", 3, 1), 0);
}

static void many_keys_stay_bounded(void **state)
{
	char key[16];

	for (unsigned i = 0; i < 50000; i++) {
		int len = snprintf(key, sizeof(key), "%u", i);

		assert_int_equal(limiter_take(*state, key, (size_t)len, 1), 0);
		now_us++;
	}
	// The newest keys are still known.
	assert_int_not_equal(limiter_take(*state, key, strlen(key), 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(limit_and_window, clock_set, clock_reset),
		cmocka_unit_test_setup_teardown(success_gives_back, clock_set, clock_reset),
		cmocka_unit_test_setup_teardown(many_keys_stay_bounded, clock_set, clock_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
