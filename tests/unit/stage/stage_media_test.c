// SPDX-License-Identifier: Apache-2.0
// Calls over the whole media path: audio and video both ways, RTCP, hold, hairpin, each SRTP suite, IPv4 and IPv6.
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

#define WIC_SSRC 0xb0b0b0b0u
#define PHONE_SSRC 0xd0d0d0d0u
#define LEN 160

static const struct rtp_example from_wic = {.pt = CALL_AUDIO_PT,
	.ssrc = WIC_SSRC,
	.mid = "a",
	.payload_len = LEN};
static const struct rtp_example from_phone = {.pt = 96, .ssrc = PHONE_SSRC, .payload_len = LEN};

static void packet_check(const uint8_t *packet, size_t len, const struct rtp_example *want)
{
	uint8_t expected[1500];
	size_t expected_len = rtp_write(expected, want);

	assert_int_equal(len, expected_len);
	assert_memory_equal(packet, expected, len);
}

// n packets each way, checked to the last bit; numbers and timestamps from those given on.
static void audio_check(struct call *call, uint16_t seq, unsigned n)
{
	struct rtp_example up = from_wic, down = from_phone, want_up, want_down;
	uint8_t packet[1500];
	uint16_t port;
	bool is_rtcp;

	for (unsigned i = 0; i < n; i++) {
		up.seq = down.seq = (uint16_t)(seq + i);
		up.ts = down.ts = (seq + i) * 960u;
		call_wic_send(call, &up);
		call_phone_send(call, 0, &down);
	}
	media_step(call->rig);
	want_up = up;
	want_up.pt = 96;
	want_up.mid = NULL;
	want_up.ssrc = call->local.ssrc[0][IQ_LEG_CORE];
	want_down = down;
	want_down.pt = CALL_AUDIO_PT;
	want_down.ssrc = call->local.ssrc[0][IQ_LEG_ACCESS];
	for (unsigned i = 0; i < n; i++) {
		// The payload tells the number it was sent with.
		size_t len = call_phone_take(call, packet, &port);

		assert_int_equal(port, call_phone_port(0));
		want_up.seq = want_down.seq = (uint16_t)(seq + i);
		want_up.ts = want_down.ts = (seq + i) * 960u;
		assert_int_equal(packet[0], 0x80); // no extension, no CSRC
		assert_int_equal(wire_load16(packet + 2), (uint16_t)(30001 + i));
		wire_rtp_set_seq(packet, want_up.seq);
		packet_check(packet, len, &want_up);
		len = wic_take(call->wic, packet, &is_rtcp);
		assert_false(is_rtcp);
		assert_int_equal(wire_load16(packet + 2), (uint16_t)(30001 + i));
		wire_rtp_set_seq(packet, want_down.seq);
		packet_check(packet, len, &want_down);
	}
	assert_null(media_take(call->phone));
	assert_null(media_take(wic_end(call->wic)));
}

static void state_check(struct call *call, const char *profiles, unsigned n)
{
	struct iq_context_state state = media_state(call->rig, call->local.handle);
	const struct iq_leg_state *access = &state.legs[IQ_LEG_ACCESS],
				  *core = &state.legs[IQ_LEG_CORE];

	(void)profiles;
	assert_string_equal(state.ref, "a call");
	assert_int_equal(access->ice, IQ_ICE_CONNECTED);
	assert_int_equal(access->dtls, IQ_DTLS_CONNECTED);
	assert_int_equal(access->consent, IQ_CONSENT_LIVE);
	assert_int_equal(access->dtls_version, 0xfefd);
	assert_int_equal(access->remote.port, 50000);
	assert_memory_equal(
		access->local.ip, wic_gateway(call->wic)->ip, access->local.family == 4 ? 4 : 16);
	assert_int_equal(access->local.port, wic_gateway(call->wic)->port);
	assert_int_equal(access->in.packets, n);
	assert_int_equal(access->in.octets, n * LEN);
	assert_int_equal(access->out.packets, n);
	assert_int_equal(access->out.octets, n * LEN);
	assert_int_equal(core->in.packets, n);
	assert_int_equal(core->out.packets, n);
	assert_int_equal(core->in.lost + access->in.lost, 0);
	assert_int_equal(core->remote.port, call_phone_port(0));
}

