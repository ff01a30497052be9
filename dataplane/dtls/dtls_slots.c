// SPDX-License-Identifier: Apache-2.0
// Fixed slots between one producer and one consumer, either of which may be preempted at any time.
#include "dtls_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int slots_init(struct slots *slots, uint32_t count, uint32_t size)
{
	slots->bytes = calloc(count, size);
	if (slots->bytes == NULL)
		return -ENOMEM;
	slots->size = size;
	slots->mask = count - 1;
	return 0;
}

void slots_fini(struct slots *slots)
{
	if (slots->bytes != NULL)
		explicit_bzero(slots->bytes, (size_t)slots->size * (slots->mask + 1));
	free(slots->bytes);
	slots->bytes = NULL;
}

static void *slot_at(struct slots *slots, uint32_t index)
{
	return slots->bytes + (size_t)(index & slots->mask) * slots->size;
}

void *slots_back(struct slots *slots)
{
	uint32_t tail = atomic_load_explicit(&slots->tail, memory_order_relaxed); // own index
	uint32_t head = atomic_load_explicit(&slots->head, memory_order_acquire); // with slots_pop

	return tail - head > slots->mask ? NULL : slot_at(slots, tail);
}

void slots_push(struct slots *slots)
{
	uint32_t tail = atomic_load_explicit(&slots->tail, memory_order_relaxed); // own index

	atomic_store_explicit(&slots->tail, tail + 1, memory_order_release); // with slots_front
}

void *slots_front(struct slots *slots)
{
	uint32_t head = atomic_load_explicit(&slots->head, memory_order_relaxed); // own index
	uint32_t tail = atomic_load_explicit(&slots->tail, memory_order_acquire); // with slots_push

	return head == tail ? NULL : slot_at(slots, head);
}

void slots_pop(struct slots *slots)
{
	uint32_t head = atomic_load_explicit(&slots->head, memory_order_relaxed); // own index

	explicit_bzero(slot_at(slots, head), slots->size < WIPED_BYTES ? slots->size : WIPED_BYTES);
	atomic_store_explicit(&slots->head, head + 1, memory_order_release); // with slots_back
}

bool slots_empty(struct slots *slots)
{
	return slots_front(slots) == NULL;
}
