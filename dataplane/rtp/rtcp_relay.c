// SPDX-License-Identifier: Apache-2.0
// Compound RTCP packets from one leg to the other: taken apart, translated, put together a stream.
#include "rtp.h"
#include "wire_rtcp.h"

#include <errno.h>
#include <string.h>

#define REPORTS_MAX 4 // about one stream in one packet; a peer has one or two sources

// What a compound says of one stream.
struct parts {
	bool sr_seen, bye;
	uint8_t report_count;
	bool pli, fir;
	uint8_t fir_seq;
	struct wire_rtcp_sr sr;
	struct wire_rtcp_report reports[REPORTS_MAX];
};

struct relay {
	struct shard *shard;
	const struct context *context;
	enum iq_leg from, to;
	struct parts parts[IQ_STREAMS_MAX];
};

static struct stream *stream_at(const struct relay *r, unsigned n)
{
	return shard_stream(r->shard, r->context->stream[n]);
}

static struct flow *source_of(const struct relay *r, const struct sender *sender)
{
	return sender->source == NO_INDEX ? NULL : shard_flow(r->shard, sender->source);
}

// The stream whose relayed source has this SSRC on the leg it came from.
static int stream_of_source(const struct relay *r, uint32_t ssrc)
{
	for (unsigned n = 0; n < r->context->streams; n++) {
		const struct flow *flow = source_of(r, &stream_at(r, n)->sender[r->to]);

		if (flow != NULL && flow->ssrc == ssrc)
			return (int)n;
	}
	return -1;
}

// The stream that we send with this SSRC on the leg it came from.
static int stream_of_target(const struct relay *r, uint32_t ssrc)
{
	for (unsigned n = 0; n < r->context->streams; n++) {
		if (stream_at(r, n)->sender[r->from].ssrc == ssrc)
			return (int)n;
	}
	return -1;
}

static void sr_time_keep(struct sender *sender, uint64_t ntp)
{
	memmove(sender->sr_times + 1, sender->sr_times,
		sizeof(sender->sr_times) - sizeof(uint32_t));
	sender->sr_times[0] = (uint32_t)(ntp >> 16);
}

static void sr_take(struct relay *r, const struct wire_rtcp *packet)
{
	struct wire_rtcp_sr sr;
	struct sender *sender;
	int n;

	if (wire_rtcp_sr_read(packet, &sr) < 0)
		return;
	n = stream_of_source(r, sr.ssrc);
	if (n < 0)
		return;
	sender = &stream_at(r, (unsigned)n)->sender[r->to];
	sr.rtp_ts += source_of(r, sender)->ts_offset;
	sr.ssrc = sender->ssrc;
	sr.packets = (uint32_t)sender->packets;
	sr.octets = (uint32_t)sender->octets;
	sr_time_keep(sender, sr.ntp);
	r->parts[n].sr = sr;
	r->parts[n].sr_seen = true;
}

// A report that answers to a sender report of the source before would give this one a wrong round trip.
static void answer_check(const struct sender *sender, struct wire_rtcp_report *report)
{
	for (unsigned i = 0; i < SR_TIMES; i++) {
		if (sender->sr_times[i] == report->lsr)
			return;
	}
	report->lsr = 0;
	report->dlsr = 0;
}

// Says what the receiver says, of this source and in its numbers; false when it says nothing of it yet.
static bool report_translate(
	struct sender *sender, struct flow *flow, struct wire_rtcp_report *report)
{
	sender->lost_last = report->lost;
	report->ssrc = flow->ssrc;
	report->highest_seq = seq_extend(
		flow->relayed_seq, (uint16_t)((uint16_t)report->highest_seq - flow->seq_offset));
	if ((int32_t)(report->highest_seq - flow->taken_seq) < 0)
		return false;
	report->lost -= flow->lost_base;
	flow->lost_told = report->lost;
	answer_check(sender, report);
	return true;
}

static void report_take(struct relay *r, const struct wire_rtcp *packet, unsigned i)
{
	struct wire_rtcp_report report;
	struct sender *sender;
	struct flow *flow;
	struct parts *parts;
	int n;

	if (wire_rtcp_report_read(packet, i, &report) < 0)
		return;
	n = stream_of_target(r, report.ssrc);
	if (n < 0)
		return;
	parts = &r->parts[n];
	sender = &stream_at(r, (unsigned)n)->sender[r->from];
	flow = source_of(r, sender);
	if (flow == NULL || parts->report_count == REPORTS_MAX)
		return;
	if (report_translate(sender, flow, &report))
		parts->reports[parts->report_count++] = report;
}

static bool speaks_for(const struct flow *flow, unsigned n)
{
	return flow->stream == n && !flow->left;
}

// Whether another source of a stream is there: then our SSRC goes on.
static bool lives_on(const struct relay *r, unsigned n)
{
	const struct transport *t = shard_transport(r->shard, stream_at(r, n)->transport[r->from]);
	uint16_t next = t->flow_more;

	for (unsigned i = 0; i < SSRCS_INLINE; i++) {
		if (t->flow[i] != NO_INDEX && speaks_for(shard_flow(r->shard, t->flow[i]), n))
			return true;
	}
	while (next != NO_INDEX && !speaks_for(shard_flow(r->shard, next), n))
		next = shard_flow(r->shard, next)->next;
	return next != NO_INDEX;
}

