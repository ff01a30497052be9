// SPDX-License-Identifier: Apache-2.0
// A gateway with calls and media, filled and run dry again and again: what rows of cycles are taken from.
#pragma once

#include "bench.h"
#include "traffic.h"

#define LOAD_FILL 16384 // packets that wait in each queue when a phase begins

struct load {
	struct bench_options options;
	const struct worker_stage *stages; // NULL: those that ship
	unsigned workers; // 0: one
	bool is_handed_over; // as traffic_config
	struct gateway *g;
	struct traffic *t;
	char conditions[128]; // legs, suite, payload, ip: members of a JSON object
	uint64_t wrong, checked; // packets lost or not as libsrtp2's, and how many were compared
	unsigned stalls; // of the machine, over a millisecond
	uint64_t clock_rest; // packets' time that is not yet a microsecond
	uint64_t drops; // before the first packet
	unsigned burst; // packets that are due before a trial sends; 0: TRAFFIC_BURST
	void (*beside)(void *arg,
		uint64_t tsc); // what goes on in each turn of a trial besides; NULL: nothing
	void *beside_arg;
	uint32_t contexts_more; // room for them besides those of the legs
	bool has_real_clock; // time passes as it does, not by packets
	uint32_t mbufs; // as gateway_config
};

// Gateway, calls and traffic by the options. Ends the process when that fails.
void load_up(struct load *load);
void load_down(struct load *load);

// Every leg has sent: its flows are there.
void load_warm_up(struct load *load, unsigned fill);

// Time passes for so many packets.
void load_clock_advance(struct load *load, uint64_t packets);

// Fills the queues, lets the workers empty them one after the other, takes everything back.
struct gateway_phase load_phase(struct load *load, unsigned fill);

// Phases until there are enough packets for a sample.
struct gateway_phase load_phases(struct load *load);

// Ends the process with status 1 when a packet was lost where none may be, or differs from libsrtp2's: then no figure of this
// run is worth printing.
void load_wrong_check(struct load *load);
// The row load.wrong, then load_wrong_check().
void load_wrong_print(struct load *load);
