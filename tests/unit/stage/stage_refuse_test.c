// SPDX-License-Identifier: Apache-2.0
// What the media path refuses: strangers, forgeries, repetitions, what comes too early, what nobody negotiated.
#include "call.h"
#include "wire_rtcp.h"
#include "wire_rtp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct call_config config = {.profiles = "SRTP_AES128_CM_SHA1_80",
	.wic_host = 2,
	.phone_host = 3,
	.shard = 8,
	.has_video = true};
static const struct call_config deaf = {.profiles = "SRTP_AES128_CM_SHA1_80",
	.wic_host = 2,
	.phone_host = 3,
	.shard = 8,
	.is_deaf = true};
static const struct rtp_example from_wic = {.pt = CALL_AUDIO_PT,
	.ssrc = 0xb0b0b0b0u,
	.mid = "a",
	.payload_len = 160};
static const struct rtp_example from_phone = {.pt = 96, .ssrc = 0xd0d0d0d0u, .payload_len = 160};

static void nobody_got_anything(struct call *call)
{
	assert_null(media_take(call->phone));
	assert_null(media_take(wic_end(call->wic)));
}

// Steps, and checks that a counter grew by n and nothing left.
static void is_dropped(struct call *call, enum worker_counter counter, unsigned n, uint64_t before)
{
	media_step(call->rig);
	if (media_count(call->rig, counter) != before + n)
		fail_msg("%s: %u, not %u", worker_counter_name(counter),
			(unsigned)(media_count(call->rig, counter) - before), n);
	nobody_got_anything(call);
}

static void strangers(void **state)
{
	struct media_rig *rig = *state;
	struct media_end *near_wic, *near_phone;
	struct iq_context_state seen;
	struct iq_addr core;
	uint8_t packet[1500];
	struct call call;
	size_t len;

	call_up(&call, rig, &config);
	near_wic = media_end_add(rig, 0, 66);
	near_phone = media_end_add(rig, 1, 66);
	core = call_core(&call, 0, 0);
	len = rtp_write(packet, &from_phone);
	media_send(rig, near_phone, call_phone_port(0), &core, packet, len);
	media_send(rig, near_wic, 50000, wic_gateway(call.wic), packet, len);
	// The browser's own address, another port.
	media_send(rig, wic_end(call.wic), 50001, wic_gateway(call.wic), packet, len);
	is_dropped(&call, COUNTER_drop_source, 3, 0);
	packet[0] = 22; // DTLS
	media_send(rig, near_wic, 50000, wic_gateway(call.wic), packet, len);
	is_dropped(&call, COUNTER_drop_dtls_source, 1, 0);
	seen = media_state(rig, call.local.handle);
	assert_int_equal(seen.legs[IQ_LEG_ACCESS].in.not_admitted, 2);
	assert_int_equal(seen.legs[IQ_LEG_CORE].in.not_admitted, 1);
	core.port += 128 * 2 * 4; // the same shard, nobody's port
	media_send(rig, call.phone, call_phone_port(0), &core, packet, len);
	is_dropped(&call, COUNTER_drop_no_transport, 1, 0);
	call_down(&call);
}

