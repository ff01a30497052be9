// SPDX-License-Identifier: Apache-2.0
// Which section a packet of a bundled transport belongs to (RFC 9143 section 9.2).
#include "rtp.h"

#include <string.h>

static const struct stream *stream_of(struct shard *shard, const struct context *c, unsigned n)
{
	return shard_stream(shard, c->stream[n]);
}

static bool on_transport(
	struct shard *shard, const struct stream *stream, const struct transport *t)
{
	return stream->enabled && shard_transport(shard, stream->transport[t->leg]) == t;
}

static uint8_t by_mid(struct shard *shard, const struct context *c, const struct transport *t,
	const uint8_t *mid, uint8_t mid_len)
{
	for (unsigned n = 0; n < c->streams; n++) {
		const struct stream *stream = stream_of(shard, c, n);

		if (on_transport(shard, stream, t) && stream->mid_len == mid_len &&
			memcmp(stream->mid, mid, mid_len) == 0)
			return (uint8_t)n;
	}
	return NO_PT;
}

static uint8_t by_announced_ssrc(
	struct shard *shard, const struct context *c, const struct transport *t, uint32_t ssrc)
{
	for (unsigned n = 0; n < c->streams; n++) {
		const struct stream *stream = stream_of(shard, c, n);

		for (unsigned i = 0; on_transport(shard, stream, t) && i < stream->ssrc_count;
			i++) {
			if (stream->ssrcs[i] == ssrc)
				return (uint8_t)n;
		}
	}
	return NO_PT;
}

// A payload type decides only where one section alone has it.
static uint8_t by_unique_pt(
	struct shard *shard, const struct context *c, const struct transport *t, uint8_t pt)
{
	uint8_t found = NO_PT;

	for (unsigned n = 0; n < c->streams; n++) {
		const struct stream *stream = stream_of(shard, c, n);

		if (!on_transport(shard, stream, t) || stream->pt_map[t->leg][pt] == NO_PT)
			continue;
		if (found != NO_PT)
			return NO_PT;
		found = (uint8_t)n;
	}
	return found;
}

uint8_t rtp_demux(struct shard *shard, const struct context *c, const struct transport *t,
	struct flow *flow, uint8_t pt, const uint8_t *mid, uint8_t mid_len)
{
	if (mid != NULL && mid_len > 0) {
		uint8_t n = by_mid(shard, c, t, mid, mid_len);

		if (n == NO_PT)
			return NO_PT; // an unknown mid is discarded, whatever else would fit
		flow->stream = n;
		return n;
	}
	if (flow->stream == NO_PT)
		flow->stream = by_announced_ssrc(shard, c, t, flow->ssrc);
	if (flow->stream == NO_PT)
		flow->stream = by_unique_pt(shard, c, t, pt);
	return flow->stream;
}
