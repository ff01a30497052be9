// SPDX-License-Identifier: Apache-2.0
// What the reports of a receiver amount to, and whether to go on sending.
#include "breaker.h"

#include <string.h>

#define RTP_HEADER 12
#define CONGESTION_FACTOR 10 // times the rate of TCP
#define SECOND_US 1000000u

static double seconds(uint64_t us)
{
	return (double)us / SECOND_US;
}

static uint32_t smooth(uint32_t old, uint64_t value, unsigned old_parts, unsigned parts)
{
	if (value > UINT32_MAX)
		value = UINT32_MAX;
	if (old == 0)
		return (uint32_t)value;
	return (uint32_t)((old * (uint64_t)old_parts + value) / parts);
}

// The interval that is being filled begins with this report.
static void interval_open(struct breaker *b, const struct breaker_report *report)
{
	b->open_us = report->now_us;
	b->open_packets = report->packets;
	b->open_octets = report->octets;
	b->open_lost = 0;
	b->highest_seq = report->highest_seq;
}

static void interval_keep(struct breaker *b, uint64_t span_us)
{
	struct breaker_interval *interval = &b->intervals[b->next];
	uint64_t ms = span_us / 1000;

	interval->lost = (uint8_t)(b->open_lost / ms);
	interval->ms = (uint16_t)(ms > UINT16_MAX ? UINT16_MAX : ms);
	b->next = (uint8_t)((b->next + 1) % BREAKER_INTERVALS);
	if (b->count < BREAKER_INTERVALS)
		b->count++;
}

static void interval_close(struct breaker *b, const struct breaker_report *report)
{
	uint64_t span_us = report->now_us - b->open_us;
	uint64_t packets = report->packets - b->open_packets;
	uint64_t bytes = report->octets - b->open_octets + RTP_HEADER * packets;

	interval_keep(b, span_us);
	b->interval_us = smooth(b->interval_us, span_us, 3, 4);
	b->rate = smooth(b->rate, bytes * SECOND_US / span_us, 3, 4);
	if (packets > 0) {
		b->packet = (uint32_t)(bytes / packets);
		b->frame_us = smooth(b->frame_us, span_us / packets, 3, 4);
	}
	if (packets > 0 && (int32_t)(report->highest_seq - b->highest_seq) <= 0)
		b->stuck++;
	else
		b->stuck = 0;
	b->is_fresh = 1;
	interval_open(b, report);
}

static void usability_update(struct breaker *b, const struct breaker_report *report)
{
	if (report->lost <= BREAKER_LOST_MAX && b->rtt_us <= BREAKER_RTT_MAX_US)
		b->unusable_us = 0;
	else if (b->unusable_us == 0)
		b->unusable_us = report->now_us;
}

void breaker_report(struct breaker *b, const struct breaker_report *report)
{
	if (report->rtt_us != 0)
		b->rtt_us = smooth(b->rtt_us, report->rtt_us, 4, 5);
	usability_update(b, report);
	breaker_heard(b, report->now_us);
	if (b->reported_us == 0) {
		interval_open(b, report);
	} else {
		b->open_lost += report->lost * (uint32_t)((report->now_us - b->reported_us) / 1000);
		if (report->now_us - b->open_us >= BREAKER_INTERVAL_MIN_US)
			interval_close(b, report);
	}
	b->reported_us = report->now_us;
}

void breaker_heard(struct breaker *b, uint64_t now_us)
{
	if (b->heard_us != 0)
		b->heard_us = now_us;
}

// Whether we send at all; a pause forgives what came before it.
static bool is_sending(struct breaker *b, uint64_t packets, uint64_t now_us)
{
	if (now_us - b->checked_us >= BREAKER_PAUSE_US) {
		if (packets == b->checked_packets) {
			b->heard_us = 0;
			b->unusable_us = 0;
			b->stuck = 0;
		} else if (b->heard_us == 0) {
			b->heard_us = now_us;
		}
		b->checked_us = now_us;
		b->checked_packets = packets;
	}
	return b->heard_us != 0;
}

static bool rtcp_timed_out(const struct breaker *b, uint64_t now_us, struct iq_trip *trip)
{
	if (now_us - b->heard_us < BREAKER_SILENCE_US)
		return false;
	trip->silence_ms = (uint32_t)((now_us - b->heard_us) / 1000);
	trip->silence_max_ms = BREAKER_SILENCE_US / 1000;
	return true;
}

