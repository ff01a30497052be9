// SPDX-License-Identifier: Apache-2.0
// A bare controller for tests of the door: made of shared/iq alone, so that each step can be left
// out or spoiled.
#pragma once

#include "iq_door.h"

struct controller {
	int sock;
	struct iq_region *region;
	struct iq_stats *stats;
	struct iq_identity peer;
	int region_fd;
	char why[256];
};

// Each test's own path in a fresh folder, and the door on it.
extern char test_path[64];
int folder_make(void **state);
int folder_remove(void **state);

// The clock of the test, from when it is used first; time stands still but for clock_step.
void clock_hold(void);
void clock_step(uint64_t us);
void clock_release(void);

// What the handler did.
struct executed {
	unsigned count;
	struct iq_header last;
	bool answers; // at once, with a reply of zeros
};
void on_command(
	struct iq_door *door, const struct iq_header *header, const void *payload, void *arg);

struct iq_door *door_make(const struct iq_stats *stats);
struct iq_stats *stats_make(void);

int controller_connect(struct controller *c);
// Takes the welcome once the door was polled: 0 or -errno.
int controller_welcome(struct controller *c);
// Connects, polls the door, takes the welcome: 0 or -errno with the sentence in c->why.
int controller_attach(struct controller *c, struct iq_door *door, struct executed *e);
void controller_leave(struct controller *c);

// Sends a command of the right length with zeros, but the first 8 bytes.
int command_send(struct controller *c, uint16_t type, uint64_t txn, uint64_t first);
// Takes one message: 1, 0 or -errno.
int message_take(struct controller *c, struct iq_header *header, void *buf);
// Takes one reply and gives its status; fails the test when there is none.
int32_t reply_expect(struct controller *c, uint64_t txn);
