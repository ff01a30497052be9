// SPDX-License-Identifier: Apache-2.0
// Compound RTCP packets from one leg to the other: taken apart, translated, put together a stream.
#include "rtcp_priv.h"

#include <errno.h>
#include <string.h>

int job_stream_of_source(const struct rtcp_job *job, uint32_t ssrc)
{
	for (unsigned n = 0; n < job->context->streams; n++) {
		const struct flow *flow = job_source(job, &job_stream(job, n)->sender[job->to]);

		if (flow != NULL && flow->ssrc == ssrc)
			return (int)n;
	}
	return -1;
}

int job_stream_of_target(const struct rtcp_job *job, uint32_t ssrc)
{
	for (unsigned n = 0; n < job->context->streams; n++) {
		if (job_stream(job, n)->sender[job->from].ssrc == ssrc)
			return (int)n;
	}
	return -1;
}

void job_heard(struct rtcp_job *job, unsigned n)
{
	uint16_t transport = job_stream(job, n)->transport[job->from];

	for (unsigned i = 0; i < job->context->streams; i++) {
		struct stream *stream = job_stream(job, i);

		if (stream->transport[job->from] == transport)
			breaker_heard(&stream->breaker[job->from], job->now_us);
	}
}

static void packet_take(struct rtcp_job *job, const struct wire_rtcp *packet)
{
	switch (packet->type) {
	case WIRE_RTCP_SR:
		rtcp_sr_take(job, packet);
		/* fall through */
	case WIRE_RTCP_RR:
		for (unsigned i = 0; i < packet->count; i++)
			rtcp_report_take(job, packet, i);
		break;
	case WIRE_RTCP_BYE:
		rtcp_bye_take(job, packet);
		break;
	case WIRE_RTCP_PSFB:
		rtcp_feedback_take(job, packet);
		break;
	default:
		break; // CNAMEs are ours; the rest concerns this edge only
	}
}

static uint8_t *out_at(struct rtcp_out *out, size_t *room)
{
	*room = sizeof(out->bytes) - out->len;
	return out->bytes + out->len;
}

static void report_append(struct rtcp_job *job, unsigned n, struct rtcp_out *out)
{
	const struct rtcp_parts *parts = &job->parts[n];
	size_t room;
	uint8_t *at = out_at(out, &room);

	if (parts->sr_seen)
		rtcp_append(out,
			wire_rtcp_sr_write(
				at, room, &parts->sr, parts->reports, parts->report_count));
	else
		rtcp_append(out,
			wire_rtcp_rr_write(at, room, job_stream(job, n)->sender[job->to].ssrc,
				parts->reports, parts->report_count));
}

static void head_append(struct rtcp_job *job, unsigned n, struct rtcp_out *out)
{
	const char *cname = job->context->cname;
	size_t room;
	uint8_t *at;

	report_append(job, n, out);
	at = out_at(out, &room);
	rtcp_append(out,
		wire_rtcp_sdes_write(at, room, job_stream(job, n)->sender[job->to].ssrc, cname,
			strnlen(cname, sizeof(job->context->cname))));
}

// A peer that takes feedback alone gets no empty report with it (RFC 5506).
static bool is_reduced(const struct stream *stream, enum iq_leg to)
{
	const uint8_t both = IQ_RTCP_AVPF | IQ_RTCP_RSIZE;

	return (stream->rtcp[to] & both) == both;
}

static void compound_write(struct rtcp_job *job, unsigned n, struct rtcp_out *out)
{
	const struct rtcp_parts *parts = &job->parts[n];
	struct stream *stream = job_stream(job, n);
	const struct flow *asked = job_source(job, &stream->sender[job->from]);
	bool regular = parts->sr_seen || parts->report_count > 0 || parts->bye;
	bool asks = asked != NULL && rtcp_key_frame_leaves(stream, job->to, parts->want, regular);
	size_t room;
	uint8_t *at;

	if (regular || (asks && !is_reduced(stream, job->to)))
		head_append(job, n, out);
	if (asks)
		rtcp_key_frame_append(stream, job->to, asked->ssrc, out);
	if (!parts->bye)
		return;
	at = out_at(out, &room);
	rtcp_append(out, wire_rtcp_bye_write(at, room, &stream->sender[job->to].ssrc, 1));
}

int rtcp_relay(const struct rtcp_in *in, struct rtcp_out *out)
{
	struct rtcp_job job = {.shard = in->shard,
		.context = in->context,
		.from = in->leg,
		.to = in->leg == IQ_LEG_ACCESS ? IQ_LEG_CORE : IQ_LEG_ACCESS,
		.now_us = in->now_us};
	struct wire_walk walk = wire_walk_over(in->bytes, in->len);
	struct wire_rtcp packet;
	int ret;

	while ((ret = wire_rtcp_next(&walk, &packet)) == 1)
		packet_take(&job, &packet);
	if (ret < 0)
		return -EBADMSG;
	for (unsigned n = 0; n < job.context->streams; n++) {
		compound_write(&job, n, &out[n]);
		out[n].reported = job.parts[n].reported;
	}
	return 0;
}

void rtcp_key_frame_ask(const struct rtcp_in *in, unsigned n, struct rtcp_out *out)
{
	struct rtcp_job job = {.shard = in->shard,
		.context = in->context,
		.from = in->leg == IQ_LEG_ACCESS ? IQ_LEG_CORE : IQ_LEG_ACCESS,
		.to = in->leg};

	job.parts[n].want = KEY_FRAME_PLI;
	compound_write(&job, n, out);
}
