// SPDX-License-Identifier: Apache-2.0
// The largest rate that a media gateway carries with less than 0.1 % loss, searched from outside.
//
// usage: load_versus agw|rtpengine IQ-SOCKET|IP:PORT CALLS SECONDS SEARCHES PID SEED FIRST-PPS
// in a namespace with 203.0.113.2 and 198.51.100.2. Prints one JSON object; progress goes to stderr.
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOSS_MAX 0.001
#define STALL_US 20000
#define RECOVER_MS 300
#define REST_MS 8000 // after which eims-agw is done with handshakes (bed.py: linger_s 5)
#define STALLS_MAX 2
#define TRIES 2 // at a rate; others use this machine too
#define STEP 1.03 // the search ends when the rates on both sides of the limit are that near
#define SEARCHES_MAX 15

struct system {
	char ip[32];
	unsigned port; // of rtpengine's ng protocol
};

struct search {
	struct load *load;
	const struct system *system;
	double seconds, best_pps, cpu[2];
	unsigned trials, repeated, stalled, restarted;
};

static void calls_add(struct load *load, const struct system *system)
{
	if (system->port == 0)
		load_agw_add(load, 0, load->count);
	else
		load_rtpengine_add(load, system->ip, (uint16_t)system->port);
}

static void calls_delete(struct load *load, const struct system *system)
{
	if (system->port == 0)
		load_agw_delete(load, 0, load->count);
	else
		load_rtpengine_delete(load, system->ip, (uint16_t)system->port);
}

// Too much load may leave sockets behind that never speak again: then the calls are made anew.
static void recover(struct search *search)
{
	load_drain(search->load, RECOVER_MS);
	if (load_is_whole(search->load))
		return;
	search->restarted++;
	calls_delete(search->load, search->system);
	calls_add(search->load, search->system);
	if (!load_is_whole(search->load))
		die("media does not pass as it should after an overload");
}

// A trial that the generator itself didn't keep up with says nothing: it is repeated.
static void trial_run(struct search *search, struct load_trial *trial)
{
	for (unsigned i = 0; i <= STALLS_MAX; i++) {
		fprintf(stderr, "  %.0f pps: ", trial->rate_pps);
		load_trial(search->load, trial);
		search->trials++;
		fprintf(stderr, "%.4f %% lost, generator late %llu us, cores %.0f %% %.0f %%\n",
			100 * load_trial_loss(trial), (unsigned long long)trial->late_us,
			100 * trial->cpu[0], 100 * trial->cpu[1]);
		if (trial->late_us < STALL_US)
			return;
		search->stalled++;
	}
}

static bool is_carried(struct search *search, double rate_pps)
{
	for (unsigned i = 0; i < TRIES; i++) {
		struct load_trial trial = {.rate_pps = rate_pps, .seconds = search->seconds};

		trial_run(search, &trial);
		search->repeated += i > 0;
		if (load_trial_loss(&trial) < LOSS_MAX && trial.late_us < STALL_US) {
			search->best_pps = rate_pps;
			memcpy(search->cpu, trial.cpu, sizeof(search->cpu));
			return true;
		}
		recover(search);
	}
	return false;
}

static void search_run(struct search *search, double first_pps)
{
	double good = 0, bad = 0, rate = first_pps;

	search->best_pps = 0;
	while (good == 0 || bad == 0 || bad / good > STEP) {
		if (is_carried(search, rate))
			good = rate;
		else
			bad = rate;
		if (good == 0 && bad < 5000)
			return;
		if (bad == 0)
			rate = good * 1.4;
		else if (good == 0)
			rate = bad / 1.4;
		else
			rate = (good + bad) / 2;
	}
}

static void print(const struct search *search, const double *pps, unsigned n, const double bytes[2])
{
	printf("{\"pps\": [");
	for (unsigned i = 0; i < n; i++)
		printf("%s%.0f", i ? ", " : "", pps[i]);
	printf("], \"bytes_per_call\": [%.0f, %.0f], \"cpu\": [%.3f, %.3f], \"trials\": %u, "
	       "\"repeated\": "
	       "%u, "
	       "\"stalled\": %u, \"restarted\": %u}\n",
		bytes[0], bytes[1], search->cpu[0], search->cpu[1], search->trials,
		search->repeated, search->stalled, search->restarted);
}

int main(int argc, char **argv)
{
	static struct load load;
	struct system system = {0};
	struct search search = {.load = &load, .system = &system};
	double pps[SEARCHES_MAX], memory, bytes[2];
	unsigned searches;

	if (argc != 9)
		die("usage: versus agw|rtpengine WHERE CALLS SECONDS SEARCHES PID SEED FIRST-PPS");
	if (strcmp(argv[1], "agw") != 0 &&
		sscanf(argv[2], "%31[0-9.]:%u", system.ip, &system.port) != 2)
		die("%s is no address with port", argv[2]);
	srandom((unsigned)atoi(argv[7]));
	search.seconds = atof(argv[4]);
	searches = (unsigned)atoi(argv[5]);
	if (searches < 1 || searches > SEARCHES_MAX)
		die("1 to %u searches", SEARCHES_MAX);
	load_init(&load, (unsigned)atoi(argv[3]));
	if (system.port == 0)
		load_agw_attach(&load, argv[2]);
	memory = (double)load_memory_of(argv[6]);
	calls_add(&load, &system);
	bytes[0] = ((double)load_memory_of(argv[6]) - memory) / load.count;
	if (!load_is_whole(&load))
		die("media does not pass as it should");
	load_drain(&load, REST_MS);
	bytes[1] = ((double)load_memory_of(argv[6]) - memory) / load.count;
	for (unsigned i = 0; i < searches; i++) {
		search_run(&search, i == 0 ? atof(argv[8]) : pps[0]);
		pps[i] = search.best_pps;
	}
	print(&search, pps, searches, bytes);
	if (system.port == 0)
		load_agw_detach(&load);
	load_fini(&load);
	return 0;
}
