// SPDX-License-Identifier: Apache-2.0
// The asking half of the resolver: probes, refreshes and announcements.
#pragma once

#include "port_priv.h"
#include "port_resolver.h"

struct resolver {
	const struct networks *networks;
	struct neigh_table *table;
	resolver_send_fn send;
	void *arg;
	uint64_t swept_us, looked_us; // last walk over the table; last look at who is used
	uint64_t echo_since_us;
	unsigned echo_count;
	struct resolver_counters counters;
};

// A next hop has answered: nothing to ask until it is due for a refresh.
void neigh_confirmed(struct neigh_work *work, uint64_t now_us);

// Sends an ARP packet; mac NULL: to everybody.
void resolver_send_arp(struct resolver *resolver, const struct network *network, const uint8_t *mac,
	const struct arp_packet *arp);

// Sends a neighbour message; mac NULL: to the MAC of its multicast destination.
void resolver_send_nd(struct resolver *resolver, const struct network *network, const uint8_t *mac,
	const struct nd_message *nd);
