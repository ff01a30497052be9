// SPDX-License-Identifier: Apache-2.0
// Token buckets, so that a flood of STUN costs a look and no HMAC.
#include "ice_parts.h"

// The word is the time, in milliseconds modulo 2^32, at which the bucket is full again (the generic cell rate
// algorithm of ITU-T I.371). A distance that no bucket can have means that the clock has wrapped: full.
bool ice_budget_take(uint32_t *budget, uint64_t now_us, uint32_t period_ms, uint32_t burst)
{
	uint32_t now = (uint32_t)(now_us / 1000);
	uint32_t owed = *budget - now;

	if (owed > burst * period_ms)
		owed = 0;
	if (owed + period_ms > burst * period_ms)
		return false;
	*budget = now + owed + period_ms;
	return true;
}
