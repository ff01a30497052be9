// SPDX-License-Identifier: Apache-2.0
// Flows of a transport: the first four SSRCs stand in its hot line, further ones in a chain.
#include "context_priv.h"

static uint16_t chain_find(struct shard *shard, uint16_t flow, uint32_t ssrc)
{
	while (flow != NO_INDEX && shard_flow(shard, flow)->ssrc != ssrc)
		flow = shard_flow(shard, flow)->next;
	return flow;
}

uint16_t flow_find(struct shard *shard, const struct transport *transport, uint32_t ssrc)
{
	for (unsigned i = 0; i < SSRCS_INLINE; i++) {
		if (transport->ssrc[i] == ssrc && transport->flow[i] != NO_INDEX)
			return transport->flow[i];
	}
	return chain_find(shard, transport->flow_more, ssrc);
}

static bool is_source(struct shard *shard, const struct transport *t, uint16_t flow)
{
	const struct context *c = shard_context(shard, t->context);

	for (unsigned n = 0; n < c->streams; n++) {
		const struct stream *stream = shard_stream(shard, c->stream[n]);

		if (stream->sender[IQ_LEG_ACCESS].source == flow ||
			stream->sender[IQ_LEG_CORE].source == flow)
			return true;
	}
	return false;
}

// Where nothing is authenticated there is no replay window to keep: a peer that changes its SSRC again and again pushes
// out what isn't relayed any more.
static bool room_make(struct shard *shard, uint16_t transport)
{
	struct transport *t = shard_transport(shard, transport);

	if ((t->flags & TRANSPORT_SECURE) != 0)
		return false;
	for (unsigned i = 0; i < SSRCS_INLINE; i++) {
		if (t->flow[i] != NO_INDEX && !is_source(shard, t, t->flow[i])) {
			flow_del(shard, t->flow[i], transport);
			return true;
		}
	}
	return false;
}

static unsigned flows_max(const struct transport *t)
{
	return (t->flags & TRANSPORT_SECURE) != 0 ? FLOWS_MAX : FLOWS_PLAIN_MAX;
}

uint16_t flow_add(struct shard *shard, uint16_t transport, uint32_t ssrc)
{
	struct transport *t = shard_transport(shard, transport);
	uint16_t index;
	struct flow *flow;

	if (t->flow_count >= flows_max(t) && !room_make(shard, transport))
		return NO_INDEX;
	index = pool_take(shard, POOL_FLOW);
	if (index == NO_INDEX)
		return NO_INDEX;
	flow = shard_flow(shard, index);
	flow->ssrc = ssrc;
	flow->stream = NO_PT;
	flow->next = NO_INDEX;
	t->flow_count++;
	for (unsigned i = 0; i < SSRCS_INLINE; i++) {
		if (t->flow[i] == NO_INDEX) {
			t->flow[i] = index;
			t->ssrc[i] = ssrc;
			return index;
		}
	}
	flow->next = t->flow_more;
	t->flow_more = index;
	return index;
}

static void chain_remove(struct shard *shard, struct transport *t, uint16_t flow)
{
	uint16_t *at = &t->flow_more;

	while (*at != NO_INDEX && *at != flow)
		at = &shard_flow(shard, *at)->next;
	if (*at == flow)
		*at = shard_flow(shard, flow)->next;
}

// What it counted stays with the transport.
static void counts_keep(struct transport *t, const struct flow *flow)
{
	t->gone_packets += flow->received;
	t->gone_octets += flow->octets;
	t->gone_lost += flow_lost(flow);
}

void flow_del(struct shard *shard, uint16_t flow, uint16_t transport)
{
	struct transport *t = shard_transport(shard, transport);
	unsigned i = 0;

	counts_keep(t, shard_flow(shard, flow));
	while (i < SSRCS_INLINE && t->flow[i] != flow)
		i++;
	if (i < SSRCS_INLINE)
		t->flow[i] = NO_INDEX;
	else
		chain_remove(shard, t, flow);
	t->flow_count--;
	pool_give(shard, POOL_FLOW, flow);
}
