// SPDX-License-Identifier: Apache-2.0
// latency.us: how long a packet is inside, from the queue it comes in to the queue it leaves by, at parts of the rate
// without loss; and of a packet alone (load_percent 0), which must not wait for company.
#include "rate.h"

#include <stdio.h>
#include <string.h>

#define TRIALS_MAX 40 // of a row, with those that the machine has disturbed
#define LONE_PACKETS 5000
#define LONE_PAUSE_US 20
#define LOST_S 0.5

static const struct {
	const char *name;
	double share;
} quantiles[] = {{"p50", 0.5}, {"p99", 0.99}, {"p99.9", 0.999}, {"max", 1}};

#define QUANTILES (sizeof(quantiles) / sizeof(quantiles[0]))

struct latency {
	struct load load;
	double pps;
	double samples[QUANTILES][BENCH_SAMPLES_MAX]; // us
	unsigned count, repeated;
	struct histogram histogram;
};

static void sample_take(struct latency *latency)
{
	for (unsigned i = 0; i < QUANTILES; i++)
		latency->samples[i][latency->count] = 1e6 / bench_tsc_hz() *
			(double)histogram_quantile(&latency->histogram, quantiles[i].share);
	latency->count++;
}

static void rows_print(struct latency *latency, unsigned percent, double mpps)
{
	struct bench_row row = {.name = "latency.us", .unit = "us"};
	char conditions[256];

	row.conditions = conditions;
	for (unsigned i = 0; i < QUANTILES; i++) {
		snprintf(conditions, sizeof(conditions),
			"\"quantile\":\"%s\",\"load_percent\":%u,\"mpps\":%.3g,%s,"
			"\"trials_repeated\":%u",
			quantiles[i].name, percent, mpps, latency->load.conditions,
			latency->repeated);
		bench_row_print(&row, latency->samples[i], latency->count);
	}
	latency->count = 0;
	latency->repeated = 0;
}

static void loaded_rows(struct latency *latency, unsigned percent)
{
	double seconds = latency->load.options.quick ? 0.3 : 1, pps = latency->pps * percent / 100;
	bool was_late = false;

	for (unsigned i = 0; i < TRIALS_MAX && latency->count < latency->load.options.repeats;
		i++) {
		struct rate_trial trial;

		memset(&latency->histogram, 0, sizeof(latency->histogram));
		trial = rate_try(&latency->load, pps, seconds);
		if (!trial.was_stalled)
			latency->load.wrong += trial.lost; // fails the run at its end
		if (trial.lost > 0 || (trial.was_stalled && i < TRIALS_MAX / 2)) {
			latency->repeated++;
			continue;
		}
		was_late |= trial.was_late;
		sample_take(latency);
	}
	if (latency->count == 0)
		bench_fail("no trial without loss at %u %%", percent);
	if (was_late)
		fprintf(stderr, "latency: the generator was late at %u %%\n", percent);
	rows_print(latency, percent, pps / 1e6);
}

static void wait_us(double us)
{
	uint64_t until = bench_tsc() + (uint64_t)(us * 1e-6 * bench_tsc_hz());

	while (bench_tsc() < until)
		rte_pause();
}

static void lone_send(struct latency *latency)
{
	struct traffic *t = latency->load.t;
	uint64_t until = bench_tsc() + (uint64_t)(LOST_S * bench_tsc_hz());

	traffic_send(t, 1);
	load_clock_advance(&latency->load, 1);
	while (traffic_receive(t) == 0) {
		if (bench_tsc() > until)
			bench_fail("a packet alone did not come back");
	}
	gateway_tend(latency->load.g);
	wait_us(LONE_PAUSE_US);
}

static void lone_rows(struct latency *latency)
{
	for (unsigned i = 0; i < latency->load.options.repeats; i++) {
		memset(&latency->histogram, 0, sizeof(latency->histogram));
		gateway_cores_take(latency->load.g, true);
		for (unsigned k = 0; k < LONE_PACKETS; k++)
			lone_send(latency);
		gateway_cores_take(latency->load.g, false);
		wait_us(40000);
		sample_take(latency);
	}
	rows_print(latency, 0, 0);
}

int main(int argc, char **argv)
{
	static struct latency latency; // large
	struct load *load = &latency.load;
	struct gateway_phase phase;

	bench_options_read(&load->options, argc, argv);
	load_up(load);
	load_warm_up(load, LOAD_FILL);
	phase = load_phases(load);
	latency.pps =
		rate_search(load, bench_tsc_hz() * (double)phase.packets / (double)phase.ticks).pps;
	load->burst = 1;
	load->t->latency = &latency.histogram;
	gateway_start(load->g);
	loaded_rows(&latency, 10);
	loaded_rows(&latency, 50);
	loaded_rows(&latency, 80);
	lone_rows(&latency);
	gateway_stop(load->g);
	load_wrong_print(load);
	load_down(load);
	return 0;
}
