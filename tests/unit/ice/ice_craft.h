// SPDX-License-Identifier: Apache-2.0
// Single messages made by hand, and a look at what an agent sends in return.
#pragma once

#include "ice_rig.h"

struct craft {
	enum wire_stun_class class;
	const char *username, *password; // NULL: no such attribute
	uint8_t txid[WIRE_STUN_TXID];
	enum wire_stun_role role;
	uint64_t tiebreaker;
	uint32_t priority;
	unsigned error;
	bool use_candidate, unknown, no_fingerprint, mapped;
};

struct seen { // what a node sent last
	unsigned count, errors;
	struct ice_tuple to;
	struct wire_stun msg;
	uint8_t bytes[512];
	uint16_t len;
};

// A good request of the rig's node !n to node n, priority and role included.
struct craft craft_request(struct rig *rig, unsigned n, bool use_candidate, char username[64]);
uint16_t craft_write(const struct craft *craft, uint8_t bytes[512]);
enum ice_verdict craft_send(
	struct rig *rig, unsigned n, const struct craft *craft, const struct ice_tuple *from);
// From now on what nodes send ends in *seen instead of the network.
void craft_watch(struct rig *rig, struct seen *seen);
// Answers the request in seen, as the rig's node !n would.
enum ice_verdict craft_answer(struct rig *rig, unsigned n, const struct seen *seen, unsigned error);
// The peer asks node n from an address, and answers what n asks there in the 360 ms after it.
void craft_pass(struct rig *rig, unsigned n, struct seen *seen, const struct ice_tuple *from,
	bool use_candidate);
