// SPDX-License-Identifier: Apache-2.0
// Answers ARP, neighbour discovery and echo on the links, and learns next hops from what it hears.
#include "port_resolver.h"

#include "port_priv.h"
#include "resolver_probe.h"

#include <rte_common.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ECHO_PER_S 1000 // answers to ping, over all networks

// A received frame and the networks it may be for.
struct input {
	struct eth_frame eth;
	const uint8_t *ip; // or ARP
	size_t len;
	uint16_t port_id;
	uint64_t now_us;
};

struct resolver *resolver_create(const struct networks *networks, struct neigh_table *table,
	resolver_send_fn send, void *arg)
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));

	if (resolver == NULL)
		return NULL;
	resolver->networks = networks;
	resolver->table = table;
	resolver->send = send;
	resolver->arg = arg;
	return resolver;
}

void resolver_destroy(struct resolver *resolver)
{
	free(resolver);
}

const struct resolver_counters *resolver_counters(const struct resolver *resolver)
{
	return &resolver->counters;
}

static bool network_hears(const struct network *network, const struct input *in)
{
	return network->port_id == in->port_id && network->vlan == in->eth.vlan;
}

// The network that has this local address on the link the frame came from.
static const struct network *network_of(
	const struct resolver *resolver, const struct input *in, uint8_t family, const uint8_t *ip)
{
	for (unsigned i = 0; i < resolver->networks->count; i++) {
		const struct network *network = &resolver->networks->list[i];

		if (network_hears(network, in) && network_set_find(network, family, ip) >= 0)
			return network;
	}
	return NULL;
}

static void learn(struct resolver *resolver, const struct network *network, neigh_slot slot,
	const uint8_t mac[6], uint64_t now_us)
{
	struct neigh_work *work = &resolver->table->work[neigh_index(slot)];

	if ((mac[0] & 1) || memcmp(mac, network->mac.addr_bytes, 6) == 0)
		return;
	if (work->state == NEIGH_PROBING)
		resolver->counters.resolved++;
	neigh_publish(resolver->table, slot, mac);
	neigh_confirmed(work, now_us);
}

// What a sender says of itself, for a next hop that somebody here wants: nothing else is kept.
static void learn_sender(struct resolver *resolver, const struct input *in, uint8_t family,
	const uint8_t *ip, const uint8_t mac[6])
{
	for (unsigned i = 0; i < resolver->networks->count; i++) {
		const struct network *network = &resolver->networks->list[i];
		neigh_slot slot;

		if (!network_hears(network, in))
			continue;
		slot = neigh_exact(resolver->table, network->id, family, ip);
		if (slot != NEIGH_NONE)
			learn(resolver, network, slot, mac, in->now_us);
	}
}

static void arp_input(struct resolver *resolver, const struct input *in)
{
	const struct network *network;
	struct arp_packet arp, reply = {.op = ARP_REPLY};

	if (arp_parse(&arp, in->ip, in->len) < 0) {
		resolver->counters.drop_malformed++;
		return;
	}
	learn_sender(resolver, in, 4, arp.sender_ip, arp.sender_mac);
	network = network_of(resolver, in, 4, arp.target_ip);
	if (network == NULL) {
		resolver->counters.drop_not_ours++;
		return;
	}
	if (arp.op != ARP_REQUEST)
		return;
	memcpy(reply.sender_mac, network->mac.addr_bytes, 6);
	memcpy(reply.sender_ip, arp.target_ip, 4);
	memcpy(reply.target_mac, arp.sender_mac, 6);
	memcpy(reply.target_ip, arp.sender_ip, 4);
	resolver_send_arp(resolver, network, arp.sender_mac, &reply);
	resolver->counters.arp_answered++;
}

static void solicit_input(
	struct resolver *resolver, const struct input *in, const struct nd_message *nd)
{
	static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};
	static const uint8_t unspecified[16];
	const struct network *network = network_of(resolver, in, 6, nd->target);
	struct nd_message reply = {.type = ND_ADVERT, .is_override = true, .has_mac = true};
	bool is_probe = memcmp(nd->src, unspecified, 16) == 0; // duplicate address detection

	if (network == NULL) {
		resolver->counters.drop_not_ours++;
		return;
	}
	if (nd->has_mac && !is_probe)
		learn_sender(resolver, in, 6, nd->src, nd->mac);
	reply.is_solicited = !is_probe;
	memcpy(reply.mac, network->mac.addr_bytes, 6);
	memcpy(reply.src, nd->target, 16);
	memcpy(reply.dst, is_probe ? all_nodes : nd->src, 16);
	memcpy(reply.target, nd->target, 16);
	resolver_send_nd(resolver, network, is_probe ? NULL : in->eth.src, &reply);
	resolver->counters.nd_answered++;
}

