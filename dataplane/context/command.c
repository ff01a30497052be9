// SPDX-License-Identifier: Apache-2.0
// Iq commands on the worker that owns the shard, and their replies.
#include "context_priv.h"

#include <errno.h>
#include <string.h>

struct reply {
	struct context_msg head;
	union {
		struct iq_context_local local;
		struct iq_context_state state;
		struct iq_audit_page page;
	};
};

struct command {
	uint32_t len; // smallest payload
	int (*run)(struct worker *w, struct shard *shard, const void *payload, struct reply *reply);
};

static int on_reserve(
	struct worker *w, struct shard *shard, const void *payload, struct reply *reply)
{
	const struct iq_context_reserve *command = payload;
	const struct context_seed *seed = (const void *)(command + 1);

	reply->head.len = sizeof(reply->local);
	return context_reserve(w, shard, command, seed, &reply->local);
}

static int on_leg_set(
	struct worker *w, struct shard *shard, const void *payload, struct reply *reply)
{
	const struct iq_leg_set *command = payload;
	struct context *c = context_find(shard, command->handle);

	(void)reply;
	return c == NULL ? -ENOENT : context_leg_set(w, shard, c, command);
}

static int on_streams_set(
	struct worker *w, struct shard *shard, const void *payload, struct reply *reply)
{
	const struct iq_streams_set *command = payload;
	struct context *c = context_find(shard, command->handle);

	(void)reply;
	return c == NULL ? -ENOENT : context_streams_set(w, shard, c, command);
}

static int on_candidates_add(
	struct worker *w, struct shard *shard, const void *payload, struct reply *reply)
{
	const struct iq_candidates_add *command = payload;
	struct context *c = context_find(shard, command->handle);

	(void)reply;
	return c == NULL ? -ENOENT : context_candidates_add(w, shard, c, command);
}

static int on_get(struct worker *w, struct shard *shard, const void *payload, struct reply *reply)
{
	const struct iq_context_ref *command = payload;
	const struct context *c = context_find(shard, command->handle);

	if (c == NULL)
		return -ENOENT;
	context_state_get(w, shard, c, &reply->state);
	reply->head.len = sizeof(reply->state);
	return 0;
}

static int on_delete(
	struct worker *w, struct shard *shard, const void *payload, struct reply *reply)
{
	const struct iq_context_ref *command = payload;
	int ret = on_get(w, shard, payload, reply);

	if (ret == 0)
		context_release(w, shard, context_find(shard, command->handle));
	return ret;
}

// The contexts of this shard from the cursor's index on. Main turns "nothing more here" into the next shard's cursor.
static int on_audit(struct worker *w, struct shard *shard, const void *payload, struct reply *reply)
{
	const struct iq_audit *command = payload;
	unsigned index = iq_handle_index(command->cursor);

	(void)w;
	memset(&reply->page, 0, sizeof(reply->page));
	reply->head.len = sizeof(reply->page);
	for (; index < shard->pools[POOL_CONTEXT].count; index++) {
		const struct context *c = shard_context(shard, (uint16_t)index);

		if (c->handle == 0)
			continue;
		if (reply->page.count == IQ_AUDIT_MAX) {
			reply->page.cursor =
				iq_handle_make(shard->gateway, shard->number, index, 0);
			break;
		}
		reply->page.entries[reply->page.count].handle = c->handle;
		memcpy(reply->page.entries[reply->page.count++].ref, c->ref, sizeof(c->ref));
	}
	return 0;
}

static int on_ack(struct worker *w, struct shard *shard, const void *payload, struct reply *reply)
{
	const struct iq_state_ack *command = payload;
	struct context *c = context_find(shard, command->handle);

	(void)w;
	(void)reply;
	if (c == NULL)
		return -ENOENT;
	if (command->version == c->version)
		c->changed = 0;
	return 0;
}

static const struct command commands[] = {
	[IQ_CONTEXT_RESERVE] = {sizeof(struct iq_context_reserve) + sizeof(struct context_seed),
		on_reserve},
	[IQ_LEG_SET] = {sizeof(struct iq_leg_set), on_leg_set},
	[IQ_STREAMS_SET] = {sizeof(struct iq_streams_set), on_streams_set},
	[IQ_CANDIDATES_ADD] = {sizeof(struct iq_candidates_add), on_candidates_add},
	[IQ_CONTEXT_DELETE] = {sizeof(struct iq_context_ref), on_delete},
	[IQ_CONTEXT_GET] = {sizeof(struct iq_context_ref), on_get},
	[IQ_AUDIT] = {sizeof(struct iq_audit), on_audit},
	[IQ_STATE_ACK] = {sizeof(struct iq_state_ack), on_ack},
};

static int command_run(struct worker *w, const struct context_msg *msg, struct reply *reply)
{
	struct shard *shard = msg->shard < SHARDS ? w->shards[msg->shard] : NULL;

	if (shard == NULL || msg->type >= sizeof(commands) / sizeof(commands[0]) ||
		commands[msg->type].run == NULL)
		return -EINVAL;
	if (msg->len < commands[msg->type].len)
		return -EINVAL;
	return commands[msg->type].run(w, shard, msg->payload, reply);
}

void context_on_command(struct worker *w, void *data, uint32_t len)
{
	const struct context_msg *msg = data;
	struct reply reply;

	if (len < sizeof(*msg) || msg->len > len - sizeof(*msg))
		return;
	memset(&reply.head, 0, sizeof(reply.head));
	reply.head.type = msg->type;
	reply.head.shard = msg->shard;
	reply.head.txn = msg->txn;
	reply.head.status = command_run(w, msg, &reply);
	if (reply.head.status != 0)
		reply.head.len = 0;
	// The worker runs a command only when there is room for its reply.
	worker_tell_main(w, &reply, (uint32_t)sizeof(reply.head) + reply.head.len);
}
