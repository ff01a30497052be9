// SPDX-License-Identifier: Apache-2.0
// A chained hash table that doubles, with a secret seed: keys are chosen by the peer.
#include "sip_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define FIRST_SIZE 64

static uint64_t seed;

static uint64_t hash_of(const char *key)
{
	uint64_t hash = seed;

	for (; *key; key++) {
		hash = (hash ^ (unsigned char)*key) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	return hash ^ hash >> 32;
}

int sip_table_init(struct sip_table *table)
{
	while (seed == 0)
		if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
			return -errno;
	memset(table, 0, sizeof(*table));
	table->buckets = calloc(FIRST_SIZE, sizeof(*table->buckets));
	if (!table->buckets)
		return -ENOMEM;
	table->mask = FIRST_SIZE - 1;
	return 0;
}

static void node_clear(struct sip_table_node *node)
{
	free(node->key);
	memset(node, 0, sizeof(*node));
}

void sip_table_fini(struct sip_table *table)
{
	for (size_t i = 0; table->buckets && i <= table->mask; i++)
		for (struct sip_table_node *node = table->buckets[i], *next; node; node = next) {
			next = node->next;
			node_clear(node);
		}
	free(table->buckets);
	memset(table, 0, sizeof(*table));
}

// Without memory the table stays as it is, only slower.
static void table_grow(struct sip_table *table)
{
	size_t size = (table->mask + 1) * 2;
	struct sip_table_node **buckets = calloc(size, sizeof(*buckets));

	if (!buckets)
		return;
	for (size_t i = 0; i <= table->mask; i++)
		for (struct sip_table_node *node = table->buckets[i], *next; node; node = next) {
			next = node->next;
			node->next = buckets[node->hash & (size - 1)];
			buckets[node->hash & (size - 1)] = node;
		}
	free(table->buckets);
	table->buckets = buckets;
	table->mask = size - 1;
}

int sip_table_add(struct sip_table *table, struct sip_table_node *node, const char *key)
{
	struct sip_table_node **bucket;

	if (sip_table_find(table, key))
		return -EEXIST;
	node->key = strdup(key);
	if (!node->key)
		return -ENOMEM;
	if (table->count > table->mask)
		table_grow(table);
	node->hash = hash_of(key);
	bucket = &table->buckets[node->hash & table->mask];
	node->next = *bucket;
	*bucket = node;
	table->count++;
	return 0;
}

void sip_table_del(struct sip_table *table, struct sip_table_node *node)
{
	struct sip_table_node **at;

	if (!node->key)
		return;
	at = &table->buckets[node->hash & table->mask];
	while (*at && *at != node)
		at = &(*at)->next;
	if (*at) {
		*at = node->next;
		table->count--;
	}
	node_clear(node);
}

struct sip_table_node *sip_table_find(const struct sip_table *table, const char *key)
{
	uint64_t hash = hash_of(key);
	struct sip_table_node *node = table->buckets[hash & table->mask];

	while (node && (node->hash != hash || strcmp(node->key, key) != 0))
		node = node->next;
	return node;
}

void sip_table_each(
	struct sip_table *table, void (*visit)(struct sip_table_node *node, void *arg), void *arg)
{
	for (size_t i = 0; i <= table->mask; i++)
		for (struct sip_table_node *node = table->buckets[i], *next; node; node = next) {
			next = node->next;
			visit(node, arg);
		}
}
