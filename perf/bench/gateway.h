// SPDX-License-Identifier: Apache-2.0
// The media plane as eims-agw runs it, between two ports made of rings: its worker, its list of stages, its tables, its
// contexts set up by Iq commands. One a process. What eims-agw does with threads of its own is left to the benchmark:
// main's part is gateway_tend().
//
// Calls are numbered. Call n has a browser at a public address and a phone, each with an address of its own behind the
// network's router, and ports that tell a sampled call from the others. Its ICE and its consent are real (peer.h
// answers the gateway's checks); its keys are installed as those of a handshake are, without the handshake.
#pragma once

#include "context.h"
#include "port_device.h"
#include "stage.h"
#include "worker_control.h"

#include <rte_ring.h>

#define GATEWAY_WORKERS_MAX 2
#define GATEWAY_RING_LEN 32768 // packets in a queue of a port
#define GATEWAY_UFRAG "gwuf" // of every context
#define GATEWAY_PWD "gateway-password-of-32-characters"
#define GATEWAY_PT_ACCESS 111 // payload types of the audio stream
#define GATEWAY_PT_CORE 96
#define GATEWAY_PORTS 2 // and networks: 0 access, 1 core, as enum iq_leg

struct gateway_config {
	uint32_t contexts; // room for them; two legs each
	unsigned workers; // 0: one
	const struct worker_stage *stages; // STAGE_COUNT of them; NULL: stage_list
	unsigned mbufs; // besides those that fill the receive queues; 0: 16384
	bool retain_call; // dtls_retention: call
	bool has_own_clock; // its time passes only by gateway_clock_advance()
};

struct gateway_call {
	iq_handle handle;
	struct iq_addr local[IQ_LEGS]; // of the gateway
	uint32_t ssrc[IQ_LEGS]; // the gateway's, toward each leg
};

struct gateway {
	struct gateway_config config;
	struct networks networks;
	uint8_t owners[SHARDS]; // worker of each shard
	struct port ports[GATEWAY_PORTS];
	// rx: what the gateway receives (the benchmark puts), tx: what it sends (the benchmark takes); a queue a worker.
	// Zero-copy: the mbuf that goes in comes out. One thread puts and takes.
	struct rte_ring *rx[GATEWAY_PORTS][GATEWAY_WORKERS_MAX];
	struct rte_ring *tx[GATEWAY_PORTS][GATEWAY_WORKERS_MAX];
	struct rte_mempool *pool;
	struct neigh_table *neigh;
	struct dtls_service *dtls;
	struct worker *workers[GATEWAY_WORKERS_MAX];
	struct srtp_ctx *srtp[GATEWAY_WORKERS_MAX];
	struct shard *shards[SHARDS];
	int fds[SHARDS];
	struct gateway_call *calls; // config.contexts places
	bool is_running;
	uint64_t txn;
	uint64_t clock_us; // its own clock
	void (*on_tend)(
		void *arg); // takes what the workers tell in place of gateway_tend(); NULL: nobody
	void *tend_arg;
	pid_t threads[GATEWAY_WORKERS_MAX]; // of the lcores
};

// EAL on two cores (lcore 0: the benchmark; 1 and up: workers), ports, tables. Ends the process when that fails.
struct gateway *gateway_create(const struct gateway_config *config);
void gateway_destroy(struct gateway *g);

// The workers' own loops, each on its lcore, from start to stop.
void gateway_start(struct gateway *g);
void gateway_stop(struct gateway *g);

// Takes the cores of the caller and the workers from everything else of the machine, or gives them back: for a fraction
// of a second at a time.
void gateway_cores_take(struct gateway *g, bool is_ours);

// Turns of one worker on its lcore, until nothing is left in its queues.
struct gateway_phase {
	uint64_t ticks; // of the turns that had work
	uint64_t packets; // received by them
	uint64_t turns;
	unsigned
		stalls; // turns that lasted over a millisecond: the machine was elsewhere; counted nowhere else
};
struct gateway_phase gateway_run_dry(struct gateway *g, unsigned worker);

// One turn of every worker on the calling thread; only while they are not running. Whether there was work.
bool gateway_step(struct gateway *g);

// Lets time pass for a gateway with its own clock, so that what its timers do is in proportion to the media: 20 ms for a
// packet of each leg, whatever the number of legs and the rate. The others go by CLOCK_MONOTONIC.
static inline void gateway_clock_advance(struct gateway *g, uint64_t us)
{
	// Relaxed: a worker may see it a turn later.
	__atomic_store_n(&g->clock_us, g->clock_us + us, __ATOMIC_RELAXED);
}

// Main's part: takes what the workers tell. At least every 10 ms while there are calls.
void gateway_tend(struct gateway *g);

// An Iq command to a shard, and its answer: status; reply (NULL: not wanted) gets at most reply_len bytes. Whether the
// workers are running or not; gateway_tend() is done meanwhile.
int gateway_command(struct gateway *g, enum iq_type type, uint8_t shard, const void *payload,
	uint32_t len, void *reply, uint32_t reply_len);

struct gateway_call_config {
	enum srtp_suite suite;
	uint8_t family; // of both legs: 4 or 6
	bool is_sampled; // its ports at the peers are PEER_PORT_SAMPLED
	enum iq_dtls_role role; // IQ_DTLS_UNDECIDED: the DTLS service never hears of it
	const struct iq_fingerprint *fingerprint; // of the peer; with a role
};

// Reserves call n, describes both legs and its audio stream, and puts the browser's nominating check in the port.
// 0, or the status of the command that was refused.
int gateway_call_add(struct gateway *g, uint32_t n, const struct gateway_call_config *config);
int gateway_call_delete(struct gateway *g, uint32_t n);

// Steps the gateway and answers its checks until all of calls [first, end) have consent. Not while it runs. Ends the
// process when that takes longer than three minutes.
void gateway_calls_connect(struct gateway *g, uint32_t first, uint32_t end);

// The keys of call n as a handshake would have given them. Not while the worker runs.
void gateway_keys_install(struct gateway *g, uint32_t n, enum srtp_suite suite);

// All of calls [0, count): added, connected, keyed; each sampled_every-th is sampled (0: none).
void gateway_calls_up(struct gateway *g, uint32_t count, struct gateway_call_config config,
	uint32_t sampled_every);

// Master key and salt of call n for what comes from a leg's side: the browser sends with leg IQ_LEG_ACCESS, the gateway
// answers with IQ_LEG_CORE. Lengths are those of srtp_suite_info().
struct gateway_master {
	uint8_t key[32], salt[14];
};
struct gateway_master gateway_master(uint32_t n, enum iq_leg from);

struct transport *gateway_transport(struct gateway *g, uint32_t n, enum iq_leg leg);
uint64_t gateway_count(const struct gateway *g, enum worker_counter counter); // of all workers
// All counters whose names begin with drop_, of all workers.
uint64_t gateway_drops(const struct gateway *g);
// Those that are not zero, a line each, on stderr.
void gateway_drops_print(const struct gateway *g);

// "CM_80", "CM_32", "GCM_128", "GCM_256"; ends the process for another.
enum srtp_suite gateway_suite(const char *name);
