// SPDX-License-Identifier: Apache-2.0
// Phases: nothing but the gateway runs while it is timed.
#include "load.h"

#include <stdio.h>

#define SAMPLED_CALLS 32
#define SAMPLE_PACKETS 200000
#define PACKET_US 20000ull // of time pass for a packet of each leg

static void phase_add(struct gateway_phase *sum, const struct gateway_phase *phase)
{
	sum->ticks += phase->ticks;
	sum->packets += phase->packets;
	sum->turns += phase->turns;
	sum->stalls += phase->stalls;
}

void load_clock_advance(struct load *load, uint64_t packets)
{
	uint64_t due = load->clock_rest + packets * PACKET_US;

	load->clock_rest = due % load->t->leg_count;
	gateway_clock_advance(load->g, due / load->t->leg_count);
}

// One worker after the other, until none has anything for another.
static struct gateway_phase workers_run(struct gateway *g)
{
	struct gateway_phase sum = {0};
	uint64_t turns;

	do {
		turns = sum.turns;
		for (unsigned i = 0; i < g->config.workers; i++) {
			struct gateway_phase phase = gateway_run_dry(g, i);

			phase_add(&sum, &phase);
		}
	} while (sum.turns > turns && g->config.workers > 1);
	return sum;
}

struct gateway_phase load_phase(struct load *load, unsigned fill)
{
	uint64_t sent = load->t->sent, received = load->t->received;
	struct gateway_phase phase;

	while (traffic_room(load->t) > GATEWAY_RING_LEN - fill)
		traffic_send(load->t, TRAFFIC_BURST);
	load_clock_advance(load, load->t->sent - sent);
	phase = workers_run(load->g);
	while (traffic_receive(load->t) > 0)
		;
	gateway_tend(load->g);
	load->wrong += (load->t->sent - sent) - (load->t->received - received);
	load->wrong += witness_check(load->t->witness, &load->checked);
	load->stalls += phase.stalls;
	return phase;
}

struct gateway_phase load_phases(struct load *load)
{
	struct gateway_phase sum = {0};

	while (sum.packets < SAMPLE_PACKETS) {
		struct gateway_phase phase = load_phase(load, LOAD_FILL);

		phase_add(&sum, &phase);
	}
	return sum;
}

void load_warm_up(struct load *load, unsigned fill)
{
	uint64_t until = load->t->sent + load->t->leg_count + SAMPLE_PACKETS;

	while (load->t->sent < until)
		load_phase(load, fill);
	load->stalls = 0;
	load->drops = gateway_drops(load->g);
}

void load_up(struct load *load)
{
	struct bench_options *options = &load->options;
	uint32_t calls = options->legs / 2, every = calls / SAMPLED_CALLS + 1;
	struct gateway_config gateway = {.contexts = calls + load->contexts_more,
		.mbufs = load->mbufs,
		.has_own_clock = !load->has_real_clock,
		.workers = load->workers,
		.stages = load->stages};
	struct gateway_call_config call = {
		.suite = gateway_suite(options->suite), .family = (uint8_t)options->ip};
	struct traffic_config traffic = {.calls = calls,
		.suite = call.suite,
		.family = call.family,
		.payload = (uint16_t)options->payload,
		.sampled_every = every,
		.seed = options->seed,
		.is_handed_over = load->is_handed_over};

	load->g = gateway_create(&gateway);
	gateway_calls_up(load->g, calls, call, every);
	load->t = traffic_create(load->g, &traffic);
	snprintf(load->conditions, sizeof(load->conditions),
		"\"legs\":%u,\"suite\":\"%s\",\"payload\":%u,\"ip\":%u", options->legs,
		options->suite, options->payload, options->ip);
}

void load_down(struct load *load)
{
	traffic_destroy(load->t);
	gateway_destroy(load->g);
}

void load_wrong_check(struct load *load)
{
	if (load->wrong == 0)
		return;
	gateway_drops_print(load->g);
	bench_fail("%llu packets were lost or wrong", (unsigned long long)load->wrong);
}

void load_wrong_print(struct load *load)
{
	char conditions[128];
	struct bench_row row = {.name = "load.wrong", .unit = "packets", .conditions = conditions};

	snprintf(conditions, sizeof(conditions), "\"sent\":%llu,\"compared\":%llu,\"stalls\":%u",
		(unsigned long long)load->t->sent, (unsigned long long)load->checked, load->stalls);
	bench_row_print_one(&row, (double)load->wrong);
	if (gateway_drops(load->g) != load->drops)
		gateway_drops_print(load->g);
	load_wrong_check(load);
}
