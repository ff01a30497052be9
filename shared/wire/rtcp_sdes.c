// SPDX-License-Identifier: Apache-2.0
// Reads the chunks and items of SDES packets (RFC 3550 6.5).
#include "rtcp_layout.h"
#include "wire_rtcp.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ITEM_HEAD 2
#define SDES_END 0

struct wire_walk wire_rtcp_sdes_walk(const struct wire_rtcp *packet)
{
	bool chunks = packet->type == WIRE_RTCP_SDES && packet->count > 0;

	return wire_walk_over(
		packet->data + RTCP_HEAD, chunks ? packet->len - (size_t)RTCP_HEAD : 0);
}

// The length of the items at p up to the end mark, or -EBADMSG when there is none.
static int items_measure(const uint8_t *p, size_t left)
{
	size_t len = 0;

	while (len < left && p[len] != SDES_END) {
		if (left - len < ITEM_HEAD)
			return -EBADMSG;
		len += ITEM_HEAD + (size_t)p[len + 1];
	}
	return len < left ? (int)len : -EBADMSG; // no end mark, or an item beyond the end
}

int wire_rtcp_sdes_next(struct wire_walk *walk, struct wire_rtcp_chunk *chunk)
{
	size_t left = wire_walk_left(walk);
	int len;

	if (left == 0)
		return 0;
	if (left < 8) // an SSRC and at least one word with the end mark
		return -EBADMSG;
	len = items_measure(walk->at + 4, left - 4);
	if (len < 0)
		return len;
	chunk->ssrc = wire_load32(walk->at);
	chunk->items = walk->at + 4;
	chunk->items_len = (uint16_t)len;
	// The end mark is followed by zeros up to the next word; the packet is whole words.
	walk->at += 4 + (((size_t)len + 4) & ~(size_t)3);
	return 1;
}

const uint8_t *wire_rtcp_sdes_find(const struct wire_rtcp_chunk *chunk, uint8_t type, uint8_t *len)
{
	const uint8_t *p = chunk->items, *end = p + chunk->items_len;

	for (; p < end; p += ITEM_HEAD + p[1]) { // the walker has measured the items
		if (p[0] != type)
			continue;
		*len = p[1];
		return p + ITEM_HEAD;
	}
	return NULL;
}
