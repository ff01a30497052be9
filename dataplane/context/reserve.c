// SPDX-License-Identifier: Apache-2.0
// The beginning and the end of a context: ports, transports, streams, ICE agents.
#include "context_priv.h"

#include <errno.h>
#include <string.h>

static const struct network *network_by_name(
	const struct networks *networks, const char *name, enum network_role role)
{
	for (unsigned i = 0; i < networks->count; i++) {
		const struct network *network = &networks->list[i];

		if (network->role != role || network->set_count == 0)
			continue;
		if (name[0] == '\0' || strncmp(name, network->name, sizeof(network->name)) == 0)
			return network;
	}
	return NULL;
}

static bool set_serves(const struct address_set *set, uint8_t families)
{
	return (set->has_v4 && (families & IQ_FAMILY_V4) != 0) ||
		(set->has_v6 && (families & IQ_FAMILY_V6) != 0);
}

int context_set_choose(struct shard *shard, const struct network *network, uint8_t families)
{
	const struct port_pool *best = NULL;
	int chosen = -1;

	for (unsigned i = 0; i < network->set_count; i++) {
		const struct port_pool *pool = port_pool_of(shard, network->id, (uint8_t)i);

		if (!set_serves(&network->sets[i], families))
			continue;
		chosen = chosen < 0 ? (int)i
				    : chosen; // even without ports: then that is what is missing
		if (pool->count == 0)
			continue;
		if (best == NULL || pool->freed_us[pool->head] < best->freed_us[best->head] ||
			(pool->freed_us[pool->head] == best->freed_us[best->head] &&
				pool->count > best->count)) {
			best = pool;
			chosen = (int)i;
		}
	}
	return chosen;
}

struct context *context_find(struct shard *shard, iq_handle handle)
{
	uint32_t index = iq_handle_index(handle);
	struct context *context;

	if (index >= shard->pools[POOL_CONTEXT].count)
		return NULL;
	context = shard_context(shard, (uint16_t)index);
	return handle != 0 && context->handle == handle ? context : NULL;
}

static int access_grow(struct worker *w, struct shard *shard, struct context *c, unsigned count,
	const struct context_seed *seed)
{
	uint16_t index = (uint16_t)iq_handle_index(c->handle);

	while (c->access_transports < count) {
		unsigned n = c->access_transports;
		int ret = transport_add(w, shard, index, IQ_LEG_ACCESS, n);

		if (ret < 0)
			return ret;
		ret = transport_secure(w, shard, c->transport[IQ_LEG_ACCESS][n], seed);
		if (ret < 0) {
			transport_del(w, shard, c->transport[IQ_LEG_ACCESS][n]);
			return ret;
		}
		c->access_transports++;
	}
	return 0;
}

static void stream_init(
	struct shard *shard, struct context *c, unsigned n, const struct context_seed *seed)
{
	struct stream *stream = shard_stream(shard, c->stream[n]);
	unsigned access = n < c->access_transports ? n : 0;

	stream->transport[IQ_LEG_ACCESS] = c->transport[IQ_LEG_ACCESS][access];
	stream->transport[IQ_LEG_CORE] = c->transport[IQ_LEG_CORE][n];
	memset(stream->pt_map, NO_PT, sizeof(stream->pt_map));
	for (unsigned leg = 0; leg < IQ_LEGS; leg++) {
		stream->sender[leg].ssrc = seed->ssrc[n][leg];
		stream->sender[leg].seq_last = (uint16_t)(seed->seq[n][leg] & 0x7fff);
		stream->sender[leg].source = NO_INDEX;
	}
}

static int streams_grow(struct worker *w, struct shard *shard, struct context *c, unsigned count,
	const struct context_seed *seed)
{
	while (c->streams < count) {
		unsigned n = c->streams;

		c->stream[n] = pool_take(shard, POOL_STREAM);
		if (c->stream[n] == NO_INDEX)
			return -ENOSPC;
		if (transport_add(w, shard, (uint16_t)iq_handle_index(c->handle), IQ_LEG_CORE, n) <
			0) {
			pool_give(shard, POOL_STREAM, c->stream[n]);
			return -ENOSPC;
		}
		stream_init(shard, c, n, seed);
		c->streams++;
	}
	return 0;
}

// Back to what there was: what was added lately carries nothing yet.
static void shrink(struct worker *w, struct shard *shard, struct context *c, unsigned streams,
	unsigned access_transports)
{
	while (c->streams > streams) {
		c->streams--;
		transport_del(w, shard, c->transport[IQ_LEG_CORE][c->streams]);
		pool_give(shard, POOL_STREAM, c->stream[c->streams]);
	}
	while (c->access_transports > access_transports) {
		c->access_transports--;
		transport_del(w, shard, c->transport[IQ_LEG_ACCESS][c->access_transports]);
	}
}

static int leg_place(struct worker *w, struct shard *shard,
	const struct iq_context_reserve *command, enum iq_leg leg, struct context *out)
{
	const struct network *network = network_by_name(w->networks, command->network[leg],
		leg == IQ_LEG_ACCESS ? NETWORK_ACCESS : NETWORK_CORE);
	int set;

	if (network == NULL)
		return -EINVAL;
	out->families[leg] = command->families[leg] & (IQ_FAMILY_V4 | IQ_FAMILY_V6);
	if (out->families[leg] == 0)
		out->families[leg] = IQ_FAMILY_V4 | IQ_FAMILY_V6; // no wish
	set = context_set_choose(shard, network, out->families[leg]);
	if (set < 0)
		return -EAFNOSUPPORT;
	out->network[leg] = network->id;
	out->set[leg] = (uint8_t)set;
	return 0;
}

