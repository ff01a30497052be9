// SPDX-License-Identifier: Apache-2.0
// The whole media path on a port made of rings: two workers with all stages, real contexts, ICE, DTLS and SRTP. Nothing
// runs but what the test steps, and the threads of DTLS.
#pragma once

#include "context.h"
#include "stage_rig.h"

#define MEDIA_INBOX 512
#define MEDIA_ENDS 4

// A datagram that reached somebody.
struct media_datagram {
	uint8_t family;
	uint8_t from_ip[16];
	uint16_t from_port, port, len;
	uint8_t bytes[1500];
};

// Somebody at an address of a network.
struct media_end {
	uint8_t network; // 0: access, 1: core
	uint8_t v4[4], v6[16];
	// Called with each datagram; true: it was taken. Else it waits in the inbox.
	bool (*on_datagram)(const struct media_datagram *datagram, void *arg);
	void *arg;
	unsigned count, next; // of the inbox: how many, and the first not yet taken
	struct media_datagram inbox[MEDIA_INBOX];
};

struct media_rig {
	struct networks
		networks; // access untagged, core in VLAN 7; 203.0.113.10, fd00:203::10; 198.51.100.10, fd00:198::10
	uint8_t owners[SHARDS]; // even shards: worker 0, odd ones: worker 1
	struct port port;
	struct neigh_table *neigh;
	struct rte_mempool *pool;
	struct rte_ring *rx[RIG_WORKERS], *tx[RIG_WORKERS];
	struct worker *workers[RIG_WORKERS];
	struct srtp_ctx *srtp[RIG_WORKERS];
	struct dtls_service *dtls;
	struct shard *shards[SHARDS];
	int fds[SHARDS];
	unsigned free_mbufs, end_count;
	struct media_end ends[MEDIA_ENDS];
	uint64_t skew_us; // added to the clock
	// What main was told.
	uint64_t txn;
	bool is_answered;
	int32_t status;
	uint32_t len;
	uint8_t reply[8192];
	unsigned states;
	struct iq_context_state state; // the last
};

int media_group_up(void **state); // EAL and the port, once a process
int media_up(void **state);
int media_down(void **state); // checks that no mbuf, pool entry or port was lost

struct media_end *media_end_add(
	struct media_rig *rig, uint8_t network, uint8_t host); // 203.0.113.host
const uint8_t *media_ip(const struct media_end *end, uint8_t family);

// Steps workers until they rest, takes what they sent and told.
void media_step(struct media_rig *rig);
// Sends a datagram from an end to a port of the gateway; media_step() makes it arrive.
void media_send(struct media_rig *rig, const struct media_end *from, uint16_t from_port,
	const struct iq_addr *to, const void *bytes, size_t len);
// The next datagram in an inbox, NULL: none.
const struct media_datagram *media_take(struct media_end *end);

// A command, and its answer in rig->reply: its status.
int media_command(
	struct media_rig *rig, enum iq_type type, uint8_t shard, const void *payload, uint32_t len);
// Reserves a context on a shard (handle 0) or grows one, both families.
int media_reserve(struct media_rig *rig, uint8_t shard, const struct iq_context_reserve *command,
	struct iq_context_local *local);
struct iq_context_state media_state(struct media_rig *rig, iq_handle handle);
int media_delete(struct media_rig *rig, iq_handle handle);

uint64_t media_count(const struct media_rig *rig, enum worker_counter counter); // of both workers