// RFC 4861 section 7.2.5, without the states of a host that routes: a MAC is taken when none is known, when it's the
// one known, or when the sender says it overrides.
static void advert_input(
	struct resolver *resolver, const struct input *in, const struct nd_message *nd)
{
	for (unsigned i = 0; i < resolver->networks->count; i++) {
		const struct network *network = &resolver->networks->list[i];
		struct rte_ether_addr known;
		neigh_slot slot;

		if (!network_hears(network, in))
			continue;
		slot = neigh_exact(resolver->table, network->id, 6, nd->target);
		if (slot == NEIGH_NONE)
			continue;
		if (!neigh_mac(resolver->table, slot, &known)) {
			if (nd->has_mac)
				learn(resolver, network, slot, nd->mac, in->now_us);
		} else if (!nd->has_mac || memcmp(known.addr_bytes, nd->mac, 6) == 0) {
			if (nd->is_solicited)
				neigh_confirmed(
					&resolver->table->work[neigh_index(slot)], in->now_us);
		} else if (nd->is_override) {
			learn(resolver, network, slot, nd->mac, in->now_us);
		}
	}
}

static bool echo_is_due(struct resolver *resolver, uint64_t now_us)
{
	if (now_us - resolver->echo_since_us >= 1000000) {
		resolver->echo_since_us = now_us;
		resolver->echo_count = 0;
	}
	if (resolver->echo_count >= ECHO_PER_S) {
		resolver->counters.drop_rate++;
		return false;
	}
	resolver->echo_count++;
	return true;
}

static void echo_input(struct resolver *resolver, const struct input *in, uint8_t family)
{
	size_t dst_at = family == 4 ? 16 : 24;
	uint8_t frame[FRAME_MAX];
	struct eth_frame eth = {.type = in->eth.type};
	const struct network *network;
	size_t at, len;

	if (in->len < (family == 4 ? 20u : 40u)) {
		resolver->counters.drop_malformed++;
		return;
	}
	network = network_of(resolver, in, family, in->ip + dst_at);
	if (network == NULL) {
		resolver->counters.drop_not_ours++;
		return;
	}
	if (!echo_is_due(resolver, in->now_us))
		return;
	memcpy(eth.dst, in->eth.src, 6);
	memcpy(eth.src, network->mac.addr_bytes, 6);
	eth.vlan = network->vlan;
	at = eth_write(frame, &eth);
	len = RTE_MIN(sizeof(frame) - at, (size_t)network->mtu);
	len = family == 4 ? icmp4_echo_reply(frame + at, len, in->ip, in->len)
			  : icmp6_echo_reply(frame + at, len, in->ip, in->len);
	if (len == 0) {
		resolver->counters.drop_malformed++;
		return;
	}
	resolver->send(network->port_id, frame, at + len, resolver->arg);
	resolver->counters.echo_answered++;
}

static void ip6_input(struct resolver *resolver, const struct input *in)
{
	struct nd_message nd;
	int ret = nd_parse(&nd, in->ip, in->len);

	if (ret == -ENOMSG)
		echo_input(resolver, in, 6);
	else if (ret < 0)
		resolver->counters.drop_malformed++;
	else if (nd.type == ND_SOLICIT)
		solicit_input(resolver, in, &nd);
	else
		advert_input(resolver, in, &nd);
}

void resolver_input(struct resolver *resolver, uint16_t port_id, const uint8_t *frame, size_t len,
	uint64_t now_us)
{
	struct input in = {.port_id = port_id, .now_us = now_us};

	if (eth_parse(&in.eth, frame, len) < 0) {
		resolver->counters.drop_malformed++;
		return;
	}
	in.ip = frame + in.eth.payload_at;
	in.len = len - in.eth.payload_at;
	if (in.eth.type == ETH_TYPE_ARP)
		arp_input(resolver, &in);
	else if (in.eth.type == ETH_TYPE_IPV4)
		echo_input(resolver, &in, 4);
	else if (in.eth.type == ETH_TYPE_IPV6)
		ip6_input(resolver, &in);
	else
		resolver->counters.drop_not_ours++;
}
