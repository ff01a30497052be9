// SPDX-License-Identifier: Apache-2.0
// Is it UTF-8? (RFC 3629: shortest form, no surrogates, nothing above U+10FFFF.)
#include "ws_priv.h"

// Bytes of the sequence that starts with this one, and the bounds of its second byte; 0: can't start one.
static unsigned sequence_len(uint8_t first, uint8_t *low, uint8_t *high)
{
	*low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	*high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

bool ws_utf8_valid(const uint8_t *bytes, size_t len)
{
	size_t at = 0;

	while (at < len) {
		uint8_t low, high;
		unsigned n = sequence_len(bytes[at], &low, &high);

		if (n == 0 || n > len - at)
			return false;
		for (unsigned i = 1; i < n; i++) {
			if (bytes[at + i] < (i == 1 ? low : 0x80) ||
				bytes[at + i] > (i == 1 ? high : 0xbf))
				return false;
		}
		at += n;
	}
	return true;
}