static bool media_timed_out(const struct breaker *b, struct iq_trip *trip)
{
	unsigned most = breaker_media_timeout(
		seconds(b->frame_us), seconds(b->rtt_us), seconds(b->interval_us));

	if (b->stuck < most)
		return false;
	trip->intervals = b->stuck;
	trip->intervals_max = most;
	return true;
}

// The mean of the last n intervals, weighted by their time.
static double loss_mean(const struct breaker *b, unsigned n)
{
	uint64_t lost = 0, ms = 0;

	for (unsigned i = 1; i <= n; i++) {
		const struct breaker_interval *interval =
			&b->intervals[(b->next + BREAKER_INTERVALS - i) % BREAKER_INTERVALS];

		lost += (uint64_t)interval->lost * interval->ms;
		ms += interval->ms;
	}
	return (double)lost / (double)ms / 256;
}

static bool is_congested(const struct breaker *b, struct iq_trip *trip)
{
	double rtt = seconds(b->rtt_us), limit, loss;
	unsigned n;

	if (b->rtt_us == 0 || b->count == 0)
		return false;
	n = breaker_cb_interval(
		seconds(b->frame_us), rtt, seconds(b->interval_us), seconds(BREAKER_TD_US));
	if (b->count <= n)
		return false;
	loss = loss_mean(b, n);
	if (loss == 0)
		return false;
	limit = CONGESTION_FACTOR * breaker_tcp_rate(b->packet, rtt, loss);
	if (b->rate <= limit)
		return false;
	trip->loss_permille = (uint32_t)(loss * 1000);
	trip->rate = b->rate;
	trip->limit = (uint32_t)limit;
	trip->packet = b->packet;
	trip->intervals = n;
	return true;
}

static bool is_unusable(const struct breaker *b, uint64_t now_us, struct iq_trip *trip)
{
	if (b->unusable_us == 0 || now_us - b->unusable_us < BREAKER_UNUSABLE_US || b->count == 0)
		return false;
	trip->loss_permille = (uint32_t)(loss_mean(b, 1) * 1000);
	trip->intervals = b->count;
	return true;
}

static bool is_enabled(uint8_t enabled, enum iq_breaker breaker)
{
	return (enabled >> breaker & 1) != 0;
}

// The first that trips, in the RFC's order.
static enum iq_breaker judge(
	const struct breaker *b, uint8_t enabled, uint64_t now_us, struct iq_trip *trip)
{
	if (is_enabled(enabled, IQ_BREAKER_RTCP_TIMEOUT) && rtcp_timed_out(b, now_us, trip))
		return IQ_BREAKER_RTCP_TIMEOUT;
	if (!b->is_fresh)
		return IQ_BREAKER_NONE;
	if (is_enabled(enabled, IQ_BREAKER_MEDIA_TIMEOUT) && media_timed_out(b, trip))
		return IQ_BREAKER_MEDIA_TIMEOUT;
	if (is_enabled(enabled, IQ_BREAKER_CONGESTION) && is_congested(b, trip))
		return IQ_BREAKER_CONGESTION;
	if (is_enabled(enabled, IQ_BREAKER_USABILITY) && is_unusable(b, now_us, trip))
		return IQ_BREAKER_USABILITY;
	return IQ_BREAKER_NONE;
}

bool breaker_check(
	struct breaker *b, uint8_t enabled, uint64_t packets, uint64_t now_us, struct iq_trip *trip)
{
	struct iq_trip found = {.rtt_us = b->rtt_us};

	if (!is_sending(b, packets, now_us))
		return false;
	found.breaker = (uint8_t)judge(b, enabled, now_us, &found);
	b->is_fresh = 0;
	if (found.breaker == IQ_BREAKER_NONE)
		return false;
	*trip = found;
	return true;
}

uint64_t breaker_due_us(const struct breaker *b, uint64_t now_us)
{
	uint64_t regular = now_us + BREAKER_TD_US, silence = b->heard_us + BREAKER_SILENCE_US;

	return b->heard_us != 0 && silence > now_us && silence < regular ? silence : regular;
}

void breaker_forget(struct breaker *b)
{
	uint32_t sr_sent_us[BREAKER_SR_TIMES];

	memcpy(sr_sent_us, b->sr_sent_us, sizeof(sr_sent_us));
	memset(b, 0, sizeof(*b));
	memcpy(b->sr_sent_us, sr_sent_us, sizeof(sr_sent_us));
}
