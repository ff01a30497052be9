// SPDX-License-Identifier: Apache-2.0
// Counts connections, in all and of each address, over all threads.
#include "ws_priv.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { BUCKETS = 4096 };

struct entry {
	struct entry *next;
	uint64_t key;
	unsigned count;
};

struct ws_census {
	pthread_mutex_t lock; // taken once a connection, at its start and end
	uint64_t seed; // so that nobody can choose addresses of one bucket
	unsigned count, max, per_address_max;
	struct entry *buckets[BUCKETS];
};

struct ws_census *ws_census_create(unsigned max, unsigned per_address_max)
{
	struct ws_census *census = calloc(1, sizeof(*census));

	if (census == NULL)
		return NULL;
	if (getrandom(&census->seed, sizeof(census->seed), 0) < 0)
		census->seed = (uintptr_t)census;
	pthread_mutex_init(&census->lock, NULL);
	census->max = max;
	census->per_address_max = per_address_max;
	return census;
}

void ws_census_destroy(struct ws_census *census)
{
	if (census == NULL)
		return;
	for (unsigned i = 0; i < BUCKETS; i++) {
		while (census->buckets[i] != NULL) {
			struct entry *entry = census->buckets[i];

			census->buckets[i] = entry->next;
			free(entry);
		}
	}
	pthread_mutex_destroy(&census->lock);
	free(census);
}

// An IPv4 address, or the /64 of an IPv6 address: what one household or host has.
static uint64_t address_key(const struct sockaddr_storage *address)
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	uint64_t key;

	if (address->ss_family == AF_INET)
		return v4->sin_addr.s_addr | 0xffffull << 32;
	memcpy(&key, &v6->sin6_addr, sizeof(key));
	return key;
}

static struct entry **entry_find(struct ws_census *census, uint64_t key)
{
	uint64_t hash = (key ^ census->seed) * 0x9e3779b97f4a7c15ull;
	struct entry **at = &census->buckets[hash >> 52];

	while (*at != NULL && (*at)->key != key)
		at = &(*at)->next;
	return at;
}

bool ws_census_enter(struct ws_census *census, const struct sockaddr_storage *address)
{
	uint64_t key = address_key(address);
	struct entry **at, *entry;
	bool entered = false;

	pthread_mutex_lock(&census->lock);
	at = entry_find(census, key);
	entry = *at;
	if (census->count >= census->max ||
		(entry != NULL && entry->count >= census->per_address_max))
		goto out;
	if (entry == NULL) {
		entry = calloc(1, sizeof(*entry));
		if (entry == NULL)
			goto out;
		entry->key = key;
		*at = entry;
	}
	entry->count++;
	census->count++;
	entered = true;
out:
	pthread_mutex_unlock(&census->lock);
	return entered;
}

void ws_census_leave(struct ws_census *census, const struct sockaddr_storage *address)
{
	struct entry **at, *entry;

	pthread_mutex_lock(&census->lock);
	at = entry_find(census, address_key(address));
	entry = *at;
	if (entry != NULL) {
		census->count--;
		if (--entry->count == 0) {
			*at = entry->next;
			free(entry);
		}
	}
	pthread_mutex_unlock(&census->lock);
}
