// SPDX-License-Identifier: Apache-2.0
// Pieces of a line: tokens, numbers, addresses.
#include "sdp_text_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

char *sdp_token(char **cursor)
{
	char *start = *cursor + strspn(*cursor, " ");
	size_t len = strcspn(start, " ");

	if (len == 0)
		return NULL;
	*cursor = start + len;
	if (start[len] != '\0') {
		start[len] = '\0';
		*cursor = start + len + 1;
	}
	return start;
}

int sdp_number(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (*text == '\0')
		return -EINVAL;
	for (; *text != '\0'; text++) {
		unsigned digit = (unsigned)(*text - '0');

		if (*text < '0' || *text > '9')
			return -EINVAL;
		if (digit > max || value > (max - digit) / 10)
			return -EINVAL;
		value = value * 10 + digit;
	}
	*out = value;
	return 0;
}

bool sdp_is_token(const char *text)
{
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c <= ' ' || c >= 127 || strchr("\"(),/:;<=>?@[\\]", c))
			return false;
	}
	return true;
}

int sdp_address(const char *type, const char *text, struct sdp_addr *addr)
{
	int family = strcmp(type, "IP4") == 0 ? AF_INET : AF_INET6;
	struct sdp_addr parsed = {.family = family};

	if (family == AF_INET6 && strcmp(type, "IP6") != 0)
		return -EINVAL;
	if (inet_pton(family, text, parsed.ip) != 1)
		return -EINVAL;
	*addr = parsed;
	return 0;
}
