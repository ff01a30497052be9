// SPDX-License-Identifier: Apache-2.0
// Sender and receiver reports, in the numbers of the source that they reach.
#include "rtcp_priv.h"

#include <string.h>

static void sr_time_keep(struct sender *sender, uint64_t ntp)
{
	memmove(sender->sr_times + 1, sender->sr_times,
		sizeof(sender->sr_times) - sizeof(uint32_t));
	sender->sr_times[0] = (uint32_t)(ntp >> 16);
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
	sr_time_keep(sender, sr.ntp);
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
	parts = &job->parts[n];
	sender = &job_stream(job, (unsigned)n)->sender[job->from];
	flow = job_source(job, sender);
	if (flow == NULL || parts->report_count == REPORTS_MAX)
		return;
	if (report_translate(sender, flow, &report))
		parts->reports[parts->report_count++] = report;
}
