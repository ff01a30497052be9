// SPDX-License-Identifier: Apache-2.0
// A context without worker, ports and peers: what the RTP room needs of one.
#include "rtp_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static uint64_t generator = 1;

uint32_t rig_random(void)
{
	generator = generator * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(generator >> 33);
}

static uint16_t transport_make(struct rtp_rig *rig, uint8_t leg)
{
	uint16_t index = pool_take(rig->shard, POOL_TRANSPORT);
	struct transport *t = shard_transport(rig->shard, index);

	memset(t->flow, 0xff, sizeof(t->flow));
	t->flow_more = NO_INDEX;
	t->leg = leg;
	t->flags = TRANSPORT_LIVE;
	return index;
}

static void stream_make(struct rtp_rig *rig, unsigned n)
{
	struct stream *stream;

	rig->context->stream[n] = pool_take(rig->shard, POOL_STREAM);
	stream = rig_stream(rig, n);
	stream->enabled = 1;
	stream->kind = n == 1 ? IQ_KIND_VIDEO : IQ_KIND_AUDIO;
	stream->gate = IQ_GATE_BOTH;
	stream->transport[IQ_LEG_ACCESS] = rig->access;
	stream->transport[IQ_LEG_CORE] = rig->core[n];
	memset(stream->pt_map, NO_PT, sizeof(stream->pt_map));
	for (unsigned leg = 0; leg < IQ_LEGS; leg++) {
		stream->sender[leg].ssrc = 0xaa000000 + n * 16 + leg;
		stream->sender[leg].source = NO_INDEX;
	}
}

int rig_up(void **state)
{
	static const struct networks none;
	static struct rtp_rig rig;
	struct shard_config config = {.contexts = 8, .networks = &none, .random = {1, 2}};

	generator = 1;
	rig.shard = shard_create(&config, &rig.fd);
	assert_non_null(rig.shard);
	rig.context = shard_context(rig.shard, pool_take(rig.shard, POOL_CONTEXT));
	strcpy(rig.context->cname, "our-cname");
	rig.context->streams = RIG_STREAMS;
	rig.access = transport_make(&rig, IQ_LEG_ACCESS);
	for (unsigned n = 0; n < RIG_STREAMS; n++) {
		rig.core[n] = transport_make(&rig, IQ_LEG_CORE);
		stream_make(&rig, n);
	}
	*state = &rig;
	return 0;
}

int rig_down(void **state)
{
	struct rtp_rig *rig = *state;

	shard_destroy(rig->shard);
	close(rig->fd);
	return 0;
}

struct stream *rig_stream(const struct rtp_rig *rig, unsigned n)
{
	return shard_stream(rig->shard, rig->context->stream[n]);
}

uint16_t rig_flow(const struct rtp_rig *rig, uint16_t transport, uint32_t ssrc)
{
	uint16_t flow = flow_add(rig->shard, transport, ssrc);

	assert_int_not_equal(flow, NO_INDEX);
	return flow;
}
