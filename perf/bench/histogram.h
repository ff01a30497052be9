// SPDX-License-Identifier: Apache-2.0
// How long things took: counts by length, to within 3 %.
#pragma once

#include <stdint.h>

#define HISTOGRAM_STEPS 32 // of an octave
#define HISTOGRAM_BUCKETS (HISTOGRAM_STEPS * 48)

struct histogram {
	uint64_t counts[HISTOGRAM_BUCKETS];
	uint64_t total;
	uint64_t max;
};

static inline unsigned histogram_bucket(uint64_t ticks)
{
	unsigned octave;

	if (ticks < HISTOGRAM_STEPS)
		return (unsigned)ticks;
	octave = 63 - (unsigned)__builtin_clzll(ticks) - 5;
	return (octave + 1) * HISTOGRAM_STEPS + (unsigned)(ticks >> octave) % HISTOGRAM_STEPS;
}

static inline void histogram_add(struct histogram *h, uint64_t ticks)
{
	unsigned bucket = histogram_bucket(ticks);

	h->counts[bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1]++;
	h->total++;
	if (ticks > h->max)
		h->max = ticks;
}

// The length that this share of all did not exceed: the upper end of its bucket. 0: there are none.
uint64_t histogram_quantile(const struct histogram *h, double share);