static void suite_check(struct media_rig *rig, const struct call_config *config)
{
	struct call call;

	call_up(&call, rig, config);
	audio_check(&call, 65500, 100); // over the wrap of the sources' numbers
	state_check(&call, config->profiles, 100);
	assert_int_equal(media_count(rig, COUNTER_drop_srtp_auth), 0);
	assert_true(media_count(rig, COUNTER_handed_over) > 0);
	call_down(&call);
}

static void audio_with_cm_80(void **state)
{
	suite_check(*state,
		&(struct call_config){.profiles = "SRTP_AES128_CM_SHA1_80",
			.wic_host = 2,
			.phone_host = 3,
			.shard = 4});
}

static void audio_with_cm_32(void **state)
{
	suite_check(*state,
		&(struct call_config){.profiles = "SRTP_AES128_CM_SHA1_32",
			.wic_host = 2,
			.phone_host = 3,
			.shard = 5});
}

static void audio_with_gcm_128(void **state)
{
	suite_check(*state,
		&(struct call_config){.profiles = "SRTP_AEAD_AES_128_GCM",
			.wic_host = 2,
			.phone_host = 3,
			.shard = 0});
}

static void audio_with_gcm_256(void **state)
{
	suite_check(*state,
		&(struct call_config){.profiles = "SRTP_AEAD_AES_256_GCM",
			.wic_host = 2,
			.phone_host = 3,
			.shard = 127});
}

static void browser_is_dtls_server(void **state)
{
	suite_check(*state,
		&(struct call_config){.profiles = "SRTP_AEAD_AES_128_GCM",
			.wic_host = 2,
			.phone_host = 3,
			.shard = 9,
			.is_dtls_server = true});
}

// The browser has keys first and speaks at once: its first packets wait for ours and lose nothing of their order.
static void media_before_keys(void **state)
{
	static const struct call_config server = {.profiles = "SRTP_AEAD_AES_128_GCM",
		.wic_host = 2,
		.phone_host = 3,
		.shard = 10,
		.is_dtls_server = true};
	struct media_rig *rig = *state;
	struct rtp_example audio = from_wic;
	uint8_t packet[1500];
	struct call call;
	uint16_t port;

	call_begin(&call, rig, &server);
	memset(&rig->state, 0, sizeof(rig->state));
	assert_true(wic_connect_first(call.wic));
	for (audio.seq = 0; audio.seq < HOLD_OF_TRANSPORT + 2; audio.seq++)
		call_wic_send(&call, &audio);
	media_step(rig);
	assert_int_equal(media_count(rig, COUNTER_held), HOLD_OF_TRANSPORT);
	assert_int_equal(media_count(rig, COUNTER_drop_no_keys), 2);
	assert_null(media_take(call.phone));
	assert_true(wic_connect(call.wic));
	call_wic_send(&call, &audio);
	media_step(rig);
	for (unsigned i = 0; i < HOLD_OF_TRANSPORT; i++) {
		assert_int_equal(call_phone_take(&call, packet, &port), 12 + LEN);
		assert_int_equal(packet[12], i);
	}
	assert_int_equal(call_phone_take(&call, packet, &port), 12 + LEN);
	assert_int_equal(packet[12], HOLD_OF_TRANSPORT + 2);
	assert_int_equal(media_count(rig, COUNTER_drop_no_keys), 2);
	call_down(&call);
}

static void families_mix(void **state)
{
	for (uint8_t i = 1; i < 4; i++) {
		struct media_rig *rig = *state;

		rig->end_count = 0;
		suite_check(rig,
			&(struct call_config){.profiles = "SRTP_AEAD_AES_128_GCM",
				.wic_host = 2,
				.phone_host = 3,
				.shard = 20 + i,
				.wic_family = i & 1 ? 6 : 4,
				.phone_family = i & 2 ? 6 : 4});
	}
}

static const struct call_config plain = {.profiles = "SRTP_AEAD_AES_128_GCM",
	.wic_host = 2,
	.phone_host = 3,
	.shard = 6};
static const struct call_config video_call = {.profiles = "SRTP_AES128_CM_SHA1_80",
	.wic_host = 2,
	.phone_host = 3,
	.shard = 7,
	.has_video = true};

