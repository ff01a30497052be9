// SPDX-License-Identifier: Apache-2.0
// The neighbour table: main adds and frees slots and publishes MACs, workers read both without waiting.
//
// A slot's generation tells its tenants apart. It stands in the key, in the published MAC and in what readers keep, so
// that a reader who holds on to a slot that has a new tenant gets nothing instead of the other's MAC.
#include "port_priv.h"
#include "port_resolver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define PROBES_MAX 32 // steps of linear probing before a chain counts as full
#define UNKNOWN_MIN_US 2000000u // that a hop has to answer before another may take its place

#define SLOT_BITS 13 // of NEIGH_SLOTS
static_assert(1u << SLOT_BITS == NEIGH_SLOTS, "a slot's number fits");

struct neigh_table *neigh_table_create(const struct networks *networks)
{
	struct neigh_table *table = calloc(1, sizeof(*table));

	if (table == NULL)
		return NULL;
	table->networks = networks;
	// Without a seed the table works as well: it only keeps strangers from choosing a chain to fill.
	if (getrandom(&table->seed, sizeof(table->seed), GRND_NONBLOCK) < 0)
		table->seed = 2166136261u;
	return table;
}

void neigh_table_destroy(struct neigh_table *table)
{
	free(table);
}

static neigh_slot slot_make(unsigned index, unsigned generation)
{
	return (neigh_slot)(generation << SLOT_BITS | index);
}

unsigned neigh_index(neigh_slot slot)
{
	return slot & (NEIGH_SLOTS - 1);
}

static uint32_t key_tag(uint8_t network, uint8_t family)
{
	return (uint32_t)family << 8 | network;
}

static void ip_words(uint64_t words[2], uint8_t family, const uint8_t *ip)
{
	words[0] = words[1] = 0;
	memcpy(words, ip, family == 4 ? 4 : 16);
}

static uint32_t key_hash(const struct neigh_table *table, uint32_t tag, const uint64_t words[2])
{
	uint64_t hash = table->seed ^ tag;

	hash = (hash ^ words[0]) * 0x9e3779b97f4a7c15ull;
	hash = (hash ^ hash >> 32 ^ words[1]) * 0x9e3779b97f4a7c15ull;
	return (uint32_t)(hash >> 32);
}

// Whether a key that stood there when its word was read is this one. A key that is being rewritten meanwhile is another.
static bool key_matches(const struct neigh_key *key, uint32_t word, const uint64_t words[2])
{
	// Relaxed: the fence and the second look at the word find out whether both belong together.
	uint64_t first = atomic_load_explicit(&key->ip[0], memory_order_relaxed);
	uint64_t second = atomic_load_explicit(&key->ip[1], memory_order_relaxed);

	atomic_thread_fence(memory_order_acquire); // with the release fence in slot_fill()
	return first == words[0] && second == words[1] &&
		atomic_load_explicit(&key->word, memory_order_relaxed) == word;
}

neigh_slot neigh_exact(
	const struct neigh_table *table, uint8_t network, uint8_t family, const uint8_t *ip)
{
	uint32_t tag = key_tag(network, family), at;
	uint64_t words[2];

	ip_words(words, family, ip);
	at = key_hash(table, tag, words);
	for (unsigned i = 0; i < PROBES_MAX; i++, at++) {
		unsigned index = at & (NEIGH_SLOTS - 1);
		const struct neigh_key *key = &table->keys[index];
		// Acquire: partner of the release in slot_fill().
		uint32_t word = atomic_load_explicit(&key->word, memory_order_acquire);

		if (word == NEIGH_KEY_EMPTY)
			return NEIGH_NONE;
		if ((word & 0xffff) == tag && key_matches(key, word, words))
			return slot_make(index, word >> 16);
	}
	return NEIGH_NONE;
}

neigh_slot neigh_find(const struct neigh_table *table, const struct network *network,
	uint8_t family, const uint8_t *ip)
{
	const uint8_t *hop;

	if (network_set_find(network, family, ip) >= 0)
		return NEIGH_LOCAL;
	hop = network_next_hop(network, family, ip);
	return hop == NULL ? NEIGH_NONE : neigh_exact(table, network->id, family, hop);
}

