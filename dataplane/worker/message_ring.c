// SPDX-License-Identifier: Apache-2.0
// Messages lie whole in the ring, each after a word with its length; one that doesn't fit before the end begins at 0.
#include "message_ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_LEN 8
#define WRAP UINT32_MAX // the rest up to the end of the ring is unused

int message_ring_init(struct message_ring *ring, uint32_t size)
{
	*ring = (struct message_ring){.size = size};
	ring->bytes = calloc(1, size);
	return ring->bytes == NULL ? -ENOMEM : 0;
}

void message_ring_fini(struct message_ring *ring)
{
	if (ring->bytes != NULL)
		explicit_bzero(ring->bytes, ring->size);
	free(ring->bytes);
	ring->bytes = NULL;
}

static uint32_t record_len(uint32_t len)
{
	return HEADER_LEN + ((len + 7u) & ~7u);
}

// Bytes to the end of the ring that a record must leave unused to lie in one piece.
static uint32_t skip_len(const struct message_ring *ring, uint32_t head, uint32_t need)
{
	uint32_t left = ring->size - (head & (ring->size - 1));

	return need > left ? left : 0;
}

bool message_ring_has_room(const struct message_ring *ring, uint32_t len)
{
	uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed); // our own
	// Acquire: partner of the release in message_ring_pop(): the bytes are wiped and ours.
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);

	// A longer one might never find room on one side of the end.
	if (len > ring->size / 2 - HEADER_LEN)
		return false;
	return ring->size - (head - tail) >=
		skip_len(ring, head, record_len(len)) + record_len(len);
}

bool message_ring_put(struct message_ring *ring, const void *data, uint32_t len)
{
	uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed); // our own
	uint32_t at = head & (ring->size - 1);
	uint32_t need, skip;

	if (!message_ring_has_room(ring, len))
		return false;
	need = record_len(len);
	skip = skip_len(ring, head, need);
	if (skip > 0) {
		memcpy(ring->bytes + at, &(uint32_t){WRAP}, 4);
		at = 0;
	}
	memcpy(ring->bytes + at, &len, 4);
	memcpy(ring->bytes + at + HEADER_LEN, data, len);
	// Release: partner of the acquire in message_ring_peek().
	atomic_store_explicit(&ring->head, head + skip + need, memory_order_release);
	return true;
}

void *message_ring_peek(struct message_ring *ring, uint32_t *len)
{
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed); // our own
	uint32_t at = tail & (ring->size - 1);

	// Acquire: partner of the release in message_ring_put().
	if (atomic_load_explicit(&ring->head, memory_order_acquire) == tail)
		return NULL;
	memcpy(len, ring->bytes + at, 4);
	if (*len == WRAP) {
		// What follows a wrap mark was published with it.
		atomic_store_explicit(&ring->tail, tail + ring->size - at, memory_order_release);
		at = 0;
		memcpy(len, ring->bytes, 4);
	}
	return ring->bytes + at + HEADER_LEN;
}

void message_ring_pop(struct message_ring *ring)
{
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed); // our own
	uint32_t at = tail & (ring->size - 1);
	uint32_t len;

	memcpy(&len, ring->bytes + at, 4);
	explicit_bzero(ring->bytes + at + HEADER_LEN, len); // it may have held keys
	// Release: partner of the acquire in message_ring_put().
	atomic_store_explicit(&ring->tail, tail + record_len(len), memory_order_release);
}
