// SPDX-License-Identifier: Apache-2.0
// Networks on DPDK ports: local addresses, next hops, and the L2/L3 that main answers (ARP, ND, ICMP, ICMPv6).
#pragma once

#include <rte_ether.h>
#include <rte_mbuf.h>

#include <stdbool.h>
#include <stdint.h>

#define NETWORKS_MAX 16
#define ADDRESS_SETS_MAX 16 // address pairs of a network
#define SHARDS 128

enum network_role { NETWORK_ACCESS, NETWORK_CORE };

// One IPv4 and one IPv6 address that share their port numbers. Either may be absent (has_v4, has_v6).
struct address_set {
	uint8_t v4[4];
	uint8_t v6[16];
	bool has_v4, has_v6;
};

// A realm. Constant after start; workers and main read it.
struct network {
	char name[16];
	uint8_t id;
	enum network_role role;
	uint16_t port_id; // DPDK port; changes at run time only between bursts
	uint16_t vlan; // 0: untagged
	uint16_t mtu; // of IP packets
	uint8_t dscp;
	uint16_t udp_first, udp_last; // ports for media, first is even
	uint8_t prefix_v4, prefix_v6;
	bool has_gateway_v4, has_gateway_v6;
	uint8_t gateway_v4[4], gateway_v6[16];
	unsigned set_count;
	struct address_set sets[ADDRESS_SETS_MAX];
	struct rte_ether_addr mac;
};

struct networks {
	unsigned count;
	struct network list[NETWORKS_MAX];
};

// The shard of a local UDP port: an RTP/RTCP pair never splits.
static inline uint8_t shard_of_port(uint16_t port)
{
	return (uint8_t)((port >> 1) & (SHARDS - 1));
}

// Which set of a network has this local address: index, or -1.
int network_set_find(const struct network *network, uint8_t family, const uint8_t *ip);

// Whether a peer may have this address: unicast, not link-local, not loopback, and not one that stands for a link of ours
// as a whole (its network and broadcast addresses, RFC 4291 section 2.6.1).
bool network_addr_usable(const struct network *network, uint8_t family, const uint8_t *ip);

// Next hops. Main writes; any worker reads without waiting. A slot says whose it is, too: when main has given its place to
// another hop, neigh_mac() says no.
typedef uint32_t neigh_slot;
#define NEIGH_NONE 0xffffffffu // not known yet: ask main, drop meanwhile
#define NEIGH_LOCAL 0xfffffffeu // one of our own media addresses: hairpin
#define NEIGH_REFUSED                                                                              \
	0xfffffffdu // not to be asked for: no way there, or its context has named too many

struct neigh_table;

// The slot for a destination (itself when on-link, else the gateway of the family). Worker or main. Whether the MAC is
// known is told by neigh_mac().
neigh_slot neigh_find(const struct neigh_table *table, const struct network *network,
	uint8_t family, const uint8_t *ip);

// Whether there is a next hop for a destination at all, found yet or not.
bool neigh_exists(const struct network *network, uint8_t family, const uint8_t *ip);

// Copies the MAC of a slot: false while it is unresolved, or when the slot is another's by now. One atomic load; the slot
// counts as used.
bool neigh_mac(struct neigh_table *table, neigh_slot slot, struct rte_ether_addr *mac);

// Main only: makes sure there's a slot for the destination and that it is being resolved and refreshed, until nobody has
// used it for a while.
neigh_slot neigh_want(struct neigh_table *table, const struct network *network, uint8_t family,
	const uint8_t *ip);
