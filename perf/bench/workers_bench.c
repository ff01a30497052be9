// SPDX-License-Identifier: Apache-2.0
// workers.cycles_per_packet: one worker and two, with packets that come to their owner and packets that don't. In phases
// on one core: each worker by itself empties what has come to it, from its port and from the other.
#include "load.h"

#include <stdio.h>
#include <string.h>

#define FILL 448 // of a queue: what the hand-over ring of 1024 holds of both ports
#define SAMPLE 100000

static struct gateway_phase sample_take(struct load *load)
{
	struct gateway_phase sum = {0};
	uint64_t sent = load->t->sent;

	while (load->t->sent - sent < SAMPLE)
		sum.ticks += load_phase(load, FILL).ticks;
	sum.packets = load->t->sent - sent;
	return sum;
}

// --two, --hand-over before the common options.
static void own_options_take(struct load *load, int *argc, char ***argv)
{
	static const char *const names[] = {"--two", "--hand-over"};

	load->workers = 1;
	for (; *argc > 1; (*argc)--, (*argv)++) {
		if (strcmp((*argv)[1], names[0]) == 0)
			load->workers = 2;
		else if (strcmp((*argv)[1], names[1]) == 0)
			load->is_handed_over = true;
		else
			break;
	}
}

int main(int argc, char **argv)
{
	struct bench_row row = {.name = "workers.cycles_per_packet", .unit = "tsc"};
	double samples[BENCH_SAMPLES_MAX];
	struct load load = {0};
	char conditions[192];

	own_options_take(&load, &argc, &argv);
	bench_options_read(&load.options, argc, argv);
	load_up(&load);
	load_warm_up(&load, FILL);
	for (unsigned i = 0; i < load.options.repeats; i++) {
		struct gateway_phase sample = sample_take(&load);

		samples[i] = (double)sample.ticks / (double)sample.packets;
	}
	load_wrong_check(&load);
	snprintf(conditions, sizeof(conditions), "\"workers\":%u,\"steering\":\"%s\",%s",
		load.workers, load.is_handed_over ? "all_handed_over" : "own", load.conditions);
	row.conditions = conditions;
	bench_row_print(&row, samples, load.options.repeats);
	load_down(&load);
	return 0;
}
