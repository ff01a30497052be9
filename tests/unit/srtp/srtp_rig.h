// SPDX-License-Identifier: Apache-2.0
// What the SRTP tests share: repeatable random numbers, packets, keys, contexts.
#pragma once

#include "srtp.h"

#define RIG_PACKET_MAX 1700

// xorshift64*: the same numbers in every run.
struct rig_random {
	uint64_t state;
};

uint32_t rig_next(struct rig_random *random);
uint32_t rig_below(struct rig_random *random, uint32_t limit);
void rig_bytes(struct rig_random *random, uint8_t *bytes, size_t len);

struct rig_packet {
	uint8_t bytes[RIG_PACKET_MAX];
	uint16_t len;
};

// An RTP packet with random CSRCs, extension, and 0 to payload_max bytes of payload.
void rig_rtp(struct rig_random *random, struct rig_packet *packet, uint32_t ssrc, uint16_t seq,
	uint16_t payload_max);

// A sender report with random contents behind its first eight bytes, len 8 to 8 + body_max.
void rig_rtcp(
	struct rig_random *random, struct rig_packet *packet, uint32_t ssrc, uint16_t body_max);

struct rig_master {
	enum srtp_suite suite;
	uint8_t key[32];
	uint8_t salt[14];
};

void rig_master(struct rig_random *random, struct rig_master *master, enum srtp_suite suite);

// Fails the test when the key can't be made.
void rig_key(struct srtp_key *key, const struct rig_master *master);

struct srtp_item rig_item(
	struct rig_packet *packet, const struct srtp_key *key, struct srtp_index *index);

// One packet through a burst call: its status; packet->len follows.
typedef uint16_t (*rig_burst)(struct srtp_ctx *ctx, struct srtp_item *items, uint16_t n);
int rig_run(struct srtp_ctx *ctx, rig_burst burst, struct rig_packet *packet,
	const struct srtp_key *key, struct srtp_index *index);

// Contexts of every instruction set that the processor has; the missing ones are said on stderr.
#define RIG_ARCHS 4
unsigned int rig_contexts(struct srtp_ctx *contexts[RIG_ARCHS]);
