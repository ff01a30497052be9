// SPDX-License-Identifier: Apache-2.0
// Where addresses lie, seen from a network: ours, on the link, behind the gateway, or nowhere a packet may go.
#include "port_priv.h"

#include <string.h>

int network_set_find(const struct network *network, uint8_t family, const uint8_t *ip)
{
	for (unsigned i = 0; i < network->set_count; i++) {
		const struct address_set *set = &network->sets[i];

		if (family == 4 && set->has_v4 && memcmp(set->v4, ip, 4) == 0)
			return (int)i;
		if (family == 6 && set->has_v6 && memcmp(set->v6, ip, 16) == 0)
			return (int)i;
	}
	return -1;
}

static bool prefix_matches(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8;
	unsigned rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

static bool is_on_link(const struct network *network, uint8_t family, const uint8_t *ip)
{
	for (unsigned i = 0; i < network->set_count; i++) {
		const struct address_set *set = &network->sets[i];

		if (family == 4 && set->has_v4 && prefix_matches(set->v4, ip, network->prefix_v4))
			return true;
		if (family == 6 && set->has_v6 && prefix_matches(set->v6, ip, network->prefix_v6))
			return true;
	}
	return false;
}

const uint8_t *network_gateway(const struct network *network, uint8_t family)
{
	if (family == 4)
		return network->has_gateway_v4 ? network->gateway_v4 : NULL;
	return network->has_gateway_v6 ? network->gateway_v6 : NULL;
}

const uint8_t *network_next_hop(const struct network *network, uint8_t family, const uint8_t *ip)
{
	const uint8_t *gateway = network_gateway(network, family);

	// The gateway itself may have a link-local address.
	if (gateway != NULL && memcmp(ip, gateway, family == 4 ? 4 : 16) == 0)
		return gateway;
	if (!network_addr_usable(network, family, ip))
		return NULL;
	return is_on_link(network, family, ip) ? ip : gateway;
}

bool neigh_exists(const struct network *network, uint8_t family, const uint8_t *ip)
{
	return network_next_hop(network, family, ip) != NULL;
}

// Whether every bit behind the prefix has this value.
static bool host_bits_are(const uint8_t *ip, unsigned len, unsigned bits, bool value)
{
	for (unsigned bit = bits; bit < 8 * len; bit++) {
		if (((ip[bit / 8] >> (7 - bit % 8)) & 1) != value)
			return false;
	}
	return true;
}

static bool v4_is_special(const struct network *network, const uint8_t *ip)
{
	unsigned bits = network->prefix_v4;

	if (ip[0] == 0 || ip[0] == 127 || ip[0] >= 224 || (ip[0] == 169 && ip[1] == 254))
		return true;
	// The link's own address and its broadcast; RFC 3021 gives both ends of a /31 to hosts.
	return bits < 31 && is_on_link(network, 4, ip) &&
		(host_bits_are(ip, 4, bits, false) || host_bits_are(ip, 4, bits, true));
}

static bool v6_is_special(const struct network *network, const uint8_t *ip)
{
	static const uint8_t low[12]; // ::, ::1 and what else begins with 96 zero bits
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	unsigned bits = network->prefix_v6;

	if (ip[0] == 0xff || (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80) ||
		memcmp(ip, low, 12) == 0 || memcmp(ip, mapped, 12) == 0)
		return true;
	// The subnet-router anycast address (RFC 4291 section 2.6.1; RFC 6164 for /127).
	return bits < 127 && is_on_link(network, 6, ip) && host_bits_are(ip, 16, bits, false);
}

bool network_addr_usable(const struct network *network, uint8_t family, const uint8_t *ip)
{
	return family == 4 ? !v4_is_special(network, ip) : !v6_is_special(network, ip);
}
