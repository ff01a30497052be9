// SPDX-License-Identifier: Apache-2.0
// Quantiles of a histogram.
#include "histogram.h"

static uint64_t bucket_end(unsigned bucket)
{
	unsigned octave = bucket / HISTOGRAM_STEPS;

	if (octave == 0)
		return bucket;
	return ((uint64_t)(HISTOGRAM_STEPS + bucket % HISTOGRAM_STEPS + 1) << (octave - 1)) - 1;
}

uint64_t histogram_quantile(const struct histogram *h, double share)
{
	uint64_t below = 0, wanted = (uint64_t)((double)h->total * share);

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		below += h->counts[i];
		if (below > wanted)
			return bucket_end(i) < h->max ? bucket_end(i) : h->max;
	}
	return h->max;
}
