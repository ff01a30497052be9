// SPDX-License-Identifier: Apache-2.0
// A network in memory with a simulated clock: loses, delays, reorders, doubles and filters; agents at its ends.
#pragma once

#include "ice_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define RIG_NODES 2
#define RIG_PACKETS 512
#define RIG_SECOND 1000000ull

struct rig;

struct rig_node {
	struct rig *rig;
	unsigned number;
	struct ice_agent agent;
	struct ice_view view;
	struct ice_start start;
	uint64_t sent, requests; // messages, and the requests among them
	uint64_t last_tx_us;
	uint32_t changed; // all IQ_CHANGED_ bits told
	unsigned verdicts[ICE_ERROR_SENT + 1];
	unsigned timers;
	uint64_t *strangers; // ice_env
	bool mute; // what it sends is lost
};

struct rig_packet {
	uint64_t at_us; // 0: free
	uint8_t to;
	struct ice_tuple tuple; // as the receiver sees it
	uint16_t len;
	uint8_t bytes[512];
};

struct rig {
	uint64_t now_us, random;
	unsigned loss_percent, delay_us, jitter_us, double_percent;
	// Behind node 1 there is a NAT: the other side sees this port (0: no NAT), and a packet in needs one out first.
	uint16_t nat_port;
	bool nat_open;
	unsigned lost_family; // this family's packets are lost
	struct rig_node nodes[RIG_NODES];
	struct rig_packet packets[RIG_PACKETS];
	// Sees, and may change or keep (false), each packet before it is sent.
	bool (*on_packet)(struct rig *rig, unsigned from, struct ice_tuple *to, uint8_t *bytes,
		uint16_t *len);
	void *arg;
};

void rig_init(struct rig *rig, uint64_t seed);
uint64_t rig_random(struct rig *rig);
struct ice_env rig_env(struct rig_node *node);
// Starts node n with both families, `components`, and credentials of its own.
void rig_start(struct rig *rig, unsigned n, bool controlling, bool lite, unsigned components);
// The description of node n, as its peer is told; candidates of both families unless told otherwise.
void rig_describe(const struct rig *rig, unsigned n, struct iq_remote_transport *remote);
void rig_introduce(struct rig *rig, unsigned n); // tells node n about the other one
void rig_restart(struct rig *rig, unsigned n, const char *tag);
void rig_run(struct rig *rig, uint64_t for_us);
bool rig_run_until(struct rig *rig, uint64_t for_us, bool (*done)(struct rig *rig));
void rig_input(struct rig *rig, unsigned n, const struct ice_tuple *from, const uint8_t *bytes,
	uint16_t len);
bool rig_both_nominated(struct rig *rig);
bool rig_both_connected(struct rig *rig);
// Both ends' selected pairs of a component are the two ends of one path.
bool rig_paths_agree(const struct rig *rig, unsigned component);
struct ice_tuple rig_peer_tuple(const struct rig *rig, unsigned n, unsigned family);
