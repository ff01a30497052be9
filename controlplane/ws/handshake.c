// SPDX-License-Identifier: Apache-2.0
// The opening handshake: a strict reader of one HTTP/1.1 request, and its answer (RFC 6455 section 4.2, RFC 7118).
#include "ws_priv.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct span {
	const char *text;
	size_t len;
};

// What the request says; counts of headers that may stand once only.
struct request {
	struct span key, version, origin;
	unsigned hosts, keys, versions, origins;
	bool upgrade, connection, sip;
};

struct refusal {
	unsigned status;
	const char *phrase, *header, *why;
};

static const struct refusal refuse_syntax = {400, "Bad Request", "", "not an HTTP/1.1 request"};
static const struct refusal refuse_long = {
	431, "Request Header Fields Too Large", "", "the request is too long"};
static const struct refusal refuse_body = {400, "Bad Request", "", "a body is not expected"};
static const struct refusal refuse_host = {400, "Bad Request", "", "one Host is needed"};
static const struct refusal refuse_upgrade = {
	400, "Bad Request", "", "Upgrade: websocket and Connection: Upgrade are needed"};
static const struct refusal refuse_version_absent = {
	400, "Bad Request", "Sec-WebSocket-Version: 13\r\n", "one Sec-WebSocket-Version is needed"};
static const struct refusal refuse_version = {
	426, "Upgrade Required", "Sec-WebSocket-Version: 13\r\n", "version 13 is spoken here"};
static const struct refusal refuse_key = {
	400, "Bad Request", "", "Sec-WebSocket-Key must be 16 bytes in base64"};
static const struct refusal refuse_origin = {403, "Forbidden", "", "this Origin is not allowed"};
static const struct refusal refuse_subprotocol = {
	400, "Bad Request", "", "the subprotocol sip must be offered"};

static bool span_is(struct span span, const char *text)
{
	return span.len == strlen(text) && strncasecmp(span.text, text, span.len) == 0;
}