static void forged_and_repeated(void **state)
{
	struct media_rig *rig = *state;
	struct rtp_example audio = from_wic;
	struct iq_context_state seen;
	uint8_t packet[1500], kept[1500];
	struct call call;
	uint16_t port;
	size_t len;

	call_up(&call, rig, &config);
	len = wic_rtp_send(call.wic, packet, rtp_write(packet, &audio));
	memcpy(kept, packet, len);
	media_step(rig);
	assert_true(call_phone_take(&call, packet, &port) > 0);
	wic_raw_send(call.wic, kept, len);
	is_dropped(&call, COUNTER_drop_srtp_replay, 1, 0);
	wire_rtp_set_seq(kept, 1); // another number, the old tag
	wic_raw_send(call.wic, kept, len);
	is_dropped(&call, COUNTER_drop_srtp_auth, 1, 0);
	for (unsigned i = 0; i < 40; i++) { // each with an SSRC of its own: nothing is kept of it
		wire_rtp_set_ssrc(kept, i);
		wic_raw_send(call.wic, kept, len);
		media_step(rig);
	}
	is_dropped(&call, COUNTER_drop_srtp_auth, 41, 0);
	assert_int_equal(media_count(rig, COUNTER_drop_ssrc_limit), 0);
	wire_store32(kept, 0x81c90001); // SRTCP with a wrong tag
	wic_raw_send(call.wic, kept, 60);
	is_dropped(&call, COUNTER_drop_srtp_auth, 42, 0);
	seen = media_state(rig, call.local.handle);
	assert_int_equal(seen.legs[IQ_LEG_ACCESS].in.replayed, 1);
	assert_int_equal(seen.legs[IQ_LEG_ACCESS].in.auth_failed, 42);
	assert_int_equal(seen.legs[IQ_LEG_ACCESS].in.packets, 1);
	audio.seq = 2;
	call_wic_send(&call, &audio);
	media_step(rig);
	assert_true(call_phone_take(&call, packet, &port) > 0);
	call_down(&call);
}

static void too_early(void **state)
{
	struct media_rig *rig = *state;
	uint8_t packet[1500];
	struct call call;
	unsigned i;

	call_begin(&call, rig, &deaf);
	call_phone_send(&call, 0, &from_phone);
	is_dropped(&call, COUNTER_drop_no_remote, 1, 0);
	wic_raw_send(call.wic, packet, rtp_write(packet, &from_wic));
	is_dropped(&call, COUNTER_drop_source, 1, 0);
	// ICE has a pair, the handshake hasn't begun.
	wic_deaf_set(call.wic, false);
	wic_check(call.wic, true, true);
	for (i = 0; i < 2500 && media_state(rig, call.local.handle).legs[0].ice != IQ_ICE_CONNECTED;
		i++) {
		media_step(rig);
		usleep(2000);
	}
	assert_int_equal(media_state(rig, call.local.handle).legs[0].dtls, IQ_DTLS_WAITING);
	call_phone_send(&call, 0, &from_phone);
	is_dropped(&call, COUNTER_drop_no_keys, 1, 0);
	// What the browser sends waits, a little of it, and not for long.
	for (i = 0; i < HOLD_OF_TRANSPORT + 2; i++)
		wic_raw_send(call.wic, packet, rtp_write(packet, &from_wic));
	is_dropped(&call, COUNTER_drop_no_keys, 2, 1);
	assert_int_equal(media_count(rig, COUNTER_held), HOLD_OF_TRANSPORT);
	__atomic_fetch_add(&rig->skew_us, 1900000, __ATOMIC_RELAXED);
	is_dropped(&call, COUNTER_drop_no_keys, 0, 3);
	__atomic_fetch_add(&rig->skew_us, 200000, __ATOMIC_RELAXED);
	is_dropped(&call, COUNTER_drop_no_keys, HOLD_OF_TRANSPORT, 3);
	wic_raw_send(call.wic, packet, rtp_write(packet, &from_wic));
	is_dropped(&call, COUNTER_drop_no_keys, 0, 11);
	call_down(&call); // gives back what waits
	assert_int_equal(media_count(rig, COUNTER_drop_no_keys), 12);
}

// The browser has our answer and begins; its own to our check isn't here. DTLS is taken, media isn't.
static void hello_before_the_pair(void **state)
{
	static const uint8_t record[13] = {22, 0xfe, 0xff}; // with nothing in it
	struct media_rig *rig = *state;
	uint8_t packet[1500];
	struct call call;

	call_begin(&call, rig, &deaf);
	wic_check(call.wic, false, false);
	wic_hello(call.wic);
	is_dropped(&call, COUNTER_drop_dtls_source, 1, 0);
	wic_check(call.wic, false, true);
	media_step(rig);
	assert_int_equal(wic_answered(call.wic), 1);
	wic_raw_send(call.wic, record, sizeof(record));
	wic_raw_send(call.wic, packet, rtp_write(packet, &from_wic));
	is_dropped(&call, COUNTER_drop_source, 1, 0);
	assert_int_equal(media_count(rig, COUNTER_drop_dtls_source), 1);
	assert_int_equal(media_count(rig, COUNTER_dtls_punted), 1);
	wic_deaf_set(call.wic, false);
	memset(&rig->state, 0, sizeof(rig->state));
	assert_true(wic_connect(call.wic));
	call_down(&call);
}

