// SPDX-License-Identifier: Apache-2.0
// RTCP leaves toward a leg of a stream.
#include "context.h"

#include <rte_memcpy.h>

static bool protect(struct worker *w, struct shard *shard, const struct transport *t,
	struct sender *sender, struct rte_mbuf *m)
{
	struct srtp_item item = {
		.data = rte_pktmbuf_mtod(m, uint8_t *),
		.key = &shard_secure(shard, t->secure)->tx,
		.index = &sender->index,
		.len = rte_pktmbuf_data_len(m),
		.room = (uint16_t)(rte_pktmbuf_data_len(m) + rte_pktmbuf_tailroom(m)),
	};

	if (srtcp_protect_burst(w->srtp, &item, 1) != 1)
		return false;
	rte_pktmbuf_append(m, (uint16_t)(item.len - rte_pktmbuf_data_len(m)));
	return true;
}

bool context_rtcp_send(struct worker *w, struct shard *shard, struct stream *stream,
	enum iq_leg leg, const uint8_t *bytes, uint16_t len)
{
	struct transport *t = shard_transport(shard, stream->transport[leg]);
	struct rte_mbuf *m;

	if (!context_may_send(w, shard, t, 1))
		return false;
	m = worker_mbuf(w, len);
	if (m == NULL)
		return false;
	rte_memcpy(rte_pktmbuf_mtod(m, void *), bytes, len);
	if ((t->flags & TRANSPORT_SECURE) != 0 && !protect(w, shard, t, &stream->sender[leg], m)) {
		DROP(w, m, drop_srtp_expired);
		return false;
	}
	worker_send(w, m, &t->out[1]);
	return true;
}
