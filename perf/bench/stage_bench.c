// SPDX-License-Identifier: Apache-2.0
// stage.cycles: what each stage of the list takes of a packet. The worker runs a list of its own in which every stage is
// wrapped with two readings of the TSC; the shipping loop and the stages are as they ship.
#include "bench.h"
#include "load.h"

#include <stdio.h>

#define PARTS (STAGE_COUNT + 1) // the last: the rest of the loop

static struct {
	uint64_t ticks;
} spent[STAGE_COUNT];

static inline uint16_t timed(unsigned stage, struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	uint64_t start = __rdtsc();

	n = stage_list[stage].run(w, pkts, n);
	spent[stage].ticks += __rdtsc() - start;
	return n;
}

// A stage is called with no word of which it is: a function each.
#define STAGES(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)
#define TIMED(n)                                                                                   \
	static uint16_t timed_##n(struct worker *w, struct rte_mbuf **pkts, uint16_t count)        \
	{                                                                                          \
		return timed(n, w, pkts, count);                                                   \
	}
STAGES(TIMED)
#define ENTRY(n) [n] = {"timed", timed_##n},
static const struct worker_stage timed_list[] = {STAGES(ENTRY)};
_Static_assert(RTE_DIM(timed_list) == STAGE_COUNT, "a shim a stage");

static void sample_take(struct load *load, double samples[PARTS][BENCH_SAMPLES_MAX], unsigned i)
{
	uint64_t before[STAGE_COUNT], stages = 0;
	struct gateway_phase phase;

	for (unsigned s = 0; s < STAGE_COUNT; s++)
		before[s] = spent[s].ticks;
	phase = load_phases(load);
	for (unsigned s = 0; s < STAGE_COUNT; s++) {
		uint64_t ticks = spent[s].ticks - before[s];

		stages += ticks;
		samples[s][i] = (double)ticks / (double)phase.packets;
	}
	samples[STAGE_COUNT][i] = ((double)phase.ticks - (double)stages) / (double)phase.packets;
}

int main(int argc, char **argv)
{
	static double samples[PARTS][BENCH_SAMPLES_MAX];
	struct bench_row row = {.name = "stage.cycles", .unit = "tsc"};
	struct load load = {.stages = timed_list};
	char conditions[160];

	bench_options_read(&load.options, argc, argv);
	load_up(&load);
	load_warm_up(&load, LOAD_FILL);
	for (unsigned i = 0; i < load.options.repeats; i++)
		sample_take(&load, samples, i);
	load_wrong_check(&load);
	for (unsigned s = 0; s < PARTS; s++) {
		snprintf(conditions, sizeof(conditions), "\"stage\":\"%s\",%s",
			s == STAGE_COUNT ? "rx, flush, loop" : stage_list[s].name, load.conditions);
		row.conditions = conditions;
		bench_row_print(&row, samples[s], load.options.repeats);
	}
	load_down(&load);
	return 0;
}