static uint64_t mac_word(const struct neigh_table *table, unsigned index)
{
	return (uint64_t)table->work[index].generation << NEIGH_GENERATION_SHIFT;
}

static void slot_fill(
	struct neigh_table *table, unsigned index, uint32_t tag, const uint64_t words[2])
{
	struct neigh_key *key = &table->keys[index];

	// The word says gone, and the readers must see that before they may see another address.
	atomic_thread_fence(memory_order_release); // with the acquire fence in key_matches()
	atomic_store_explicit(&key->ip[0], words[0], memory_order_relaxed);
	atomic_store_explicit(&key->ip[1], words[1], memory_order_relaxed);
	// Release: partner of the acquire in neigh_exact().
	atomic_store_explicit(&key->word, (uint32_t)table->work[index].generation << 16 | tag,
		memory_order_release);
}

static uint32_t key_word(const struct neigh_table *table, unsigned index)
{
	// Relaxed: main is the only writer.
	return atomic_load_explicit(
		&table->keys[index & (NEIGH_SLOTS - 1)].word, memory_order_relaxed);
}

static bool key_is_free(const struct neigh_table *table, unsigned index)
{
	uint32_t word = key_word(table, index);

	return word == NEIGH_KEY_EMPTY || word == NEIGH_KEY_GONE;
}

// A gone key keeps the chains together that go over it; at the end of all chains it may be empty again.
static void chain_trim(struct neigh_table *table, unsigned index)
{
	if (key_word(table, index + 1) != NEIGH_KEY_EMPTY)
		return;
	for (unsigned i = 0; i < NEIGH_SLOTS && key_word(table, index) == NEIGH_KEY_GONE; i++) {
		// Relaxed: empty or gone, a reader finds nothing here.
		atomic_store_explicit(
			&table->keys[index].word, NEIGH_KEY_EMPTY, memory_order_relaxed);
		index = (index - 1) & (NEIGH_SLOTS - 1);
	}
}

void neigh_free(struct neigh_table *table, unsigned index)
{
	struct neigh_work *work = &table->work[index];
	unsigned at = 0;

	while (table->order[at] != index)
		at++;
	memmove(&table->order[at], &table->order[at + 1],
		(--table->count - at) * sizeof(table->order[0]));
	if (!work->has_answered)
		table->unknown--;
	work->generation = (work->generation + 1) & NEIGH_GENERATION_MASK;
	work->state = NEIGH_UNUSED;
	// Relaxed, both: whoever sees one of them late still has a generation that fits the other or nothing.
	atomic_store_explicit(&table->macs[index], mac_word(table, index), memory_order_relaxed);
	atomic_store_explicit(&table->keys[index].word, NEIGH_KEY_GONE, memory_order_relaxed);
	chain_trim(table, index);
}

static bool is_displaceable(const struct neigh_table *table, unsigned index, uint64_t now_us)
{
	const struct neigh_work *work = &table->work[index];

	return !work->has_answered && !work->is_gateway &&
		now_us - work->since_us >= UNKNOWN_MIN_US;
}

// A free place in a hop's chain, or one whose tenant has had its time to answer. NEIGH_SLOTS: none.
static unsigned place_find(struct neigh_table *table, uint32_t at)
{
	unsigned victim = NEIGH_SLOTS;

	for (unsigned i = 0; i < PROBES_MAX; i++, at++) {
		unsigned index = at & (NEIGH_SLOTS - 1);

		if (key_is_free(table, index))
			return index;
		if (victim == NEIGH_SLOTS && is_displaceable(table, index, table->now_us))
			victim = index;
	}
	if (victim != NEIGH_SLOTS)
		neigh_free(table, victim);
	return victim;
}

// Hops that don't answer get a share of the table only (RFC 6583 section 7.1), the oldest gives way.
static bool unknown_has_room(struct neigh_table *table)
{
	if (table->unknown < NEIGH_UNKNOWN_MAX)
		return true;
	for (unsigned i = 0; i < table->count; i++) {
		if (is_displaceable(table, table->order[i], table->now_us)) {
			neigh_free(table, table->order[i]);
			return true;
		}
	}
	return false;
}

