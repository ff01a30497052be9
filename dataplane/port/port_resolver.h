// SPDX-License-Identifier: Apache-2.0
// What main answers and asks on the links: ARP, neighbour discovery, ICMP and ICMPv6 echo; it fills the neighbour table.
#pragma once

#include "port.h"

#include <stddef.h>
#include <stdint.h>

#define FRAME_MAX 2048

struct resolver;

// Sends a whole Ethernet frame, VLAN tag included. Copies it.
typedef void (*resolver_send_fn)(uint16_t port_id, const uint8_t *frame, size_t len, void *arg);

struct resolver_counters {
	uint64_t arp_answered, nd_answered, echo_answered;
	uint64_t probes_sent, resolved, expired, reclaimed;
	uint64_t drop_malformed, drop_not_ours, drop_rate;
};

// The table of next hops, empty. networks must outlive it. NULL: no memory.
struct neigh_table *neigh_table_create(const struct networks *networks);
void neigh_table_destroy(struct neigh_table *table);

// Ties networks, table and a way to send together. All must outlive it. NULL: no memory. All calls: main only.
struct resolver *resolver_create(const struct networks *networks, struct neigh_table *table,
	resolver_send_fn send, void *arg);
void resolver_destroy(struct resolver *resolver);

// A frame from the network, as received, VLAN tag included. Answers it, learns from it, or drops and counts it.
void resolver_input(struct resolver *resolver, uint16_t port_id, const uint8_t *frame, size_t len,
	uint64_t now_us);

// Sends what is due: probes, repeats, refreshes. Cheap; call it at least every 100 ms.
void resolver_tick(struct resolver *resolver, uint64_t now_us);

// Gratuitous ARP and unsolicited neighbour advertisements for every local address of a network.
void resolver_announce(struct resolver *resolver, const struct network *network);

const struct resolver_counters *resolver_counters(const struct resolver *resolver);

// The multicast MACs a network's addresses listen on (solicited-node groups, RFC 4291 section 2.7.1): how many were
// written, at most room.
unsigned resolver_groups(
	const struct network *network, struct rte_ether_addr *groups, unsigned room);
