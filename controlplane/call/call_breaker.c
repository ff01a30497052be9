// SPDX-License-Identifier: Apache-2.0
// Circuit breakers that tripped at the media gateway: explained in the log, by policy the end of the call.
#include "call_breaker.h"

#include "log.h"

static const char *leg_name(uint8_t leg)
{
	return leg == IQ_LEG_ACCESS ? "the browser" : "the core";
}

static void trip_log(const struct call *call, unsigned n, const struct iq_trip *trip)
{
	const char *to = leg_name(trip->leg);

	switch (trip->breaker) {
	case IQ_BREAKER_RTCP_TIMEOUT:
		log_warn("call %s: section %u is no longer sent to %s: no RTCP about it for %u ms, "
			 "%u at most",
			call->id, n, to, trip->silence_ms, trip->silence_max_ms);
		break;
	case IQ_BREAKER_MEDIA_TIMEOUT:
		log_warn("call %s: section %u is no longer sent to %s: %u reports in a row say "
			 "that nothing arrives",
			call->id, n, to, trip->intervals);
		break;
	case IQ_BREAKER_CONGESTION:
		log_warn("call %s: section %u is no longer sent to %s: congestion, seen by section "
			 "%u: %u bytes/s, "
			 "%u at most with loss %u/1000, round trip %u us, packets of %u bytes, %u "
			 "reports",
			call->id, n, to, trip->cause, trip->rate, trip->limit, trip->loss_permille,
			trip->rtt_us, trip->packet, trip->intervals);
		break;
	default:
		log_warn("call %s: section %u is no longer sent to %s: unusable, loss %u/1000, "
			 "round trip %u us",
			call->id, n, to, trip->loss_permille, trip->rtt_us);
	}
}

const char *breaker_fault(const struct call *call, const struct iq_context_state *state)
{
	uint8_t ceased = 0;

	for (unsigned n = 0; n < call->sections && n < IQ_STREAMS_MAX; n++) {
		if (state->trips[n].ceased == 0)
			continue;
		trip_log(call, n, &state->trips[n]);
		ceased |= (uint8_t)(1 << n);
	}
	// A call goes on without its video.
	if (!call->calls->config.breaker_releases || (ceased & call->audio_sections) == 0)
		return NULL;
	return "a circuit breaker stopped the audio";
}
