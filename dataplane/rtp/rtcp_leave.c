// SPDX-License-Identifier: Apache-2.0
// BYE: our SSRC leaves when the last of its sources has.
#include "rtcp_priv.h"

static bool speaks_for(const struct flow *flow, unsigned n)
{
	return flow->stream == n && !flow->left;
}

// Whether another source of a stream is there: then our SSRC goes on.
static bool lives_on(const struct rtcp_job *job, unsigned n)
{
	const struct transport *t =
		shard_transport(job->shard, job_stream(job, n)->transport[job->from]);
	uint16_t next = t->flow_more;

	for (unsigned i = 0; i < SSRCS_INLINE; i++) {
		if (t->flow[i] != NO_INDEX && speaks_for(shard_flow(job->shard, t->flow[i]), n))
			return true;
	}
	while (next != NO_INDEX && !speaks_for(shard_flow(job->shard, next), n))
		next = shard_flow(job->shard, next)->next;
	return next != NO_INDEX;
}

static void leave(struct rtcp_job *job, unsigned n, uint32_t ssrc)
{
	const struct stream *stream = job_stream(job, n);
	uint16_t flow = flow_find(
		job->shard, shard_transport(job->shard, stream->transport[job->from]), ssrc);

	if (flow == NO_INDEX)
		return;
	shard_flow(job->shard, flow)->left = 1;
	if (stream->sender[job->to].source == flow && !lives_on(job, n))
		job->parts[n].bye = true;
}

void rtcp_bye_take(struct rtcp_job *job, const struct wire_rtcp *packet)
{
	uint32_t ssrc;

	for (unsigned i = 0; wire_rtcp_bye_read(packet, i, &ssrc) == 0; i++) {
		for (unsigned n = 0; n < job->context->streams; n++)
			leave(job, n, ssrc);
	}
}
