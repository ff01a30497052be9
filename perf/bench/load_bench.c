// SPDX-License-Identifier: Apache-2.0
// load.*: cycles a packet of full bursts, and whether all came back as libsrtp2 would have made them.
#include "bench.h"
#include "traffic.h"

#include <stdio.h>

#define SAMPLED_CALLS 32
#define SAMPLE_PACKETS 200000
#define PACKET_US 20000ull // of time pass for a packet of each leg
#define QUEUE_FILL 16384 // packets that wait in each queue when a phase begins

struct load {
	struct bench_options options;
	struct gateway *g;
	struct traffic *t;
	char conditions[128];
	uint64_t wrong, checked;
	unsigned stalls;
};

// Fills the queues, lets the worker empty them, takes everything back.
static struct gateway_phase phase(struct load *load)
{
	uint64_t sent = load->t->sent, received = load->t->received;
	struct gateway_phase phase;

	while (traffic_room(load->t) > GATEWAY_RING_LEN - QUEUE_FILL)
		traffic_send(load->t, TRAFFIC_BURST);
	gateway_clock_advance(load->g, (load->t->sent - sent) * PACKET_US / load->t->leg_count);
	phase = gateway_run_dry(load->g, 0);
	while (traffic_receive(load->t) > 0)
		;
	gateway_tend(load->g);
	load->wrong += (load->t->sent - sent) - (load->t->received - received);
	load->wrong += witness_check(load->t->witness, &load->checked);
	load->stalls += phase.stalls;
	return phase;
}

// Each leg's first packets make its flows.
static void warm_up(struct load *load)
{
	uint64_t until = load->t->sent + load->t->leg_count + SAMPLE_PACKETS;

	while (load->t->sent < until)
		phase(load);
	load->stalls = 0;
}

static void cycles_row(struct load *load)
{
	struct bench_row row = {
		.name = "load.cycles_per_packet", .unit = "tsc", .conditions = load->conditions};
	double samples[BENCH_SAMPLES_MAX];

	for (unsigned i = 0; i < load->options.repeats; i++) {
		struct gateway_phase sum = {0};

		while (sum.packets < SAMPLE_PACKETS) {
			struct gateway_phase one = phase(load);

			sum.ticks += one.ticks;
			sum.packets += one.packets;
		}
		samples[i] = (double)sum.ticks / (double)sum.packets;
	}
	bench_row_print(&row, samples, load->options.repeats);
}

static void wrong_row(const struct load *load)
{
	char conditions[128];
	struct bench_row row = {.name = "load.wrong", .unit = "packets", .conditions = conditions};

	snprintf(conditions, sizeof(conditions), "\"sent\":%llu,\"compared\":%llu",
		(unsigned long long)load->t->sent, (unsigned long long)load->checked);
	bench_row_print_one(&row, (double)load->wrong);
}

static void load_up(struct load *load)
{
	struct bench_options *options = &load->options;
	uint32_t calls = options->legs / 2, every = calls / SAMPLED_CALLS + 1;
	struct gateway_call_config call = {
		.suite = gateway_suite(options->suite), .family = (uint8_t)options->ip};
	struct traffic_config traffic = {.calls = calls,
		.suite = call.suite,
		.family = call.family,
		.payload = (uint16_t)options->payload,
		.sampled_every = every,
		.seed = options->seed};

	load->g =
		gateway_create(&(struct gateway_config){.contexts = calls, .has_own_clock = true});
	gateway_calls_up(load->g, calls, call, every);
	load->t = traffic_create(load->g, &traffic);
	snprintf(load->conditions, sizeof(load->conditions),
		"\"legs\":%u,\"suite\":\"%s\",\"payload\":%u,\"ip\":%u", options->legs,
		options->suite, options->payload, options->ip);
}

int main(int argc, char **argv)
{
	struct load load = {0};

	bench_options_read(&load.options, argc, argv);
	load_up(&load);
	warm_up(&load);
	cycles_row(&load);
	wrong_row(&load);
	gateway_drops_print(load.g);
	traffic_destroy(load.t);
	gateway_destroy(load.g);
	return 0;
}
