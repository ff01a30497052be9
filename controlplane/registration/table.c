// SPDX-License-Identifier: Apache-2.0
// A hash table and a heap, whose entries stand in their objects.
#include "registration_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { BITS_FIRST = 6, HEAP_FIRST = 64 };

int table_init(struct table *table)
{
	table->bits = BITS_FIRST;
	if (getrandom(&table->seed, sizeof(table->seed), 0) != sizeof(table->seed))
		return -EIO;
	table->buckets = calloc(1u << table->bits, sizeof(struct table_entry *));
	return table->buckets != NULL ? 0 : -ENOMEM;
}

void table_fini(struct table *table)
{
	free(table->buckets);
	table->buckets = NULL;
	table->count = 0;
}

static struct table_entry **bucket_of(const struct table *table, uint64_t hash)
{
	return &table->buckets[hash >> (64 - table->bits)];
}

// Twice the buckets; without memory the chains just get longer.
static void table_grow(struct table *table)
{
	struct table_entry **old = table->buckets;
	unsigned count = 1u << table->bits;
	struct table_entry **buckets = calloc(2 * count, sizeof(struct table_entry *));

	if (buckets == NULL)
		return;
	table->buckets = buckets;
	table->bits++;
	for (unsigned i = 0; i < count; i++) {
		while (old[i] != NULL) {
			struct table_entry *entry = old[i];
			struct table_entry **bucket = bucket_of(table, entry->hash);

			old[i] = entry->next;
			entry->next = *bucket;
			*bucket = entry;
		}
	}
	free(old);
}

void table_add(struct table *table, struct table_entry *entry, uint64_t hash)
{
	struct table_entry **bucket;

	if (table->count >= 2u << table->bits && table->bits < 24)
		table_grow(table);
	bucket = bucket_of(table, hash);
	entry->hash = hash;
	entry->next = *bucket;
	*bucket = entry;
	table->count++;
}

void table_del(struct table *table, struct table_entry *entry)
{
	struct table_entry **at = bucket_of(table, entry->hash);

	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	table->count--;
}

struct table_entry *table_find(
	const struct table *table, uint64_t hash, const struct table_entry *after)
{
	struct table_entry *entry = after != NULL ? after->next : *bucket_of(table, hash);

	while (entry != NULL && entry->hash != hash)
		entry = entry->next;
	return entry;
}

struct table_entry *table_next(const struct table *table, const struct table_entry *after)
{
	size_t bucket = 0;

	if (after != NULL) {
		if (after->next != NULL)
			return after->next;
		bucket = (size_t)(after->hash >> (64 - table->bits)) + 1;
	}
	for (; bucket < (size_t)1 << table->bits; bucket++) {
		if (table->buckets[bucket] != NULL)
			return table->buckets[bucket];
	}
	return NULL;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 32;
}

uint64_t table_hash_id(const struct table *table, uint64_t id)
{
	return mix(mix(table->seed, id), table->seed);
}

uint64_t table_hash_text(const struct table *table, const char *a, const char *b)
{
	uint64_t hash = table->seed;

	for (; *a != '\0'; a++)
		hash = mix(hash, (uint8_t)*a);
	hash = mix(hash, 256);
	for (; *b != '\0'; b++)
		hash = mix(hash, (uint8_t)*b);
	return mix(hash, table->seed);
}

static void place(struct heap *heap, struct heap_node *node, unsigned at)
{
	heap->nodes[at] = node;
	node->place = at + 1;
}

static void sift_up(struct heap *heap, struct heap_node *node)
{
	unsigned at = node->place - 1;

	while (at > 0 && heap->nodes[(at - 1) / 2]->due_us > node->due_us) {
		place(heap, heap->nodes[(at - 1) / 2], at);
		at = (at - 1) / 2;
	}
	place(heap, node, at);
}

static void sift_down(struct heap *heap, struct heap_node *node)
{
	unsigned at = node->place - 1;

	for (;;) {
		unsigned child = 2 * at + 1;

		if (child + 1 < heap->count &&
			heap->nodes[child + 1]->due_us < heap->nodes[child]->due_us)
			child++;
		if (child >= heap->count || heap->nodes[child]->due_us >= node->due_us)
			break;
		place(heap, heap->nodes[child], at);
		at = child;
	}
	place(heap, node, at);
}

int heap_set(struct heap *heap, struct heap_node *node, uint64_t due_us)
{
	if (node->place == 0) {
		if (heap->count == heap->room) {
			unsigned room = heap->room > 0 ? 2 * heap->room : HEAP_FIRST;
			struct heap_node **nodes =
				reallocarray(heap->nodes, room, sizeof(struct heap_node *));

			if (nodes == NULL)
				return -ENOMEM;
			heap->nodes = nodes;
			heap->room = room;
		}
		place(heap, node, heap->count++);
	}
	node->due_us = due_us;
	sift_up(heap, node);
	sift_down(heap, node);
	return 0;
}

void heap_del(struct heap *heap, struct heap_node *node)
{
	struct heap_node *last;

	if (node->place == 0)
		return;
	last = heap->nodes[--heap->count];
	if (last != node) {
		place(heap, last, node->place - 1);
		sift_up(heap, last);
		sift_down(heap, last);
	}
	node->place = 0;
}
