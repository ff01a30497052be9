// SPDX-License-Identifier: Apache-2.0
// Checks and takes the networks of a configuration.
#include "config_priv.h"
#include "config_yaml.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MTU_MIN 1280 // of IPv6
#define MTU_MAX 9000

// One network being read.
struct network_reading {
	const struct config_reading *reading;
	const struct yaml_network *yaml;
	struct network *network;
	unsigned index;
	unsigned v4_count, v6_count;
};

static int refuse(const struct network_reading *r, const char *key, const char *text)
{
	char where[64];

	snprintf(where, sizeof(where), "networks/%u/%s", r->index, key);
	return yaml_file_refuse(
		r->reading->file, where, "network %s, %s: %s", r->yaml->name, key, text);
}

// "192.0.2.1/24" into address bytes and prefix length: family, or 0.
static uint8_t address_parse(const char *text, uint8_t ip[16], uint8_t *prefix)
{
	char copy[64];
	char *slash, *end;
	unsigned long bits;
	uint8_t family;

	snprintf(copy, sizeof(copy), "%s", text);
	slash = strchr(copy, '/');
	if (slash == NULL)
		return 0;
	*slash = '\0';
	if (inet_pton(AF_INET, copy, ip) == 1)
		family = 4;
	else if (inet_pton(AF_INET6, copy, ip) == 1)
		family = 6;
	else
		return 0;
	bits = strtoul(slash + 1, &end, 10);
	if (slash[1] < '0' || slash[1] > '9' || *end != '\0' || bits < 1 ||
		bits > (family == 4 ? 32 : 128))
		return 0;
	*prefix = (uint8_t)bits;
	return family;
}

static bool is_group(uint8_t family, const uint8_t *ip)
{
	return family == 4 ? ip[0] >= 224 || ip[0] == 127 || ip[0] == 0 : ip[0] == 0xff;
}

// The nth IPv4 and the nth IPv6 address share a set.
static bool address_add(
	struct network_reading *r, uint8_t family, const uint8_t *ip, uint8_t prefix)
{
	struct network *network = r->network;
	unsigned *count = family == 4 ? &r->v4_count : &r->v6_count;
	uint8_t *length = family == 4 ? &network->prefix_v4 : &network->prefix_v6;
	struct address_set *set = &network->sets[*count];

	if (*count == ADDRESS_SETS_MAX || (*count > 0 && *length != prefix))
		return false;
	*length = prefix;
	memcpy(family == 4 ? set->v4 : set->v6, ip, family == 4 ? 4 : 16);
	if (family == 4)
		set->has_v4 = true;
	else
		set->has_v6 = true;
	++*count;
	if (network->set_count < *count)
		network->set_count = *count;
	return true;
}

static int addresses_take(struct network_reading *r)
{
	char key[32];

	for (unsigned i = 0; i < r->yaml->addresses_count; i++) {
		uint8_t ip[16], prefix, family;

		snprintf(key, sizeof(key), "addresses/%u", i);
		family = address_parse(r->yaml->addresses[i], ip, &prefix);
		if (family == 0)
			return refuse(r, key,
				"not an address with prefix length, such as "
				"192.0.2.10/24 or 2001:db8::10/64");
		if (is_group(family, ip))
			return refuse(r, key, "not a unicast address");
		if (network_set_find(r->network, family, ip) >= 0)
			return refuse(r, key, "given twice");
		if (!address_add(r, family, ip, prefix))
			return refuse(r, key,
				"at most 16 of a family, all with one prefix length a family");
	}
	return 0;
}

static int gateways_take(struct network_reading *r)
{
	struct network *network = r->network;

	if (r->yaml->gateway_v4 != NULL) {
		if (inet_pton(AF_INET, r->yaml->gateway_v4, network->gateway_v4) != 1)
			return refuse(r, "gateway_v4", "not an IPv4 address");
		network->has_gateway_v4 = true;
	}
	if (r->yaml->gateway_v6 != NULL) {
		if (inet_pton(AF_INET6, r->yaml->gateway_v6, network->gateway_v6) != 1)
			return refuse(r, "gateway_v6", "not an IPv6 address");
		network->has_gateway_v6 = true;
	}
	return 0;
}

