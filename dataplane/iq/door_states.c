// SPDX-License-Identifier: Apache-2.0
// Level-triggered events: a context's state is sent again until the controller names its version.
#include "clock.h"
#include "door_priv.h"

#include <errno.h>
#include <stdlib.h>

#define AGAIN_US 2000000u

void states_init(struct states *states, uint32_t max)
{
	states->max = max;
	TAILQ_INIT(&states->unsent);
	TAILQ_INIT(&states->sent);
	for (unsigned i = 0; i < DOOR_BUCKETS; i++)
		LIST_INIT(&states->buckets[i]);
}

static struct pending_list *list_of(struct states *states, const struct pending *pending)
{
	return pending->sent ? &states->sent : &states->unsent;
}

static void pending_del(struct states *states, struct pending *pending)
{
	TAILQ_REMOVE(list_of(states, pending), pending, turn);
	LIST_REMOVE(pending, bucket);
	states->count--;
	free(pending);
}

void states_fini(struct states *states)
{
	struct pending *pending;

	if (states->max == 0)
		return;
	while ((pending = TAILQ_FIRST(&states->unsent)) != NULL)
		pending_del(states, pending);
	while ((pending = TAILQ_FIRST(&states->sent)) != NULL)
		pending_del(states, pending);
}

// Index and shard tell living contexts apart.
static struct pending_bucket *bucket_of(struct states *states, iq_handle handle)
{
	uint32_t key = iq_handle_index(handle) * 128 + iq_handle_shard(handle);

	return &states->buckets[key * 2654435761u >> 22];
}

static struct pending *pending_find(struct states *states, iq_handle handle)
{
	struct pending *pending;

	LIST_FOREACH (pending, bucket_of(states, handle), bucket) {
		if (pending->state.handle == handle)
			return pending;
	}
	return NULL;
}

static struct pending *pending_add(struct states *states, iq_handle handle)
{
	struct pending *pending = calloc(1, sizeof(*pending));

	if (pending == NULL)
		return NULL;
	pending->state.handle = handle;
	LIST_INSERT_HEAD(bucket_of(states, handle), pending, bucket);
	TAILQ_INSERT_TAIL(&states->unsent, pending, turn);
	states->count++;
	return pending;
}

static void pending_move(struct states *states, struct pending *pending, bool sent)
{
	TAILQ_REMOVE(list_of(states, pending), pending, turn);
	pending->sent = sent;
	TAILQ_INSERT_TAIL(list_of(states, pending), pending, turn);
}

int states_put(struct states *states, const struct iq_context_state *state)
{
	struct pending *pending = pending_find(states, state->handle);
	uint32_t changed;

	if (pending == NULL && states->count >= states->max)
		return -ENOSPC;
	if (pending == NULL)
		pending = pending_add(states, state->handle);
	if (pending == NULL)
		return -ENOSPC;
	changed = pending->state.changed | state->changed;
	pending->state = *state;
	pending->state.changed = changed;
	if (pending->sent)
		pending_move(states, pending, false);
	return 0;
}

bool states_ack(struct states *states, const struct iq_state_ack *ack)
{
	struct pending *pending = pending_find(states, ack->handle);

	// An older version says nothing of what came since.
	if (pending == NULL || pending->state.version != ack->version)
		return false;
	pending_del(states, pending);
	return true;
}

void states_session_begin(struct states *states)
{
	struct pending *pending;

	while ((pending = TAILQ_FIRST(&states->sent)) != NULL)
		pending_move(states, pending, false);
	states->capacity_is_new = false;
}

static int event_send(struct iq_door *door, uint16_t type, const void *payload, uint32_t len)
{
	int ret;

	if (!session_is_open(door))
		return -ENOTCONN;
	ret = iq_send(iq_region_out(door->session.region), type, 0, payload, len);
	if (ret < 0 && ret != -EAGAIN) {
		door->counts.spoiled++;
		session_close(door, "it spoiled the event ring");
	}
	return ret;
}

static int pending_send(struct iq_door *door, struct pending *pending, uint64_t now_us)
{
	int ret = event_send(door, IQ_CONTEXT_STATE, &pending->state, sizeof(pending->state));

	if (ret < 0)
		return ret;
	pending->sent_us = now_us;
	pending_move(&door->states, pending, true);
	return 0;
}

void states_flush(struct iq_door *door)
{
	struct states *states = &door->states;
	uint64_t now_us = clock_now_us();
	struct pending *pending;

	if (states->capacity_is_new &&
		event_send(door, IQ_CAPACITY, &states->capacity, sizeof(states->capacity)) == 0)
		states->capacity_is_new = false;
	while ((pending = TAILQ_FIRST(&states->unsent)) != NULL) {
		if (pending_send(door, pending, now_us) < 0)
			return;
		door->counts.states++;
	}
	while ((pending = TAILQ_FIRST(&states->sent)) != NULL &&
		now_us - pending->sent_us >= AGAIN_US) {
		if (pending_send(door, pending, now_us) < 0)
			return;
		door->counts.states_again++;
	}
}
