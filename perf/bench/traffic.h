// SPDX-License-Identifier: Apache-2.0
// Media of a gateway's calls: real SRTP from browsers, RTP from phones, one packet a leg in turn, legs in random order.
//
// All calls belong to one thread. Browsers' packets are protected as they are made, by the gateway's own SRTP with keys
// and a machine of their own; what it makes is compared with libsrtp2 (witness.h), as is what the gateway makes.
#pragma once

#include "gateway.h"
#include "histogram.h"
#include "witness.h"

#define TRAFFIC_BURST 32

struct traffic_config {
	uint32_t calls; // two legs each, numbered 2 * call + leg (iq_leg: who sends)
	enum srtp_suite suite;
	uint8_t family;
	uint16_t payload; // bytes
	uint32_t sampled_every; // as for gateway_calls_up()
	uint64_t seed;
	bool is_handed_over; // with two workers: each packet comes to the wrong one
};

// What a leg sends. One line.
struct traffic_leg {
	struct iq_addr from, to;
	uint32_t ssrc, ts;
	uint16_t seq;
	uint8_t reserved[14];
};

struct traffic {
	struct gateway *g;
	struct traffic_config config;
	struct traffic_leg *legs;
	uint32_t *order; // of the legs
	uint32_t leg_count, at;
	struct srtp_key *keys; // of browsers, by call
	struct srtp_index *indices;
	struct srtp_ctx *srtp;
	struct witness *witness; // of sampled calls; NULL: none
	struct rte_mbuf **spare; // mbufs in hand, last used first
	uint32_t spare_count;
	uint64_t sent, received; // media packets taken by the port, and that came back
	uint64_t refused; // the queue was full: lost at the port
	struct histogram
		*latency; // ticks from queue to queue of what comes back; NULL: nobody asks
	int stamp; // where an mbuf keeps when it went in
};

// For a gateway whose calls are up. Ends the process when there is no memory.
struct traffic *traffic_create(struct gateway *g, const struct traffic_config *config);
void traffic_destroy(struct traffic *t);

// From now on packets have this payload.
void traffic_payload_set(struct traffic *t, uint16_t payload);

// Makes the next packets, n at most TRAFFIC_BURST, and puts them in the ports. How many found room.
unsigned traffic_send(struct traffic *t, unsigned n);

// Takes what the gateway has sent, answers its STUN, hands sampled packets to the witness. How many media packets.
unsigned traffic_receive(struct traffic *t);

// Room of the fullest receive queue.
unsigned traffic_room(const struct traffic *t);