static bool char_is_token(char c)
{
	return isalnum((unsigned char)c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool span_is_token(struct span span)
{
	for (size_t i = 0; i < span.len; i++) {
		if (!char_is_token(span.text[i]))
			return false;
	}
	return span.len > 0;
}

static struct span span_trim(struct span span)
{
	while (span.len > 0 && (span.text[0] == ' ' || span.text[0] == '\t')) {
		span.text++;
		span.len--;
	}
	while (span.len > 0 && (span.text[span.len - 1] == ' ' || span.text[span.len - 1] == '\t'))
		span.len--;
	return span;
}

// Is the token in a comma-separated list?
static bool list_has(struct span list, const char *token, bool any_case)
{
	while (list.len > 0) {
		const char *comma = memchr(list.text, ',', list.len);
		struct span item = {
			list.text, comma == NULL ? list.len : (size_t)(comma - list.text)};

		list.text += item.len + (comma != NULL);
		list.len -= item.len + (comma != NULL);
		item = span_trim(item);
		if (any_case ? span_is(item, token)
			     : item.len == strlen(token) && memcmp(item.text, token, item.len) == 0)
			return true;
	}
	return false;
}

// "GET /target HTTP/1.1"
static bool request_line_is_legal(struct span line)
{
	static const char end[] = " HTTP/1.1";
	size_t end_len = sizeof(end) - 1;

	if (line.len < 5 + end_len || memcmp(line.text, "GET /", 5) != 0 ||
		memcmp(line.text + line.len - end_len, end, end_len) != 0)
		return false;
	for (size_t i = 4; i < line.len - end_len; i++) {
		if (line.text[i] <= ' ' || line.text[i] > '~')
			return false;
	}
	return true;
}

static const struct refusal *header_read(
	struct request *request, struct span name, struct span value)
{
	if (span_is(name, "Host")) {
		request->hosts += value.len > 0 ? 1 : 2;
	} else if (span_is(name, "Upgrade")) {
		request->upgrade |= list_has(value, "websocket", true);
	} else if (span_is(name, "Connection")) {
		request->connection |= list_has(value, "upgrade", true);
	} else if (span_is(name, "Sec-WebSocket-Key")) {
		request->key = value;
		request->keys++;
	} else if (span_is(name, "Sec-WebSocket-Version")) {
		request->version = value;
		request->versions++;
	} else if (span_is(name, "Sec-WebSocket-Protocol")) {
		request->sip |= list_has(value, "sip", false);
	} else if (span_is(name, "Origin")) {
		request->origin = value;
		request->origins++;
	} else if (span_is(name, "Transfer-Encoding") ||
		(span_is(name, "Content-Length") && !span_is(value, "0"))) {
		return &refuse_body;
	}
	return NULL;
}

// A header line: no folding, no blank before the colon, no control bytes (RFC 9112 section 5).
static const struct refusal *line_read(struct request *request, struct span line)
{
	const char *colon = memchr(line.text, ':', line.len);
	struct span name, value;

	if (colon == NULL)
		return &refuse_syntax;
	name = (struct span){line.text, (size_t)(colon - line.text)};
	value = (struct span){colon + 1, line.len - name.len - 1};
	if (!span_is_token(name))
		return &refuse_syntax;
	for (size_t i = 0; i < value.len; i++) {
		uint8_t byte = (uint8_t)value.text[i];

		if ((byte < ' ' && byte != '\t') || byte == 0x7f)
			return &refuse_syntax;
	}
	return header_read(request, name, span_trim(value));
}

static const struct refusal *request_read(struct request *request, const char *text, size_t len)
{
	const struct refusal *refusal = NULL;
	bool first = true;

	// text ends with the CR LF of the last header line: a lone CR or LF is found as a control byte.
	while (len > 0 && refusal == NULL) {
		const char *end = memmem(text, len, "\r\n", 2);
		struct span line = {text, end == NULL ? 0 : (size_t)(end - text)};

		if (end == NULL)
			return &refuse_syntax;
		text += line.len + 2;
		len -= line.len + 2;
		if (first && !request_line_is_legal(line))
			return &refuse_syntax;
		if (!first)
			refusal = line_read(request, line);
		first = false;
	}
	return refusal;
}

static bool key_is_legal(struct span key)
{
	if (key.len != 24 || memcmp(key.text + 22, "==", 2) != 0)
		return false;
	for (unsigned i = 0; i < 22; i++) {
		if (!isalnum((unsigned char)key.text[i]) && key.text[i] != '+' &&
			key.text[i] != '/')
			return false;
	}
	return true;
}

static bool origin_is_allowed(const struct ws_config *config, const struct request *request)
{
	if (request->origins == 0)
		return config->allow_no_origin;
	for (unsigned i = 0; i < config->origin_count; i++) {
		if (request->origin.len == strlen(config->origins[i]) &&
			memcmp(request->origin.text, config->origins[i], request->origin.len) == 0)
			return true;
	}
	return false;
}

static const struct refusal *request_check(
	const struct ws_config *config, const struct request *request)
{
	if (request->hosts != 1)
		return &refuse_host;
	if (!request->upgrade || !request->connection)
		return &refuse_upgrade;
	if (request->versions != 1)
		return &refuse_version_absent;
	if (!span_is(request->version, "13"))
		return &refuse_version;
	if (request->keys != 1 || !key_is_legal(request->key))
		return &refuse_key;
	if (request->origins > 1 || request->origin.len >= sizeof(((struct ws_answer *)0)->origin))
		return &refuse_syntax;
	if (!origin_is_allowed(config, request))
		return &refuse_origin;
	return request->sip ? NULL : &refuse_subprotocol;
}

static void refusal_write(const struct refusal *refusal, struct ws_answer *answer)
{
	answer->status = refusal->status;
	snprintf(answer->text, sizeof(answer->text),
		"HTTP/1.1 %u %s\r\n%sConnection: close\r\nContent-Type: text/plain\r\n"
		"Content-Length: %zu\r\n\r\n%s\n",
		refusal->status, refusal->phrase, refusal->header, strlen(refusal->why) + 1,
		refusal->why);
}

static void acceptance_write(const struct request *request, struct ws_answer *answer)
{
	char joined[24 + 36 + 1], accept[32];
	uint8_t digest[SHA_DIGEST_LENGTH];

	snprintf(joined, sizeof(joined), "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
		request->key.text);
	SHA1((const uint8_t *)joined, strlen(joined), digest);
	EVP_EncodeBlock((uint8_t *)accept, digest, sizeof(digest));
	answer->status = 101;
	memcpy(answer->origin, request->origin.len > 0 ? request->origin.text : "",
		request->origin.len);
	answer->origin[request->origin.len] = '\0';
	snprintf(answer->text, sizeof(answer->text),
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: sip\r\n\r\n",
		accept);
}

int ws_handshake_answer(
	const struct ws_config *config, const char *text, size_t len, struct ws_answer *answer)
{
	static const char start[] = "GET /";
	size_t start_len = len < sizeof(start) - 1 ? len : sizeof(start) - 1;
	const char *end = memmem(text, len, "\r\n\r\n", 4);
	struct request request = {0};
	const struct refusal *refusal;

	if (memcmp(text, start, start_len) != 0)
		refusal = &refuse_syntax;
	else if (end == NULL && len < WS_REQUEST_MAX)
		return -EAGAIN;
	else if (end == NULL || (size_t)(end - text) + 4 > WS_REQUEST_MAX)
		refusal = &refuse_long;
	else
		refusal = request_read(&request, text, (size_t)(end - text) + 2);
	if (refusal == NULL)
		refusal = request_check(config, &request);
	answer->consumed = end == NULL ? len : (size_t)(end - text) + 4;
	if (refusal != NULL)
		refusal_write(refusal, answer);
	else
		acceptance_write(&request, answer);
	return 0;
}
