// SPDX-License-Identifier: Apache-2.0
// Asks for next hops until they answer, asks again before they expire, and announces our own addresses.
#include "resolver_probe.h"

#include <rte_common.h>

#include <string.h>

#define SWEEP_US 100000
#define REFRESH_US (30 * 1000000ull) // after the last answer
#define PROBE_US 1000000ull // between probes
#define REFRESH_PROBES 5 // unanswered ones before the MAC is withdrawn
#define LOOK_US (5 * 1000000ull) // between looks at who is used
#define IDLE_US (60 * 1000000ull) // that nobody used a hop before its slot is free for others
#define BACKOFF_SHIFT_MAX 5 // 32 s between probes of a hop that never answers

void neigh_confirmed(struct neigh_work *work, uint64_t now_us)
{
	work->state = NEIGH_KNOWN;
	work->tries = 0;
	work->confirmed_us = now_us;
	work->next_us = now_us + REFRESH_US;
}

static void frame_head(struct eth_frame *eth, const struct network *network, uint16_t type)
{
	memcpy(eth->src, network->mac.addr_bytes, 6);
	eth->vlan = network->vlan;
	eth->type = type;
}

void resolver_send_arp(struct resolver *resolver, const struct network *network, const uint8_t *mac,
	const struct arp_packet *arp)
{
	uint8_t frame[18 + ARP_LEN];
	struct eth_frame eth = {0};
	size_t at;

	frame_head(&eth, network, ETH_TYPE_ARP);
	if (mac == NULL)
		memset(eth.dst, 0xff, 6);
	else
		memcpy(eth.dst, mac, 6);
	at = eth_write(frame, &eth);
	arp_write(frame + at, arp);
	resolver->send(network->port_id, frame, at + ARP_LEN, resolver->arg);
}

void resolver_send_nd(struct resolver *resolver, const struct network *network, const uint8_t *mac,
	const struct nd_message *nd)
{
	uint8_t frame[18 + ND_LEN_MAX];
	struct eth_frame eth = {0};
	size_t at;

	frame_head(&eth, network, ETH_TYPE_IPV6);
	if (mac == NULL)
		nd_group_mac(eth.dst, nd->dst);
	else
		memcpy(eth.dst, mac, 6);
	at = eth_write(frame, &eth);
	at += nd_write(frame + at, nd);
	resolver->send(network->port_id, frame, at, resolver->arg);
}

// A local address to ask from.
static const struct address_set *source_set(const struct network *network, uint8_t family)
{
	for (unsigned i = 0; i < network->set_count; i++) {
		if (family == 4 ? network->sets[i].has_v4 : network->sets[i].has_v6)
			return &network->sets[i];
	}
	return NULL;
}

static void probe_v4(struct resolver *resolver, const struct network *network, const uint8_t *ip,
	const uint8_t *mac)
{
	const struct address_set *set = source_set(network, 4);
	struct arp_packet arp = {.op = ARP_REQUEST};

	if (set == NULL)
		return;
	memcpy(arp.sender_mac, network->mac.addr_bytes, 6);
	memcpy(arp.sender_ip, set->v4, 4);
	memcpy(arp.target_ip, ip, 4);
	resolver_send_arp(resolver, network, mac, &arp);
}

static void probe_v6(struct resolver *resolver, const struct network *network, const uint8_t *ip,
	const uint8_t *mac)
{
	const struct address_set *set = source_set(network, 6);
	struct nd_message nd = {.type = ND_SOLICIT, .has_mac = true};

	if (set == NULL)
		return;
	memcpy(nd.mac, network->mac.addr_bytes, 6);
	memcpy(nd.src, set->v6, 16);
	memcpy(nd.target, ip, 16);
	if (mac == NULL)
		nd_group(nd.dst, ip);
	else
		memcpy(nd.dst, ip, 16);
	resolver_send_nd(resolver, network, mac, &nd);
}

static void probe(struct resolver *resolver, unsigned index)
{
	const struct neigh_key *key = &resolver->table->keys[index];
	const struct network *network = &resolver->networks->list[key->word & 0xff];
	uint64_t published = resolver->table->macs[index];
	uint8_t ip[16];
	// Who is known is asked directly; who isn't, through everybody.
	const uint8_t *mac = (published & NEIGH_VALID) != 0 ? (const uint8_t *)&published : NULL;

	memcpy(ip, (const void *)key->ip, sizeof(ip));
	if ((key->word >> 8 & 0xff) == 4)
		probe_v4(resolver, network, ip, mac);
	else
		probe_v6(resolver, network, ip, mac);
	resolver->counters.probes_sent++;
}

