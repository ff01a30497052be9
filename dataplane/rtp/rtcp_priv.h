// SPDX-License-Identifier: Apache-2.0
// Inside the translation of RTCP: what one compound packet says of each stream.
#pragma once

#include "rtp.h"
#include "wire_rtcp.h"

#define REPORTS_MAX 4 // about one stream in one packet; a peer has one or two sources

struct rtcp_parts {
	bool sr_seen, bye;
	bool reported; // to its circuit breakers
	uint8_t report_count;
	uint8_t want; // key_frame_want
	struct wire_rtcp_sr sr;
	struct wire_rtcp_report reports[REPORTS_MAX];
};

struct rtcp_job {
	struct shard *shard;
	const struct context *context;
	enum iq_leg from, to;
	uint64_t now_us;
	struct rtcp_parts parts[IQ_STREAMS_MAX];
};

static inline struct stream *job_stream(const struct rtcp_job *job, unsigned n)
{
	return shard_stream(job->shard, job->context->stream[n]);
}

// The flow that a sender relays, NULL: none.
static inline struct flow *job_source(const struct rtcp_job *job, const struct sender *sender)
{
	return sender->source == NO_INDEX ? NULL : shard_flow(job->shard, sender->source);
}

// The stream whose relayed source has this SSRC on the leg it came from, -1: none.
int job_stream_of_source(const struct rtcp_job *job, uint32_t ssrc);
// The stream that we send with this SSRC on the leg it came from, -1: none.
int job_stream_of_target(const struct rtcp_job *job, uint32_t ssrc);

// What the leg sends is about us: its receiver is there, for all streams that it gets on one transport.
void job_heard(struct rtcp_job *job, unsigned n);

// rtcp_reports.c
void rtcp_sr_take(struct rtcp_job *job, const struct wire_rtcp *packet);
void rtcp_report_take(struct rtcp_job *job, const struct wire_rtcp *packet, unsigned i);

// rtcp_leave.c
void rtcp_bye_take(struct rtcp_job *job, const struct wire_rtcp *packet);

// rtcp_feedback.c
void rtcp_feedback_take(struct rtcp_job *job, const struct wire_rtcp *packet);
// Whether a request for a key frame leaves with this packet (regular: it has a report); what doesn't waits.
bool rtcp_key_frame_leaves(struct stream *stream, enum iq_leg to, uint8_t want, bool regular);
// Appends the request in the form that the leg's peer understands.
void rtcp_key_frame_append(
	struct stream *stream, enum iq_leg to, uint32_t source, struct rtcp_out *out);

static inline void rtcp_append(struct rtcp_out *out, int written)
{
	if (written > 0)
		out->len = (uint16_t)(out->len + written);
}
