// SPDX-License-Identifier: Apache-2.0
// The door for datagrams: what isn't a message of ours goes no further.
#include "ice_parts.h"

static enum ice_verdict message_input(
	struct ice_run *run, const struct ice_tuple *from, const struct wire_stun *msg)
{
	if (msg->method != WIRE_STUN_BINDING)
		return ICE_MALFORMED;
	switch (msg->class) {
	case WIRE_STUN_REQUEST:
		// RFC 8445 section 7.1 demands a fingerprint; without one it may be anything.
		return msg->has_fingerprint ? ice_request_input(run, from, msg) : ICE_MALFORMED;
	case WIRE_STUN_INDICATION:
		return ICE_OK; // a keepalive, RFC 8445 section 11
	default:
		return ice_response_input(run, from, msg);
	}
}

// A request that would find the strangers' budget of the worker spent: not even read.
static bool is_flood(const struct ice_run *run, const struct ice_tuple *from, const uint8_t *bytes)
{
	return (bytes[0] & 1) == 0 && !ice_strangers_allow(run->env, 0) &&
		ice_remote_find(run->a, from) == ICE_NONE;
}

struct ice_result ice_input(struct ice_agent *agent, struct ice_view *view,
	const struct ice_tuple *from, const uint8_t *bytes, uint16_t len, const struct ice_env *env)
{
	struct ice_run run = {agent, view, env};
	enum ice_verdict verdict;
	struct wire_stun msg;

	if (len > 0 && is_flood(&run, from, bytes))
		return (struct ice_result){.verdict = ICE_BUDGET};
	if (from->local >= agent->local_count || from->component >= agent->start_components ||
		from->family != agent->locals[from->local].family ||
		wire_stun_parse(&msg, bytes, len) < 0)
		return ice_run_result(&run, ICE_MALFORMED);
	verdict = message_input(&run, from, &msg);
	return ice_run_result(&run, verdict);
}
