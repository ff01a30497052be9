// SPDX-License-Identifier: Apache-2.0
// DPDK ports: one receive and one transmit queue a worker, offloads as the device has them.
#pragma once

#include <rte_ether.h>
#include <rte_mempool.h>

#include <stdbool.h>
#include <stdint.h>

#define PORTS_MAX 16
#define PORT_DESCRIPTORS 1024 // of a ring unless told

// How a packet finds the receive queue of its shard's worker. The owner stage and the hand-over do it for what goes astray.
enum port_steering {
	STEER_NONE, // by hand-over alone
	STEER_KEY, // the device hashes addresses and ports with a key that lets the port through: one family exactly
	STEER_PORT, // the device hashes the destination port alone
	STEER_FLOW, // the same, asked for by rules
};
const char *port_steering_name(enum port_steering steering);

// A started port. Constant while workers run.
struct port {
	uint16_t id; // DPDK port
	uint16_t rx_queues, tx_queues; // queue n belongs to worker n
	bool tx_udp_cksum, tx_ipv4_cksum; // the device fills them; else software does
	enum port_steering steering;
	struct rte_ether_addr mac;
};

struct port_config {
	const char *name; // for log lines
	const char *device; // PCI address, or the name of a vdev that EAL has probed
	unsigned workers;
	const uint8_t *owners; // worker of each shard
	struct rte_mempool *const *mbufs; // one a worker
	uint16_t descriptors; // of each ring; 0: PORT_DESCRIPTORS
	uint16_t mtu; // largest of the port's networks
	bool is_v6_only; // no network on it has IPv4
};

// Configures and starts a device. Main, before workers. 0, or -errno with the reason logged.
int port_start(struct port *port, const struct port_config *config);

// Stops and closes it. Main, after workers.
void port_stop(struct port *port);

// Lets multicast frames in (the groups, or all multicast, or everything, by what the device can).
void port_multicast_open(
	const struct port *port, struct rte_ether_addr *groups, unsigned group_count);

// The bucket of an RSS table that a shard's ports fall in with the key of port_steer_key(): for a table of at least
// SHARDS entries, its index modulo SHARDS.
uint8_t port_steer_bucket(uint8_t shard);

// The Toeplitz key of 40 bytes that makes only the destination port's bits 1 to 7 count, for UDP over IPv4 or (v6) over
// IPv6. With the IPv4 key, IPv6 packets spread by 32 bits of their source as well.
void port_steer_key(uint8_t key[40], bool v6);

// A key of any length for a hash over the destination port alone, wherever the device puts the port in its input: the key
// says the same of each 16 bits. Its buckets are those of port_steer_key().
void port_steer_key_any(uint8_t *key, unsigned len);
