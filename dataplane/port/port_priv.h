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

#define NEIGH_SLOTS 8192 // a power of two
#define NEIGH_VALID (1ull << 63)

enum neigh_state { NEIGH_UNUSED, NEIGH_PROBING, NEIGH_KNOWN, NEIGH_REFRESHING };

struct neigh_key {
	uint8_t ip[16];
	uint8_t network, family;
	_Atomic uint8_t used; // released by main once the key is whole; acquired by neigh_find()
};

// Main only.
struct neigh_work {
	uint64_t confirmed_us, next_us;
	uint8_t state; // neigh_state
	uint8_t tries;
};

struct neigh_table {
	const struct networks *networks;
	_Atomic uint64_t macs[NEIGH_SLOTS]; // MAC in the low 48 bits | NEIGH_VALID
	struct neigh_key keys[NEIGH_SLOTS];
	struct neigh_work work[NEIGH_SLOTS];
	uint16_t order[NEIGH_SLOTS]; // slots in use, oldest first
	unsigned count;
	bool is_urgent; // a slot was added since the last tick
};

// Publishes or withdraws the MAC of a slot. Main.
void neigh_publish(struct neigh_table *table, neigh_slot slot, const uint8_t mac[6]);
void neigh_withdraw(struct neigh_table *table, neigh_slot slot);
// The slot of exactly this next hop, or NEIGH_NONE.
neigh_slot neigh_exact(
	const struct neigh_table *table, uint8_t network, uint8_t family, const uint8_t *ip);
