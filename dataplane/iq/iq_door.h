// SPDX-License-Identifier: Apache-2.0
// The gateway's end of Iq: lets one controller in, hands its commands to main, carries replies and
// events back.
//
// Everything here belongs to main's thread and never blocks.
#pragma once

#include "iq.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct iq_door;

struct iq_door_config {
	const char *path; // of the unix socket; NULL: /run/isthmus/iq.sock
	uint8_t gateway; // id in the handles
	uid_t uid; // may attach, besides root
	uint32_t lease_s; // contexts live on so long without a controller; 0: one hour
	uint32_t states_max; // contexts with an unacknowledged state at a time; 0: 65536
	const struct iq_stats *stats; // the page to hand out; stays the caller's, outlives the door
	// A state was acknowledged and will not be sent again. May be NULL.
	void (*on_ack)(iq_handle handle, uint32_t version, void *arg);
	void *arg;
};

// How often what happened, since the start.
struct iq_door_counts {
	uint64_t attached, refused, lost, spoiled; // sessions; spoiled: the controller broke a ring
	uint64_t commands, repeated, invalid; // commands: handed on, known already, malformed
	uint64_t states, states_again, acknowledged;
};

// Called for each command whose type is known, whose length is right and whose id isn't 0; the contents are for the
// handler to check. payload is aligned for every struct and valid during the call. The handler
// answers by iq_door_reply, now or later, exactly once. IQ_STATE_ACK never gets here.
typedef void iq_door_handler(
	struct iq_door *door, const struct iq_header *header, const void *payload, void *arg);

// Listens on the path; a socket that nobody serves is replaced. NULL with errno, and a line in the
// log that says what to change.
struct iq_door *iq_door_create(const struct iq_door_config *config);

// Ends the session and removes the socket. NULL is fine.
void iq_door_destroy(struct iq_door *door);

// One descriptor for poll or epoll, the same for the door's life: readable when iq_door_poll has
// work.
int iq_door_fd(const struct iq_door *door);

// Lets controllers in and out, takes up to IQ_DOOR_BURST commands, sends replies and events that
// wait. To be called when the descriptor is readable and at least every 100 ms. The number of
// commands taken; when it is IQ_DOOR_BURST, call again before sleeping.
#define IQ_DOOR_BURST 64
int iq_door_poll(struct iq_door *door, iq_door_handler *handler, void *arg);

// Answers a command: status 0 with the struct that iq_msg.h names for it, or -errno with nothing.
// Kept for repetitions. 0; -ENOENT when no command with this id waits for an answer; -EINVAL when
// len isn't that of the struct.
int iq_door_reply(
	struct iq_door *door, uint64_t txn, int32_t status, const void *payload, uint32_t len);

// IQ_CONTEXT_STATE: kept and sent again (on every attach, every 2 s) until its version is
// acknowledged; a newer state of the handle replaces it, its changed bits join those not yet
// acknowledged. IQ_CAPACITY: the latest is sent when there is room. 0; -EINVAL wrong type or
// length; -ENOSPC when states_max contexts wait: keep the mark, come again.
int iq_door_event(struct iq_door *door, uint16_t type, const void *payload, uint32_t len);

// True with a controller attached.
bool iq_door_is_attached(const struct iq_door *door);

// When the last controller left (clock_now_us), the door's creation before the first; 0 with one
// attached.
uint64_t iq_door_gone_since_us(const struct iq_door *door);

// True when no controller has been there for the lease: contexts may go.
bool iq_door_lease_is_over(const struct iq_door *door);

// Valid while the door lives.
const struct iq_door_counts *iq_door_counts(const struct iq_door *door);
