// SPDX-License-Identifier: Apache-2.0
// Requests for key frames: asked of the video source in the form and at the time that its peer has negotiated.
#include "rtp_rig.h"
#include "wire_rtcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define VIDEO 1 // the rig's stream
#define SOURCE 0x77u // of the video, on the core leg
#define RECEIVER 0x33333333u
#define AVPF IQ_RTCP_AVPF
#define PLI IQ_RTCP_PLI
#define FIR IQ_RTCP_FIR
#define RSIZE IQ_RTCP_RSIZE

static struct rtcp_out outs[IQ_STREAMS_MAX];

static void relay(const struct rtp_rig *rig, const uint8_t *bytes, int len)
{
	const struct rtcp_in in = {.shard = rig->shard,
		.context = rig->context,
		.bytes = bytes,
		.len = (uint16_t)len,
		.leg = IQ_LEG_ACCESS};

	memset(outs, 0, sizeof(outs));
	assert_int_equal(rtcp_relay(&in, outs), 0);
}

static struct sender *sender_of(const struct rtp_rig *rig, unsigned n)
{
	return &rig_stream(rig, n)->sender[IQ_LEG_ACCESS];
}

static void source_add(const struct rtp_rig *rig)
{
	sender_of(rig, VIDEO)->source = rig_flow(rig, rig->core[VIDEO], SOURCE);
}

// The browser asks, in either form.
static void ask(const struct rtp_rig *rig, bool by_fir, uint8_t number)
{
	uint32_t ssrc = sender_of(rig, VIDEO)->ssrc;
	uint8_t bytes[64];

	relay(rig, bytes,
		by_fir ? wire_rtcp_fir_write(bytes, sizeof(bytes), RECEIVER, ssrc, number)
		       : wire_rtcp_pli_write(bytes, sizeof(bytes), RECEIVER, ssrc));
}

static void report(const struct rtp_rig *rig)
{
	struct wire_rtcp_report about = {.ssrc = sender_of(rig, VIDEO)->ssrc};
	uint8_t bytes[64];

	relay(rig, bytes, wire_rtcp_rr_write(bytes, sizeof(bytes), RECEIVER, &about, 1));
}

// What left for the video's source: its only feedback, how many packets stood before it; -1: none left.
static int feedback(struct wire_rtcp_fb *fb)
{
	struct wire_walk walk = wire_walk_over(outs[VIDEO].bytes, outs[VIDEO].len);
	struct wire_rtcp packet;
	int before = 0, found = -1;

	while (wire_rtcp_next(&walk, &packet) == 1) {
		if (packet.type == WIRE_RTCP_PSFB) {
			assert_int_equal(found, -1);
			assert_int_equal(wire_rtcp_fb_read(&packet, fb), 0);
			found = before;
		}
		before++;
	}
	return found;
}

struct form {
	uint8_t known;
	bool by_fir;
	int fmt; // what is sent; 0: nothing before the next report
	int before; // packets of the compound before it
};

// RFC 4585 section 3.5, RFC 5506: what the peer knows decides, then what was asked.
static const struct form forms[] = {
	{AVPF | PLI, false, WIRE_RTCP_PLI, 2},
	{AVPF | PLI, true, WIRE_RTCP_PLI, 2},
	{AVPF | FIR, false, WIRE_RTCP_FIR, 2},
	{AVPF | FIR, true, WIRE_RTCP_FIR, 2},
	{AVPF | PLI | FIR, false, WIRE_RTCP_PLI, 2},
	{AVPF | PLI | FIR, true, WIRE_RTCP_FIR, 2},
	{AVPF | PLI | RSIZE, false, WIRE_RTCP_PLI, 0},
	{AVPF | FIR | RSIZE, false, WIRE_RTCP_FIR, 0},
	{PLI, false, 0, 0},
	{PLI | RSIZE, false, 0, 0},
	{FIR, true, 0, 0},
	{0, false, 0, 0},
};

