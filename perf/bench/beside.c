// SPDX-License-Identifier: Apache-2.0
// The bisection over the rate of what goes on beside media.
#include "beside.h"

#define STEPS 6 // to within 3 % of the first interval
#define REPEATS_MAX 12 // of stalled trials in a search

static void turn(void *arg, uint64_t tsc)
{
	struct beside *b = arg;
	double due;

	if (b->start == 0)
		b->start = tsc;
	due = (double)(tsc - b->start) * b->per_tick - (double)b->done;
	b->done += b->offer(b->arg, due > BESIDE_BURST ? BESIDE_BURST : (unsigned)due);
}

struct beside_trial beside_try(struct beside *b, double per_s)
{
	struct beside_trial trial;

	b->start = 0;
	b->done = 0;
	b->per_tick = per_s / bench_tsc_hz();
	b->load->beside = turn;
	b->load->beside_arg = b;
	trial.media = rate_try(b->load, b->media_pps, b->seconds);
	b->load->beside = NULL;
	trial.per_s = (double)b->done * bench_tsc_hz() / (double)(trial.media.end - b->start);
	return trial;
}

static bool trial_is_good(const struct beside_trial *trial)
{
	return trial->media.lost == 0 && !trial->media.is_behind;
}

static struct beside_trial calm_try(struct beside *b, double per_s)
{
	struct beside_trial trial = beside_try(b, per_s);

	for (unsigned i = 0; trial.media.was_stalled && !trial_is_good(&trial) && i < REPEATS_MAX;
		i++) {
		b->repeated++;
		trial = beside_try(b, per_s);
	}
	return trial;
}

double beside_search(struct beside *b, double most_per_s)
{
	double low = 0, high = most_per_s, per_s = most_per_s, best = 0;

	b->is_generators = true;
	gateway_start(b->load->g);
	for (unsigned i = 0; i < STEPS; i++) {
		struct beside_trial trial = calm_try(b, per_s);

		if (!trial_is_good(&trial))
			b->is_generators = false;
		// A generator that can't do both says nothing of the gateway.
		if (trial_is_good(&trial) && !trial.media.was_late) {
			best = trial.per_s > best ? trial.per_s : best;
			b->reached_media_pps = trial.media.pps;
			b->lost += trial.media.lost;
			low = per_s;
		} else {
			high = per_s;
		}
		if (high - low < most_per_s / 64)
			break;
		per_s = (low + high) / 2;
	}
	gateway_stop(b->load->g);
	return best;
}
