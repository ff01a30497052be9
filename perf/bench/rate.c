// SPDX-License-Identifier: Apache-2.0
// Trials at even rates, and the bisection over them.
#include "rate.h"

#include <unistd.h>

#define STALL_S 1e-3
#define REST_S 20e-3 // after which what hasn't come is lost
#define REST_OTHERS_US 40000 // the kernel lets nobody have a core for ever
#define TEND_S 1e-3
#define BACKLOG_MAX 4096 // that a queue may hold at the end: a deep ring must not pass for speed
#define STEPS 7 // of a bisection: to within 1 % of the first interval
#define REPEATS_MAX 20 // of stalled trials in a search

struct run {
	struct load *load;
	uint64_t start, now, last_turn, last_move, tended; // TSC
	uint64_t sent, received, refused; // before the trial
	uint32_t taken[GATEWAY_PORTS]; // how far the worker was with its queues
	double per_tick; // packets
	struct rate_trial trial;
};

static uint64_t sent_of(const struct run *run)
{
	return run->load->t->sent + run->load->t->refused - run->sent - run->refused;
}

// The worker has packets and takes none.
static void worker_watch(struct run *run)
{
	struct gateway *g = run->load->g;
	bool has_moved = false, is_empty = true;

	for (unsigned port = 0; port < GATEWAY_PORTS; port++) {
		uint32_t taken = g->rx[port][0]->cons.tail;

		has_moved |= taken != run->taken[port];
		is_empty &= rte_ring_empty(g->rx[port][0]);
		run->taken[port] = taken;
	}
	if (has_moved || is_empty)
		run->last_move = run->now;
}

static void turn(struct run *run)
{
	struct load *load = run->load;
	double stall = STALL_S * bench_tsc_hz();

	run->now = bench_tsc();
	worker_watch(run);
	if ((double)(run->now - run->last_turn) > stall ||
		(double)(run->now - run->last_move) > stall)
		run->trial.was_stalled = true;
	run->last_turn = run->now;
	traffic_receive(load->t);
	if ((double)(run->now - run->tended) > TEND_S * bench_tsc_hz()) {
		gateway_tend(load->g);
		run->tended = run->now;
	}
}

static void send(struct run *run, double due)
{
	unsigned burst = run->load->burst == 0 ? TRAFFIC_BURST : run->load->burst;
	double wanted = due - (double)sent_of(run);
	unsigned n = wanted > TRAFFIC_BURST ? TRAFFIC_BURST : (unsigned)wanted;

	if (wanted < burst)
		return;
	traffic_send(run->load->t, n);
	load_clock_advance(run->load, n);
}

static void offer(struct run *run, double seconds)
{
	uint64_t until = run->start + (uint64_t)(seconds * bench_tsc_hz());
	double due = 0;

	while (run->now < until) {
		turn(run);
		if (run->load->beside != NULL)
			run->load->beside(run->load->beside_arg, run->now);
		due = (double)(run->now - run->start) * run->per_tick;
		send(run, due);
	}
	run->trial.pps = (double)sent_of(run) / ((double)(run->now - run->start) / bench_tsc_hz());
	run->trial.end = run->now;
	run->trial.was_late = (double)sent_of(run) < due * 0.99;
	for (unsigned port = 0; port < GATEWAY_PORTS; port++)
		run->trial.is_behind |= rte_ring_count(run->load->g->rx[port][0]) > BACKLOG_MAX;
}

static void rest(struct run *run)
{
	uint64_t until = run->now + (uint64_t)(REST_S * bench_tsc_hz());
	struct traffic *t = run->load->t;

	while (t->sent - run->sent != t->received - run->received && run->now < until)
		turn(run);
	run->trial.lost =
		(t->sent - run->sent) - (t->received - run->received) + t->refused - run->refused;
}

struct rate_trial rate_try(struct load *load, double pps, double seconds)
{
	struct run run = {.load = load,
		.sent = load->t->sent,
		.received = load->t->received,
		.refused = load->t->refused,
		.per_tick = pps / bench_tsc_hz()};

	gateway_cores_take(load->g, true);
	run.start = run.now = run.last_turn = run.last_move = run.tended = bench_tsc();
	offer(&run, seconds);
	rest(&run);
	gateway_cores_take(load->g, false);
	usleep(REST_OTHERS_US);
	load->wrong += witness_check(load->t->witness, &load->checked);
	return run.trial;
}

static bool trial_is_good(const struct rate_trial *trial)
{
	return trial->lost == 0 && !trial->is_behind;
}

// A trial that the machine has not disturbed.
static struct rate_trial calm_try(struct load *load, double pps, struct rate *rate)
{
	double seconds = load->options.quick ? 0.15 : 0.5;
	struct rate_trial trial = rate_try(load, pps, seconds);

	while (trial.was_stalled && !trial_is_good(&trial) && rate->repeated < REPEATS_MAX) {
		rate->repeated++;
		trial = rate_try(load, pps, seconds);
	}
	return trial;
}

struct rate rate_search(struct load *load, double guess)
{
	double low = 0, high = guess * 1.5, pps = high;
	struct rate rate = {0};

	gateway_start(load->g);
	for (unsigned i = 0; i < STEPS; i++) {
		struct rate_trial trial = calm_try(load, pps, &rate);

		if (trial_is_good(&trial)) {
			rate.pps = trial.pps > rate.pps ? trial.pps : rate.pps;
			rate.is_generators = trial.was_late;
			if (trial.was_late)
				break;
			low = pps;
		} else {
			high = pps;
		}
		pps = (low + high) / 2;
	}
	gateway_stop(load->g);
	return rate;
}

bool rate_confirm(struct load *load, double pps)
{
	struct rate rate = {0};
	struct rate_trial trial;

	gateway_start(load->g);
	trial = calm_try(load, pps, &rate);
	gateway_stop(load->g);
	if (trial.was_stalled && trial.lost > 0)
		return false;
	load->wrong += trial.lost;
	return true;
}
