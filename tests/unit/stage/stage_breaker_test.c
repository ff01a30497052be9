// SPDX-License-Identifier: Apache-2.0
// Circuit breakers in a whole call: what a trip shuts, what is told of it, how the gate opens again. Time is injected.
#include "breaker.h"
#include "call.h"
#include "context_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND 1000000u
#define AUDIO 0
#define VIDEO 1

static const struct call_config video_call = {.profiles = "SRTP_AEAD_AES_128_GCM",
	.wic_host = 2,
	.phone_host = 3,
	.shard = 7,
	.has_video = true};

struct line {
	struct call call;
	struct worker *w;
	struct shard *shard;
	struct context *context;
	uint64_t now_us;
};

static void line_up(struct line *line, struct media_rig *rig)
{
	call_up(&line->call, rig, &video_call);
	for (unsigned n = 0; n < 2; n++)
		line->call.streams.streams[n].breakers[IQ_LEG_ACCESS] = IQ_BREAKERS_ALL;
	assert_int_equal(call_streams_set(&line->call), 0);
	line->shard = rig->shards[video_call.shard];
	line->w = rig->workers[video_call.shard % RIG_WORKERS];
	line->context = context_find(line->shard, line->call.local.handle);
	line->now_us = line->w->now_us;
}

static struct stream *stream_of(const struct line *line, unsigned n)
{
	return shard_stream(line->shard, line->context->stream[n]);
}

// A second in which so much is sent to the browser, and its breakers are looked at.
static void second(struct line *line, unsigned n, unsigned packets, unsigned payload)
{
	struct sender *sender = &stream_of(line, n)->sender[IQ_LEG_ACCESS];

	sender->packets += packets;
	sender->octets += (uint64_t)packets * payload;
	line->w->now_us = line->now_us;
	context_breakers_run(line->w, line->shard, line->context, n);
}

static void report(struct line *line, unsigned n, uint8_t lost)
{
	struct stream *stream = stream_of(line, n);
	const struct sender *sender = &stream->sender[IQ_LEG_ACCESS];
	struct breaker_report said = {.now_us = line->now_us,
		.packets = sender->packets,
		.octets = sender->octets,
		.highest_seq = (uint32_t)sender->packets,
		.rtt_us = 100000,
		.lost = lost};

	breaker_report(&stream->breaker[IQ_LEG_ACCESS], &said);
}

static unsigned audio_passes(struct line *line)
{
	struct rtp_example down = {.pt = 96, .ssrc = 0xd0d0, .payload_len = 100};
	uint8_t packet[1500];
	bool is_rtcp;
	unsigned passed = 0;

	for (unsigned i = 0; i < 3; i++) {
		down.seq = (uint16_t)(100 + i);
		call_phone_send(&line->call, AUDIO, &down);
	}
	media_step(line->call.rig);
	while (wic_take(line->call.wic, packet, &is_rtcp) > 0)
		passed += !is_rtcp;
	return passed;
}

// Nobody reports: after 15 s nothing is sent to the browser, and the controller knows why.
static void silence_shuts_one_way(void **state)
{
	struct rtp_example up = {
		.pt = CALL_AUDIO_PT, .ssrc = 0xb0b0, .mid = "a", .payload_len = 100};
	struct iq_context_state told;
	uint8_t packet[1500];
	struct line line;
	uint16_t port;

	line_up(&line, *state);
	for (unsigned i = 0; i < 20; i++, line.now_us += SECOND) {
		second(&line, AUDIO, 50, 160);
		assert_int_equal(
			stream_of(&line, AUDIO)->gate, i < 16 ? IQ_GATE_BOTH : IQ_GATE_TO_CORE);
	}
	media_step(line.call.rig);
	told = line.call.rig->state;
	assert_true(told.changed & IQ_CHANGED_BREAKER);
	assert_int_equal(told.trips[AUDIO].breaker, IQ_BREAKER_RTCP_TIMEOUT);
	assert_int_equal(told.trips[AUDIO].leg, IQ_LEG_ACCESS);
	assert_int_equal(told.trips[AUDIO].ceased, 1 << IQ_LEG_ACCESS);
	assert_int_equal(told.trips[AUDIO].silence_ms, 15000);
	assert_int_equal(told.trips[VIDEO].breaker, IQ_BREAKER_NONE);
	assert_int_equal(media_count(line.call.rig, COUNTER_breakers_tripped), 1);
	assert_int_equal(audio_passes(&line), 0);
	call_wic_send(&line.call, &up); // the other way is none of its business
	media_step(line.call.rig);
	assert_int_equal(call_phone_take(&line.call, packet, &port), 112);
	call_down(&line.call);
}

