// SPDX-License-Identifier: Apache-2.0
// Packets of the link layer as pure functions over bytes, and the body of the neighbour table.
#pragma once

#include "port.h"

#include <stdatomic.h>
#include <stddef.h>

#define ETH_TYPE_ARP 0x0806
#define ETH_TYPE_IPV4 0x0800
#define ETH_TYPE_IPV6 0x86dd
#define ETH_TYPE_VLAN 0x8100

struct eth_frame {
	uint8_t dst[6], src[6];
	uint16_t vlan; // 0: untagged (or priority-tagged)
	uint16_t type;
	size_t payload_at;
};

// 0, or -EINVAL when it is cut short. One 802.1Q tag is read.
int eth_parse(struct eth_frame *eth, const uint8_t *bytes, size_t len);
// Writes 14 bytes, or 18 with a VLAN; returns how many. payload_at isn't read.
size_t eth_write(uint8_t *bytes, const struct eth_frame *eth);

#define ARP_LEN 28
enum arp_op { ARP_REQUEST = 1, ARP_REPLY = 2 };

struct arp_packet {
	uint16_t op;
	uint8_t sender_mac[6], sender_ip[4], target_mac[6], target_ip[4];
};

// Ethernet and IPv4 only (RFC 826): 0, or -EINVAL.
int arp_parse(struct arp_packet *arp, const uint8_t *bytes, size_t len);
// Writes ARP_LEN bytes.
void arp_write(uint8_t *bytes, const struct arp_packet *arp);

#define ND_LEN_MAX 72 // IPv6 header, message, one option
enum nd_type { ND_SOLICIT = 135, ND_ADVERT = 136 };

struct nd_message {
	uint8_t type; // nd_type
	bool is_router, is_solicited, is_override; // flags of an advertisement
	bool has_mac; // source or target link-layer address option
	uint8_t mac[6];
	uint8_t src[16], dst[16], target[16];
};

// From an IPv6 packet, checked as RFC 4861 sections 7.1.1 and 7.1.2 say (hop limit 255, checksum, option lengths): 0,
// -EINVAL, or -ENOMSG when it is another ICMPv6 message.
int nd_parse(struct nd_message *nd, const uint8_t *ip6, size_t len);
// Writes an IPv6 packet of at most ND_LEN_MAX bytes; returns its length.
size_t nd_write(uint8_t *ip6, const struct nd_message *nd);
// The solicited-node group of an address, and its MAC.
void nd_group(uint8_t group[16], const uint8_t ip[16]);
void nd_group_mac(uint8_t mac[6], const uint8_t group[16]);

// The answer to an echo request (RFC 792, RFC 4443 section 4.2): an IP packet with addresses swapped, TTL 64. Returns its
// length, 0 when the packet is no intact echo request or doesn't fit in room.
size_t icmp4_echo_reply(uint8_t *reply, size_t room, const uint8_t *ip, size_t len);
size_t icmp6_echo_reply(uint8_t *reply, size_t room, const uint8_t *ip, size_t len);

// Internet checksum over bytes, added to sum; folded and inverted by the second.
uint32_t inet_sum(const uint8_t *bytes, size_t len, uint32_t sum);
uint16_t inet_fold(uint32_t sum);
// Sum of an IPv6 pseudo header.
uint32_t inet_pseudo6(const uint8_t *src, const uint8_t *dst, uint32_t len, uint8_t next);

// The neighbour table.

#define NEIGH_SLOTS 8192 // a power of two
#define NEIGH_UNKNOWN_MAX 1024 // hops at a time that have never answered

// A published word: the MAC in the low 48 bits, 14 of its slot's generation, and
#define NEIGH_GENERATION_SHIFT 48
#define NEIGH_GENERATION_MASK 0x3fffu
#define NEIGH_USED (1ull << 62) // a worker has asked for it since main last looked
#define NEIGH_VALID (1ull << 63) // there is a MAC

enum neigh_state { NEIGH_UNUSED, NEIGH_PROBING, NEIGH_KNOWN, NEIGH_REFRESHING };

// generation << 16 | family << 8 | network, or
#define NEIGH_KEY_EMPTY 0 // never used, and no chain goes on behind it
#define NEIGH_KEY_GONE 0xff00

// Written by main, read by anybody: the word before and after the address is the same, or they don't belong together.
struct neigh_key {
	_Atomic uint64_t ip[2];
	_Atomic uint32_t word;
};

// Main only.
struct neigh_work {
	uint64_t confirmed_us, next_us;
	uint64_t since_us, used_us; // of its tenant: the beginning, the last use that was noticed
	uint16_t generation;
	uint8_t state; // neigh_state
	uint8_t tries;
	bool is_gateway; // stays, used or not
	bool has_answered;
};

struct neigh_table {
	const struct networks *networks;
	_Atomic uint64_t macs[NEIGH_SLOTS];
	struct neigh_key keys[NEIGH_SLOTS];
	struct neigh_work work[NEIGH_SLOTS];
	uint16_t order[NEIGH_SLOTS]; // slots in use, oldest first
	unsigned count, unknown; // unknown: have never answered
	uint32_t seed;
	uint64_t now_us; // of the last tick
	bool is_urgent; // a slot was added since the last tick
};

// Where a slot lies in the table.
unsigned neigh_index(neigh_slot slot);
// Publishes or withdraws the MAC of a slot. Main.
void neigh_publish(struct neigh_table *table, neigh_slot slot, const uint8_t mac[6]);
void neigh_withdraw(struct neigh_table *table, unsigned index);
// Gives a slot's place to others: whoever still holds it finds nothing. Main.
void neigh_free(struct neigh_table *table, unsigned index);
// Whether anybody has asked for its MAC since the last call. Main.
bool neigh_was_used(struct neigh_table *table, unsigned index);
// The slot of exactly this next hop, or NEIGH_NONE.
neigh_slot neigh_exact(
	const struct neigh_table *table, uint8_t network, uint8_t family, const uint8_t *ip);

// The gateway of a family, NULL: none.
const uint8_t *network_gateway(const struct network *network, uint8_t family);
// The address whose MAC a packet for ip needs, NULL when there's no way there.
const uint8_t *network_next_hop(const struct network *network, uint8_t family, const uint8_t *ip);
