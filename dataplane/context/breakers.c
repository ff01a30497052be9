// SPDX-License-Identifier: Apache-2.0
// Circuit breakers of a stream: what a trip does to the stream, and to the video beside it.
#include "context_priv.h"

#define CEASED_US BREAKER_SILENCE_US // sending isn't tried again sooner

static uint8_t gate_toward(unsigned leg)
{
	return leg == IQ_LEG_CORE ? IQ_GATE_TO_CORE : IQ_GATE_TO_ACCESS;
}

static void cease(struct stream *stream, unsigned leg, const struct iq_trip *trip, uint64_t now_us)
{
	uint8_t ceased = stream->trip.ceased;

	stream->trip = *trip;
	stream->trip.ceased = (uint8_t)(ceased | 1 << leg);
	stream->closed &= (uint8_t) ~(1 << leg);
	stream->gate &= (uint8_t)~gate_toward(leg);
	stream->ceased_us = now_us;
}

static bool is_sent(const struct stream *stream, unsigned leg)
{
	return stream->enabled && stream->breaker[leg].heard_us != 0 &&
		(stream->gate & gate_toward(leg)) != 0;
}

// Less is sent when the video stops (RFC 8083 section 4.3: once, by ten): false when there is none.
static bool video_cease(struct shard *shard, const struct context *c, unsigned leg,
	const struct iq_trip *trip, uint64_t now_us)
{
	bool any = false;

	for (unsigned n = 0; n < c->streams; n++) {
		struct stream *stream = shard_stream(shard, c->stream[n]);

		if (stream->kind != IQ_KIND_VIDEO || !is_sent(stream, leg))
			continue;
		cease(stream, leg, trip, now_us);
		any = true;
	}
	return any;
}

static void tripped(struct worker *w, struct shard *shard, struct context *c, unsigned n,
	const struct iq_trip *trip)
{
	struct stream *stream = shard_stream(shard, c->stream[n]);

	// Without the video the audio is judged anew.
	if (trip->breaker != IQ_BREAKER_CONGESTION || stream->kind != IQ_KIND_AUDIO ||
		!video_cease(shard, c, trip->leg, trip, w->now_us))
		cease(stream, trip->leg, trip, w->now_us);
	COUNT(w, breakers_tripped);
	context_notify(w, shard, c, IQ_CHANGED_BREAKER);
}

void context_breakers_run(struct worker *w, struct shard *shard, struct context *c, unsigned n)
{
	struct stream *stream = shard_stream(shard, c->stream[n]);
	uint64_t due_us = 0;

	for (unsigned leg = 0; leg < IQ_LEGS; leg++) {
		struct breaker *breaker = &stream->breaker[leg];
		struct iq_trip trip;
		uint64_t next_us;

		if (!stream->enabled || stream->breakers[leg] == 0)
			continue;
		if (breaker_check(breaker, stream->breakers[leg], stream->sender[leg].packets,
			    w->now_us, &trip)) {
			trip.leg = (uint8_t)leg;
			trip.cause = (uint8_t)n;
			tripped(w, shard, c, n, &trip);
			breaker_forget(breaker);
		}
		next_us = breaker_due_us(breaker, w->now_us);
		if (due_us == 0 || next_us < due_us)
			due_us = next_us;
	}
	worker_timer_set(w, shard->number, c->transport[IQ_LEG_CORE][n], due_us);
}

void context_breakers_due(
	struct worker *w, struct shard *shard, const struct context *c, unsigned n)
{
	worker_timer_set(w, shard->number, c->transport[IQ_LEG_CORE][n], w->now_us);
}

static void gate_free(struct stream *stream, unsigned leg)
{
	stream->trip.ceased &= (uint8_t) ~(1 << leg);
	breaker_forget(&stream->breaker[leg]);
}

// A gate that a breaker shut opens when it was closed by command, however soon, and is opened again some time after the
// trip.
static uint8_t gate_allowed(struct stream *stream, uint8_t wanted, uint64_t now_us)
{
	for (unsigned leg = 0; leg < IQ_LEGS; leg++) {
		uint8_t bit = (uint8_t)(1 << leg), gate = gate_toward(leg);

		if ((stream->trip.ceased & bit) == 0)
			continue;
		if ((wanted & gate) == 0)
			stream->closed |= bit;
		else if ((stream->closed & bit) == 0 || now_us - stream->ceased_us < CEASED_US)
			wanted &= (uint8_t)~gate;
		else
			gate_free(stream, leg);
	}
	return wanted;
}

void context_breakers_set(struct worker *w, struct shard *shard, struct context *c, unsigned n,
	const struct iq_stream *in)
{
	struct stream *stream = shard_stream(shard, c->stream[n]);

	for (unsigned leg = 0; leg < IQ_LEGS; leg++) {
		stream->breakers[leg] = in->breakers[leg];
		// Silence of one that never reports says nothing.
		if ((in->rtcp[leg] & IQ_RTCP_NONE) != 0)
			stream->breakers[leg] &= (uint8_t) ~(1 << IQ_BREAKER_RTCP_TIMEOUT);
	}
	stream->gate = gate_allowed(stream, in->gate, w->now_us);
	context_breakers_run(w, shard, c, n);
}