static void not_negotiated(void **state)
{
	struct media_rig *rig = *state;
	struct rtp_example audio = from_wic;
	struct call call;

	call_up(&call, rig, &config);
	audio.mid = "zz";
	call_wic_send(&call, &audio);
	audio.mid = NULL;
	audio.pt = 77; // neither a mid nor a payload type that says where it belongs
	audio.seq++;
	call_wic_send(&call, &audio);
	is_dropped(&call, COUNTER_drop_demux, 2, 0);
	audio.mid = "a";
	audio.seq++;
	call_wic_send(&call, &audio);
	audio = from_phone;
	audio.pt = 97; // video's, at audio's port
	call_phone_send(&call, 0, &audio);
	is_dropped(&call, COUNTER_drop_payload_type, 2, 0);
	call.streams.streams[0].enabled = 0;
	assert_int_equal(call_streams_set(&call), 0);
	call_phone_send(&call, 0, &from_phone);
	is_dropped(&call, COUNTER_drop_demux, 3, 0);
	call_down(&call);
}

static void malformed(void **state)
{
	static const uint8_t firsts[] = {4, 10, 16, 19, 64, 79, 80, 127, 192, 255};
	struct media_rig *rig = *state;
	uint8_t packet[1500];
	struct iq_addr core, rtcp;
	struct call call;
	size_t len;

	call_up(&call, rig, &config);
	core = call_core(&call, 0, 0);
	rtcp = call_core(&call, 0, 1);
	len = rtp_write(packet, &from_phone);
	for (unsigned i = 0; i < sizeof(firsts); i++) {
		packet[0] = firsts[i];
		wic_raw_send(call.wic, packet, len);
	}
	for (unsigned i = 0; i < 2; i++) { // the core side speaks neither STUN nor DTLS
		packet[0] = i == 0 ? 0 : 22;
		media_send(rig, call.phone, call_phone_port(0), &core, packet, len);
	}
	media_send(rig, call.phone, call_phone_port(0), &core, packet, 0);
	media_send(rig, call.phone, call_phone_port(0), &core, packet, 1);
	is_dropped(&call, COUNTER_drop_classify, sizeof(firsts) + 4, 0);
	packet[0] = 0x80;
	media_send(rig, call.phone, call_phone_port(0), &core, packet, 11);
	packet[0] = 0x8f; // fifteen sources
	media_send(rig, call.phone, call_phone_port(0), &core, packet, 40);
	packet[0] = 0x90; // an extension longer than the packet
	wire_store32(packet + 12, 0xbedeffff);
	media_send(rig, call.phone, call_phone_port(0), &core, packet, len);
	packet[0] = 0xa0; // more padding than payload
	packet[len - 1] = 255;
	media_send(rig, call.phone, call_phone_port(0), &core, packet, len);
	is_dropped(&call, COUNTER_drop_rtp_malformed, 4, 0);
	wire_store32(packet, 0x80c90001);
	media_send(rig, call.phone, call_phone_port(0), &rtcp, packet, 7);
	wire_store32(packet, 0x80c900ff);
	media_send(rig, call.phone, call_phone_port(0), &rtcp, packet, 40);
	is_dropped(&call, COUNTER_drop_rtcp_malformed, 2, 0);
	call_down(&call);
}

