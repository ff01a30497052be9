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

static uint8_t set_with_most_ports(struct shard *shard, const struct network *network)
{
	uint8_t best = 0;

	for (unsigned set = 1; set < network->set_count; set++) {
		if (port_pool_of(shard, network->id, (uint8_t)set)->count >
			port_pool_of(shard, network->id, best)->count)
			best = (uint8_t)set;
	}
	return best;
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

static void transport_init(
	struct shard *shard, uint16_t index, uint16_t context, enum iq_leg leg, uint16_t port)
{
	struct context *c = shard_context(shard, context);
	struct transport *t = shard_transport(shard, index);

	memset(t->flow, 0xff, sizeof(t->flow));
	t->flow_more = NO_INDEX;
	t->context = context;
	t->secure = NO_INDEX;
	t->leg = (uint8_t)leg;
	t->network = c->network[leg];
	t->set = c->set[leg];
	t->port = port;
	t->generation = iq_handle_generation(c->handle);
	t->flags = TRANSPORT_LIVE;
	port_bind(shard, t->network, t->set, port, index);
}

// A transport with its port, number n of the leg: 0, or -ENOSPC with nothing taken.
static int transport_add(
	struct worker *w, struct shard *shard, uint16_t context, enum iq_leg leg, unsigned n)
{
	struct context *c = shard_context(shard, context);
	uint16_t port = port_take(shard, c->network[leg], c->set[leg], w->now_us);
	uint16_t index;

	if (port == 0)
		return -ENOSPC;
	index = pool_take(shard, POOL_TRANSPORT);
	if (index == NO_INDEX) {
		port_give(shard, c->network[leg], c->set[leg], port, w->now_us);
		return -ENOSPC;
	}
	transport_init(shard, index, context, leg, port);
	shard_transport(shard, index)->number = (uint8_t)n;
	c->transport[leg][n] = index;
	return 0;
}

static void transport_del(struct worker *w, struct shard *shard, uint16_t index)
{
	struct transport *t = shard_transport(shard, index);
	struct dtls_id id = {
		.generation = t->generation, .transport = index, .shard = shard->number};

	worker_timer_set(w, shard->number, index, 0);
	for (unsigned i = 0; i < SSRCS_INLINE; i++) {
		if (t->flow[i] != NO_INDEX)
			flow_del(shard, t->flow[i], index);
	}
	while (t->flow_more != NO_INDEX)
		flow_del(shard, t->flow_more, index);
	if (t->secure != NO_INDEX) {
		if (shard_secure(shard, t->secure)->dtls_started)
			dtls_stop(w->dtls, id, false);
		pool_give(shard, POOL_SECURE, t->secure);
	}
	port_give(shard, t->network, t->set, t->port, w->now_us);
	pool_give(shard, POOL_TRANSPORT, index);
}

static unsigned locals_fill(const struct network *network, const struct transport *t,
	uint8_t families, struct ice_local *locals)
{
	const struct address_set *set = &network->sets[t->set];
	unsigned n = 0;

	if (set->has_v6 && (families & IQ_FAMILY_V6) != 0) {
		locals[n] = (struct ice_local){.set = t->set, .family = 6, .port = t->port};
		memcpy(locals[n++].ip, set->v6, 16);
	}
	if (set->has_v4 && (families & IQ_FAMILY_V4) != 0) {
		locals[n] = (struct ice_local){.set = t->set, .family = 4, .port = t->port};
		memcpy(locals[n++].ip, set->v4, 4);
	}
	return n;
}

static int secure_add(struct worker *w, struct shard *shard, uint16_t transport,
	const struct iq_context_reserve *command, const struct context_seed *seed)
{
	struct transport *t = shard_transport(shard, transport);
	struct ice_start start = {.controlling = command->ice_controlling,
		.lite = seed->lite,
		.components = ICE_COMPONENTS,
		.tiebreaker = seed->tiebreaker};
	struct secure *secure;

	t->secure = pool_take(shard, POOL_SECURE);
	if (t->secure == NO_INDEX)
		return -ENOSPC;
	secure = shard_secure(shard, t->secure);
	start.local_count = (uint8_t)locals_fill(
		&w->networks->list[t->network], t, command->families[IQ_LEG_ACCESS], start.locals);
	memcpy(start.ufrag, shard_context(shard, t->context)->ufrag, sizeof(start.ufrag));
	memcpy(start.pwd, shard_context(shard, t->context)->pwd, sizeof(start.pwd));
	ice_init(secure_ice(secure), &secure->view, &start);
	t->flags |= TRANSPORT_ICE | TRANSPORT_SECURE;
	return 0;
}

static int access_grow(struct worker *w, struct shard *shard, struct context *c,
	const struct iq_context_reserve *command, const struct context_seed *seed)
{
	uint16_t index = (uint16_t)iq_handle_index(c->handle);

	while (c->access_transports < command->access_transports) {
		unsigned n = c->access_transports;
		int ret = transport_add(w, shard, index, IQ_LEG_ACCESS, n);

		if (ret < 0)
			return ret;
		ret = secure_add(w, shard, c->transport[IQ_LEG_ACCESS][n], command, seed);
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

static struct context *context_new(struct worker *w, struct shard *shard,
	const struct iq_context_reserve *command, const struct context_seed *seed)
{
	const struct network *access =
		network_by_name(w->networks, command->network[IQ_LEG_ACCESS], NETWORK_ACCESS);
	const struct network *core =
		network_by_name(w->networks, command->network[IQ_LEG_CORE], NETWORK_CORE);
	struct context *c;
	uint16_t index;

	errno = EINVAL;
	if (access == NULL || core == NULL)
		return NULL;
	errno = ENOSPC;
	index = pool_take(shard, POOL_CONTEXT);
	if (index == NO_INDEX)
		return NULL;
	c = shard_context(shard, index);
	shard->generation = (shard->generation + 1) & 0xffffff;
	if (shard->generation == 0)
		shard->generation = 1; // so that no handle is 0
	c->handle = iq_handle_make(shard->gateway, shard->number, index, shard->generation);
	c->created_us = w->now_us;
	c->network[IQ_LEG_ACCESS] = access->id;
	c->network[IQ_LEG_CORE] = core->id;
	c->set[IQ_LEG_ACCESS] = set_with_most_ports(shard, access);
	c->set[IQ_LEG_CORE] = set_with_most_ports(shard, core);
	c->controlling = command->ice_controlling;
	memcpy(c->ref, command->ref, sizeof(c->ref));
	memcpy(c->ufrag, seed->ufrag, sizeof(c->ufrag));
	memcpy(c->pwd, seed->pwd, sizeof(c->pwd));
	memcpy(c->cname, seed->cname, sizeof(c->cname));
	memcpy(c->fingerprint, seed->fingerprint, sizeof(c->fingerprint));
	return c;
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

int context_reserve(struct worker *w, struct shard *shard, const struct iq_context_reserve *command,
	const struct context_seed *seed, struct iq_context_local *out)
{
	struct context *c;
	int ret;

	if (command->streams == 0 || command->streams > IQ_STREAMS_MAX ||
		command->access_transports == 0 || command->access_transports > command->streams)
		return -EINVAL;
	c = command->handle != 0 ? context_find(shard, command->handle)
				 : context_new(w, shard, command, seed);
	if (c == NULL)
		return command->handle != 0 ? -ENOENT : -errno;
	ret = access_grow(w, shard, c, command, seed);
	if (ret == 0)
		ret = streams_grow(w, shard, c, command->streams, seed);
	if (ret < 0)
		goto err;
	if (command->handle != 0 && command->ice_restart)
		restart(shard, c, seed);
	context_local_get(w, shard, c, out);
	return 0;
err:
	if (command->handle == 0)
		context_release(w, shard, c);
	return ret;
}

void context_release(struct worker *w, struct shard *shard, struct context *c)
{
	for (unsigned i = 0; i < c->access_transports; i++)
		transport_del(w, shard, c->transport[IQ_LEG_ACCESS][i]);
	for (unsigned i = 0; i < c->streams; i++) {
		transport_del(w, shard, c->transport[IQ_LEG_CORE][i]);
		pool_give(shard, POOL_STREAM, c->stream[i]);
	}
	pool_give(shard, POOL_CONTEXT, (uint16_t)iq_handle_index(c->handle));
}

static void local_get(
	struct worker *w, struct shard *shard, uint16_t transport, struct iq_local_transport *out)
{
	const struct transport *t = shard_transport(shard, transport);
	const struct address_set *set = &w->networks->list[t->network].sets[t->set];

	if (set->has_v4) {
		out->v4 = (struct iq_addr){.family = 4, .port = t->port};
		memcpy(out->v4.ip, set->v4, 4);
	}
	if (set->has_v6) {
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
