// SPDX-License-Identifier: Apache-2.0
// Request bodies: one JSON object, of bounded size and depth.
#pragma once

#include <jansson.h>
#include <stddef.h>

#define JSON_BODY_BYTES_MAX (16 * 1024)
#define JSON_BODY_DEPTH_MAX 16
#define JSON_WHY_MAX 200

// Parses an object (RFC 8259) without duplicate keys. Returns a reference, or NULL and a sentence
// for the sender in why (JSON_WHY_MAX bytes).
json_t *json_body_parse(const char *body, size_t len, char *why);

// The string member of the object, at most max bytes; NULL when it is absent. Another type or more
// bytes: NULL and a sentence in why, which is "" otherwise.
const char *json_body_text(const json_t *object, const char *key, size_t max, char *why);
