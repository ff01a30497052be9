// SPDX-License-Identifier: Apache-2.0
// The associations of one service thread: found by transport, and a list of those that a timer looks at.
#include "clock.h"
#include "dtls_priv.h"

#include <stdlib.h>

static unsigned bucket_of(struct dtls_id id)
{
	return ((unsigned)id.shard << 16 | id.transport) * 2654435761u >> 20 & (BUCKETS - 1);
}

struct assoc *assoc_find(struct service_thread *thread, struct dtls_id id)
{
	struct assoc *assoc = thread->buckets[bucket_of(id)];

	while (assoc != NULL &&
		(assoc->id.shard != id.shard || assoc->id.transport != id.transport))
		assoc = assoc->next;
	return assoc;
}

void assoc_busy_add(struct service_thread *thread, struct assoc *assoc)
{
	assoc->prev_busy = NULL;
	assoc->next_busy = thread->busy;
	if (thread->busy != NULL)
		thread->busy->prev_busy = assoc;
	thread->busy = assoc;
}

void assoc_busy_del(struct service_thread *thread, struct assoc *assoc)
{
	if (assoc->prev_busy == NULL && thread->busy != assoc)
		return;
	if (assoc->prev_busy != NULL)
		assoc->prev_busy->next_busy = assoc->next_busy;
	else
		thread->busy = assoc->next_busy;
	if (assoc->next_busy != NULL)
		assoc->next_busy->prev_busy = assoc->prev_busy;
	assoc->prev_busy = NULL;
	assoc->next_busy = NULL;
}

struct assoc *assoc_create(struct service_thread *thread, struct dtls_port *port, struct dtls_id id)
{
	struct assoc *assoc = calloc(1, sizeof(*assoc));
	struct assoc **bucket = &thread->buckets[bucket_of(id)];

	if (assoc == NULL)
		return NULL;
	assoc->port = port;
	assoc->id = id;
	assoc->started_us = clock_now_us();
	assoc->next = *bucket;
	*bucket = assoc;
	assoc_busy_add(thread, assoc);
	thread->early_assocs++;
	return assoc;
}

void assoc_early_free(struct service_thread *thread, struct assoc *assoc)
{
	free(assoc->early);
	assoc->early = NULL;
	assoc->early_count = 0;
	if (assoc->state == ASSOC_EARLY)
		thread->early_assocs--;
}

void assoc_suspect_free(struct assoc *assoc)
{
	free(assoc->suspect);
	assoc->suspect = NULL;
}

void assoc_destroy(struct service_thread *thread, struct assoc *assoc)
{
	struct assoc **at = &thread->buckets[bucket_of(assoc->id)];

	while (*at != assoc)
		at = &(*at)->next;
	*at = assoc->next;
	assoc_busy_del(thread, assoc);
	assoc_early_free(thread, assoc);
	assoc_suspect_free(assoc);
	SSL_free(assoc->ssl);
	free(assoc);
}

void assoc_destroy_all(struct service_thread *thread)
{
	for (unsigned i = 0; i < BUCKETS; i++) {
		while (thread->buckets[i] != NULL)
			assoc_destroy(thread, thread->buckets[i]);
	}
}
