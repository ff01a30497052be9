// SPDX-License-Identifier: Apache-2.0
// Commands to the worker that owns their shard, answers to the door.
#include "desk.h"

#include "context.h"
#include "log.h"
#include "seed.h"
#include "worker_control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGES_MAX 64 // of a worker, a turn
#define REAP_US 5000000u

// A command on its way to a worker.
struct parcel {
	struct context_msg head;
	uint8_t payload[IQ_PAYLOAD_MAX];
};

static bool shard_is_ours(const struct desk *desk, iq_handle handle)
{
	return iq_handle_gateway(handle) == desk->gateway && iq_handle_shard(handle) < SHARDS;
}

static void refuse(struct desk *desk, uint64_t txn, int32_t status)
{
	iq_door_reply(desk->door, txn, status, NULL, 0);
}

// Puts a command in the ring of the shard's worker. txn 0: nobody waits for the answer.
static int parcel_send(struct desk *desk, struct parcel *parcel, uint8_t shard)
{
	struct worker *w = desk->workers[desk->owners[shard]];

	parcel->head.shard = shard;
	return worker_command(w, parcel, (uint32_t)sizeof(parcel->head) + parcel->head.len);
}

static void forward(
	struct desk *desk, const struct iq_header *header, const void *payload, uint8_t shard)
{
	struct parcel parcel = {.head = {.type = header->type, .txn = header->txn}};
	int ret;

	memcpy(parcel.payload, payload, header->len);
	parcel.head.len = header->len;
	ret = parcel_send(desk, &parcel, shard);
	if (ret < 0)
		refuse(desk, header->txn, ret);
	explicit_bzero(parcel.payload, header->len);
}

static uint16_t shard_load(const struct desk *desk, unsigned shard)
{
	// Relaxed: the shard's worker counts; a number that is a little old does no harm.
	return __atomic_load_n(&desk->shards[shard]->pools[POOL_CONTEXT].used, __ATOMIC_RELAXED);
}

// The shard with the fewest contexts; among equals the next in turn, since commands are still on their way.
static uint8_t shard_choose(struct desk *desk)
{
	unsigned best = (desk->shard + 1u) % SHARDS;

	for (unsigned i = 2; i <= SHARDS; i++) {
		unsigned shard = (desk->shard + i) % SHARDS;

		if (shard_load(desk, shard) < shard_load(desk, best))
			best = shard;
	}
	desk->shard = (uint8_t)best;
	return (uint8_t)best;
}

static uint32_t context_count(const struct desk *desk)
{
	uint32_t count = 0;

	for (unsigned shard = 0; shard < SHARDS; shard++)
		count += shard_load(desk, shard);
	return count;
}

static int reserve_shard(struct desk *desk, iq_handle handle, uint8_t *shard)
{
	if (handle != 0) {
		*shard = iq_handle_shard(handle);
		return shard_is_ours(desk, handle) ? 0 : -ENOENT;
	}
	if (desk->is_draining)
		return -EBUSY;
	if (context_count(desk) >= desk->contexts_max)
		return -ENOSPC;
	*shard = shard_choose(desk);
	return 0;
}

static void reserve(struct desk *desk, const struct iq_header *header, const void *payload)
{
	const struct iq_context_reserve *command = payload;
	struct {
		struct context_msg head;
		struct iq_context_reserve command;
		struct context_seed seed;
	} parcel = {.head = {.type = header->type, .txn = header->txn}, .command = *command};
	uint8_t shard;
	int ret = reserve_shard(desk, command->handle, &shard);

	if (ret == 0)
		ret = seed_fill(&parcel.seed, desk->dtls, desk->ice_lite);
	if (ret == 0) {
		parcel.head.shard = shard;
		parcel.head.len = sizeof(parcel.command) + sizeof(parcel.seed);
		ret = worker_command(desk->workers[desk->owners[shard]], &parcel, sizeof(parcel));
	}
	if (ret < 0)
		refuse(desk, header->txn, ret);
	explicit_bzero(&parcel, sizeof(parcel));
}

static void audit(struct desk *desk, const struct iq_header *header, const void *payload)
{
	const struct iq_audit *command = payload;
	struct iq_audit first = {.cursor = iq_handle_make(desk->gateway, 0, 0, 0)};

	if (command->cursor != 0 && !shard_is_ours(desk, command->cursor))
		refuse(desk, header->txn, -EINVAL);
	else if (command->cursor == 0)
		forward(desk, header, &first, 0);
	else
		forward(desk, header, payload, iq_handle_shard(command->cursor));
}

struct iq_capacity desk_capacity(const struct desk *desk)
{
	return (struct iq_capacity){.contexts = context_count(desk),
		.contexts_max = desk->contexts_max,
		.busy_permille = desk->busy_permille,
		.draining = desk->is_draining};
}

void desk_command(struct desk *desk, const struct iq_header *header, const void *payload)
{
	const struct iq_drain *drain = payload;
	struct iq_capacity capacity;
	iq_handle handle;

	switch (header->type) {
	case IQ_CONTEXT_RESERVE:
		reserve(desk, header, payload);
		return;
	case IQ_AUDIT:
		audit(desk, header, payload);
		return;
	case IQ_KEEPALIVE:
		capacity = desk_capacity(desk);
		iq_door_reply(desk->door, header->txn, 0, &capacity, sizeof(capacity));
		return;
	case IQ_DRAIN:
		desk->is_draining = drain->on != 0;
		iq_door_reply(desk->door, header->txn, 0, NULL, 0);
		return;
	default:
		break;
	}
	// All others begin with the handle of their context.
	memcpy(&handle, payload, sizeof(handle));
	if (shard_is_ours(desk, handle))
		forward(desk, header, payload, iq_handle_shard(handle));
	else
		refuse(desk, header->txn, -ENOENT);
}