static bool is_idle(struct resolver *resolver, unsigned index, uint64_t now_us)
{
	struct neigh_work *work = &resolver->table->work[index];

	if (neigh_was_used(resolver->table, index))
		work->used_us = now_us;
	return !work->is_gateway && now_us - work->used_us >= IDLE_US;
}

static void slot_tick(struct resolver *resolver, unsigned slot, uint64_t now_us)
{
	struct neigh_work *work = &resolver->table->work[slot];

	if (now_us < work->next_us)
		return;
	if (work->state == NEIGH_KNOWN)
		work->state = NEIGH_REFRESHING;
	if (work->state == NEIGH_REFRESHING && work->tries >= REFRESH_PROBES) {
		neigh_withdraw(resolver->table, slot);
		resolver->counters.expired++;
		work->state = NEIGH_PROBING;
		work->tries = 0;
	}
	probe(resolver, slot);
	work->next_us = now_us + PROBE_US;
	// The first three probes of an unknown hop come at one a second, then ever more rarely.
	if (work->state == NEIGH_PROBING && work->tries > 2)
		work->next_us = now_us + (PROBE_US << RTE_MIN(work->tries - 2, BACKOFF_SHIFT_MAX));
	if (work->tries < UINT8_MAX)
		work->tries++;
}

// Backwards: one that is freed takes itself out of the list.
static void idle_free(struct resolver *resolver, uint64_t now_us)
{
	struct neigh_table *table = resolver->table;

	if (now_us - resolver->looked_us < LOOK_US)
		return;
	resolver->looked_us = now_us;
	for (unsigned i = table->count; i > 0; i--) {
		unsigned index = table->order[i - 1];

		if (!is_idle(resolver, index, now_us))
			continue;
		neigh_free(table, index);
		resolver->counters.reclaimed++;
	}
}

void resolver_tick(struct resolver *resolver, uint64_t now_us)
{
	struct neigh_table *table = resolver->table;

	table->now_us = now_us;
	if (!table->is_urgent && now_us - resolver->swept_us < SWEEP_US)
		return;
	table->is_urgent = false;
	resolver->swept_us = now_us;
	idle_free(resolver, now_us);
	for (unsigned i = 0; i < table->count; i++)
		slot_tick(resolver, table->order[i], now_us);
}

// RFC 5227 section 2.3: an announcement is a request for one's own address.
static void announce_v4(struct resolver *resolver, const struct network *network, const uint8_t *ip)
{
	struct arp_packet arp = {.op = ARP_REQUEST};

	memcpy(arp.sender_mac, network->mac.addr_bytes, 6);
	memcpy(arp.sender_ip, ip, 4);
	memcpy(arp.target_ip, ip, 4);
	resolver_send_arp(resolver, network, NULL, &arp);
}

// RFC 4861 section 7.2.6.
static void announce_v6(struct resolver *resolver, const struct network *network, const uint8_t *ip)
{
	static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};
	struct nd_message nd = {.type = ND_ADVERT, .is_override = true, .has_mac = true};

	memcpy(nd.mac, network->mac.addr_bytes, 6);
	memcpy(nd.src, ip, 16);
	memcpy(nd.target, ip, 16);
	memcpy(nd.dst, all_nodes, 16);
	resolver_send_nd(resolver, network, NULL, &nd);
}

void resolver_announce(struct resolver *resolver, const struct network *network)
{
	for (unsigned i = 0; i < network->set_count; i++) {
		const struct address_set *set = &network->sets[i];

		if (set->has_v4)
			announce_v4(resolver, network, set->v4);
		if (set->has_v6)
			announce_v6(resolver, network, set->v6);
	}
}

unsigned resolver_groups(
	const struct network *network, struct rte_ether_addr *groups, unsigned room)
{
	static const struct rte_ether_addr all_nodes = {{0x33, 0x33, 0, 0, 0, 1}};
	unsigned count = 0;

	for (unsigned i = 0; i < network->set_count; i++) {
		uint8_t group[16];

		if (!network->sets[i].has_v6)
			continue;
		if (count == 0 && room > 0)
			groups[count++] = all_nodes;
		if (count == room)
			break;
		nd_group(group, network->sets[i].v6);
		nd_group_mac(groups[count++].addr_bytes, group);
	}
	return count;
}
