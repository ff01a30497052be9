// SPDX-License-Identifier: Apache-2.0
// Plain RTP of a burst to SRTP where the leg it goes to is secure.
#include "arena.h"
#include "stage.h"

#include <errno.h>

static bool item_fill(struct worker *w, struct rte_mbuf *m, struct srtp_item *item)
{
	const struct pkt *pkt = pkt_of(m);
	struct shard *shard = w->shards[pkt->shard];
	const struct transport *to = shard_transport(shard, pkt->transport);
	const struct context *c = shard_context(shard, to->context);
	struct stream *stream = shard_stream(shard, c->stream[pkt->stream]);

	if ((to->flags & TRANSPORT_SECURE) == 0)
		return false;
	*item = (struct srtp_item){
		.data = rte_pktmbuf_mtod(m, uint8_t *),
		.key = &shard_secure(shard, to->secure)->tx,
		.index = &stream->sender[to->leg].index,
		.len = rte_pktmbuf_data_len(m),
		.room = (uint16_t)(rte_pktmbuf_data_len(m) + rte_pktmbuf_tailroom(m)),
	};
	srtp_key_prefetch(item->key);
	return true;
}

// -EEXIST: the number was used before (a repeated packet); never encrypted twice.
static void unprotected_drop(struct worker *w, struct rte_mbuf *m, int status)
{
	if (status == -EEXIST)
		DROP(w, m, drop_sequence);
	else if (status == -ENOSPC)
		DROP(w, m, drop_no_mbuf);
	else
		DROP(w, m, drop_srtp_expired);
}

// Takes the tags into the mbufs; what could not be protected leaves the burst.
static uint16_t items_finish(struct worker *w, struct rte_mbuf **pkts, uint16_t n,
	const struct srtp_item *items, const uint8_t *at, uint16_t count)
{
	uint16_t kept = 0, next = 0;

	for (uint16_t i = 0; i < n; i++) {
		if (next < count && at[next] == i) {
			const struct srtp_item *item = &items[next++];

			if (item->status != 0) {
				unprotected_drop(w, pkts[i], item->status);
				continue;
			}
			rte_pktmbuf_append(
				pkts[i], (uint16_t)(item->len - rte_pktmbuf_data_len(pkts[i])));
		}
		pkts[kept++] = pkts[i];
	}
	return kept;
}

uint16_t stage_protect(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	struct srtp_item items[BURST_MAX];
	uint8_t at[BURST_MAX];
	uint16_t count = 0;

	for (uint16_t i = 0; i < n; i++) {
		if (item_fill(w, pkts[i], &items[count]))
			at[count++] = (uint8_t)i;
	}
	if (count == 0)
		return n;
	srtp_protect_burst(w->srtp, items, count);
	return items_finish(w, pkts, n, items, at, count);
}
