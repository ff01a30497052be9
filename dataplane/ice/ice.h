// SPDX-License-Identifier: Apache-2.0
// The ICE agent of one transport (RFC 8445, full by default, lite by configuration) and its consent (RFC 7675).
//
// State is plain data in a shard's arena; the owner worker calls everything here. What the media path needs of it is in
// struct ice_view, which the transport embeds in its hot lines. Nothing allocates, nothing blocks.
#pragma once

#include "iq_msg.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#define ICE_SOURCES_MAX 4
#define ICE_HEARD_MAX 4
#define ICE_COMPONENTS 2 // RTP, and RTCP where it isn't muxed
#define ICE_LOCALS_MAX 4 // (address set, family) pairs a transport can be reached at

// One of our addresses: set index of the network and the family; the port follows from the component.
struct ice_local {
	uint8_t set, family;
	uint16_t reserved;
	uint16_t port; // of component 1; component 2 is port + 1
	uint16_t reserved2;
	uint8_t ip[16];
};

// A 5-tuple seen from here.
struct ice_tuple {
	uint8_t local; // index into the agent's locals
	uint8_t component; // 0 or 1
	uint16_t remote_port;
	uint8_t family; // 4 or 6
	uint8_t reserved[3];
	uint8_t remote_ip[16];
};
static_assert(sizeof(struct ice_tuple) == 24, "three to a line and a bit");

// What the media path reads at every packet.
struct ice_view {
	uint8_t source_count, heard_count, heard_next; // heard_next: the place of the next new one
	bool consent; // live on the selected pair: media may be sent
	bool moved; // selected changed; the media path clears it after taking the new path
	uint8_t reserved[3];
	struct ice_tuple
		sources[ICE_SOURCES_MAX]; // remotes of succeeded pairs: media from them is admitted
	struct ice_tuple selected[ICE_COMPONENTS]; // family 0: none yet
	struct ice_tuple
		heard[ICE_HEARD_MAX]; // the latest that asked with our password: may begin DTLS
};
static_assert(sizeof(struct ice_view) == 248, "consent and two sources stand in the first line");

struct ice_agent; // full definition below or in this room's private part; plain data, at most 4 KiB

// What an agent needs from outside; filled by the caller at each call.
struct ice_env {
	uint64_t now_us;
	// Sends a STUN message to a tuple. Copies bytes.
	void (*send)(void *arg, const struct ice_tuple *to, const uint8_t *bytes, uint16_t len);
	// 64 random bits (jitter, transaction ids). Not a system call.
	uint64_t (*random)(void *arg);
	void *arg;
	// What all agents of a worker may spend on requests from nobody they know: one word, zeroes at first. NULL: no bound.
	uint64_t *strangers;
};

// What an input or a timer did, for counters and events.
struct ice_result {
	uint8_t changed; // IQ_CHANGED_ICE, IQ_CHANGED_CONSENT bits
	uint8_t verdict; // ice_verdict of the input
};
enum ice_verdict {
	ICE_OK, // a good request, answered; or a good response
	ICE_MALFORMED, // not STUN, or wrong attributes (400 sent where RFC 8489 says so)
	ICE_UNKNOWN_USER, // 401 sent, or dropped
	ICE_INTEGRITY, // 401 sent, or dropped
	ICE_BUDGET, // over the budget: dropped before any HMAC
	ICE_LATE, // a response nobody waits for
	ICE_ERROR_SENT, // 420 or 487
};

struct ice_start {
	bool controlling, lite;
	uint8_t components; // 1 or 2
	uint8_t local_count;
	uint64_t tiebreaker;
	struct ice_local locals[ICE_LOCALS_MAX];
	char ufrag[12], pwd[36]; // NUL-terminated
};

void ice_init(struct ice_agent *agent, struct ice_view *view, const struct ice_start *start);

// New local credentials; the old ones are answered until the new generation has nominated a pair and 15 s more.
void ice_restart(struct ice_agent *agent, const char *ufrag, const char *pwd);

// The peer's credentials and candidates (all it has told so far). Same values change nothing; other credentials start a
// new generation. Unusable candidates (family we lack, TCP, port 0) are skipped.
void ice_remote_set(struct ice_agent *agent, struct ice_view *view,
	const struct iq_remote_transport *remote, const struct ice_env *env);
void ice_candidates_add(
	struct ice_agent *agent, const struct iq_candidate *candidates, unsigned count, bool end);

// A datagram that was classified as STUN. from: where it came from and to.
struct ice_result ice_input(struct ice_agent *agent, struct ice_view *view,
	const struct ice_tuple *from, const uint8_t *bytes, uint16_t len,
	const struct ice_env *env);

// Pacing, retransmission, nomination, consent, failure. Call when ice_deadline_us() has come.
struct ice_result ice_timer(
	struct ice_agent *agent, struct ice_view *view, const struct ice_env *env);

// When ice_timer() wants to be called; 0: never. Ask after every call above.
uint64_t ice_deadline_us(const struct ice_agent *agent);

// An authenticated DTLS alert or close_notify came: consent is gone at once (RFC 7675 section 5.2).
void ice_consent_revoke(struct ice_agent *agent, struct ice_view *view);

// The local that a datagram of this address set and family came to: false when the agent has no such local.
bool ice_local_find(const struct ice_agent *agent, uint8_t set, uint8_t family, uint8_t *local);

enum iq_ice_state ice_state(const struct ice_agent *agent);
enum iq_consent_state ice_consent_state(const struct ice_agent *agent);
uint32_t ice_rtt_us(const struct ice_agent
		*agent); // of the last answered check on the selected pair, 0: unknown
enum iq_candidate_type ice_remote_type(const struct ice_agent *agent); // of the selected pair

// Bytes of struct ice_agent for arenas that embed it.
#define ICE_AGENT_BYTES 4096
