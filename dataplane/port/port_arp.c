// SPDX-License-Identifier: Apache-2.0
// ARP packets for IPv4 over Ethernet (RFC 826).
#include "port_priv.h"
#include "wire_bytes.h"

#include <errno.h>
#include <string.h>

#define ARP_HARDWARE_ETHERNET 1

int arp_parse(struct arp_packet *arp, const uint8_t *bytes, size_t len)
{
	uint16_t op;

	if (len < ARP_LEN)
		return -EINVAL;
	if (wire_load16(bytes) != ARP_HARDWARE_ETHERNET || wire_load16(bytes + 2) != ETH_TYPE_IPV4)
		return -EINVAL;
	if (bytes[4] != 6 || bytes[5] != 4)
		return -EINVAL;
	op = wire_load16(bytes + 6);
	if (op != ARP_REQUEST && op != ARP_REPLY)
		return -EINVAL;
	// A group address as sender would send our media to everybody.
	if (bytes[8] & 1)
		return -EINVAL;
	arp->op = op;
	memcpy(arp->sender_mac, bytes + 8, 6);
	memcpy(arp->sender_ip, bytes + 14, 4);
	memcpy(arp->target_mac, bytes + 18, 6);
	memcpy(arp->target_ip, bytes + 24, 4);
	return 0;
}

void arp_write(uint8_t *bytes, const struct arp_packet *arp)
{
	wire_store16(bytes, ARP_HARDWARE_ETHERNET);
	wire_store16(bytes + 2, ETH_TYPE_IPV4);
	bytes[4] = 6;
	bytes[5] = 4;
	wire_store16(bytes + 6, arp->op);
	memcpy(bytes + 8, arp->sender_mac, 6);
	memcpy(bytes + 14, arp->sender_ip, 4);
	memcpy(bytes + 18, arp->target_mac, 6);
	memcpy(bytes + 24, arp->target_ip, 4);
}
