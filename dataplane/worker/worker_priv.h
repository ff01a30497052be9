// SPDX-License-Identifier: Apache-2.0
// What a worker keeps for itself.
#pragma once

#include "message_ring.h"
#include "timer_wheel.h"
#include "worker_control.h"

#include <rte_ethdev.h>
#include <rte_ring.h>

#define HANDOVER_RING_LEN 1024
#define FRAME_RING_LEN 512
#define COMMAND_RING_BYTES (256 * 1024)
#define WANT_RING_BYTES 4096

struct rx_queue {
	uint16_t port_id, queue;
};

struct tx_port {
	struct rte_mbuf *mbufs[BURST_MAX];
	uint16_t count;
	uint16_t queue;
	bool is_ours, udp_cksum, ipv4_cksum;
};

struct neigh_want_message {
	uint8_t network, family;
	uint8_t ip[16];
};

// A packet that waits for its transport's keys.
struct held {
	struct rte_mbuf *m;
	uint64_t until_us;
	uint16_t transport;
	uint8_t shard;
};

struct hold {
	unsigned count;
	struct held packets[HOLD_MAX]; // oldest first
};

struct worker_priv {
	struct worker_ops ops;
	const struct worker_stage *stages;
	unsigned stage_count, reentry;
	unsigned rx_count;
	struct rx_queue rx[PORTS_MAX];
	struct rte_ring *in[WORKERS_MAX]; // from worker n; our own number: hairpins
	struct rte_ring *out[WORKERS_MAX]; // to worker n
	unsigned worker_count;
	struct rte_ring *to_main, *from_main;
	struct rte_ip_frag_tbl *fragments;
	uint16_t ip_id;
	uint32_t fragment_id;
	struct neigh_want_message wanted; // last asked for
	uint64_t wanted_us;
	bool may_sleep;
	_Atomic bool must_stop;
	unsigned lcore;
	bool is_running;
	struct message_ring commands, messages, wants;
	struct tx_port tx[RTE_MAX_ETHPORTS];
	struct timer_wheel timers;
	struct hold hold;
};

// Drops what has waited too long.
void hold_expire(struct worker *w);
void hold_fini(struct worker *w);

// Queues a whole frame on a port.
void tx_put(struct worker *w, uint16_t port_id, struct rte_mbuf *m);
// Sends what is queued on every port.
void tx_flush(struct worker *w);

// Where a datagram goes, resolved.
struct egress {
	const struct network *network;
	struct rte_ether_addr mac;
	const uint8_t *src, *dst;
	uint8_t family, dscp;
	uint16_t src_port, dst_port;
};

// Writes the Ethernet header in front of an IP packet and queues it.
void egress_link(struct worker *w, struct rte_mbuf *m, const struct egress *to);

// Cuts an IP packet (data at the IP header, checksums filled) that outgrows the MTU, and queues the pieces. Takes m.
void egress_fragment(struct worker *w, struct rte_mbuf *m, const struct egress *to);
