// SPDX-License-Identifier: Apache-2.0
// Inside of registration: a hash table and a heap, whose entries stand in their objects.
#pragma once

#include <stdint.h>

// A hash table of entries that stand in their objects; grows, never shrinks.
struct table_entry {
	struct table_entry *next;
	uint64_t hash;
};
struct table {
	struct table_entry **buckets;
	unsigned bits, count;
	uint64_t seed; // so that nobody can choose names of one bucket
};
int table_init(struct table *table);
void table_fini(struct table *table); // leaves the entries alone
void table_add(struct table *table, struct table_entry *entry, uint64_t hash);
void table_del(struct table *table, struct table_entry *entry);
// The first of that hash, or the next one after an entry of the same.
struct table_entry *table_find(
	const struct table *table, uint64_t hash, const struct table_entry *after);
// All entries, one after the other; nothing may be added meanwhile, the one returned last may be deleted before the next call
// only if next was taken first.
struct table_entry *table_next(const struct table *table, const struct table_entry *after);
uint64_t table_hash_id(const struct table *table, uint64_t id);
uint64_t table_hash_text(const struct table *table, const char *a, const char *b);

// Earliest first.
struct heap_node {
	uint64_t due_us;
	unsigned place; // from 1; 0: not in the heap
};
struct heap {
	struct heap_node **nodes;
	unsigned count, room;
};
int heap_set(struct heap *heap, struct heap_node *node, uint64_t due_us);
void heap_del(struct heap *heap, struct heap_node *node);