static void wrong_checks(void **state)
{
	struct media_rig *rig = *state;
	uint8_t bytes[64] = {
		1, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42}; // a response that nobody waits for
	struct call call;

	call_begin(&call, rig, &deaf);
	wic_check(call.wic, true, false);
	is_dropped(&call, COUNTER_drop_stun_integrity, 1, 0);
	wic_raw_send(call.wic, bytes, 20);
	media_step(rig);
	assert_true(media_count(rig, COUNTER_drop_stun_late) +
			media_count(rig, COUNTER_drop_stun_malformed) ==
		1);
	bytes[3] = 3;
	wic_raw_send(call.wic, bytes, 20);
	media_step(rig);
	assert_true(media_count(rig, COUNTER_drop_stun_malformed) >= 1);
	assert_int_equal(wic_answered(call.wic), 0);
	assert_int_equal(media_state(rig, call.local.handle).legs[0].consent, IQ_CONSENT_NONE);
	call_down(&call);
}

// More checks than any browser sends, an answer that nobody waits for, both sides controlling.
static void odd_checks(void **state)
{
	struct call_config both = deaf;
	struct media_rig *rig = *state;
	struct call call;

	both.is_controlling = true;
	call_begin(&call, rig, &both);
	wic_stray_answer(call.wic);
	is_dropped(&call, COUNTER_drop_stun_late, 1, 0);
	wic_check(call.wic, true, true); // the gateway has the higher number, and stays controlling
	media_step(rig);
	assert_int_equal(media_count(rig, COUNTER_stun_errors), 1);
	assert_int_equal(wic_answered(call.wic), 0);
	for (unsigned i = 0; i < 320; i++) {
		wic_check(call.wic, true, true);
		if (i % 32 == 31)
			media_step(rig);
	}
	assert_true(media_count(rig, COUNTER_drop_stun_budget) > 0);
	assert_int_equal(
		media_count(rig, COUNTER_drop_stun_budget) + media_count(rig, COUNTER_stun_errors),
		321);
	call_down(&call);
}

// Runs until the controller was told of a change, at most two seconds.
static void wait_changed(struct media_rig *rig, uint32_t bits)
{
	for (unsigned i = 0; i < 1000 && (rig->state.changed & bits) != bits; i++) {
		media_step(rig);
		usleep(2000);
	}
	assert_int_equal(rig->state.changed & bits, bits);
}

static void consent_expires(void **state)
{
	struct media_rig *rig = *state;
	struct call call;

	call_up(&call, rig, &config);
	wic_deaf_set(call.wic, true);
	for (unsigned i = 0; i < 36; i++) {
		__atomic_fetch_add(&rig->skew_us, 1000000, __ATOMIC_RELAXED);
		media_step(rig);
	}
	wait_changed(rig, IQ_CHANGED_CONSENT);
	assert_int_equal(rig->state.legs[IQ_LEG_ACCESS].consent, IQ_CONSENT_EXPIRED);
	while (media_take(wic_end(call.wic)) != NULL)
		;
	call_phone_send(&call, 0, &from_phone);
	is_dropped(&call, COUNTER_drop_no_consent, 1, 0);
	call_down(&call);
}

static void close_notify_revokes(void **state)
{
	struct media_rig *rig = *state;
	struct call call;

	call_up(&call, rig, &config);
	wic_close(call.wic);
	wait_changed(rig, IQ_CHANGED_CONSENT);
	assert_int_equal(rig->state.legs[IQ_LEG_ACCESS].consent, IQ_CONSENT_REVOKED);
	assert_int_equal(rig->state.legs[IQ_LEG_ACCESS].dtls, IQ_DTLS_CLOSED);
	call_phone_send(&call, 0, &from_phone);
	is_dropped(&call, COUNTER_drop_no_consent, 1, 0);
	call_down(&call);
}

static void wrong_fingerprint(void **state)
{
	struct media_rig *rig = *state;
	struct call_config wrong = config;
	struct call call;

	wrong.has_wrong_fingerprint = true;
	call_begin(&call, rig, &wrong);
	memset(&rig->state, 0, sizeof(rig->state));
	assert_false(wic_connect(call.wic));
	assert_int_equal(rig->state.legs[IQ_LEG_ACCESS].dtls, IQ_DTLS_FAILED);
	assert_int_equal(rig->state.legs[IQ_LEG_ACCESS].dtls_error, 1);
	call_phone_send(&call, 0, &from_phone);
	is_dropped(&call, COUNTER_drop_no_keys, 1, 0);
	call_down(&call);
}