static int context_new(struct worker *w, struct shard *shard,
	const struct iq_context_reserve *command, const struct context_seed *seed,
	struct context **out)
{
	struct context c = {.created_us = w->now_us, .controlling = command->ice_controlling};
	uint16_t index;
	int ret = leg_place(w, shard, command, IQ_LEG_ACCESS, &c);

	if (ret == 0)
		ret = leg_place(w, shard, command, IQ_LEG_CORE, &c);
	if (ret < 0)
		return ret;
	index = pool_take(shard, POOL_CONTEXT);
	if (index == NO_INDEX)
		return -ENOSPC;
	shard->generation = (shard->generation + 1) & 0xffffff;
	if (shard->generation == 0)
		shard->generation = 1; // so that no handle is 0
	c.handle = iq_handle_make(shard->gateway, shard->number, index, shard->generation);
	memcpy(c.ref, command->ref, sizeof(c.ref));
	memcpy(c.ufrag, seed->ufrag, sizeof(c.ufrag));
	memcpy(c.pwd, seed->pwd, sizeof(c.pwd));
	memcpy(c.cname, seed->cname, sizeof(c.cname));
	memcpy(c.fingerprint, seed->fingerprint, sizeof(c.fingerprint));
	*out = shard_context(shard, index);
	**out = c;
	explicit_bzero(&c, sizeof(c)); // holds the password
	return 0;
}

static void restart(struct shard *shard, struct context *c, const struct context_seed *seed)
{
	memcpy(c->ufrag, seed->ufrag, sizeof(c->ufrag));
	memcpy(c->pwd, seed->pwd, sizeof(c->pwd));
	for (unsigned i = 0; i < c->access_transports; i++) {
		struct transport *t = shard_transport(shard, c->transport[IQ_LEG_ACCESS][i]);

		ice_restart(secure_ice(shard_secure(shard, t->secure)), c->ufrag, c->pwd);
	}
}

static int context_grow(struct worker *w, struct shard *shard, struct context *c,
	const struct iq_context_reserve *command, const struct context_seed *seed)
{
	unsigned streams = c->streams, access_transports = c->access_transports;
	int ret = access_grow(w, shard, c, command->access_transports, seed);

	if (ret == 0)
		ret = streams_grow(w, shard, c, command->streams, seed);
	if (ret < 0)
		shrink(w, shard, c, streams, access_transports);
	return ret;
}

int context_reserve(struct worker *w, struct shard *shard, const struct iq_context_reserve *command,
	const struct context_seed *seed, struct iq_context_local *out)
{
	struct context *c = context_find(shard, command->handle);
	int ret = 0;

	if (command->streams == 0 || command->streams > IQ_STREAMS_MAX ||
		command->access_transports == 0 || command->access_transports > command->streams)
		return -EINVAL;
	if (command->handle != 0 && c == NULL)
		return -ENOENT;
	if (command->handle == 0)
		ret = context_new(w, shard, command, seed, &c);
	if (ret < 0)
		return ret;
	ret = context_grow(w, shard, c, command, seed);
	if (ret < 0 && command->handle == 0)
		context_release(w, shard, c);
	if (ret < 0)
		return ret;
	if (command->handle != 0 && command->ice_restart)
		restart(shard, c, seed);
	context_local_get(w, shard, c, out);
	return 0;
}

void context_release(struct worker *w, struct shard *shard, struct context *c)
{
	shrink(w, shard, c, 0, 0);
	pool_give(shard, POOL_CONTEXT, (uint16_t)iq_handle_index(c->handle));
}

static void local_get(
	struct worker *w, struct shard *shard, uint16_t transport, struct iq_local_transport *out)
{
	const struct transport *t = shard_transport(shard, transport);
	const struct address_set *set = &w->networks->list[t->network].sets[t->set];
	uint8_t families = shard_context(shard, t->context)->families[t->leg];

	if (set->has_v4 && (families & IQ_FAMILY_V4) != 0) {
		out->v4 = (struct iq_addr){.family = 4, .port = t->port};
		memcpy(out->v4.ip, set->v4, 4);
	}
	if (set->has_v6 && (families & IQ_FAMILY_V6) != 0) {
		out->v6 = (struct iq_addr){.family = 6, .port = t->port};
		memcpy(out->v6.ip, set->v6, 16);
	}
}

void context_local_get(struct worker *w, struct shard *shard, const struct context *c,
	struct iq_context_local *out)
{
	memset(out, 0, sizeof(*out));
	out->handle = c->handle;
	for (unsigned i = 0; i < c->access_transports; i++)
		local_get(w, shard, c->transport[IQ_LEG_ACCESS][i], &out->access[i]);
	for (unsigned i = 0; i < c->streams; i++) {
		local_get(w, shard, c->transport[IQ_LEG_CORE][i], &out->core[i]);
		for (unsigned leg = 0; leg < IQ_LEGS; leg++)
			out->ssrc[i][leg] = shard_stream(shard, c->stream[i])->sender[leg].ssrc;
	}
	memcpy(out->fingerprint, c->fingerprint, sizeof(out->fingerprint));
	memcpy(out->ufrag, c->ufrag, sizeof(out->ufrag));
	memcpy(out->pwd, c->pwd, sizeof(out->pwd));
	memcpy(out->cname, c->cname, sizeof(out->cname));
	out->streams = c->streams;
	out->access_transports = c->access_transports;
}
