// SPDX-License-Identifier: Apache-2.0
// Where everything lies in the two memfds of Iq and on its socket. Only shared/iq and tests look in
// here.
//
// eims-agw makes both memfds, sealed against resizing. The region holds pairs of rings and is
// writable by both sides, so neither believes what it reads there. The stats page is writable by
// eims-agw alone. No pointers, host byte order.
#pragma once

#include "iq_msg.h"

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define IQ_MAGIC 0x71492d68746d7349ull // "Ismth-Iq" in memory
#define IQ_STATS_MAGIC 0x74532d68746d7349ull // "Ismth-St"
#define IQ_LINE 64 // cache line: one writer each
#define IQ_PAIRS 16 // ring pairs in the ABI, a signalling shard each; the first is used
#define IQ_SLOTS 256 // of a ring; a power of two
#define IQ_SLOT_LEN 1024
#define IQ_SLOT_DATA (IQ_SLOT_LEN - 16)
#define IQ_PARTS_MAX ((IQ_PAYLOAD_MAX + IQ_SLOT_DATA - 1) / IQ_SLOT_DATA)

// A message lies in 1 to IQ_PARTS_MAX slots, all published at once; each repeats the header.
struct iq_slot {
	uint64_t txn;
	uint32_t len; // of the whole payload
	uint16_t type;
	uint16_t part; // 0, 1, ...
	uint8_t data[IQ_SLOT_DATA];
};
static_assert(sizeof(struct iq_slot) == IQ_SLOT_LEN, "ABI");
static_assert(IQ_PARTS_MAX <= IQ_SLOTS, "the longest message fits an empty ring");
static_assert((IQ_SLOTS & (IQ_SLOTS - 1)) == 0, "indexes wrap by mask");

// The indexes count slots for ever and wrap at 2^32.
struct iq_ring {
	_Alignas(IQ_LINE) _Atomic uint32_t head; // written by the producer: next slot to fill
	_Atomic uint32_t
		starved; // set by a producer without room, cleared by the consumer that wakes it
	_Alignas(IQ_LINE) _Atomic uint32_t tail; // written by the consumer: next slot to empty
	_Atomic uint32_t
		asleep; // set by a consumer about to sleep, cleared by the producer that wakes it
	_Alignas(IQ_LINE) struct iq_slot slots[IQ_SLOTS];
};
static_assert(offsetof(struct iq_ring, head) == 0, "ABI");
static_assert(offsetof(struct iq_ring, starved) == 4, "ABI");
static_assert(offsetof(struct iq_ring, tail) == 64, "ABI");
static_assert(offsetof(struct iq_ring, asleep) == 68, "ABI");
static_assert(offsetof(struct iq_ring, slots) == 128, "ABI");
static_assert(sizeof(struct iq_ring) == 128 + IQ_SLOTS * IQ_SLOT_LEN, "ABI");

struct iq_pair {
	struct iq_ring command; // controller to gateway
	struct iq_ring event; // gateway to controller: replies and events
};
static_assert(sizeof(struct iq_pair) == 2 * sizeof(struct iq_ring), "ABI");

struct iq_region_head {
	uint64_t magic; // IQ_MAGIC
	uint16_t major, minor;
	uint32_t pair_count; // used
	uint64_t total; // size of the memfd in bytes
	uint64_t pair_offset[IQ_PAIRS]; // from the start of the memfd, 0: not used
	uint8_t reserved[104];
};
static_assert(sizeof(struct iq_region_head) == 256, "ABI");

struct iq_region_layout {
	struct iq_region_head head;
	struct iq_pair pair;
};
static_assert(offsetof(struct iq_region_layout, pair) == 256, "ABI");
static_assert(sizeof(struct iq_region_layout) == 256 + sizeof(struct iq_pair), "ABI");

#define IQ_STATS_NAME_LEN 48 // NUL-padded
#define IQ_STATS_COUNTERS_MAX 1024
#define IQ_STATS_WORKERS_MAX 256

// The stats page: this head, the counters' names, then one block a worker on lines of its own.
struct iq_stats_head {
	uint64_t magic; // IQ_STATS_MAGIC
	uint16_t major, minor;
	uint32_t counters, workers;
	uint32_t names_offset, blocks_offset, block_size; // in bytes
	uint64_t total; // size of the memfd in bytes
	uint8_t reserved[24];
};
static_assert(sizeof(struct iq_stats_head) == 64, "ABI");

struct iq_stats_name {
	char text[IQ_STATS_NAME_LEN];
};
static_assert(sizeof(struct iq_stats_name) == 48, "ABI");

struct iq_stats_block {
	_Atomic uint32_t sequence; // odd while the values change
	uint32_t reserved;
	_Atomic uint64_t values[]; // one a counter
};
static_assert(offsetof(struct iq_stats_block, values) == 8, "ABI");

// First words on the socket: the controller's hello, the gateway's welcome. With status 0 the
// welcome carries two descriptors: region, stats page. After that a byte on the socket is a
// wake-up, and its end is the session's end.
struct iq_hello {
	uint64_t magic; // IQ_MAGIC
	uint16_t major, minor;
	uint32_t pid; // for messages only
};
static_assert(sizeof(struct iq_hello) == 16, "ABI");

#define IQ_WELCOME_TEXT 200

struct iq_welcome {
	uint64_t magic; // IQ_MAGIC
	uint16_t major, minor;
	int32_t status; // 0 or -errno
	uint64_t
		instance; // of this run of eims-agw: another number means that its contexts are gone
	uint8_t gateway; // id in the handles
	uint8_t reserved[7];
	char text[IQ_WELCOME_TEXT]; // why the status isn't 0, NUL-terminated
};
static_assert(sizeof(struct iq_welcome) == 232, "ABI");
