// SPDX-License-Identifier: Apache-2.0
// What a packet will read some stages later is asked for as soon as the index that leads to it is here: port -> transport
// -> flow -> stream -> the transport it leaves by -> its keys. Each step is taken by one stage for the whole burst.
#pragma once

#include "arena.h"

#include <rte_prefetch.h>

// Behind the lookup: the flow, what admits the source, and the keys it comes with.
static inline void ahead_of_transport(struct shard *shard, const struct transport *t)
{
	if (t->flow[0] != NO_INDEX) {
		const struct flow *flow = shard_flow(shard, t->flow[0]);

		rte_prefetch0(flow);
		rte_prefetch0(&flow->received);
	}
	rte_prefetch0(&shard_context(shard, t->context)->stream);
	if (t->secure != NO_INDEX) {
		const struct secure *secure = shard_secure(shard, t->secure);

		rte_prefetch0(&secure->view);
		srtp_key_prefetch(&secure->rx);
	}
}

static inline const struct stream *ahead_stream(struct shard *shard, const struct pkt *pkt)
{
	const struct flow *flow = shard_flow(shard, (uint16_t)pkt->flow);
	const struct transport *t = shard_transport(shard, pkt->transport);

	// A new flow's stream is not known before the demux stage.
	return flow->stream == NO_PT
		? NULL
		: shard_stream(shard, shard_context(shard, t->context)->stream[flow->stream]);
}

static inline uint8_t ahead_leg(const struct pkt *pkt)
{
	return pkt->leg == IQ_LEG_ACCESS ? IQ_LEG_CORE : IQ_LEG_ACCESS;
}

// Behind the flow stage: the stream, and what sends to its other leg.
static inline void ahead_of_flow(struct shard *shard, const struct pkt *pkt)
{
	const struct stream *stream = ahead_stream(shard, pkt);
	const struct sender *sender;

	if (stream == NULL)
		return;
	sender = &stream->sender[ahead_leg(pkt)];
	rte_prefetch0(stream);
	rte_prefetch0(sender);
	rte_prefetch0(&sender->octets);
}

// Before the packets are decrypted: the transport it leaves by.
static inline void ahead_of_stream(struct shard *shard, const struct pkt *pkt)
{
	const struct stream *stream = ahead_stream(shard, pkt);
	const struct transport *to;

	if (stream == NULL)
		return;
	to = shard_transport(shard, stream->transport[ahead_leg(pkt)]);
	rte_prefetch0(to);
	rte_prefetch0(&to->out);
}

// Behind the demux stage: whether it may leave, and the keys it leaves with.
static inline void ahead_of_egress(
	struct shard *shard, const struct stream *stream, const struct pkt *pkt)
{
	const struct transport *to = shard_transport(shard, stream->transport[ahead_leg(pkt)]);

	if (to->secure != NO_INDEX) {
		const struct secure *secure = shard_secure(shard, to->secure);

		rte_prefetch0(&secure->view);
		srtp_key_prefetch(&secure->tx);
	}
}
