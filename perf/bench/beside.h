// SPDX-License-Identifier: Apache-2.0
// Something else at a rate of its own beside media at a rate that loses nothing: the largest at which it still doesn't.
#pragma once

#include "rate.h"

struct beside {
	struct load *load;
	double media_pps;
	double seconds; // of a trial
	// Does up to n more, at most BESIDE_BURST: how many. On the generator's thread.
	unsigned (*offer)(void *arg, unsigned n);
	void *arg;
	unsigned repeated; // trials, because of stalls
	uint64_t lost; // media, in the trials that were good: 0
	double reached_media_pps; // in the last good one
	bool is_generators; // no trial at any rate took media away: the generator is the limit
	// Of a trial.
	uint64_t start, done;
	double per_tick;
};

#define BESIDE_BURST 64

struct beside_trial {
	struct rate_trial media;
	double per_s; // that was reached
};

// One trial. The gateway is running.
struct beside_trial beside_try(struct beside *b, double per_s);

// Bisects between nothing and most; starts and stops the gateway. Per second; 0: no rate at all is good.
double beside_search(struct beside *b, double most_per_s);
