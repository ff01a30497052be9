// SPDX-License-Identifier: Apache-2.0
// A worker: one polling lcore that owns shards and runs bursts through the list of stages that main hands it.
#pragma once

#include "counters.h"
#include "port.h"

#include <rte_mbuf.h>

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#define BURST_MAX 64
#define WORKERS_MAX 64

struct worker;

// Where a packet goes. Lives in the arena (no pointers) or on a stack.
struct path {
	uint8_t network;
	uint8_t set; // index of the local address set
	uint8_t family;
	uint8_t dscp;
	uint16_t local_port, remote_port;
	neigh_slot neigh;
	uint8_t reserved[4];
	uint8_t remote_ip[16];
};
static_assert(sizeof(struct path) == 32, "half a line");

enum pkt_class { PKT_STUN, PKT_DTLS, PKT_RTP, PKT_RTCP };

// What the stages know of a packet; in the mbuf's private area. The mbuf's data starts at the UDP payload once the
// parse stage is done; the bytes before it (Ethernet, IP, UDP) stay untouched in the headroom until tx.
struct pkt {
	uint8_t network, set, family; // where it arrived
	uint8_t klass; // pkt_class
	uint16_t local_port, remote_port;
	uint8_t remote_ip[16];
	struct rte_ether_addr remote_mac; // who sent the frame, for answers to the sender
	uint8_t hops; // times handed over or hairpinned
	uint8_t shard;
	uint8_t stream, leg; // filled by demux
	uint16_t transport; // index in the shard, filled by lookup
	uint32_t flow; // index in the shard, filled by flow
	uint32_t out_flow; // the sending flow, filled by rewrite
	uint16_t header_len; // of RTP, with CSRCs and extension
	uint16_t seq;
	uint32_t ssrc;
	struct path *out; // where it goes, filled by rewrite; valid until tx
	uint64_t rx_tsc;
};

static_assert(sizeof(struct pkt) <= 96, "the private area of an mbuf");

static inline struct pkt *pkt_of(struct rte_mbuf *m)
{
	return rte_mbuf_to_priv(m);
}

#define PKT_HEADROOM_MIN 64 // Ethernet, VLAN, IPv6, UDP

// One file a stage. Takes n packets, returns how many go on, moved to the front of pkts in their order; the others were
// kept (sent, handed over, punted) or freed and counted.
typedef uint16_t (*stage_fn)(struct worker *w, struct rte_mbuf **pkts, uint16_t n);

struct worker_stage {
	const char *name;
	stage_fn run;
};

// What main gives a worker besides its stages. All run on the worker, between bursts.
struct worker_ops {
	// A command from main, bytes as main put them; the answer goes back by worker_tell_main().
	void (*on_command)(struct worker *w, void *data, uint32_t len);
	// The timer of a transport has run out (worker_timer_set).
	void (*on_timer)(struct worker *w, uint8_t shard, uint16_t transport);
	// Once a loop: messages of service threads.
	void (*on_idle)(struct worker *w);
};

// What stages and callbacks may use of their worker.
struct worker {
	uint64_t now_us; // monotonic, read once a loop
	uint64_t now_tsc;
	uint64_t counters[COUNTER_COUNT];
	const struct networks *networks;
	struct neigh_table *neigh; // main writes it; reading a MAC leaves a mark
	struct rte_mempool *mbufs;
	struct shard *shards[SHARDS]; // NULL: another worker's
	const uint8_t *owners; // worker of each shard
	void *srtp; // struct srtp_ctx of this worker
	uint64_t stun_strangers; // ice_env
	void *dtls; // this worker's slots to the DTLS service
	unsigned id;
	struct worker_priv *priv;
};

#define COUNT(w, name) ((w)->counters[COUNTER_##name]++)
#define COUNT_ADD(w, name, n) ((w)->counters[COUNTER_##name] += (n))

// Frees and counts.
#define DROP(w, m, name)                                                                           \
	do {                                                                                       \
		COUNT(w, name);                                                                    \
		rte_pktmbuf_free(m);                                                               \
	} while (0)

// Gives a packet to the worker that owns pkt_of(m)->shard (which may be this one); it goes on there at the owner stage.
// Dropped and counted after HOPS_MAX times, or when the other's ring is full.
#define HOPS_MAX 2
void worker_hand_over(struct worker *w, struct rte_mbuf *m);

// Keeps a packet that came before its transport's keys: at most HOLD_OF_TRANSPORT of a transport and HOLD_MAX of a worker,
// for two seconds. False: no room, the packet stays the caller's.
#define HOLD_OF_TRANSPORT 8
#define HOLD_MAX 512
bool worker_hold(struct worker *w, struct rte_mbuf *m);
// What was kept for a transport goes on at the owner stage, in its order and before what is received later.
void worker_hold_release(struct worker *w, uint8_t shard, uint16_t transport);
// The keys will never come: dropped and counted as drop_no_keys, like what has waited too long.
void worker_hold_drop(struct worker *w, uint8_t shard, uint16_t transport);

// Takes a fragment, l2_len set, with a whole IPv4 header, or an IPv6 header and a fragment header, behind the Ethernet
// header. The datagram, in one segment, when this was the last one missing; else NULL. Bounded: 64 datagrams at a time, 8
// fragments each, half a second; what doesn't fit is counted as drop_fragment.
struct rte_mbuf *worker_reassemble(struct worker *w, struct rte_mbuf *m, uint8_t family);

// Gives main a frame that is none of the media path's (ARP, neighbour discovery, echo). Data at the Ethernet header.
void worker_to_main(struct worker *w, struct rte_mbuf *m);

// Sends a packet whose data is a UDP payload: headers are written in front, checksums filled, fragments made where it
// outgrows the MTU, our own addresses hairpinned. The mbuf is the worker's from here on. A next hop that the path doesn't
// name yet is looked for, and named once it is known: by the worker that owns the path.
void worker_send(struct worker *w, struct rte_mbuf *m, struct path *path);

// Sends an answer back to where m came from (addresses, ports and MACs swapped).
void worker_send_back(struct worker *w, struct rte_mbuf *m);

// A fresh mbuf for len bytes of UDP payload with headroom for all headers; NULL when there is none (counted).
struct rte_mbuf *worker_mbuf(struct worker *w, uint16_t len);

// One timer a transport: replaces the one set before; 0 stops it. Granularity 5 ms, never early.
void worker_timer_set(struct worker *w, uint8_t shard, uint16_t transport, uint64_t deadline_us);

// A message to main, copied: false when main's ring is full (try again from a timer).
bool worker_tell_main(struct worker *w, const void *data, uint32_t len);

// Asks main to resolve a next hop; neigh_find() has it later. Cheap to repeat.
void worker_want_neigh(struct worker *w, const struct path *path);
