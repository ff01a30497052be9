// SPDX-License-Identifier: Apache-2.0
// Base64url: six bits a character, no padding.
#include "wwsf_b64url.h"

size_t b64url_write(char *text, const uint8_t *bytes, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t bits = 0;
	unsigned held = 0;
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		bits = (bits << 8) | bytes[i];
		held += 8;
		while (held >= 6) {
			held -= 6;
			text[at++] = digits[(bits >> held) & 63];
		}
	}
	if (held > 0)
		text[at++] = digits[(bits << (6 - held)) & 63];
	text[at] = '\0';
	return at;
}
