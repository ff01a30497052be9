// SPDX-License-Identifier: Apache-2.0
// Main's end of a worker's rings.
#include "worker_priv.h"

#include <errno.h>
#include <string.h>

static const char *const counter_names[COUNTER_COUNT] = {
#define X(name) #name,
	WORKER_COUNTERS(X)
#undef X
};

const char *worker_counter_name(enum worker_counter counter)
{
	return counter_names[counter];
}

int worker_command(struct worker *w, const void *data, uint32_t len)
{
	if (len > WORKER_MESSAGE_MAX)
		return -EMSGSIZE;
	return message_ring_put(&w->priv->commands, data, len) ? 0 : -EAGAIN;
}

unsigned worker_messages(struct worker *w, unsigned max, worker_message_fn on_message, void *arg)
{
	unsigned n;

	for (n = 0; n < max; n++) {
		uint32_t len;
		const void *data = message_ring_peek(&w->priv->messages, &len);

		if (data == NULL)
			break;
		on_message(w, data, len, arg);
		message_ring_pop(&w->priv->messages);
	}
	return n;
}

unsigned worker_frames(struct worker *w, struct rte_mbuf **frames, unsigned max)
{
	return rte_ring_sc_dequeue_burst(w->priv->to_main, (void **)frames, max, NULL);
}

bool worker_frame_send(struct worker *w, uint16_t port_id, struct rte_mbuf *frame)
{
	frame->port = port_id;
	return rte_ring_sp_enqueue(w->priv->from_main, frame) == 0;
}

void worker_wants(struct worker *w, worker_want_fn on_want, void *arg)
{
	for (;;) {
		struct neigh_want_message want;
		uint32_t len;
		const void *data = message_ring_peek(&w->priv->wants, &len);

		if (data == NULL)
			return;
		memcpy(&want, data, sizeof(want));
		message_ring_pop(&w->priv->wants);
		on_want(&w->networks->list[want.network], want.family, want.ip, arg);
	}
}

void worker_counters(const struct worker *w, uint64_t counters[COUNTER_COUNT])
{
	// Relaxed: each counter by itself; the worker is the only writer and never waits for a reader.
	for (unsigned i = 0; i < COUNTER_COUNT; i++)
		counters[i] = __atomic_load_n(&w->counters[i], __ATOMIC_RELAXED);
}
