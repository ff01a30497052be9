// SPDX-License-Identifier: Apache-2.0
// Passwords as scrypt records (RFC 7914), N = 2^15, r = 8, p = 1, 16 bytes of salt.
#pragma once

#include <stdbool.h>

// "scrypt$15$8$1$" + salt and hash in hexadecimal + NUL.
#define PASSWORD_RECORD_MAX 128

// Writes the record of a password. 0, -EIO when OpenSSL refuses. About 0.1 s and 32 MiB.
int password_hash(const char *password, char record[static PASSWORD_RECORD_MAX]);

// Whether the password is the record's, compared in constant time. A malformed record is never
// matched. About 0.1 s and 32 MiB. Any thread.
bool password_verify(const char *password, const char *record);
