// SPDX-License-Identifier: Apache-2.0
// The largest rate without loss (RFC 2544 section 26.1), with the worker's own loop running on its core.
#pragma once

#include "load.h"

struct rate_trial {
	double pps; // that the generator reached
	uint64_t lost; // never came back, or found the queue full
	bool is_behind; // what waited at the end grew beyond what a NIC's ring holds
	bool was_stalled; // the machine held one of the two threads up for over a millisecond
	uint64_t end; // of the offer, TSC
	bool was_late; // the generator could not keep the rate that it was asked for
};

struct rate {
	double pps;
	bool is_generators; // the generator was slower than the gateway
	unsigned repeated; // trials, because of stalls
};

// One trial: offers packets evenly for some time and waits for the rest. The gateway is running.
struct rate_trial rate_try(struct load *load, double pps, double seconds);

// Bisects between nothing and a bit more than the guess; starts and stops the gateway.
struct rate rate_search(struct load *load, double guess);

// A trial of its own below a rate that was found, where nothing may be lost: what is counts as wrong, unless the machine
// has stalled in every repetition. Starts and stops the gateway. False: it always had, and nothing is said.
bool rate_confirm(struct load *load, double pps);
