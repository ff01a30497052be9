// SPDX-License-Identifier: Apache-2.0
// A ring of messages of any length between two threads of this process: one writes, one reads.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct message_ring {
	_Alignas(64) _Atomic uint32_t head; // writer
	_Alignas(64) _Atomic uint32_t tail; // reader
	_Alignas(64) uint8_t *bytes;
	uint32_t size;
};

// size is a power of two, at least 64. 0 or -ENOMEM.
int message_ring_init(struct message_ring *ring, uint32_t size);
void message_ring_fini(struct message_ring *ring);

// Writer: copies a message in. False when there isn't room now, or never will be (more than size / 2 - 8 bytes).
bool message_ring_put(struct message_ring *ring, const void *data, uint32_t len);

// Writer: whether a message of so many bytes would find room now.
bool message_ring_has_room(const struct message_ring *ring, uint32_t len);

// Reader: the oldest message, in place and 8-byte aligned, until message_ring_pop() wipes and frees it. NULL: none.
void *message_ring_peek(struct message_ring *ring, uint32_t *len);
void message_ring_pop(struct message_ring *ring);
