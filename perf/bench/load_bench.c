// SPDX-License-Identifier: Apache-2.0
// load.*: cycles a packet of full bursts, and whether all came back as libsrtp2 would have made them.
#include "rate.h"

#include <stdio.h>

#define CONFIRM_PART 0.9 // of the lowest rate that was found: there nothing may be lost

// Its median: the guess for the rate.
static double cycles_row(struct load *load)
{
	struct bench_row row = {
		.name = "load.cycles_per_packet", .unit = "tsc", .conditions = load->conditions};
	double samples[BENCH_SAMPLES_MAX];

	for (unsigned i = 0; i < load->options.repeats; i++) {
		struct gateway_phase phase = load_phases(load);

		samples[i] = (double)phase.ticks / (double)phase.packets;
	}
	bench_row_print(&row, samples, load->options.repeats);
	return samples[load->options.repeats / 2];
}

static void rate_row(struct load *load, double guess)
{
	struct bench_row row = {.name = "load.mpps", .unit = "Mpps"};
	double samples[BENCH_SAMPLES_MAX];
	bool is_generators = false, is_confirmed;
	char conditions[192];
	unsigned repeated = 0;

	for (unsigned i = 0; i < load->options.repeats; i++) {
		struct rate rate = rate_search(load, guess);

		samples[i] = rate.pps / 1e6;
		is_generators |= rate.is_generators;
		repeated += rate.repeated;
	}
	bench_median(samples, load->options.repeats); // sorts them
	is_confirmed = rate_confirm(load, samples[0] * 1e6 * CONFIRM_PART);
	snprintf(conditions, sizeof(conditions),
		"%s,\"trials_repeated\":%u,\"confirmed_at_mpps\":%.3g", load->conditions, repeated,
		is_confirmed ? samples[0] * CONFIRM_PART : 0);
	row.conditions = conditions;
	if (is_generators)
		row.remark = "the generator is the limit: see load.cycles_per_packet";
	bench_row_print(&row, samples, load->options.repeats);
}

int main(int argc, char **argv)
{
	struct load load = {0};
	double cycles;

	bench_options_read(&load.options, argc, argv);
	load_up(&load);
	load_warm_up(&load, LOAD_FILL);
	cycles = cycles_row(&load);
	rate_row(&load, bench_tsc_hz() / cycles);
	load_wrong_print(&load);
	load_down(&load);
	return 0;
}
