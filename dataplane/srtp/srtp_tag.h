// SPDX-License-Identifier: Apache-2.0
// Authentication tags of 4, 10 or 16 bytes: copied and compared.
#pragma once

#include <stdint.h>
#include <string.h>

// The lengths are spelt out: a copy of variable length costs 60 cycles.
static inline void srtp_tag_copy(uint8_t *to, const uint8_t *from, uint8_t len)
{
	memcpy(to, from, 4);
	if (len >= 10)
		memcpy(to + 4, from + 4, 6);
	if (len == 16)
		memcpy(to + 10, from + 10, 6);
}

static inline uint64_t srtp_bytes_differ(const uint8_t *a, const uint8_t *b, uint8_t len)
{
	uint64_t x = 0, y = 0;

	memcpy(&x, a, len);
	memcpy(&y, b, len);
	return x ^ y;
}

// True if the two tags differ, in a time that does not depend on where.
static inline int srtp_tag_differs(const uint8_t *a, const uint8_t *b, uint8_t len)
{
	uint64_t difference = srtp_bytes_differ(a, b, 4);

	if (len >= 10)
		difference |=
			srtp_bytes_differ(a + 4, b + 4, 4) | srtp_bytes_differ(a + 8, b + 8, 2);
	if (len == 16)
		difference |= srtp_bytes_differ(a + 8, b + 8, 8);
	return difference != 0;
}
