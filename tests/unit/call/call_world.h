// SPDX-License-Identifier: Apache-2.0
// The world of a call in tests: two legs that write down what they are told, the real Iq door with a gateway that says yes,
// the real client, the real store, timers that the test fires.
#pragma once

#include "call.h"

extern const char web_offer[], web_offer_restart[], web_offer_hold[], web_answer[], ims_offer[],
	ims_answer[], ims_answer_moved[], web_offer_data_only[];

struct fake_leg {
	unsigned offers, progresses, answers, confirms, rejects, ends, relays, responses, releases,
		forgets, records;
	int status; // of the last progress, reject or end
	char sdp[8192]; // of the last offer, progress, answer or confirm; "" without
	struct call_bag *refusal_bag; // of the last reject
	char warning[200];
	uint64_t token;
	int fail_offer; // what offer() returns
};

struct world {
	struct calls *calls;
	struct call *call;
	struct fake_leg leg[2];
	unsigned contexts, deleted, leg_sets, streams_sets,
		restarts; // commands the gateway has seen
	struct iq_leg_set access, core; // the last of each
	struct iq_streams_set streams;
	int32_t reserve_status; // what the gateway answers
	iq_handle handle;
	struct iq_audit_page page; // what the gateway answers to an audit
};

// The policy of the worlds that are opened next.
extern bool world_breaker_releases;

// with_gateway false: nobody serves the socket.
void world_open(struct world *world, bool with_gateway);
void world_close(struct world *world);

// Starts a call whose A is the browser or the phone. sdp NULL: offerless.
void world_start(struct world *world, bool web_calls, const char *sdp);

// Runs what is due now, until nothing moves; then as if ms had passed.
void world_run(struct world *world);
void world_pass(struct world *world, unsigned ms);

// What the gateway tells of the first section's circuit breakers.
void world_trip(struct world *world, const struct iq_trip *trip);
// The gateway tells a change of the call's context.
void world_media(struct world *world, const struct iq_leg_state *access, uint32_t changed);
// The process of the calls dies: what it has written down is at hand. Then another one begins, with what is told to it.
void world_crash(struct world *world);
int world_restore(
	struct world *world, uint32_t version, size_t len); // the first len bytes of the record
extern size_t world_record_len;
// The gateway dies and is there again.
void world_gateway_restart(struct world *world);

struct call_msg with_sdp(const char *sdp); // NULL: none