// A change is told until its own version is acknowledged.
static void acknowledgements(void **state)
{
	struct media_rig *rig = *state;
	struct iq_state_ack ack;
	struct call call;

	call_up(&call, rig, &config);
	ack = (struct iq_state_ack){.handle = call.local.handle, .version = rig->state.version - 1};
	assert_int_not_equal(rig->state.changed, 0);
	assert_int_equal(media_command(rig, IQ_STATE_ACK, config.shard, &ack, sizeof(ack)), 0);
	assert_int_equal(media_state(rig, ack.handle).changed, rig->state.changed);
	ack.version++;
	assert_int_equal(media_command(rig, IQ_STATE_ACK, config.shard, &ack, sizeof(ack)), 0);
	assert_int_equal(media_state(rig, ack.handle).changed, 0);
	call_down(&call);
}

// A core side that changes its SSRC again and again is heard, and its counts stay whole.
static void many_sources(void **state)
{
	struct rtp_example audio = from_phone;
	struct media_rig *rig = *state;
	uint8_t packet[1500];
	struct call call;
	bool is_rtcp;

	call_up(&call, rig, &config);
	for (unsigned i = 0; i < 50; i++) {
		audio.ssrc = 1000 + i;
		call_phone_send(&call, 0, &audio);
		media_step(rig);
		assert_true(wic_take(call.wic, packet, &is_rtcp) > 0);
		assert_int_equal(wire_load16(packet + 2), 30001 + i);
	}
	assert_int_equal(media_count(rig, COUNTER_drop_ssrc_limit), 0);
	assert_int_equal(media_state(rig, call.local.handle).legs[IQ_LEG_CORE].in.packets, 50);
	// The authenticated side keeps its replay windows, and so a bound.
	audio = from_wic;
	for (unsigned i = 0; i < FLOWS_MAX + 4; i++) {
		audio.ssrc = 1000 + i;
		call_wic_send(&call, &audio);
		media_step(rig);
	}
	assert_int_equal(media_count(rig, COUNTER_drop_ssrc_limit), 4);
	call_down(&call);
}

// Any bytes at every port: nothing breaks, nothing stays.
static void noise(void **state)
{
	struct media_rig *rig = *state;
	uint8_t bytes[300];
	struct call call;

	call_up(&call, rig, &config);
	srand(3);
	for (unsigned i = 0; i < 30000; i++) {
		struct iq_addr core = call_core(&call, i & 1, (i >> 1) & 1);
		size_t len = (size_t)rand() % sizeof(bytes);

		for (size_t k = 0; k < len; k++)
			bytes[k] = (uint8_t)rand();
		if (i % 3 != 0)
			bytes[0] = (uint8_t)(i % 2 ? 0x80 | (rand() & 0x3f) : rand() & 0x3f);
		if (i % 5 == 0)
			bytes[1] = (uint8_t)(200 + rand() % 8);
		media_send(rig, call.phone, call_phone_port(i & 1), &core, bytes, len);
		wic_raw_send(call.wic, bytes, len);
		if (i % 32 == 0)
			media_step(rig);
		while (media_take(call.phone) != NULL || media_take(wic_end(call.wic)) != NULL)
			;
	}
	media_step(rig);
	call_down(&call);
}

#define RIGGED(name) cmocka_unit_test_setup_teardown(name, media_up, media_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(strangers),
		RIGGED(forged_and_repeated),
		RIGGED(too_early),
		RIGGED(hello_before_the_pair),
		RIGGED(not_negotiated),
		RIGGED(malformed),
		RIGGED(wrong_checks),
		RIGGED(odd_checks),
		RIGGED(consent_expires),
		RIGGED(close_notify_revokes),
		RIGGED(wrong_fingerprint),
		RIGGED(acknowledgements),
		RIGGED(many_sources),
		RIGGED(noise),
	};

	return cmocka_run_group_tests(tests, media_group_up, NULL);
}