// Three ways to name a section: by mid, by payload type, by what was learned; on the core side by port.
static void bundle_is_taken_apart(void **state)
{
	struct rtp_example video = {
		.pt = CALL_VIDEO_PT, .ssrc = 0x51de0u, .mid = "v", .payload_len = 1000};
	struct rtp_example audio = from_wic;
	uint8_t packet[1500];
	struct call call;
	uint16_t port;
	bool is_rtcp;
	size_t len;

	call_up(&call, *state, &video_call);
	call_wic_send(&call, &video);
	audio.mid = NULL;
	call_wic_send(&call, &audio);
	video.mid = NULL;
	video.seq++;
	call_wic_send(&call, &video);
	media_step(call.rig);
	len = call_phone_take(&call, packet, &port);
	assert_int_equal(port, call_phone_port(1));
	assert_int_equal(len, 12 + 1000);
	assert_int_equal(packet[1], 97);
	assert_int_equal(wire_load32(packet + 8), call.local.ssrc[1][IQ_LEG_CORE]);
	assert_int_equal(call_phone_take(&call, packet, &port), 12 + LEN);
	assert_int_equal(port, call_phone_port(0));
	assert_int_equal(call_phone_take(&call, packet, &port), 12 + 1000);
	assert_int_equal(port, call_phone_port(1));

	video.pt = 97;
	call_phone_send(&call, 1, &video);
	call_phone_send(&call, 0, &from_phone);
	media_step(call.rig);
	assert_int_equal(wic_take(call.wic, packet, &is_rtcp), 12 + 1000);
	assert_int_equal(packet[1], CALL_VIDEO_PT);
	assert_int_equal(wire_load32(packet + 8), call.local.ssrc[1][IQ_LEG_ACCESS]);
	assert_int_equal(wic_take(call.wic, packet, &is_rtcp), 12 + LEN);
	assert_int_equal(packet[1], CALL_AUDIO_PT);
	call_down(&call);
}

static void telephone_events_pass(void **state)
{
	struct rtp_example event = from_phone;
	uint8_t packet[1500];
	struct call call;
	bool is_rtcp;

	call_up(&call, *state, &plain);
	event.pt = 101;
	event.marker = true;
	call_phone_send(&call, 0, &event);
	media_step(call.rig);
	assert_int_equal(wic_take(call.wic, packet, &is_rtcp), 12 + LEN);
	assert_int_equal(packet[1], CALL_EVENT_PT | 0x80);
	call_down(&call);
}

static size_t phone_rtcp_take(struct call *call, uint8_t *packet, unsigned n)
{
	uint16_t port;
	size_t len = call_phone_take(call, packet, &port);

	if (len > 0)
		assert_int_equal(port, call_phone_port(n) + 1);
	return len;
}

// Muxed and SRTCP on one side, a port of its own and plain on the other.
static void reports_cross(void **state)
{
	struct wire_rtcp_sr sr = {.ntp = 7ull << 32, .rtp_ts = 960, .packets = 3, .octets = 4};
	struct wire_rtcp_report report = {.highest_seq = 30001, .jitter = 5, .fraction = 6};
	struct wire_rtcp packet;
	struct wire_walk walk;
	struct iq_addr to;
	uint8_t bytes[1500];
	struct call call;
	bool is_rtcp;
	int len;

	call_up(&call, *state, &video_call);
	audio_check(&call, 1000, 1);
	// The phone's sender report and report about us, to the browser.
	sr.ssrc = PHONE_SSRC;
	report.ssrc = call.local.ssrc[0][IQ_LEG_CORE];
	len = wire_rtcp_sr_write(bytes, sizeof(bytes), &sr, &report, 1);
	to = call_core(&call, 0, 1);
	media_send(
		call.rig, call.phone, (uint16_t)(call_phone_port(0) + 1), &to, bytes, (size_t)len);
	media_step(call.rig);
	len = (int)wic_take(call.wic, bytes, &is_rtcp);
	assert_true(is_rtcp);
	walk = wire_walk_over(bytes, (size_t)len);
	assert_int_equal(wire_rtcp_next(&walk, &packet), 1);
	assert_int_equal(wire_rtcp_sr_read(&packet, &sr), 0);
	assert_int_equal(sr.ssrc, call.local.ssrc[0][IQ_LEG_ACCESS]);
	assert_int_equal(sr.packets, 1);
	assert_int_equal(sr.octets, LEN);
	assert_int_equal(wire_rtcp_report_read(&packet, 0, &report), 0);
	assert_int_equal(report.ssrc, WIC_SSRC);
	assert_int_equal(report.highest_seq, 1000);
	// The browser's, and its wish for a key frame, of the phone.
	report = (struct wire_rtcp_report){
		.ssrc = call.local.ssrc[0][IQ_LEG_ACCESS], .highest_seq = 30001};
	len = wire_rtcp_rr_write(bytes, sizeof(bytes), WIC_SSRC, &report, 1);
	wic_rtcp_send(call.wic, bytes, (size_t)len);
	media_step(call.rig);
	len = (int)phone_rtcp_take(&call, bytes, 0);
	walk = wire_walk_over(bytes, (size_t)len);
	assert_int_equal(wire_rtcp_next(&walk, &packet), 1);
	assert_int_equal(wire_load32(packet.data + 4), call.local.ssrc[0][IQ_LEG_CORE]);
	assert_int_equal(wire_rtcp_report_read(&packet, 0, &report), 0);
	assert_int_equal(report.ssrc, PHONE_SSRC);
	assert_int_equal(report.highest_seq, 1000);
	assert_int_equal(media_count(call.rig, COUNTER_rtcp_relayed), 2);
	call_down(&call);
}

