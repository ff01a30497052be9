// SPDX-License-Identifier: Apache-2.0
// Base64url without padding (RFC 4648 section 5), as JWS and JWK want it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define B64URL_LEN(bytes) (((bytes)*4 + 2) / 3)

// Writes B64URL_LEN(len) characters and a NUL. Returns the number of characters.
size_t b64url_write(char *text, const uint8_t *bytes, size_t len);
