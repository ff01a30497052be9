// SPDX-License-Identifier: Apache-2.0
// The numbers of RFC 8083 by table.
#include "breaker.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void media_timeouts(void **state)
{
	static const struct {
		double frame, rtt, interval;
		unsigned reports;
	} cases[] = {
		{0.020, 0.1, 5, 5},
		{0.020, 0.1, 0.5, 5},
		{0.020, 1.0, 0.5, 10}, // the round trip is longer than the interval
		{0.020, 0.6, 0.5, 6},
		{2.0, 0.1, 0.5, 20}, // one frame in two seconds
		{0.020, 0, 2.5, 5},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
			breaker_media_timeout(cases[i].frame, cases[i].rtt, cases[i].interval),
			cases[i].reports);
}

static void congestion_intervals(void **state)
{
	static const struct {
		double frame, rtt, interval, td;
		unsigned reports;
	} cases[] = {
		{0.02, 0.1, 5, 5, 3},
		{1.0 / 30, 0.2, 0.5, 5, 4},
		{0.02, 0.05, 0.5, 5, 3},
		{0.02, 1.0, 0.5, 5, 20}, // ten round trips
		{0.02, 4.0, 0.5, 5, 30}, // bounded by three intervals of 5 s
		{2.0, 0.1, 1.0, 5, 15},
		{0.02, 0.1, 10, 10, 3},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(breaker_cb_interval(cases[i].frame, cases[i].rtt,
					 cases[i].interval, cases[i].td),
			cases[i].reports);
}

static void tcp_rates(void **state)
{
	static const struct {
		double packet, rtt, loss, rate;
	} cases[] = {
		{1200, 0.1, 0.05, 65726.7},
		{172, 0.05, 0.10, 13323.1},
		{1500, 0.2, 1.5, 7500},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_true(fabs(breaker_tcp_rate(cases[i].packet, cases[i].rtt, cases[i].loss) -
				    cases[i].rate) < 0.1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(media_timeouts),
		cmocka_unit_test(congestion_intervals),
		cmocka_unit_test(tcp_rates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
