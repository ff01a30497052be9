// SPDX-License-Identifier: Apache-2.0
// Requests for key frames, in the form and at the time that the asked peer has negotiated (RFC 4585, 5104).
#include "rtcp_priv.h"

// The video stream that feedback is about, -1: none of ours.
static int video_stream(const struct rtcp_job *job, uint32_t target)
{
	int n = job_stream_of_target(job, target);

	return n >= 0 && job_stream(job, (unsigned)n)->kind == IQ_KIND_VIDEO ? n : -1;
}

// A command number that was heard before repeats the command (RFC 5104 section 4.3.1.2).
static uint8_t fir_want(struct key_frames *key_frames, uint8_t number)
{
	if (key_frames->heard == number && key_frames->told != 0)
		return KEY_FRAME_FIR_AGAIN;
	key_frames->heard = number;
	return KEY_FRAME_FIR;
}

static void want(struct rtcp_parts *parts, uint8_t what)
{
	if (parts->want < what)
		parts->want = what;
}

static void fir_take(struct rtcp_job *job, const struct wire_rtcp_fb *fb)
{
	for (uint16_t at = 0; at + 8 <= fb->fci_len; at += 8) {
		int n = video_stream(job, wire_load32(fb->fci + at));

		if (n >= 0)
			want(&job->parts[n],
				fir_want(&job_stream(job, (unsigned)n)->key_frames[job->to],
					fb->fci[at + 4]));
	}
}

void rtcp_feedback_take(struct rtcp_job *job, const struct wire_rtcp *packet)
{
	struct wire_rtcp_fb fb;
	int n;

	if (wire_rtcp_fb_read(packet, &fb) < 0)
		return;
	n = job_stream_of_target(job, fb.media);
	if (n >= 0)
		job_heard(job, (unsigned)n);
	if (fb.fmt == WIRE_RTCP_FIR) {
		fir_take(job, &fb);
	} else if (fb.fmt == WIRE_RTCP_PLI) {
		n = video_stream(job, fb.media);
		if (n >= 0)
			want(&job->parts[n], KEY_FRAME_PLI);
	}
}

bool rtcp_key_frame_leaves(struct stream *stream, enum iq_leg to, uint8_t want, bool regular)
{
	struct key_frames *key_frames = &stream->key_frames[to];

	if (key_frames->due < want)
		key_frames->due = want;
	return key_frames->due != KEY_FRAME_NONE &&
		(regular || (stream->rtcp[to] & IQ_RTCP_AVPF) != 0);
}

// FIR where it was asked for or nothing else is understood; PLI everywhere else, since a peer that knows neither passes
// over it.
static bool is_fir(const struct stream *stream, enum iq_leg to, uint8_t want)
{
	uint8_t known = stream->rtcp[to] & (IQ_RTCP_PLI | IQ_RTCP_FIR);

	return known == IQ_RTCP_FIR ||
		(known != IQ_RTCP_PLI && known != 0 && want >= KEY_FRAME_FIR);
}

void rtcp_key_frame_append(
	struct stream *stream, enum iq_leg to, uint32_t source, struct rtcp_out *out)
{
	struct key_frames *key_frames = &stream->key_frames[to];
	uint32_t ssrc = stream->sender[to].ssrc;
	uint8_t *at = out->bytes + out->len;
	size_t room = sizeof(out->bytes) - out->len;

	if (is_fir(stream, to, key_frames->due)) {
		if (key_frames->due != KEY_FRAME_FIR_AGAIN)
			key_frames->told++;
		rtcp_append(out, wire_rtcp_fir_write(at, room, ssrc, source, key_frames->told));
	} else {
		rtcp_append(out, wire_rtcp_pli_write(at, room, ssrc, source));
	}
	key_frames->due = KEY_FRAME_NONE;
}
