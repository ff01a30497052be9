// SPDX-License-Identifier: Apache-2.0
// What a soak sends besides media, and which drops that must cause.
#pragma once

#include "load.h"

#define SOAK_KINDS 6
#define SOAK_COUNTERS_MAX 256

struct soak_hostile {
	int stranger; // a socket that no call knows
	unsigned next;
	uint64_t sent[SOAK_KINDS];
	uint64_t before[SOAK_COUNTERS_MAX]; // the gateway's counters when the soak began
};

struct soak_reports {
	int sock; // of all phones
	uint64_t sent[LOAD_SIDES], came[LOAD_SIDES]; // came: of what the side sent
};

void soak_hostile_init(struct soak_hostile *hostile);
// One packet that a call must not take, of one kind after the other.
void soak_hostile_send(struct load *load, struct soak_hostile *hostile, unsigned call);

void soak_reports_init(struct soak_reports *reports);
// A sender report of each end of a call, and takes what came of those before.
void soak_reports_send(struct load *load, struct soak_reports *reports, unsigned call);

// Keeps the counters, so that what making the first calls dropped (no next hop known) isn't the soak's.
void soak_drops_mark(struct soak_hostile *hostile);
// 0 when the gateway has dropped what was to be dropped, each packet for its reason, and nothing else.
int soak_drops_check(struct soak_hostile *hostile);
