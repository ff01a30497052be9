// SPDX-License-Identifier: Apache-2.0
// The agent's state and the constants of its clocks.
#pragma once

#include "ice.h"
#include "wire_stun.h"

#define ICE_PAIRS_MAX 32
#define ICE_REMOTES_MAX 28
#define ICE_EARLY_MAX 6
#define ICE_CONSENT_IDS 8 // one every 4 s at most, good for 30 s
#define ICE_NONE 0xff

#define ICE_TA_US 50000u // RFC 8445 section 14
#define ICE_RTO_MS 500u
#define ICE_RC 7 // requests of one check, and
#define ICE_RM 16 // RTOs to wait after the last one (RFC 8489 section 6.2.1)
#define ICE_SETTLE_US 200000u // from the first valid pair to nomination of the best
#define ICE_FAIL_US 30000000u
#define ICE_OLD_US 15000000u // old credentials live on after the new ones have nominated
#define ICE_CONSENT_US 30000000u // RFC 7675 section 5.1
#define ICE_CONSENT_MIN_US 4000000u
#define ICE_CONSENT_SPREAD_US 2000001u
#define ICE_NOMINATION_US 6000000u // two rounds of a browser's checks: it no longer names this pair

// HMAC-SHA1 of a password: SHA-1's chaining value after the inner and the outer pad.
struct ice_hmac {
	uint32_t inner[5], outer[5];
};

// One generation of credentials. local_ufrag empty: there is none.
struct ice_generation {
	struct ice_hmac local, remote;
	uint16_t remote_ufrag_len; // 0: the peer's are not known yet
	char local_ufrag[12];
	char remote_ufrag[256];
};

struct ice_remote { // family 0: free
	uint8_t ip[16];
	uint32_t priority, foundation;
	uint32_t budget; // of ice_budget_take()
	uint16_t port;
	uint8_t family;
	uint8_t component : 4, type : 4; // iq_candidate_type
};

enum ice_pair_state {
	PAIR_FREE,
	PAIR_FROZEN,
	PAIR_WAITING,
	PAIR_IN_PROGRESS,
	PAIR_SUCCEEDED,
	PAIR_FAILED,
	PAIR_IDLE, // off the checklist since another pair was nominated; a triggered check revives it
};

#define PAIR_TRIGGERED 1 // to be checked before the others
#define PAIR_ASKING 2 // a request of ours is open: txid, sent_us, rto_ms, attempts
#define PAIR_NOMINATING 4 // our requests carry USE-CANDIDATE
#define PAIR_NOMINATED 8 // the peer's carried it; takes effect when our own check has succeeded
#define PAIR_WAS_NOMINATED 16 // and had its effect before

struct ice_pair {
	uint64_t sent_us;
	uint64_t valid_us; // last success
	uint64_t nominated_us; // last USE-CANDIDATE of the peer
	uint8_t txid[WIRE_STUN_TXID];
	uint16_t rto_ms;
	uint8_t local, remote, state, flags, attempts;
};

// A request that was good before the peer's credentials were known.
struct ice_early {
	struct ice_tuple from;
	uint32_t priority, user_crc; // of the ufrag that it gave as the peer's
	uint8_t use_candidate;
};

struct ice_consent {
	uint64_t next_us, expires_us, sent_us;
	uint8_t ids[ICE_CONSENT_IDS][WIRE_STUN_TXID];
	uint8_t id_count, id_next;
	uint8_t state; // iq_consent_state
	bool old; // with the credentials of the generation before
};

struct ice_agent {
	struct ice_generation current, previous;
	uint64_t tiebreaker, next_check_us, fail_us, previous_until_us;
	uint64_t first_valid_us[ICE_COMPONENTS]; // 0: no pair has succeeded
	uint32_t rtt_us, budget, error_budget;
	uint32_t moves, told_moves; // of a selected pair
	uint8_t nominated[ICE_COMPONENTS], selected[ICE_COMPONENTS]; // pairs, or ICE_NONE
	uint8_t start_components, components, local_count, early_count;
	uint8_t state, told_state, remote_type; // iq_ice_state, iq_candidate_type
	uint8_t pending; // IQ_CHANGED_ bits for the next result
	bool controlling, lite, checks, remote_lite;
	bool consent_dead; // lost or revoked: these credentials get no consent any more
	struct ice_consent consent[ICE_COMPONENTS];
	struct ice_local locals[ICE_LOCALS_MAX];
	struct ice_remote remotes[ICE_REMOTES_MAX];
	struct ice_pair pairs[ICE_PAIRS_MAX];
	struct ice_early early[ICE_EARLY_MAX];
};
static_assert(sizeof(struct ice_agent) <= ICE_AGENT_BYTES, "fits the arena's place for it");
