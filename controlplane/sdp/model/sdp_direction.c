// SPDX-License-Identifier: Apache-2.0
// Which way media may flow, and what else one attribute says.
#include "sdp_question.h"

#include <string.h>

bool sdp_is_nowhere(const struct sdp_addr *addr)
{
	static const uint8_t zero[16];

	return memcmp(addr->ip, zero, sizeof(zero)) == 0;
}

uint8_t sdp_direction_of(const struct sdp_section *section, enum sdp_side side)
{
	// The hold of RFC 2543. Browsers write 0.0.0.0 with port 9 before ICE has found anything.
	if (side == SDP_IMS && section->has_conn && sdp_is_nowhere(&section->conn))
		return section->direction & (uint8_t)~SDP_RECV;
	return section->direction;
}

uint8_t sdp_direction_flip(uint8_t direction)
{
	return (uint8_t)((direction & SDP_SEND ? SDP_RECV : 0) |
		(direction & SDP_RECV ? SDP_SEND : 0));
}

uint8_t sdp_mid_ext_of(const struct sdp_section *section)
{
	for (unsigned i = 0; i < section->extmap_count; i++)
		if (strcmp(section->extmaps[i].uri, SDP_MID_URI) == 0)
			return section->extmaps[i].id;
	return 0;
}
