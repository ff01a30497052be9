// SPDX-License-Identifier: Apache-2.0
// Circuit breakers against a simulated receiver: each trips for its reason, and none on a healthy call.
#include "breaker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS 1000u
#define SECOND 1000000u
#define TICK (20 * MS)

// A sender, a path and a receiver that reports.
struct sim {
	struct breaker breaker;
	struct iq_trip trip;
	uint64_t now_us, due_us, packets, octets, next_report_us;
	uint32_t arrived_seq;
	uint32_t seed;
	// What the path and the peers are like.
	unsigned packets_per_tick, payload;
	unsigned loss_percent, rtt_ms, report_ms;
	bool is_silent, is_dead,
		is_paused; // receiver reports nothing; nothing arrives; we send nothing
	uint8_t enabled;
	unsigned lost_in_interval, sent_in_interval;
};

static uint32_t random_of(struct sim *sim)
{
	sim->seed = sim->seed * 1664525u + 1013904223u;
	return sim->seed >> 8;
}

static struct sim audio(void)
{
	return (struct sim){.now_us = 77 * SECOND,
		.due_us = 77 * SECOND,
		.seed = 1,
		.packets_per_tick = 1,
		.payload = 160,
		.rtt_ms = 60,
		.report_ms = 5000,
		.enabled = IQ_BREAKERS_ALL};
}

static void packets_flow(struct sim *sim)
{
	for (unsigned i = 0; i < sim->packets_per_tick && !sim->is_paused; i++) {
		sim->packets++;
		sim->octets += sim->payload;
		sim->sent_in_interval++;
		if (sim->is_dead || random_of(sim) % 100 < sim->loss_percent)
			sim->lost_in_interval++;
		else
			sim->arrived_seq = (uint32_t)sim->packets;
	}
}

// RFC 3550 section 6.3.1: each interval is 0.5 to 1.5 times the calculated one, over 1.21828.
static void report(struct sim *sim)
{
	struct breaker_report report = {.now_us = sim->now_us,
		.packets = sim->packets,
		.octets = sim->octets,
		.highest_seq = sim->arrived_seq,
		.rtt_us = sim->rtt_ms * MS};

	if (sim->now_us < sim->next_report_us)
		return;
	sim->next_report_us =
		sim->now_us + (uint64_t)sim->report_ms * (500 + random_of(sim) % 1000) * MS / 1218;
	if (sim->sent_in_interval > 0)
		report.lost = (uint8_t)(sim->lost_in_interval * 255 / sim->sent_in_interval);
	sim->lost_in_interval = sim->sent_in_interval = 0;
	if (sim->is_silent)
		return;
	breaker_report(&sim->breaker, &report);
	sim->due_us = sim->now_us;
}

// True when a breaker has tripped within so many seconds.
static bool run(struct sim *sim, unsigned seconds)
{
	for (uint64_t end = sim->now_us + (uint64_t)seconds * SECOND; sim->now_us < end;
		sim->now_us += TICK) {
		packets_flow(sim);
		report(sim);
		if (sim->now_us < sim->due_us)
			continue;
		if (breaker_check(
			    &sim->breaker, sim->enabled, sim->packets, sim->now_us, &sim->trip))
			return true;
		sim->due_us = breaker_due_us(&sim->breaker, sim->now_us);
	}
	return false;
}

// Half an hour of calls as they are: nothing trips.
static void healthy_calls(void **state)
{
	static const struct {
		unsigned packets_per_tick, payload, loss_percent, rtt_ms, report_ms;
	} calls[] = {
		{1, 160, 0, 1, 5000}, {1, 160, 3, 60, 5000},
		{1, 160, 10, 300, 5000}, // bad, but no worse than TCP would be
		{1, 20, 5, 800, 2500}, // over a satellite
		{5, 1100, 0, 40, 1000}, // video of 2.2 Mbit/s
		{5, 1100, 2, 80, 300}, // reports with early feedback
		{1, 1100, 4, 150, 1000}, {1, 160, 40, 20, 5000},
		{1, 160, 1, 0, 5000}, // the round trip isn't known
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct sim sim = audio();

		sim.packets_per_tick = calls[i].packets_per_tick;
		sim.payload = calls[i].payload;
		sim.loss_percent = calls[i].loss_percent;
		sim.rtt_ms = calls[i].rtt_ms;
		sim.report_ms = calls[i].report_ms;
		assert_false(run(&sim, 1800));
	}
}

// Holds of all lengths, talk spurts, and a receiver that says nothing while nobody speaks to it.
static void pauses_are_forgiven(void **state)
{
	struct sim sim = audio();

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		sim.is_paused = sim.is_silent = i % 2 == 1;
		assert_false(run(&sim, 1 + i * 3));
	}
}