void desk_ack(struct desk *desk, iq_handle handle, uint32_t version)
{
	struct parcel parcel = {.head = {.type = IQ_STATE_ACK, .len = sizeof(struct iq_state_ack)}};
	struct iq_state_ack ack = {.handle = handle, .version = version};

	if (!shard_is_ours(desk, handle))
		return;
	memcpy(parcel.payload, &ack, sizeof(ack));
	// A full ring loses it: the state is told again with the next change, and acknowledged again.
	parcel_send(desk, &parcel, iq_handle_shard(handle));
}

// The next shard's page when this one has nothing (more): the controller sees one list.
static bool audit_goes_on(struct desk *desk, const struct context_msg *msg)
{
	struct iq_audit_page page;
	struct parcel parcel = {.head = {.type = IQ_AUDIT, .txn = msg->txn}};
	struct iq_audit next;

	if (msg->status != 0 || msg->len != sizeof(page) || msg->shard + 1 >= SHARDS)
		return false;
	memcpy(&page, msg->payload, sizeof(page));
	if (page.cursor != 0)
		return false;
	next.cursor = iq_handle_make(desk->gateway, (uint8_t)(msg->shard + 1), 0, 0);
	memcpy(parcel.payload, &next, sizeof(next));
	parcel.head.len = sizeof(next);
	if (page.count == 0 && parcel_send(desk, &parcel, (uint8_t)(msg->shard + 1)) == 0)
		return true;
	// Also an empty page says where the list goes on, or its contexts would pass for gone.
	page.cursor = next.cursor;
	return iq_door_reply(desk->door, msg->txn, 0, &page, sizeof(page)) == 0;
}

// What the lease has deleted: the next controller is told until it acknowledges. Beyond what the door keeps, its audit
// will tell.
static void gone_tell(struct desk *desk, const struct context_msg *msg)
{
	struct iq_context_state state;

	if (msg->status != 0 || msg->len != sizeof(state))
		return;
	memcpy(&state, msg->payload, sizeof(state));
	state.version++;
	state.changed |= IQ_CHANGED_GONE;
	iq_door_event(desk->door, IQ_CONTEXT_STATE, &state, sizeof(state));
}

// Deletes what a page of a round of reaping lists.
static void reap_page(struct desk *desk, const struct context_msg *msg)
{
	struct iq_audit_page page;

	if (msg->status != 0 || msg->len != sizeof(page))
		return;
	// A controller that is back in between keeps its contexts.
	if (!iq_door_lease_is_over(desk->door))
		return;
	memcpy(&page, msg->payload, sizeof(page));
	for (uint32_t i = 0; i < page.count && i < IQ_AUDIT_MAX; i++) {
		struct parcel parcel = {
			.head = {.type = IQ_CONTEXT_DELETE, .len = sizeof(struct iq_context_ref)}};

		memcpy(parcel.payload, &page.entries[i].handle, sizeof(iq_handle));
		if (parcel_send(desk, &parcel, msg->shard) < 0)
			return; // the next round comes
	}
	if (page.count > 0)
		log_warn("no controller: deleted %u contexts of shard %u", page.count, msg->shard);
}

// A reply to nobody is one to a round of reaping, or to an acknowledgement.
static void reap_reply(struct desk *desk, const struct context_msg *msg)
{
	if (msg->type == IQ_AUDIT)
		reap_page(desk, msg);
	else if (msg->type == IQ_CONTEXT_DELETE)
		gone_tell(desk, msg);
}

// A state that finds no place at the door stays the worker's: it tells it again until it is acknowledged.
static void state_tell(struct desk *desk, const struct context_msg *msg)
{
	bool is_full = iq_door_event(desk->door, msg->type, msg->payload, msg->len) < 0;

	if (is_full && !desk->is_full)
		log_warn("iq: too many states wait for their acknowledgement: more come later");
	desk->is_full = is_full;
}

static void on_message(struct worker *w, const void *data, uint32_t len, void *arg)
{
	const struct context_msg *msg = data;
	struct desk *desk = arg;

	(void)w;
	(void)len;
	if (msg->type == IQ_CONTEXT_STATE) {
		state_tell(desk, msg);
	} else if (msg->txn == 0) {
		reap_reply(desk, msg);
	} else if (msg->type != IQ_AUDIT || !audit_goes_on(desk, msg)) {
		iq_door_reply(desk->door, msg->txn, msg->status, msg->payload, msg->len);
	}
}

bool desk_messages(struct desk *desk)
{
	unsigned count = 0;

	for (unsigned i = 0; i < desk->worker_count; i++)
		count += worker_messages(desk->workers[i], MESSAGES_MAX, on_message, desk);
	return count > 0;
}

void desk_reap(struct desk *desk, uint64_t now_us)
{
	if (now_us - desk->reaped_us < REAP_US || !iq_door_lease_is_over(desk->door))
		return;
	desk->reaped_us = now_us;
	for (unsigned shard = 0; shard < SHARDS; shard++) {
		struct parcel parcel = {.head = {.type = IQ_AUDIT, .len = sizeof(struct iq_audit)}};
		struct iq_audit command = {
			.cursor = iq_handle_make(desk->gateway, (uint8_t)shard, 0, 0)};

		if (shard_load(desk, shard) == 0)
			continue;
		memcpy(parcel.payload, &command, sizeof(command));
		parcel_send(desk, &parcel, (uint8_t)shard);
	}
}