static int ranges_take(struct network_reading *r)
{
	const struct yaml_network *yaml = r->yaml;
	struct network *network = r->network;

	if (yaml->vlan > 4094)
		return refuse(r, "vlan", "from 1 to 4094, or 0 for untagged");
	if (yaml->dscp > 63)
		return refuse(r, "dscp", "from 0 to 63");
	network->vlan = yaml->vlan;
	network->dscp = yaml->dscp;
	network->mtu = yaml->mtu == 0 ? 1500 : yaml->mtu;
	if (network->mtu < MTU_MIN || network->mtu > MTU_MAX)
		return refuse(r, "mtu", "from 1280 to 9000");
	network->udp_first = yaml->udp_ports.first;
	network->udp_last = yaml->udp_ports.last;
	if (network->udp_first < 1024 || network->udp_first % 2 != 0)
		return refuse(r, "udp_ports/first", "an even port from 1024");
	if (network->udp_last <= network->udp_first || network->udp_last % 2 != 1)
		return refuse(r, "udp_ports/last", "an odd port above first");
	return 0;
}

// Two networks on one link need different addresses, else nobody knows whose a packet is.
static int overlap_check(const struct network_reading *r, const struct networks *networks)
{
	for (unsigned i = 0; i < r->index; i++) {
		const struct network *other = &networks->list[i];

		if (strcmp(other->name, r->network->name) == 0)
			return refuse(r, "name", "given to two networks");
		if (other->port_id != r->network->port_id || other->vlan != r->network->vlan)
			continue;
		for (unsigned k = 0; k < r->network->set_count; k++) {
			const struct address_set *set = &r->network->sets[k];

			if ((set->has_v4 && network_set_find(other, 4, set->v4) >= 0) ||
				(set->has_v6 && network_set_find(other, 6, set->v6) >= 0))
				return refuse(r, "addresses",
					"another network on the same port and VLAN has one of "
					"them");
		}
	}
	return 0;
}

static int port_find(const struct agw_config *config, const char *name)
{
	for (unsigned i = 0; i < config->port_count; i++) {
		if (strcmp(config->ports[i].name, name) == 0)
			return (int)i;
	}
	return -ENOENT;
}

static int network_take(struct agw_config *config, struct network_reading *r)
{
	int port = port_find(config, r->yaml->port);
	int ret;

	if (port < 0)
		return refuse(r, "port", "no such port under ports");
	snprintf(r->network->name, sizeof(r->network->name), "%s", r->yaml->name);
	r->network->id = (uint8_t)r->index;
	r->network->role = (enum network_role)r->yaml->role;
	r->network->port_id = (uint16_t)port;
	ret = ranges_take(r);
	if (ret == 0)
		ret = addresses_take(r);
	if (ret == 0)
		ret = gateways_take(r);
	return ret == 0 ? overlap_check(r, &config->networks) : ret;
}

int config_networks_take(struct agw_config *config, const struct config_reading *reading)
{
	const struct yaml_root *root = reading->root;
	bool has_role[2] = {false};

	config->networks.count = root->networks_count;
	for (unsigned i = 0; i < root->networks_count; i++) {
		struct network_reading r = {.reading = reading,
			.yaml = &root->networks[i],
			.network = &config->networks.list[i],
			.index = i};
		int ret = network_take(config, &r);

		if (ret < 0)
			return ret;
		has_role[r.network->role] = true;
	}
	if (!has_role[NETWORK_ACCESS] || !has_role[NETWORK_CORE])
		return yaml_file_refuse(reading->file, "networks",
			"at least one network with role access and one with role core");
	return 0;
}
