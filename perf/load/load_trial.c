// SPDX-License-Identifier: Apache-2.0
// One trial at one rate.
#include "clock.h"
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEND_BURST 16 // of a side at once: what bunches there are come from here
#define SETTLE_MS 60 // later than this is lost
#define RECEIVE_US 200 // between looks for what came: fewer and fuller bursts
#define TURN_US 50000
#define TAIL_PPS 50000

// Ticks that a core was busy, and all of them.
static void cpu_read(unsigned core, uint64_t ticks[2])
{
	FILE *file = fopen("/proc/stat", "r");
	char line[512], name[16];
	unsigned long long t[8];

	snprintf(name, sizeof(name), "cpu%u ", core);
	ticks[0] = ticks[1] = 0;
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, name, strlen(name)) != 0 ||
			sscanf(line + strlen(name), "%llu %llu %llu %llu %llu %llu %llu %llu",
				&t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]) != 8)
			continue;
		for (unsigned i = 0; i < 8; i++)
			ticks[1] += t[i];
		ticks[0] = ticks[1] - t[3] - t[4];
	}
	if (file != NULL)
		fclose(file);
}

// Round after round, each a random order of all calls.
static void order_fill(const struct load *load, uint16_t *order, size_t n)
{
	for (size_t first = 0; first < n; first += load->count) {
		size_t count = n - first < load->count ? n - first : load->count;
		uint16_t round[65536];

		for (unsigned i = 0; i < load->count; i++) {
			unsigned k = (unsigned)random() % (i + 1);

			round[i] = (uint16_t)i;
			round[i] = round[k];
			round[k] = (uint16_t)i;
		}
		memcpy(order + first, round, count * sizeof(*order));
	}
}

struct side_plan {
	uint16_t *order;
	uint8_t *slots;
};

static struct side_plan plan_make(struct load *load, enum load_side side, size_t n)
{
	struct side_plan plan = {
		.order = malloc(n * sizeof(uint16_t)), .slots = malloc(n * LOAD_SLOT)};

	if (plan.order == NULL || plan.slots == NULL)
		die("no memory for %zu packets", n);
	order_fill(load, plan.order, n);
	load_prepare(load, plan.order, (unsigned)n, side, plan.slots);
	return plan;
}

// Sends packets [at, end) of the plans at an even rate, and takes what comes.
static void plans_send(struct load *load, const struct side_plan plans[], struct load_trial *trial,
	size_t at, size_t end)
{
	uint64_t start = clock_now_us(), turned = start, received = start;
	double per_us = trial->rate_pps / 2e6;
	size_t first = at;

	while (at < end) {
		uint64_t now = clock_now_us();
		size_t due = first + (size_t)((double)(now - start) * per_us);
		unsigned count = (unsigned)(end - at < SEND_BURST ? end - at : SEND_BURST);

		if (due >= at + count) {
			uint64_t late = (uint64_t)((double)(due - at - count) / per_us);

			trial->late_us = late > trial->late_us ? late : trial->late_us;
			for (unsigned side = 0; side < LOAD_SIDES; side++)
				load_send(load, count, side, plans[side].slots + at * LOAD_SLOT);
			at += count;
		}
		if (now - received >= RECEIVE_US) {
			received = now;
			while (load_receive(load) >= LOAD_BURST &&
				clock_now_us() - now < RECEIVE_US)
				;
		}
		if (load->turn != NULL && now - turned > TURN_US) {
			load->turn(load);
			turned = now;
		}
	}
}

// After the trial comes one packet more a call and way, slowly: what a socket of the system under test still holds is not
// lost, the next packet brings it.
static void tail_send(struct load *load, const struct side_plan plans[], size_t n)
{
	struct load_trial tail = {.rate_pps = TAIL_PPS};

	load_drain(load, SETTLE_MS);
	plans_send(load, plans, &tail, n, n + load->count);
	load_drain(load, SETTLE_MS);
}

void load_trial(struct load *load, struct load_trial *trial)
{
	size_t n = (size_t)(trial->rate_pps * trial->seconds / 2);
	struct side_plan plans[LOAD_SIDES];
	uint64_t before[2][2], after[2][2];

	for (unsigned side = 0; side < LOAD_SIDES; side++)
		plans[side] = plan_make(load, side, n + load->count);
	load_drain(load, 5);
	memset(load->received, 0, sizeof(load->received));
	trial->late_us = 0;
	cpu_read(0, before[0]);
	cpu_read(1, before[1]);
	plans_send(load, plans, trial, 0, n);
	cpu_read(0, after[0]);
	cpu_read(1, after[1]);
	tail_send(load, plans, n);
	trial->sent = LOAD_SIDES * (n + load->count);
	trial->received = load->received[0] + load->received[1];
	for (unsigned i = 0; i < 2; i++)
		trial->cpu[i] = after[i][1] == before[i][1] ? 0
							    : (double)(after[i][0] - before[i][0]) /
				(double)(after[i][1] - before[i][1]);
	for (unsigned side = 0; side < LOAD_SIDES; side++) {
		free(plans[side].order);
		free(plans[side].slots);
	}
}

bool load_is_whole(struct load *load)
{
	struct load_trial trial = {
		.rate_pps = 2 * (load->count < 10000 ? load->count : 10000), .seconds = 1};

	load->wrong = 0;
	load->is_checked = true;
	load_trial(load, &trial);
	load->is_checked = false;
	if (trial.received == trial.sent && load->wrong == 0)
		return true;
	fprintf(stderr, "load: %llu of %llu packets came, %llu were wrong\n",
		(unsigned long long)trial.received, (unsigned long long)trial.sent,
		(unsigned long long)load->wrong);
	return false;
}
