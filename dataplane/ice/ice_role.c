// SPDX-License-Identifier: Apache-2.0
// Who is controlling, and what happens when both think they are, or neither (RFC 8445 section 7.3.1.1).
#include "ice_parts.h"

// Requests that are out carry the old role: they are asked anew instead of being repeated.
void ice_role_set(struct ice_agent *a, bool controlling)
{
	a->controlling = controlling;
	for (unsigned i = 0; i < ICE_COMPONENTS; i++)
		a->consent[i].id_count = 0;
	for (unsigned i = 0; i < ICE_PAIRS_MAX; i++) {
		struct ice_pair *pair = &a->pairs[i];

		if (pair->state == PAIR_IN_PROGRESS) {
			pair->state = PAIR_WAITING;
			pair->flags |= PAIR_TRIGGERED;
		}
		pair->flags &= (uint8_t) ~(PAIR_ASKING | PAIR_NOMINATING | PAIR_NOMINATED);
	}
}

bool ice_role_conflict(struct ice_run *run, const struct wire_stun *msg)
{
	struct ice_agent *a = run->a;
	bool larger = a->tiebreaker >= msg->tiebreaker;

	if (a->controlling && msg->role == WIRE_STUN_CONTROLLING) {
		if (larger)
			return true;
		ice_role_set(a, false);
	} else if (!a->controlling && msg->role == WIRE_STUN_CONTROLLED) {
		if (!larger || a->lite) // lite can't take control of a full peer
			return true;
		ice_role_set(a, true);
	}
	return false;
}
