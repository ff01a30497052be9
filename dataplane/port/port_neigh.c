// SPDX-License-Identifier: Apache-2.0
// The neighbour table: main adds slots and publishes MACs, workers read both without waiting.
#include "port_priv.h"
#include "port_resolver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PROBES_MAX 32 // steps of linear probing before the table counts as full

struct neigh_table *neigh_table_create(const struct networks *networks)
{
	struct neigh_table *table = calloc(1, sizeof(*table));

	if (table == NULL)
		return NULL;
	table->networks = networks;
	return table;
}

void neigh_table_destroy(struct neigh_table *table)
{
	free(table);
}

int network_set_find(const struct network *network, uint8_t family, const uint8_t *ip)
{
	for (unsigned i = 0; i < network->set_count; i++) {
		const struct address_set *set = &network->sets[i];

		if (family == 4 && set->has_v4 && memcmp(set->v4, ip, 4) == 0)
			return (int)i;
		if (family == 6 && set->has_v6 && memcmp(set->v6, ip, 16) == 0)
			return (int)i;
	}
	return -1;
}

static bool prefix_matches(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8;
	unsigned rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

static bool is_on_link(const struct network *network, uint8_t family, const uint8_t *ip)
{
	if (family == 6 && ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80)
		return true;
	for (unsigned i = 0; i < network->set_count; i++) {
		const struct address_set *set = &network->sets[i];

		if (family == 4 && set->has_v4 && prefix_matches(set->v4, ip, network->prefix_v4))
			return true;
		if (family == 6 && set->has_v6 && prefix_matches(set->v6, ip, network->prefix_v6))
			return true;
	}
	return false;
}

// The address whose MAC a packet for ip needs, NULL when there's no way there.
static const uint8_t *next_hop(const struct network *network, uint8_t family, const uint8_t *ip)
{
	if (is_on_link(network, family, ip))
		return ip;
	if (family == 4)
		return network->has_gateway_v4 ? network->gateway_v4 : NULL;
	return network->has_gateway_v6 ? network->gateway_v6 : NULL;
}

static uint32_t key_hash(uint8_t network, uint8_t family, const uint8_t *ip)
{
	uint32_t hash = 2166136261u ^ network; // FNV-1a

	for (unsigned i = 0; i < (family == 4 ? 4u : 16u); i++)
		hash = (hash ^ ip[i]) * 16777619u;
	return hash ^ hash >> 15;
}

static bool key_matches(
	const struct neigh_key *key, uint8_t network, uint8_t family, const uint8_t *ip)
{
	return key->network == network && key->family == family &&
		memcmp(key->ip, ip, family == 4 ? 4 : 16) == 0;
}

neigh_slot neigh_exact(
	const struct neigh_table *table, uint8_t network, uint8_t family, const uint8_t *ip)
{
	uint32_t at = key_hash(network, family, ip);

	for (unsigned i = 0; i < PROBES_MAX; i++, at++) {
		const struct neigh_key *key = &table->keys[at & (NEIGH_SLOTS - 1)];

		// Acquire: partner of the release in slot_add().
		if (!atomic_load_explicit(&key->used, memory_order_acquire))
			return NEIGH_NONE;
		if (key_matches(key, network, family, ip))
			return (neigh_slot)(at & (NEIGH_SLOTS - 1));
	}
	return NEIGH_NONE;
}

neigh_slot neigh_find(const struct neigh_table *table, const struct network *network,
	uint8_t family, const uint8_t *ip)
{
	const uint8_t *hop;

	if (network_set_find(network, family, ip) >= 0)
		return NEIGH_LOCAL;
	hop = next_hop(network, family, ip);
	return hop == NULL ? NEIGH_NONE : neigh_exact(table, network->id, family, hop);
}

static neigh_slot slot_add(
	struct neigh_table *table, uint8_t network, uint8_t family, const uint8_t *ip)
{
	uint32_t at = key_hash(network, family, ip);

	for (unsigned i = 0; i < PROBES_MAX; i++, at++) {
		neigh_slot slot = (neigh_slot)(at & (NEIGH_SLOTS - 1));
		struct neigh_key *key = &table->keys[slot];

		if (atomic_load_explicit(&key->used, memory_order_relaxed))
			continue;
		key->network = network;
		key->family = family;
		memcpy(key->ip, ip, family == 4 ? 4 : 16);
		table->work[slot] = (struct neigh_work){.state = NEIGH_PROBING};
		table->order[table->count++] = slot;
		table->is_urgent = true;
		// Release: partner of the acquire in neigh_exact().
		atomic_store_explicit(&key->used, 1, memory_order_release);
		return slot;
	}
	return NEIGH_NONE;
}

neigh_slot neigh_want(
	struct neigh_table *table, const struct network *network, uint8_t family, const uint8_t *ip)
{
	neigh_slot slot = neigh_find(table, network, family, ip);
	const uint8_t *hop;

	if (slot != NEIGH_NONE)
		return slot;
	hop = next_hop(network, family, ip);
	return hop == NULL ? NEIGH_NONE : slot_add(table, network->id, family, hop);
}

bool neigh_mac(const struct neigh_table *table, neigh_slot slot, struct rte_ether_addr *mac)
{
	uint64_t published;

	if (slot >= NEIGH_SLOTS)
		return false;
	// Relaxed: the MAC is whole in one load and nothing else hangs on it (neigh_publish()).
	published = atomic_load_explicit(&table->macs[slot], memory_order_relaxed);
	if (!(published & NEIGH_VALID))
		return false;
	memcpy(mac->addr_bytes, &published, sizeof(mac->addr_bytes));
	return true;
}

void neigh_publish(struct neigh_table *table, neigh_slot slot, const uint8_t mac[6])
{
	uint64_t published = NEIGH_VALID;

	memcpy(&published, mac, 6);
	// Relaxed: partner in neigh_mac().
	atomic_store_explicit(&table->macs[slot], published, memory_order_relaxed);
}

void neigh_withdraw(struct neigh_table *table, neigh_slot slot)
{
	// Relaxed: partner in neigh_mac().
	atomic_store_explicit(&table->macs[slot], 0, memory_order_relaxed);
}
