// SPDX-License-Identifier: Apache-2.0
// The loop of a worker: receive, run the stages, take what main and the other workers have, run timers, send.
#include "clock.h"
#include "worker_priv.h"

#include <rte_cycles.h>
#include <rte_launch.h>

#include <errno.h>

#define COMMANDS_MAX 8 // a turn
#define ANSWER_ROOM (2 * WORKER_MESSAGE_MAX) // an answer, and what else the command makes known
#define TIMERS_MAX 64 // a turn
#define FRAMES_MAX 32 // of main, a turn
#define IDLE_TURNS 64 // without work before the first sleep
#define SLEEP_MIN_US 25
#define SLEEP_MAX_US 200

static void stages_run(struct worker *w, struct rte_mbuf **pkts, uint16_t n, unsigned first)
{
	const struct worker_priv *priv = w->priv;

	for (unsigned i = first; i < priv->stage_count && n > 0; i++)
		n = priv->stages[i].run(w, pkts, n);
	// The last stage keeps everything; what it leaves nobody wanted.
	for (uint16_t i = 0; i < n; i++)
		DROP(w, pkts[i], drop_classify);
}

static unsigned receive(struct worker *w)
{
	const struct worker_priv *priv = w->priv;
	struct rte_mbuf *pkts[BURST_MAX];
	unsigned total = 0;

	for (unsigned i = 0; i < priv->rx_count; i++) {
		uint16_t n = rte_eth_rx_burst(
			priv->rx[i].port_id, priv->rx[i].queue, pkts, BURST_MAX / 2);

		if (n == 0)
			continue;
		COUNT_ADD(w, rx_packets, n);
		total += n;
		stages_run(w, pkts, n, 0);
	}
	return total;
}

static unsigned reenter(struct worker *w)
{
	const struct worker_priv *priv = w->priv;
	struct rte_mbuf *pkts[BURST_MAX];
	unsigned total = 0;

	for (unsigned i = 0; i < priv->worker_count; i++) {
		unsigned n =
			rte_ring_sc_dequeue_burst(priv->in[i], (void **)pkts, BURST_MAX / 2, NULL);

		total += n;
		stages_run(w, pkts, (uint16_t)n, priv->reentry);
	}
	return total;
}

static unsigned frames_send(struct worker *w)
{
	struct rte_mbuf *frames[FRAMES_MAX];
	unsigned n =
		rte_ring_sc_dequeue_burst(w->priv->from_main, (void **)frames, FRAMES_MAX, NULL);

	for (unsigned i = 0; i < n; i++)
		tx_put(w, frames[i]->port, frames[i]);
	return n;
}

static unsigned commands_run(struct worker *w)
{
	struct worker_priv *priv = w->priv;
	unsigned n;

	for (n = 0; n < COMMANDS_MAX; n++) {
		uint32_t len;
		void *data = message_ring_peek(&priv->commands, &len);

		// Without room for its answer a command waits: main would never hear of it.
		if (data == NULL || !message_ring_has_room(&priv->messages, ANSWER_ROOM))
			break;
		if (priv->ops.on_command != NULL)
			priv->ops.on_command(w, data, len);
		message_ring_pop(&priv->commands);
	}
	return n;
}

static void on_timer(uint8_t group, uint16_t index, void *arg)
{
	struct worker *w = arg;

	if (w->priv->ops.on_timer != NULL)
		w->priv->ops.on_timer(w, group, index);
}

bool worker_step(struct worker *w)
{
	struct worker_priv *priv = w->priv;
	unsigned work = 0;

	w->now_us = clock_now_us();
	w->now_tsc = rte_rdtsc();
	hold_expire(w);
	// First what came earlier.
	work += reenter(w);
	work += receive(w);
	work += frames_send(w);
	work += commands_run(w);
	work += timer_wheel_run(&priv->timers, w->now_us, TIMERS_MAX, on_timer, w);
	if (priv->ops.on_idle != NULL)
		priv->ops.on_idle(w);
	tx_flush(w);
	return work > 0;
}

// How long to sleep after so many turns without work: longer and longer, so that a lone packet waits little.
static unsigned sleep_us(unsigned idle_turns)
{
	unsigned us = SLEEP_MIN_US * (idle_turns - IDLE_TURNS);

	return us < SLEEP_MAX_US ? us : SLEEP_MAX_US;
}

static int worker_run(void *arg)
{
	struct worker *w = arg;
	struct worker_priv *priv = w->priv;
	unsigned idle_turns = 0;
	uint64_t since = rte_rdtsc();

	// Relaxed: only the flag itself matters (worker_stop()).
	while (!atomic_load_explicit(&priv->must_stop, memory_order_relaxed)) {
		bool was_busy = worker_step(w);
		uint64_t now;

		idle_turns = was_busy ? 0 : idle_turns + 1;
		if (priv->may_sleep && idle_turns > IDLE_TURNS)
			rte_delay_us_sleep(sleep_us(idle_turns));
		now = rte_rdtsc();
		if (was_busy)
			COUNT_ADD(w, busy_cycles, now - since);
		else
			COUNT_ADD(w, idle_cycles, now - since);
		since = now;
	}
	return 0;
}

int worker_start(struct worker *w, unsigned lcore)
{
	int ret;

	// Relaxed: the launch orders it before the loop's reads.
	atomic_store_explicit(&w->priv->must_stop, false, memory_order_relaxed);
	ret = rte_eal_remote_launch(worker_run, w, lcore);
	if (ret < 0)
		return ret;
	w->priv->lcore = lcore;
	w->priv->is_running = true;
	return 0;
}

void worker_stop(struct worker *w)
{
	if (w == NULL || !w->priv->is_running)
		return;
	// Relaxed: partner in worker_run(); the join below orders everything else.
	atomic_store_explicit(&w->priv->must_stop, true, memory_order_relaxed);
	rte_eal_wait_lcore(w->priv->lcore);
	w->priv->is_running = false;
}