static void silence_trips(void **state)
{
	struct sim sim = audio();
	uint64_t since;

	(void)state;
	assert_false(run(&sim, 60));
	since = sim.now_us;
	sim.is_silent = true;
	assert_true(run(&sim, 25));
	assert_int_equal(sim.trip.breaker, IQ_BREAKER_RTCP_TIMEOUT);
	assert_in_range(sim.now_us - since, 15 * SECOND - 7 * SECOND, 15 * SECOND + TICK);
	assert_in_range(sim.trip.silence_ms, 15000, 15020);
	assert_int_equal(sim.trip.silence_max_ms, 15000);
	sim = audio(); // from the first packet on
	sim.is_silent = true;
	assert_false(run(&sim, 14));
	assert_true(run(&sim, 3));
}

static void silence_without_its_breaker(void **state)
{
	struct sim sim = audio();

	(void)state;
	sim.enabled = IQ_BREAKERS_ALL & ~(1 << IQ_BREAKER_RTCP_TIMEOUT);
	sim.is_silent = true;
	assert_false(run(&sim, 300));
}

// Other streams are reported about, of the same receiver: it lives.
static void another_report_counts(void **state)
{
	struct sim sim = audio();

	(void)state;
	sim.is_silent = true;
	for (unsigned i = 0; i < 20; i++) {
		assert_false(run(&sim, 10));
		breaker_heard(&sim.breaker, sim.now_us);
	}
}

static void dead_path_trips(void **state)
{
	struct sim sim = audio();
	uint64_t since;

	(void)state;
	assert_false(run(&sim, 60));
	since = sim.now_us;
	sim.is_dead = true;
	sim.enabled = 1 << IQ_BREAKER_MEDIA_TIMEOUT;
	assert_true(run(&sim, 60));
	assert_int_equal(sim.trip.breaker, IQ_BREAKER_MEDIA_TIMEOUT);
	assert_in_range(sim.trip.intervals, 5, 6);
	assert_int_equal(sim.trip.intervals_max, sim.trip.intervals);
	assert_in_range(sim.now_us - since, 10 * SECOND, 45 * SECOND);
}

// One packet that arrives stops the count.
static void progress_cancels(void **state)
{
	struct sim sim = audio();

	(void)state;
	sim.enabled = 1 << IQ_BREAKER_MEDIA_TIMEOUT;
	for (unsigned i = 0; i < 60; i++) {
		sim.is_dead = i % 2 == 0;
		assert_false(run(&sim, sim.is_dead ? 10 : 1));
	}
}

static void congestion_trips(void **state)
{
	struct sim sim = audio();

	(void)state;
	sim.packets_per_tick = 20; // 9 Mbit/s
	sim.payload = 1188;
	sim.rtt_ms = 100;
	sim.report_ms = 1000;
	assert_false(run(&sim, 60));
	sim.loss_percent = 10;
	assert_true(run(&sim, 30));
	assert_int_equal(sim.trip.breaker, IQ_BREAKER_CONGESTION);
	assert_int_equal(sim.trip.packet, 1200);
	assert_in_range(sim.trip.rtt_us, 99000, 101000);
	assert_true(sim.trip.rate > sim.trip.limit);
	assert_in_range(sim.trip.rate, 1100000, 1300000);
	assert_in_range(sim.trip.loss_permille, 20, 130);
}

static void unusable_trips(void **state)
{
	struct sim sim = audio();

	(void)state;
	sim.enabled = 1 << IQ_BREAKER_USABILITY;
	sim.loss_percent = 70;
	assert_false(run(&sim, 18));
	assert_true(run(&sim, 15));
	assert_int_equal(sim.trip.breaker, IQ_BREAKER_USABILITY);
	assert_in_range(sim.trip.loss_permille, 600, 800);
	sim = audio();
	sim.enabled = 1 << IQ_BREAKER_USABILITY;
	sim.rtt_ms = 6000;
	assert_true(run(&sim, 35));
	assert_in_range(sim.trip.rtt_us, 5900000, 6100000);
}

static void forgotten_begins_anew(void **state)
{
	struct sim sim = audio();

	(void)state;
	sim.is_silent = true;
	assert_true(run(&sim, 20));
	breaker_forget(&sim.breaker);
	assert_false(run(&sim, 14));
	assert_true(run(&sim, 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(healthy_calls),
		cmocka_unit_test(pauses_are_forgiven),
		cmocka_unit_test(silence_trips),
		cmocka_unit_test(silence_without_its_breaker),
		cmocka_unit_test(another_report_counts),
		cmocka_unit_test(dead_path_trips),
		cmocka_unit_test(progress_cancels),
		cmocka_unit_test(congestion_trips),
		cmocka_unit_test(unusable_trips),
		cmocka_unit_test(forgotten_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
