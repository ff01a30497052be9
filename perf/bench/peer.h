// SPDX-License-Identifier: Apache-2.0
// The far ends of a gateway's calls: their addresses, the frames between them and the gateway, and a browser's ICE.
#pragma once

#include "gateway.h"

#define PEER_PORT 40000 // of a browser and a phone
#define PEER_PORT_SAMPLED 40002
#define PEER_UFRAG "wicu"
#define PEER_PWD "wic-password-of-24-chars"

// The address of call n's browser (IQ_LEG_ACCESS) or phone.
struct iq_addr peer_addr(uint32_t n, enum iq_leg leg, uint8_t family, bool is_sampled);

// Bytes in front of a UDP payload.
static inline uint16_t peer_head_len(uint8_t family)
{
	return family == 4 ? 14 + 20 + 8 : 14 + 40 + 8;
}

// A datagram in a frame: what a peer sends to the gateway. IPv4 has a right header checksum; UDP checksums are left to
// the port, as a NIC that checks them would.
struct peer_head {
	const struct iq_addr *from, *to;
	uint16_t len; // of the payload
};
// Writes peer_head_len() bytes.
void peer_head_write(uint8_t *frame, const struct peer_head *head);

// The queue of a port that packets for this local port belong in: its shard's worker's.
static inline unsigned peer_queue(const struct gateway *g, uint16_t local_port)
{
	return g->owners[shard_of_port(local_port)];
}

// An empty mbuf as a receiving port would give it to the worker.
struct rte_mbuf *peer_mbuf(struct gateway *g);

// A check of nobody's: right but for its integrity. Writes at most 200 bytes: how many.
uint16_t peer_bad_check(uint8_t *bytes);

// Puts the check with which a browser nominates call n's pair in the port: false when there was no room.
bool peer_check(struct gateway *g, uint32_t n, const struct iq_addr *browser);

// Whether a frame that the gateway sent is STUN; then it is answered, if it asks, and gone. Else it stays the caller's.
bool peer_stun(struct gateway *g, struct rte_mbuf *m);

// Takes everything the gateway has sent: answers STUN, frees the rest. How many weren't STUN.
unsigned peer_drain(struct gateway *g);