static void leave(struct relay *r, unsigned n, uint32_t ssrc)
{
	const struct stream *stream = stream_at(r, n);
	uint16_t flow =
		flow_find(r->shard, shard_transport(r->shard, stream->transport[r->from]), ssrc);

	if (flow == NO_INDEX)
		return;
	shard_flow(r->shard, flow)->left = 1;
	if (stream->sender[r->to].source == flow && !lives_on(r, n))
		r->parts[n].bye = true;
}

static void bye_take(struct relay *r, const struct wire_rtcp *packet)
{
	uint32_t ssrc;

	for (unsigned i = 0; wire_rtcp_bye_read(packet, i, &ssrc) == 0; i++) {
		for (unsigned n = 0; n < r->context->streams; n++)
			leave(r, n, ssrc);
	}
}

// The video stream that feedback asks a key frame of; NULL: none of ours.
static struct parts *video_parts(struct relay *r, uint32_t target)
{
	int n = stream_of_target(r, target);

	return n >= 0 && stream_at(r, (unsigned)n)->kind == IQ_KIND_VIDEO ? &r->parts[n] : NULL;
}

static void feedback_take(struct relay *r, const struct wire_rtcp *packet)
{
	struct wire_rtcp_fb fb;
	struct parts *parts;

	if (wire_rtcp_fb_read(packet, &fb) < 0)
		return;
	if (fb.fmt == WIRE_RTCP_PLI) {
		parts = video_parts(r, fb.media);
		if (parts != NULL)
			parts->pli = true;
	}
	// FIR names its targets one by one (RFC 5104 section 4.3.1.1).
	for (uint16_t at = 0; fb.fmt == WIRE_RTCP_FIR && at + 8 <= fb.fci_len; at += 8) {
		parts = video_parts(r, wire_load32(fb.fci + at));
		if (parts != NULL) {
			parts->fir = true;
			parts->fir_seq = fb.fci[at + 4];
		}
	}
}

static void packet_take(struct relay *r, const struct wire_rtcp *packet)
{
	switch (packet->type) {
	case WIRE_RTCP_SR:
		sr_take(r, packet);
		/* fall through */
	case WIRE_RTCP_RR:
		for (unsigned i = 0; i < packet->count; i++)
			report_take(r, packet, i);
		break;
	case WIRE_RTCP_BYE:
		bye_take(r, packet);
		break;
	case WIRE_RTCP_PSFB:
		feedback_take(r, packet);
		break;
	default:
		break; // CNAMEs are ours; the rest concerns this edge only
	}
}

static int feedback_write(const struct relay *r, unsigned n, struct rtcp_out *out)
{
	const struct parts *parts = &r->parts[n];
	const struct stream *stream = stream_at(r, n);
	const struct flow *flow = source_of(r, &stream->sender[r->from]);
	uint8_t *at = out->bytes + out->len;
	size_t room = sizeof(out->bytes) - out->len;

	if (flow == NULL)
		return 0;
	if (parts->fir)
		return wire_rtcp_fir_write(
			at, room, stream->sender[r->to].ssrc, flow->ssrc, parts->fir_seq);
	if (parts->pli)
		return wire_rtcp_pli_write(at, room, stream->sender[r->to].ssrc, flow->ssrc);
	return 0;
}

static void append(struct rtcp_out *out, int written)
{
	if (written > 0)
		out->len = (uint16_t)(out->len + written);
}

static void compound_write(const struct relay *r, unsigned n, struct rtcp_out *out)
{
	const struct parts *parts = &r->parts[n];
	uint32_t ssrc = stream_at(r, n)->sender[r->to].ssrc;
	const char *cname = r->context->cname;

	if (!parts->sr_seen && parts->report_count == 0 && !parts->bye && !parts->pli &&
		!parts->fir)
		return;
	if (parts->sr_seen)
		append(out,
			wire_rtcp_sr_write(out->bytes, sizeof(out->bytes), &parts->sr,
				parts->reports, parts->report_count));
	else
		append(out,
			wire_rtcp_rr_write(out->bytes, sizeof(out->bytes), ssrc, parts->reports,
				parts->report_count));
	append(out,
		wire_rtcp_sdes_write(out->bytes + out->len, sizeof(out->bytes) - out->len, ssrc,
			cname, strnlen(cname, sizeof(r->context->cname))));
	append(out, feedback_write(r, n, out));
	if (parts->bye)
		append(out,
			wire_rtcp_bye_write(
				out->bytes + out->len, sizeof(out->bytes) - out->len, &ssrc, 1));
}

int rtcp_relay(struct shard *shard, const struct context *context, enum iq_leg leg,
	const uint8_t *bytes, uint16_t len, struct rtcp_out *out)
{
	struct relay r = {.shard = shard,
		.context = context,
		.from = leg,
		.to = leg == IQ_LEG_ACCESS ? IQ_LEG_CORE : IQ_LEG_ACCESS};
	struct wire_walk walk = wire_walk_over(bytes, len);
	struct wire_rtcp packet;
	int ret;

	while ((ret = wire_rtcp_next(&walk, &packet)) == 1)
		packet_take(&r, &packet);
	if (ret < 0)
		return -EBADMSG;
	for (unsigned n = 0; n < context->streams; n++)
		compound_write(&r, n, &out[n]);
	return 0;
}