static neigh_slot slot_add(struct neigh_table *table, const struct network *network, uint8_t family,
	const uint8_t *hop)
{
	uint32_t tag = key_tag(network->id, family);
	bool is_gateway = hop == network_gateway(network, family);
	uint64_t words[2];
	unsigned index;

	if (!is_gateway && !unknown_has_room(table))
		return NEIGH_NONE;
	ip_words(words, family, hop);
	index = place_find(table, key_hash(table, tag, words));
	if (index == NEIGH_SLOTS)
		return NEIGH_NONE;
	table->work[index] = (struct neigh_work){.state = NEIGH_PROBING,
		.since_us = table->now_us,
		.generation = table->work[index].generation,
		.is_gateway = is_gateway};
	table->order[table->count++] = (uint16_t)index;
	table->unknown++;
	table->is_urgent = true;
	// Relaxed: readers learn of the slot by its key. Whoever wants it uses it.
	atomic_store_explicit(
		&table->macs[index], NEIGH_USED | mac_word(table, index), memory_order_relaxed);
	slot_fill(table, index, tag, words);
	return slot_make(index, table->work[index].generation);
}

neigh_slot neigh_want(
	struct neigh_table *table, const struct network *network, uint8_t family, const uint8_t *ip)
{
	neigh_slot slot = neigh_find(table, network, family, ip);
	const uint8_t *hop;

	if (slot != NEIGH_NONE)
		return slot;
	hop = network_next_hop(network, family, ip);
	return hop == NULL ? NEIGH_NONE : slot_add(table, network, family, hop);
}

bool neigh_mac(struct neigh_table *table, neigh_slot slot, struct rte_ether_addr *mac)
{
	_Atomic uint64_t *at = &table->macs[neigh_index(slot)];
	// Relaxed: MAC and generation are whole in one load and nothing else hangs on them (neigh_publish()).
	uint64_t published = atomic_load_explicit(at, memory_order_relaxed);

	if ((published >> NEIGH_GENERATION_SHIFT & NEIGH_GENERATION_MASK) != slot >> SLOT_BITS)
		return false;
	// Once in a while only: main takes the mark away when it looks who is used.
	if (!(published & NEIGH_USED))
		atomic_fetch_or_explicit(at, NEIGH_USED, memory_order_relaxed);
	if (!(published & NEIGH_VALID))
		return false;
	memcpy(mac->addr_bytes, &published, sizeof(mac->addr_bytes));
	return true;
}

bool neigh_was_used(struct neigh_table *table, unsigned index)
{
	// Relaxed: partner in neigh_mac(); a mark that is missed now is seen the next time.
	return atomic_fetch_and_explicit(&table->macs[index], ~NEIGH_USED, memory_order_relaxed) &
		NEIGH_USED;
}

// Relaxed: a mark made between this and the store is lost, and made again with the next packet.
static uint64_t used_mark(const struct neigh_table *table, unsigned index)
{
	return atomic_load_explicit(&table->macs[index], memory_order_relaxed) & NEIGH_USED;
}

void neigh_publish(struct neigh_table *table, neigh_slot slot, const uint8_t mac[6])
{
	struct neigh_work *work = &table->work[neigh_index(slot)];
	uint64_t published = NEIGH_VALID | used_mark(table, neigh_index(slot)) |
		mac_word(table, neigh_index(slot));

	memcpy(&published, mac, 6);
	if (!work->has_answered)
		table->unknown--;
	work->has_answered = true;
	// Relaxed: partner in neigh_mac().
	atomic_store_explicit(&table->macs[neigh_index(slot)], published, memory_order_relaxed);
}

void neigh_withdraw(struct neigh_table *table, unsigned index)
{
	// Relaxed: partner in neigh_mac().
	atomic_store_explicit(&table->macs[index], used_mark(table, index) | mac_word(table, index),
		memory_order_relaxed);
}
