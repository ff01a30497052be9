// SPDX-License-Identifier: Apache-2.0
// Sender and receiver reports, in the numbers of the source that they reach.
#include "rtcp_priv.h"

#include <string.h>

static void sr_time_keep(struct rtcp_job *job, unsigned n, uint64_t ntp)
{
	struct stream *stream = job_stream(job, n);
	struct sender *sender = &stream->sender[job->to];
	uint32_t *sent_us = stream->breaker[job->to].sr_sent_us;

	memmove(sender->sr_times + 1, sender->sr_times,
		sizeof(sender->sr_times) - sizeof(uint32_t));
	sender->sr_times[0] = (uint32_t)(ntp >> 16);
	memmove(sent_us + 1, sent_us, (SR_TIMES - 1) * sizeof(*sent_us));
	sent_us[0] = (uint32_t)job->now_us;
}

void rtcp_sr_take(struct rtcp_job *job, const struct wire_rtcp *packet)
{
	struct wire_rtcp_sr sr;
	struct sender *sender;
	int n;

	if (wire_rtcp_sr_read(packet, &sr) < 0)
		return;
	n = job_stream_of_source(job, sr.ssrc);
	if (n < 0)
		return;
	sender = &job_stream(job, (unsigned)n)->sender[job->to];
	sr.rtp_ts += job_source(job, sender)->ts_offset;
	sr.ssrc = sender->ssrc;
	sr.packets = (uint32_t)sender->packets;
	sr.octets = (uint32_t)sender->octets;
	sr_time_keep(job, (unsigned)n, sr.ntp);
	job->parts[n].sr = sr;
	job->parts[n].sr_seen = true;
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

// The round trip to the receiver, when it answers to a report that went through here; 0: it doesn't.
static uint32_t round_trip_us(
	const struct rtcp_job *job, unsigned n, const struct wire_rtcp_report *report)
{
	const struct stream *stream = job_stream(job, n);
	uint32_t held_us = (uint32_t)((uint64_t)report->dlsr * 1000000u >> 16);

	for (unsigned i = 0; report->lsr != 0 && i < SR_TIMES; i++) {
		uint32_t since_us =
			(uint32_t)job->now_us - stream->breaker[job->from].sr_sent_us[i];

		if (stream->sender[job->from].sr_times[i] == report->lsr && since_us > held_us)
			return since_us - held_us;
	}
	return 0;
}

// Of what we send, whoever its source is.
static void breakers_tell(struct rtcp_job *job, unsigned n, const struct wire_rtcp_report *report)
{
	struct stream *stream = job_stream(job, n);
	const struct sender *sender = &stream->sender[job->from];
	struct breaker_report told = {.now_us = job->now_us,
		.packets = sender->packets,
		.octets = sender->octets,
		.highest_seq = report->highest_seq,
		.rtt_us = round_trip_us(job, n, report),
		.lost = report->fraction};

	job_heard(job, n);
	if (stream->breakers[job->from] == 0)
		return;
	breaker_report(&stream->breaker[job->from], &told);
	job->parts[n].reported = true;
}

void rtcp_report_take(struct rtcp_job *job, const struct wire_rtcp *packet, unsigned i)
{
	struct wire_rtcp_report report;
	struct rtcp_parts *parts;
	struct sender *sender;
	struct flow *flow;
	int n;

	if (wire_rtcp_report_read(packet, i, &report) < 0)
		return;
	n = job_stream_of_target(job, report.ssrc);
	if (n < 0)
		return;
	breakers_tell(job, (unsigned)n, &report);
	parts = &job->parts[n];
	sender = &job_stream(job, (unsigned)n)->sender[job->from];
	flow = job_source(job, sender);
	if (flow == NULL || parts->report_count == REPORTS_MAX)
		return;
	if (report_translate(sender, flow, &report))
		parts->reports[parts->report_count++] = report;
}
