// SPDX-License-Identifier: Apache-2.0
// A worker as main sees it: made, wired to the others, started, spoken to, stopped. All calls: main only.
#pragma once

#include "port_device.h"
#include "worker.h"

#define WORKER_MESSAGE_MAX 16640 // bytes of one command or message
#define STAGES_MAX 24

struct worker_config {
	unsigned id;
	const struct networks *networks;
	struct neigh_table *neigh;
	const uint8_t *owners; // worker of each of the SHARDS shards
	const struct port *ports;
	unsigned port_count;
	struct rte_mempool *mbufs; // private area sizeof(struct pkt)
	const struct worker_stage *stages;
	unsigned stage_count;
	unsigned reentry; // index of the stage where packets of other workers and hairpins enter
	struct worker_ops ops; // any may be NULL
	uint32_t transports_per_shard; // timers there are for a shard
	bool may_sleep; // at most 200 us at a time, never while packets come
};

// Everything pointed at must outlive the worker. NULL with errno: -ENOMEM, -EINVAL. It isn't running yet: shards, srtp,
// dtls may still be set in it.
struct worker *worker_create(const struct worker_config *config);
void worker_destroy(struct worker *w);

// Lets every worker hand packets to every other. Once, before the first starts. 0 or -ENOMEM.
int workers_connect(struct worker *const *workers, unsigned count);

// Runs it on an lcore until worker_stop(), which waits for the end of its loop; it may be started again. 0 or -errno.
int worker_start(struct worker *w, unsigned lcore);
void worker_stop(struct worker *w);

// One turn of the loop on the calling thread, for tests: whether there was anything to do.
bool worker_step(struct worker *w);

// Puts a command in the worker's ring, copied: 0, or -EAGAIN when it is full, -EMSGSIZE.
int worker_command(struct worker *w, const void *data, uint32_t len);

// Takes up to max messages of worker_tell_main(): how many there were.
typedef void (*worker_message_fn)(struct worker *w, const void *data, uint32_t len, void *arg);
unsigned worker_messages(struct worker *w, unsigned max, worker_message_fn on_message, void *arg);

// Takes up to max frames of worker_to_main(), data at the Ethernet header, m->port set. The mbufs are the caller's.
unsigned worker_frames(struct worker *w, struct rte_mbuf **frames, unsigned max);

// Hands the worker a whole frame to send as it is on a port. False: full, the mbuf stays the caller's.
bool worker_frame_send(struct worker *w, uint16_t port_id, struct rte_mbuf *frame);

// Takes the next hops that worker_want_neigh() asked for.
typedef void (*worker_want_fn)(
	const struct network *network, uint8_t family, const uint8_t *ip, void *arg);
void worker_wants(struct worker *w, worker_want_fn on_want, void *arg);

// A copy of its counters, each as of some moment of late.
void worker_counters(const struct worker *w, uint64_t counters[COUNTER_COUNT]);