static void form_fits_the_peer(void **state)
{
	const struct rtp_rig *rig = *state;
	struct stream *video = rig_stream(rig, VIDEO);
	struct wire_rtcp_fb fb;

	source_add(rig);
	for (unsigned i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const struct form *form = &forms[i];

		video->rtcp[IQ_LEG_CORE] = form->known;
		ask(rig, form->by_fir, (uint8_t)(i + 1));
		if (form->fmt == 0) {
			assert_int_equal(outs[VIDEO].len, 0);
			report(rig);
			assert_int_equal(feedback(&fb), 2);
		} else {
			assert_int_equal(feedback(&fb), form->before);
			assert_int_equal(fb.fmt, form->fmt);
		}
		assert_int_equal(fb.sender, video->sender[IQ_LEG_CORE].ssrc);
		assert_int_equal(fb.fmt == WIRE_RTCP_FIR ? wire_load32(fb.fci) : fb.media, SOURCE);
		report(rig); // and nothing of it is left
		assert_int_equal(feedback(&fb), -1);
	}
}

static uint8_t number_sent(void)
{
	struct wire_rtcp_fb fb;

	assert_int_not_equal(feedback(&fb), -1);
	assert_int_equal(fb.fmt, WIRE_RTCP_FIR);
	return fb.fci[4];
}

// A command that is repeated stays one command (RFC 5104 section 4.3.1.2), a new one gets the next number.
static void commands_are_numbered(void **state)
{
	const struct rtp_rig *rig = *state;

	source_add(rig);
	rig_stream(rig, VIDEO)->rtcp[IQ_LEG_CORE] = AVPF | FIR;
	ask(rig, true, 200);
	assert_int_equal(number_sent(), 1);
	ask(rig, true, 200);
	assert_int_equal(number_sent(), 1);
	ask(rig, true, 201);
	assert_int_equal(number_sent(), 2);
	ask(rig, false, 0);
	assert_int_equal(number_sent(), 3);
	ask(rig, true, 201);
	assert_int_equal(number_sent(), 3);
}

static void only_video_is_asked(void **state)
{
	const struct rtp_rig *rig = *state;
	uint8_t bytes[64];

	source_add(rig);
	rig_stream(rig, 0)->rtcp[IQ_LEG_CORE] = AVPF | PLI;
	rig_stream(rig, VIDEO)->rtcp[IQ_LEG_CORE] = AVPF | PLI;
	sender_of(rig, 0)->source = rig_flow(rig, rig->core[0], 0x78);
	relay(rig, bytes,
		wire_rtcp_pli_write(bytes, sizeof(bytes), RECEIVER, sender_of(rig, 0)->ssrc));
	assert_int_equal(outs[0].len, 0);
	relay(rig, bytes, wire_rtcp_pli_write(bytes, sizeof(bytes), RECEIVER, SOURCE));
	for (unsigned n = 0; n < IQ_STREAMS_MAX; n++)
		assert_int_equal(outs[n].len, 0);
}

// Nobody is there to ask yet: the first source is, with the first report.
static void request_waits_for_a_source(void **state)
{
	const struct rtp_rig *rig = *state;
	struct wire_rtcp_fb fb;

	rig_stream(rig, VIDEO)->rtcp[IQ_LEG_CORE] = AVPF | PLI;
	ask(rig, false, 0);
	assert_int_equal(outs[VIDEO].len, 0);
	source_add(rig);
	ask(rig, false, 0);
	assert_int_equal(feedback(&fb), 2);
}

// What the gateway asks by itself, when another source is relayed.
static void gateway_asks(void **state)
{
	const struct rtp_rig *rig = *state;
	const struct rtcp_in in = {
		.shard = rig->shard, .context = rig->context, .leg = IQ_LEG_CORE};
	struct wire_rtcp_fb fb;

	source_add(rig);
	rig_stream(rig, VIDEO)->rtcp[IQ_LEG_CORE] = AVPF | FIR;
	memset(outs, 0, sizeof(outs));
	rtcp_key_frame_ask(&in, VIDEO, &outs[VIDEO]);
	assert_int_equal(number_sent(), 1);
	rig_stream(rig, VIDEO)->rtcp[IQ_LEG_CORE] = 0;
	memset(outs, 0, sizeof(outs));
	rtcp_key_frame_ask(&in, VIDEO, &outs[VIDEO]);
	assert_int_equal(outs[VIDEO].len, 0);
	report(rig);
	assert_int_equal(feedback(&fb), 2);
}

#define RIGGED(name) cmocka_unit_test_setup_teardown(name, rig_up, rig_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(form_fits_the_peer),
		RIGGED(commands_are_numbered),
		RIGGED(only_video_is_asked),
		RIGGED(request_waits_for_a_source),
		RIGGED(gateway_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
