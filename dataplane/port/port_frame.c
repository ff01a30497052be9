// SPDX-License-Identifier: Apache-2.0
// Ethernet headers with at most one VLAN tag, and Internet checksums.
#include "port_priv.h"
#include "wire_bytes.h"

#include <errno.h>
#include <string.h>

int eth_parse(struct eth_frame *eth, const uint8_t *bytes, size_t len)
{
	size_t at = 14;
	uint16_t type;

	if (len < 14)
		return -EINVAL;
	type = wire_load16(bytes + 12);
	if (type == ETH_TYPE_VLAN && len < 18)
		return -EINVAL;
	memcpy(eth->dst, bytes, 6);
	memcpy(eth->src, bytes + 6, 6);
	eth->vlan = 0;
	if (type == ETH_TYPE_VLAN) {
		eth->vlan = wire_load16(bytes + 14) & 0xfff;
		type = wire_load16(bytes + 16);
		at = 18;
	}
	eth->type = type;
	eth->payload_at = at;
	return 0;
}

size_t eth_write(uint8_t *bytes, const struct eth_frame *eth)
{
	memcpy(bytes, eth->dst, 6);
	memcpy(bytes + 6, eth->src, 6);
	if (eth->vlan == 0) {
		wire_store16(bytes + 12, eth->type);
		return 14;
	}
	wire_store16(bytes + 12, ETH_TYPE_VLAN);
	wire_store16(bytes + 14, eth->vlan);
	wire_store16(bytes + 16, eth->type);
	return 18;
}

uint32_t inet_sum(const uint8_t *bytes, size_t len, uint32_t sum)
{
	for (; len >= 2; bytes += 2, len -= 2)
		sum += wire_load16(bytes);
	if (len == 1)
		sum += (uint32_t)bytes[0] << 8;
	return sum;
}

uint16_t inet_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint32_t inet_pseudo6(const uint8_t *src, const uint8_t *dst, uint32_t len, uint8_t next)
{
	uint32_t sum = inet_sum(src, 16, 0);

	sum = inet_sum(dst, 16, sum);
	return sum + (len >> 16) + (len & 0xffff) + next;
}
