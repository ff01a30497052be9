// SPDX-License-Identifier: Apache-2.0
// Echo replies of ICMP (RFC 792) and ICMPv6 (RFC 4443 section 4.2).
#include "port_priv.h"
#include "wire_bytes.h"

#include <string.h>

#define IP4_LEN 20
#define IP6_LEN 40
#define ECHO_LEN 8
#define PROTO_ICMP 1
#define NEXT_ICMPV6 58
#define ICMP4_ECHO 8
#define ICMP6_ECHO 128
#define ICMP6_ECHO_REPLY 129
#define REPLY_TTL 64

// Length of the IPv4 header, 0 when it isn't that of a whole ICMP packet.
static size_t ip4_header_len(const uint8_t *ip, size_t len)
{
	size_t header_len;

	if (len < IP4_LEN || ip[0] >> 4 != 4 || ip[9] != PROTO_ICMP)
		return 0;
	header_len = (ip[0] & 0xf) * 4u;
	if (header_len < IP4_LEN || header_len > len)
		return 0;
	if (wire_load16(ip + 2) > len || wire_load16(ip + 2) < header_len + ECHO_LEN)
		return 0;
	// More fragments, or an offset: not whole.
	if ((wire_load16(ip + 6) & 0x3fff) != 0)
		return 0;
	return inet_fold(inet_sum(ip, header_len, 0)) == 0 ? header_len : 0;
}

size_t icmp4_echo_reply(uint8_t *reply, size_t room, const uint8_t *ip, size_t len)
{
	size_t header_len = ip4_header_len(ip, len);
	const uint8_t *icmp = ip + header_len;
	size_t icmp_len;

	if (header_len == 0)
		return 0;
	icmp_len = wire_load16(ip + 2) - header_len;
	if (icmp[0] != ICMP4_ECHO || icmp[1] != 0 || IP4_LEN + icmp_len > room)
		return 0;
	if (inet_fold(inet_sum(icmp, icmp_len, 0)) != 0)
		return 0;
	memset(reply, 0, IP4_LEN);
	reply[0] = 0x45;
	wire_store16(reply + 2, (uint16_t)(IP4_LEN + icmp_len));
	memcpy(reply + 4, ip + 4, 2);
	reply[8] = REPLY_TTL;
	reply[9] = PROTO_ICMP;
	memcpy(reply + 12, ip + 16, 4);
	memcpy(reply + 16, ip + 12, 4);
	wire_store16(reply + 10, inet_fold(inet_sum(reply, IP4_LEN, 0)));
	memcpy(reply + IP4_LEN, icmp, icmp_len);
	memset(reply + IP4_LEN, 0, 4); // type 0, code 0, checksum
	wire_store16(reply + IP4_LEN + 2, inet_fold(inet_sum(reply + IP4_LEN, icmp_len, 0)));
	return IP4_LEN + icmp_len;
}

size_t icmp6_echo_reply(uint8_t *reply, size_t room, const uint8_t *ip, size_t len)
{
	const uint8_t *icmp = ip + IP6_LEN;
	size_t icmp_len;

	if (len < IP6_LEN + ECHO_LEN || ip[0] >> 4 != 6 || ip[6] != NEXT_ICMPV6)
		return 0;
	icmp_len = wire_load16(ip + 4);
	if (icmp_len < ECHO_LEN || icmp_len > len - IP6_LEN || IP6_LEN + icmp_len > room)
		return 0;
	if (icmp[0] != ICMP6_ECHO || icmp[1] != 0 || ip[8] == 0xff)
		return 0;
	if (inet_fold(inet_sum(icmp, icmp_len,
		    inet_pseudo6(ip + 8, ip + 24, (uint32_t)icmp_len, NEXT_ICMPV6))) != 0)
		return 0;
	memset(reply, 0, IP6_LEN);
	reply[0] = 0x60;
	memcpy(reply + 4, ip + 4, 3);
	reply[7] = REPLY_TTL;
	memcpy(reply + 8, ip + 24, 16);
	memcpy(reply + 24, ip + 8, 16);
	memcpy(reply + IP6_LEN, icmp, icmp_len);
	memset(reply + IP6_LEN, 0, 4);
	reply[IP6_LEN] = ICMP6_ECHO_REPLY;
	wire_store16(reply + IP6_LEN + 2,
		inet_fold(inet_sum(reply + IP6_LEN, icmp_len,
			inet_pseudo6(reply + 8, reply + 24, (uint32_t)icmp_len, NEXT_ICMPV6))));
	return IP6_LEN + icmp_len;
}