static void key_frame_is_asked(void **state)
{
	struct rtp_example video = {.pt = 97, .ssrc = 0x51de0u, .payload_len = 1000};
	struct wire_rtcp packet;
	struct wire_rtcp_fb fb;
	struct wire_walk walk;
	uint8_t bytes[1500];
	struct call call;
	bool is_rtcp;
	int len;

	call_up(&call, *state, &video_call);
	call_phone_send(&call, 1, &video);
	media_step(call.rig);
	assert_true(wic_take(call.wic, bytes, &is_rtcp) > 0);
	len = wire_rtcp_pli_write(
		bytes, sizeof(bytes), WIC_SSRC, call.local.ssrc[1][IQ_LEG_ACCESS]);
	wic_rtcp_send(call.wic, bytes, (size_t)len);
	media_step(call.rig);
	len = (int)phone_rtcp_take(&call, bytes, 1);
	walk = wire_walk_over(bytes, (size_t)len);
	while (wire_rtcp_next(&walk, &packet) == 1 && packet.type != WIRE_RTCP_PSFB)
		;
	assert_int_equal(wire_rtcp_fb_read(&packet, &fb), 0);
	assert_int_equal(fb.media, 0x51de0);
	call_down(&call);
}

// The next packet that the phone or the browser got is RTCP with a PLI about this SSRC.
static void pli_check(const uint8_t *bytes, size_t len, uint32_t ssrc)
{
	struct wire_walk walk = wire_walk_over(bytes, len);
	struct wire_rtcp packet;
	struct wire_rtcp_fb fb;

	while (wire_rtcp_next(&walk, &packet) == 1 && packet.type != WIRE_RTCP_PSFB)
		;
	assert_int_equal(wire_rtcp_fb_read(&packet, &fb), 0);
	assert_int_equal(fb.fmt, WIRE_RTCP_PLI);
	assert_int_equal(fb.media, ssrc);
}

static void video_from_phone(struct call *call, uint32_t ssrc, uint16_t seq)
{
	struct rtp_example video = {.pt = 97, .ssrc = ssrc, .seq = seq, .payload_len = 1000};
	uint8_t packet[1500];
	bool is_rtcp;

	call_phone_send(call, 1, &video);
	media_step(call->rig);
	assert_int_equal(wic_take(call->wic, packet, &is_rtcp), 12 + 1000);
	assert_false(is_rtcp);
}

// Another video source, or the same after a pause: the gateway asks it for a picture to begin with, once.
static void new_video_begins_with_a_key_frame(void **state)
{
	uint8_t packet[1500];
	struct call call;
	bool is_rtcp;

	call_up(&call, *state, &video_call);
	video_from_phone(&call, 0x51de0, 7);
	assert_int_equal(phone_rtcp_take(&call, packet, 1), 0);
	usleep(250000); // longer than RTP_SOURCE_QUIET_US
	video_from_phone(&call, 0x51de1, 100);
	pli_check(packet, phone_rtcp_take(&call, packet, 1), 0x51de1);
	video_from_phone(&call, 0x51de1, 101);
	assert_int_equal(phone_rtcp_take(&call, packet, 1), 0);
	call_gate(&call, 0);
	call_phone_send(&call, 1,
		&(struct rtp_example){.pt = 97, .ssrc = 0x51de1, .seq = 102, .payload_len = 9});
	media_step(call.rig);
	call_gate(&call, IQ_GATE_BOTH);
	video_from_phone(&call, 0x51de1, 103);
	pli_check(packet, phone_rtcp_take(&call, packet, 1), 0x51de1);
	assert_int_equal(media_count(call.rig, COUNTER_key_frames_asked), 2);
	assert_int_equal(wic_take(call.wic, packet, &is_rtcp), 0);
	call_down(&call);
}

