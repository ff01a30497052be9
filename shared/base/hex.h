// SPDX-License-Identifier: Apache-2.0
// Bytes to and from hexadecimal text.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Writes 2 * len lower-case digits and a NUL to text, which has room for 2 * len + 1.
void hex_write(char *text, const uint8_t *bytes, size_t len);

// Reads exactly 2 * len digits of either case from text. 0, or -EINVAL when there are other
// characters or fewer digits; bytes is written only on success up to the wrong digit.
int hex_parse(uint8_t *bytes, size_t len, const char *text);