// The same command again opens nothing; hold and resume do, when some time has passed.
static void gate_opens_after_a_pause(void **state)
{
	struct line line;

	line_up(&line, *state);
	for (unsigned i = 0; i < 18; i++, line.now_us += SECOND)
		second(&line, AUDIO, 50, 160);
	media_step(line.call.rig);
	assert_int_equal(call_streams_set(&line.call), 0);
	assert_int_equal(audio_passes(&line), 0);
	stream_of(&line, AUDIO)->ceased_us = line.w->now_us; // just now
	call_gate(&line.call, 0);
	call_gate(&line.call, IQ_GATE_BOTH);
	assert_int_equal(audio_passes(&line), 0);
	stream_of(&line, AUDIO)->ceased_us = line.w->now_us - 15 * SECOND;
	call_gate(&line.call, 0);
	call_gate(&line.call, IQ_GATE_BOTH);
	assert_int_equal(audio_passes(&line), 3);
	assert_int_equal(media_state(line.call.rig, line.call.local.handle).trips[AUDIO].ceased, 0);
	call_down(&line.call);
}

// Held soon after the trip, resumed much later; what wasn't held stays shut.
static void held_early_and_resumed_late(void **state)
{
	struct line line;

	line_up(&line, *state);
	for (unsigned i = 0; i < 18; i++, line.now_us += SECOND)
		second(&line, AUDIO, 50, 160);
	media_step(line.call.rig);
	stream_of(&line, AUDIO)->ceased_us = line.w->now_us - 60 * SECOND;
	assert_int_equal(call_streams_set(&line.call), 0);
	assert_int_equal(audio_passes(&line), 0);
	stream_of(&line, AUDIO)->ceased_us = line.w->now_us; // just now
	call_gate(&line.call, 0);
	stream_of(&line, AUDIO)->ceased_us = line.w->now_us - 60 * SECOND;
	call_gate(&line.call, IQ_GATE_BOTH);
	assert_int_equal(audio_passes(&line), 3);
	assert_int_equal(media_state(line.call.rig, line.call.local.handle).trips[AUDIO].ceased, 0);
	call_down(&line.call);
}

// Audio meets congestion: the video goes first, then, when that was not enough, the audio.
static void video_is_cut_first(void **state)
{
	struct iq_context_state told = {0};
	struct line line;
	unsigned seconds = 0;

	line_up(&line, *state);
	for (; stream_of(&line, AUDIO)->gate == IQ_GATE_BOTH; seconds++, line.now_us += SECOND) {
		assert_in_range(seconds, 0, 60);
		second(&line, VIDEO, 1, 1000);
		report(&line, AUDIO, 60);
		second(&line, AUDIO, 1000, 1188); // so much that it can't be audio, but for the sum
		if (told.trips[VIDEO].breaker == 0 &&
			stream_of(&line, VIDEO)->gate != IQ_GATE_BOTH) {
			media_step(line.call.rig);
			told = line.call.rig->state;
			assert_int_equal(told.trips[VIDEO].breaker, IQ_BREAKER_CONGESTION);
			assert_int_equal(told.trips[VIDEO].cause, AUDIO);
			assert_int_equal(told.trips[AUDIO].ceased, 0);
			assert_true(told.trips[VIDEO].rate > told.trips[VIDEO].limit);
		}
	}
	media_step(line.call.rig);
	told = line.call.rig->state;
	assert_int_equal(told.trips[AUDIO].breaker, IQ_BREAKER_CONGESTION);
	assert_int_equal(told.trips[AUDIO].ceased, 1 << IQ_LEG_ACCESS);
	assert_int_equal(told.trips[VIDEO].ceased, 1 << IQ_LEG_ACCESS);
	assert_int_equal(media_count(line.call.rig, COUNTER_breakers_tripped), 2);
	call_down(&line.call);
}

// A phone that announced that it sends no RTCP may be silent.
static void announced_silence_is_fine(void **state)
{
	struct line line;

	line_up(&line, *state);
	line.call.streams.streams[AUDIO].rtcp[IQ_LEG_ACCESS] = IQ_RTCP_NONE;
	assert_int_equal(call_streams_set(&line.call), 0);
	for (unsigned i = 0; i < 100; i++, line.now_us += SECOND)
		second(&line, AUDIO, 50, 160);
	assert_int_equal(stream_of(&line, AUDIO)->gate, IQ_GATE_BOTH);
	call_down(&line.call);
}

#define RIGGED(name) cmocka_unit_test_setup_teardown(name, media_up, media_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(silence_shuts_one_way),
		RIGGED(gate_opens_after_a_pause),
		RIGGED(held_early_and_resumed_late),
		RIGGED(video_is_cut_first),
		RIGGED(announced_silence_is_fine),
	};

	return cmocka_run_group_tests(tests, media_group_up, NULL);
}
