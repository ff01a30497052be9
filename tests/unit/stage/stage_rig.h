// SPDX-License-Identifier: Apache-2.0
// Two workers on a port made of rings: frames go in, frames come out, nothing runs but what the test steps.
#pragma once

#include "port_resolver.h"
#include "stage.h"
#include "worker_control.h"

#include <rte_ring.h>

#define RIG_WORKERS 2
#define RIG_CAPTURES 16

// A datagram to be put in a frame.
struct datagram {
	uint8_t family;
	uint16_t vlan;
	uint8_t src[16], dst[16];
	uint16_t src_port, dst_port;
	const void *payload;
	uint16_t len;
};

struct rig {
	struct networks
		networks; // 0: access, untagged; 1: core, VLAN 7; both 203.0.113.10 and fd00:203::10
	uint8_t owners[SHARDS]; // even shards: worker 0, odd ones: worker 1
	struct port port;
	struct neigh_table *neigh;
	struct rte_mempool *pool;
	struct rte_ring *rx[RIG_WORKERS], *tx[RIG_WORKERS];
	struct worker *workers[RIG_WORKERS];
	unsigned free_mbufs; // at the start
	// What the stage behind the owner stage does, and what it saw.
	void (*on_pkt)(struct rig *rig, struct worker *w, struct rte_mbuf *m);
	unsigned captured;
	struct pkt pkts[RIG_CAPTURES];
	unsigned workers_seen[RIG_CAPTURES];
	uint16_t lens[RIG_CAPTURES];
	uint8_t payloads[RIG_CAPTURES][256];
};

extern const struct rte_ether_addr rig_peer_mac;

// EAL without huge pages or devices, and the port. Once a process.
int rig_group_up(void **state);
// A fresh pair of workers; rig_down() checks that no mbuf was lost.
int rig_up(void **state);
int rig_down(void **state);

// A peer's frame with good checksums: its length.
size_t rig_frame_write(uint8_t *frame, const struct datagram *datagram);
// An example to be changed: from 203.0.113.2:5000 to 203.0.113.10:20000, "hello".
struct datagram rig_datagram(uint8_t family);

void rig_put(struct rig *rig, unsigned worker, const uint8_t *frame, size_t len);
void rig_put_flagged(struct rig *rig, const uint8_t *frame, size_t len, uint64_t ol_flags);
// Steps the workers until neither has work.
void rig_step(struct rig *rig);
// The next frame that a worker sent: its length, 0 when there is none.
size_t rig_take(struct rig *rig, unsigned worker, uint8_t *frame, size_t room);
uint64_t rig_count(const struct rig *rig, enum worker_counter counter); // of both workers
