// SPDX-License-Identifier: Apache-2.0
// A transport's beginning and end: its port, its ICE agent, its flows, its DTLS association.
#include "context_priv.h"

#include <errno.h>
#include <string.h>

#define STOP_AGAIN_US 10000u // when the DTLS service's slots were full

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

int transport_add(
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

int transport_secure(
	struct worker *w, struct shard *shard, uint16_t index, const struct context_seed *seed)
{
	struct transport *t = shard_transport(shard, index);
	const struct context *c = shard_context(shard, t->context);
	struct ice_start start = {.controlling = c->controlling,
		.lite = seed->lite,
		.components = ICE_COMPONENTS,
		.tiebreaker = seed->tiebreaker};
	struct secure *secure;

	t->secure = pool_take(shard, POOL_SECURE);
	if (t->secure == NO_INDEX)
		return -ENOSPC;
	secure = shard_secure(shard, t->secure);
	start.local_count = (uint8_t)locals_fill(
		&w->networks->list[t->network], t, c->families[IQ_LEG_ACCESS], start.locals);
	memcpy(start.ufrag, c->ufrag, sizeof(start.ufrag));
	memcpy(start.pwd, c->pwd, sizeof(start.pwd));
	ice_init(secure_ice(secure), &secure->view, &start);
	t->flags |= TRANSPORT_ICE | TRANSPORT_SECURE;
	return 0;
}

static void flows_del(struct shard *shard, uint16_t index)
{
	struct transport *t = shard_transport(shard, index);

	for (unsigned i = 0; i < SSRCS_INLINE; i++) {
		if (t->flow[i] != NO_INDEX)
			flow_del(shard, t->flow[i], index);
	}
	while (t->flow_more != NO_INDEX)
		flow_del(shard, t->flow_more, index);
}

bool transport_stop(struct worker *w, struct shard *shard, uint16_t index)
{
	struct dtls_id id = {.generation = shard_transport(shard, index)->generation,
		.transport = index,
		.shard = shard->number};

	if (dtls_stop(w->dtls, id, false)) {
		pool_give(shard, POOL_TRANSPORT, index);
		return true;
	}
	// The association would be kept for ever: the place waits until the service was told.
	shard_transport(shard, index)->flags = TRANSPORT_STOPPING;
	worker_timer_set(w, shard->number, index, w->now_us + STOP_AGAIN_US);
	return false;
}

void transport_del(struct worker *w, struct shard *shard, uint16_t index)
{
	struct transport *t = shard_transport(shard, index);
	bool has_association = false;

	worker_timer_set(w, shard->number, index, 0);
	flows_del(shard, index);
	if (t->secure != NO_INDEX) {
		has_association = shard_secure(shard, t->secure)->dtls_started ||
			shard_secure(shard, t->secure)->dtls_punted;
		worker_hold_drop(w, shard->number, index);
		pool_give(shard, POOL_SECURE, t->secure);
		t->secure = NO_INDEX;
	}
	port_give(shard, t->network, t->set, t->port, w->now_us);
	if (has_association)
		transport_stop(w, shard, index);
	else
		pool_give(shard, POOL_TRANSPORT, index);
}
