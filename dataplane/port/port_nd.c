// SPDX-License-Identifier: Apache-2.0
// Neighbour solicitations and advertisements (RFC 4861 sections 4.3, 4.4).
#include "port_priv.h"
#include "wire_bytes.h"

#include <errno.h>
#include <string.h>

#define IP6_LEN 40
#define ND_LEN 24
#define NEXT_ICMPV6 58
#define OPTION_SOURCE_MAC 1
#define OPTION_TARGET_MAC 2
#define FLAG_ROUTER 0x80
#define FLAG_SOLICITED 0x40
#define FLAG_OVERRIDE 0x20

static bool ip_is_unspecified(const uint8_t ip[16])
{
	static const uint8_t zero[16];

	return memcmp(ip, zero, 16) == 0;
}

// The options: 0 when every length is sound (RFC 4861 section 4.6: never zero).
static int options_parse(struct nd_message *nd, struct wire_walk walk)
{
	uint8_t wanted = nd->type == ND_SOLICIT ? OPTION_SOURCE_MAC : OPTION_TARGET_MAC;

	while (wire_walk_left(&walk) > 0) {
		size_t len;

		if (wire_walk_left(&walk) < 8)
			return -EINVAL;
		len = walk.at[1] * 8u;
		if (len == 0 || len > wire_walk_left(&walk))
			return -EINVAL;
		if (walk.at[0] == wanted && len == 8 && !(walk.at[2] & 1)) {
			nd->has_mac = true;
			memcpy(nd->mac, walk.at + 2, 6);
		}
		walk.at += len;
	}
	return 0;
}

// What RFC 4861 sections 7.1.1 and 7.1.2 demand of the addresses.
static int addresses_check(const struct nd_message *nd)
{
	bool is_group = nd->dst[0] == 0xff;

	if (nd->target[0] == 0xff)
		return -EINVAL;
	if (nd->type == ND_ADVERT)
		return is_group && nd->is_solicited ? -EINVAL : 0;
	if (ip_is_unspecified(nd->src) && (!is_group || nd->has_mac))
		return -EINVAL;
	return 0;
}

int nd_parse(struct nd_message *nd, const uint8_t *ip6, size_t len)
{
	struct nd_message read = {0};
	const uint8_t *icmp = ip6 + IP6_LEN;
	size_t icmp_len;

	if (len < IP6_LEN + 8 || ip6[0] >> 4 != 6 || ip6[6] != NEXT_ICMPV6)
		return -EINVAL;
	icmp_len = wire_load16(ip6 + 4);
	if (icmp_len < 8 || icmp_len > len - IP6_LEN)
		return -EINVAL;
	if (icmp[0] != ND_SOLICIT && icmp[0] != ND_ADVERT)
		return -ENOMSG;
	if (icmp_len < ND_LEN || ip6[7] != 255 || icmp[1] != 0)
		return -EINVAL;
	if (inet_fold(inet_sum(icmp, icmp_len,
		    inet_pseudo6(ip6 + 8, ip6 + 24, (uint32_t)icmp_len, NEXT_ICMPV6))) != 0)
		return -EINVAL;
	read.type = icmp[0];
	read.is_router = icmp[4] & FLAG_ROUTER;
	read.is_solicited = icmp[4] & FLAG_SOLICITED;
	read.is_override = icmp[4] & FLAG_OVERRIDE;
	memcpy(read.src, ip6 + 8, 16);
	memcpy(read.dst, ip6 + 24, 16);
	memcpy(read.target, icmp + 8, 16);
	if (options_parse(&read, wire_walk_over(icmp + ND_LEN, icmp_len - ND_LEN)) < 0 ||
		addresses_check(&read) < 0)
		return -EINVAL;
	*nd = read;
	return 0;
}

static uint8_t flags_of(const struct nd_message *nd)
{
	if (nd->type != ND_ADVERT)
		return 0;
	return (nd->is_router ? FLAG_ROUTER : 0) | (nd->is_solicited ? FLAG_SOLICITED : 0) |
		(nd->is_override ? FLAG_OVERRIDE : 0);
}

size_t nd_write(uint8_t *ip6, const struct nd_message *nd)
{
	uint8_t *icmp = ip6 + IP6_LEN;
	size_t icmp_len = nd->has_mac ? ND_LEN + 8 : ND_LEN;

	memset(ip6, 0, IP6_LEN + icmp_len);
	ip6[0] = 0x60;
	wire_store16(ip6 + 4, (uint16_t)icmp_len);
	ip6[6] = NEXT_ICMPV6;
	ip6[7] = 255;
	memcpy(ip6 + 8, nd->src, 16);
	memcpy(ip6 + 24, nd->dst, 16);
	icmp[0] = nd->type;
	icmp[4] = flags_of(nd);
	memcpy(icmp + 8, nd->target, 16);
	if (nd->has_mac) {
		icmp[24] = nd->type == ND_SOLICIT ? OPTION_SOURCE_MAC : OPTION_TARGET_MAC;
		icmp[25] = 1;
		memcpy(icmp + 26, nd->mac, 6);
	}
	wire_store16(icmp + 2,
		inet_fold(inet_sum(icmp, icmp_len,
			inet_pseudo6(nd->src, nd->dst, (uint32_t)icmp_len, NEXT_ICMPV6))));
	return IP6_LEN + icmp_len;
}

void nd_group(uint8_t group[16], const uint8_t ip[16])
{
	static const uint8_t prefix[13] = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};

	memcpy(group, prefix, sizeof(prefix));
	memcpy(group + 13, ip + 13, 3);
}

void nd_group_mac(uint8_t mac[6], const uint8_t group[16])
{
	mac[0] = 0x33;
	mac[1] = 0x33;
	memcpy(mac + 2, group + 12, 4);
}
