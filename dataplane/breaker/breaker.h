// SPDX-License-Identifier: Apache-2.0
// RTP circuit breakers (RFC 8083) of what is sent toward one leg of a stream: numbers in, a verdict with its numbers out.
//
// Pure: no clock of its own, no packets. Nothing here runs for a packet: breaker_report() at an RTCP report about us,
// breaker_check() on a timer. The worker of the shard.
#pragma once

#include "iq_msg.h"

#include <stdbool.h>
#include <stdint.h>

// Td, the interval of RTCP without randomisation: its minimum is 5 s, and above 320 bit/s of RTCP two peers never need more.
#define BREAKER_TD_US 5000000u
#define BREAKER_SILENCE_US (3u * BREAKER_TD_US)
// With early feedback reports come in bursts: what came within this is one report.
#define BREAKER_INTERVAL_MIN_US 500000u
// No packet sent for so long is a pause: then nobody need report.
#define BREAKER_PAUSE_US 1000000u
// Usability: more than half is lost, or the round trip is longer than 5 s, for 20 s.
#define BREAKER_LOST_MAX 128
#define BREAKER_RTT_MAX_US 5000000u
#define BREAKER_UNUSABLE_US 20000000u

#define BREAKER_INTERVALS 32 // CB_INTERVAL is never more than 30 with intervals of 0.5 s
#define BREAKER_SR_TIMES 4

struct breaker_interval {
	uint16_t ms;
	uint8_t lost; // fraction, /256, mean over the interval
	uint8_t reserved;
};

// State, all zero to begin with.
struct breaker {
	uint64_t heard_us; // when the receiver was last heard of, or when sending began; 0: a pause
	uint64_t checked_us, checked_packets; // last time that tells whether we send
	uint64_t reported_us; // last report; 0: none
	uint64_t open_us, open_packets,
		open_octets; // where the interval that is being filled began
	uint64_t unusable_us; // since when; 0: it is usable
	uint32_t open_lost; // sum of fraction * ms
	uint32_t highest_seq; // at open_us
	uint32_t rtt_us; // Tr, smoothed; 0: not known
	uint32_t interval_us; // Tdr, smoothed
	uint32_t rate, packet; // bytes/s smoothed, mean bytes with the RTP header
	uint32_t frame_us; // Tf: mean distance of packets, smoothed over intervals
	uint16_t stuck; // intervals in a row in which nothing arrived of what was sent
	uint8_t is_fresh; // an interval was closed since the last check
	uint8_t next, count; // of intervals
	uint8_t reserved[3];
	uint32_t sr_sent_us[BREAKER_SR_TIMES]; // when the sender reports left, newest first
	struct breaker_interval intervals[BREAKER_INTERVALS];
};

// What a report says of us, and what we had sent when it came.
struct breaker_report {
	uint64_t now_us;
	uint64_t packets, octets; // sent so far
	uint32_t highest_seq; // extended, as reported
	uint32_t rtt_us; // 0: the report doesn't tell
	uint8_t lost; // fraction since the report before, /256
};
void breaker_report(struct breaker *breaker, const struct breaker_report *report);

// Any RTCP about what we send on the same transport: the receiver is there.
void breaker_heard(struct breaker *breaker, uint64_t now_us);

// Whether a breaker of those enabled (bits 1 << iq_breaker) trips now: then its number and numbers are in trip, which is
// otherwise left alone. packets: sent so far.
bool breaker_check(struct breaker *breaker, uint8_t enabled, uint64_t packets, uint64_t now_us,
	struct iq_trip *trip);
// When to check again at the latest.
uint64_t breaker_due_us(const struct breaker *breaker, uint64_t now_us);

// Begins anew: less is sent from now on, or sending was allowed again.
void breaker_forget(struct breaker *breaker);

// The RFC's numbers, times in seconds. Section 4.2: reports without progress that mean that nothing arrives.
unsigned breaker_media_timeout(double frame, double rtt, double interval);
// Section 4.3: CB_INTERVAL for a codec that can change its rate with every frame.
unsigned breaker_cb_interval(double frame, double rtt, double interval, double td);
// The rate of a TCP connection on such a path, bytes/s (simplified equation); rtt and loss (0 to 1) above 0.
double breaker_tcp_rate(double packet, double rtt, double loss);