// A long hold: what comes in meanwhile is more than a turn of the sequence numbers, and both directions go on.
static void hold_outlives_the_rollover(void **state)
{
	struct rtp_example up = from_wic, down = from_phone;
	uint8_t packet[1500];
	struct call call;
	uint16_t port;
	bool is_rtcp;

	call_up(&call, *state, &plain);
	audio_check(&call, 100, 1);
	call_gate(&call, 0);
	for (unsigned i = 1; i <= 70000; i++) {
		up.seq = down.seq = (uint16_t)(100 + i);
		call_wic_send(&call, &up);
		call_phone_send(&call, 0, &down);
		if (i % 32 == 0)
			media_step(call.rig);
	}
	media_step(call.rig);
	assert_null(media_take(call.phone));
	assert_null(media_take(wic_end(call.wic)));
	assert_int_equal(media_count(call.rig, COUNTER_drop_gate), 140000);
	call_gate(&call, IQ_GATE_BOTH);
	up.seq = ++down.seq;
	call_wic_send(&call, &up);
	call_phone_send(&call, 0, &down);
	media_step(call.rig);
	assert_int_equal(call_phone_take(&call, packet, &port), 12 + LEN);
	assert_int_equal(wire_load16(packet + 2), 30002);
	assert_int_equal(wic_take(call.wic, packet, &is_rtcp), 12 + LEN);
	assert_int_equal(wire_load16(packet + 2), 30002);
	assert_int_equal(media_count(call.rig, COUNTER_drop_srtp_auth), 0);
	assert_int_equal(media_count(call.rig, COUNTER_drop_srtp_replay), 0);
	call_down(&call);
}

// Two browsers, each with its own context, whose core legs point at each other.
static void browser_to_browser(void **state)
{
	struct call_config other_config = plain;
	struct iq_leg_set core = {.leg = IQ_LEG_CORE, .transport_count = 1};
	struct call call, other;
	uint8_t packet[1500];
	bool is_rtcp;

	other_config.wic_host = 4;
	other_config.phone_host = 5;
	other_config.shard = 13; // the other worker
	call_up(&call, *state, &plain);
	call_up(&other, *state, &other_config);
	core.handle = call.local.handle;
	core.transports[0].rtp = call_core(&other, 0, 0);
	assert_int_equal(media_command(call.rig, IQ_LEG_SET, plain.shard, &core, sizeof(core)), 0);
	core.handle = other.local.handle;
	core.transports[0].rtp = call_core(&call, 0, 0);
	assert_int_equal(
		media_command(call.rig, IQ_LEG_SET, other_config.shard, &core, sizeof(core)), 0);
	for (uint16_t i = 0; i < 20; i++) {
		struct rtp_example audio = from_wic;

		audio.seq = i;
		call_wic_send(&call, &audio);
		call_wic_send(&other, &audio);
	}
	media_step(call.rig);
	for (uint16_t i = 0; i < 20; i++) {
		assert_int_equal(wic_take(call.wic, packet, &is_rtcp), 12 + LEN);
		assert_int_equal(packet[12], i);
		assert_int_equal(wire_load32(packet + 8), call.local.ssrc[0][IQ_LEG_ACCESS]);
		assert_int_equal(wic_take(other.wic, packet, &is_rtcp), 12 + LEN);
		assert_int_equal(packet[12], i);
	}
	assert_int_equal(media_count(call.rig, COUNTER_hairpins), 40);
	assert_null(media_take(call.phone));
	call_down(&other);
	call_down(&call);
}

#define RIGGED(name) cmocka_unit_test_setup_teardown(name, media_up, media_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(audio_with_cm_80),
		RIGGED(audio_with_cm_32),
		RIGGED(audio_with_gcm_128),
		RIGGED(audio_with_gcm_256),
		RIGGED(browser_is_dtls_server),
		RIGGED(media_before_keys),
		RIGGED(families_mix),
		RIGGED(bundle_is_taken_apart),
		RIGGED(telephone_events_pass),
		RIGGED(reports_cross),
		RIGGED(key_frame_is_asked),
		RIGGED(new_video_begins_with_a_key_frame),
		RIGGED(hold_outlives_the_rollover),
		RIGGED(browser_to_browser),
	};

	return cmocka_run_group_tests(tests, media_group_up, NULL);
}
