// SPDX-License-Identifier: Apache-2.0
// A hash table with text keys whose nodes live in the objects that it finds.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct sip_table_node {
	struct sip_table_node *next;
	uint64_t hash;
	char *key; // owned by the node; NULL while it is in no table
};

struct sip_table {
	struct sip_table_node **buckets;
	size_t mask, count;
};

#define sip_table_object(node, type, member) ((type *)((char *)(node)-offsetof(type, member)))

int sip_table_init(struct sip_table *table); // 0 or -ENOMEM
void sip_table_fini(struct sip_table *table); // the nodes that are left lose their keys

// Copies key. 0, -EEXIST when the key is there, -ENOMEM.
int sip_table_add(struct sip_table *table, struct sip_table_node *node, const char *key);
void sip_table_del(
	struct sip_table *table, struct sip_table_node *node); // legal when it isn't in the table
struct sip_table_node *sip_table_find(const struct sip_table *table, const char *key);

// Calls visit for every node; visit may remove the node it is given, and no other.
void sip_table_each(
	struct sip_table *table, void (*visit)(struct sip_table_node *node, void *arg), void *arg);
