// SPDX-License-Identifier: Apache-2.0
// Token buckets, so that a flood of STUN costs a look and no HMAC.
#include "ice_parts.h"

#define STRANGERS_PERIOD_US 50u // 20000 a second: some hundredths of a core

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

static uint64_t strangers_full_us(const struct ice_env *env)
{
	return *env->strangers > env->now_us ? *env->strangers : env->now_us;
}

bool ice_strangers_allow(const struct ice_env *env, unsigned keep)
{
	uint64_t most_us = (uint64_t)(ICE_STRANGERS_BURST - keep) * STRANGERS_PERIOD_US;

	return env->strangers == NULL ||
		strangers_full_us(env) + STRANGERS_PERIOD_US <= env->now_us + most_us;
}

bool ice_strangers_take(const struct ice_env *env, unsigned keep)
{
	if (!ice_strangers_allow(env, keep))
		return false;
	if (env->strangers != NULL)
		*env->strangers = strangers_full_us(env) + STRANGERS_PERIOD_US;
	return true;
}
