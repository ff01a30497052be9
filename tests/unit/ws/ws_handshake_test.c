// SPDX-License-Identifier: Apache-2.0
// The opening handshake: the vector of RFC 6455 section 1.3, and every refusal.
#include "ws_priv.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const origins[] = {"https://web.ims.test:8444", "https://web.ims.test"};
static const struct ws_config config = {.origins = origins, .origin_count = 2};

#define LINE "GET /w2?x=1 HTTP/1.1\r\n"
#define HOST "Host: server.example.com\r\n"
#define UPGRADE "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define SIP "Sec-WebSocket-Protocol: chat, sip\r\n"
#define ORIGIN "Origin: https://web.ims.test\r\n"
#define GOOD LINE HOST UPGRADE KEY VERSION SIP ORIGIN "\r\n"

// The request in a block of its own, so that a read beyond it is found.
static int answer_to(const char *request, size_t len, struct ws_answer *answer)
{
	char *copy = malloc(len);
	int ret;

	memcpy(copy, request, len);
	ret = ws_handshake_answer(&config, copy, len, answer);
	free(copy);
	return ret;
}

static void test_vector(void **state)
{
	struct ws_answer answer;

	(void)state;
	assert_int_equal(answer_to(GOOD "\x81", sizeof(GOOD), &answer), 0);
	assert_int_equal(answer.status, 101);
	assert_int_equal(answer.consumed, sizeof(GOOD) - 1);
	assert_string_equal(answer.origin, "https://web.ims.test");
	assert_non_null(
		strstr(answer.text, "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
	assert_non_null(strstr(answer.text, "\r\nSec-WebSocket-Protocol: sip\r\n"));
	assert_null(strstr(answer.text, "Extensions"));
	assert_string_equal(answer.text + strlen(answer.text) - 4, "\r\n\r\n");
}

static void test_incomplete(void **state)
{
	struct ws_answer answer;

	(void)state;
	for (size_t len = 1; len < sizeof(GOOD) - 1; len++)
		assert_int_equal(answer_to(GOOD, len, &answer), -EAGAIN);
}

static void test_refusals(void **state)
{
	static const struct {
		unsigned status;
		const char *request;
	} cases[] = {
		{400, "POST / HTTP/1.1\r\n" HOST UPGRADE KEY VERSION SIP ORIGIN "\r\n"},
		{400, "GET / HTTP/1.0\r\n" HOST UPGRADE KEY VERSION SIP ORIGIN "\r\n"},
		{400, "GET / HTTP/1.1 \r\n" HOST UPGRADE KEY VERSION SIP ORIGIN "\r\n"},
		{400, "GET http://x/ HTTP/1.1\r\n" HOST UPGRADE KEY VERSION SIP ORIGIN "\r\n"},
		{400, "REGISTER sip:ims.test SIP/2.0\r\n\r\n"},
		{400, "\x16\x03\x01"},
		{400, LINE UPGRADE KEY VERSION SIP ORIGIN "\r\n"},
		{400, LINE HOST HOST UPGRADE KEY VERSION SIP ORIGIN "\r\n"},
		{400, LINE "Host:\r\n" UPGRADE KEY VERSION SIP ORIGIN "\r\n"},
		{400, LINE HOST "Upgrade: websocket\r\n" KEY VERSION SIP ORIGIN "\r\n"},
		{400, LINE HOST "Connection: Upgrade\r\n" KEY VERSION SIP ORIGIN "\r\n"},
		{400, LINE HOST UPGRADE VERSION SIP ORIGIN "\r\n"},
		{400, LINE HOST UPGRADE KEY KEY VERSION SIP ORIGIN "\r\n"},
		{400, LINE HOST UPGRADE "Sec-WebSocket-Key: AAAA\r\n" VERSION SIP ORIGIN "\r\n"},
		{400,
			LINE HOST UPGRADE
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=a\r\n" VERSION SIP ORIGIN
			"\r\n"},
		{400,
			LINE HOST UPGRADE
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j-Q==\r\n" VERSION SIP ORIGIN
			"\r\n"},
		{400, LINE HOST UPGRADE KEY SIP ORIGIN "\r\n"},
		{400, LINE HOST UPGRADE KEY VERSION VERSION SIP ORIGIN "\r\n"},
		{426, LINE HOST UPGRADE KEY "Sec-WebSocket-Version: 8\r\n" SIP ORIGIN "\r\n"},
		{426, LINE HOST UPGRADE KEY "Sec-WebSocket-Version: 13, 8\r\n" SIP ORIGIN "\r\n"},
		{400, LINE HOST UPGRADE KEY VERSION ORIGIN "\r\n"},
		{400,
			LINE HOST UPGRADE KEY VERSION "Sec-WebSocket-Protocol: SIP, sips\r\n" ORIGIN
						      "\r\n"},
		{403, LINE HOST UPGRADE KEY VERSION SIP "\r\n"},
		{403, LINE HOST UPGRADE KEY VERSION SIP "Origin: null\r\n\r\n"},
		{403,
			LINE HOST UPGRADE KEY VERSION SIP
			"Origin: https://web.ims.test:8445\r\n\r\n"},
		{403, LINE HOST UPGRADE KEY VERSION SIP "Origin: http://web.ims.test\r\n\r\n"},
		{403,
			LINE HOST UPGRADE KEY VERSION SIP
			"Origin: https://web.ims.test.evil\r\n\r\n"},
		{403, LINE HOST UPGRADE KEY VERSION SIP "Origin: https://WEB.ims.test\r\n\r\n"},
		{400, LINE HOST UPGRADE KEY VERSION SIP ORIGIN ORIGIN "\r\n"},
		{400, LINE HOST UPGRADE KEY VERSION SIP ORIGIN "X: a\r\n folded\r\n\r\n"},
		{400, LINE HOST UPGRADE KEY VERSION SIP ORIGIN "X : a\r\n\r\n"},
		{400, LINE HOST UPGRADE KEY VERSION SIP ORIGIN "X\r\n\r\n"},
		{400, LINE HOST UPGRADE KEY VERSION SIP ORIGIN "X: a\nb\r\n\r\n"},
		{400, LINE HOST UPGRADE KEY VERSION SIP ORIGIN "X: a\rb\r\n\r\n"},
		{400, LINE HOST UPGRADE KEY VERSION SIP ORIGIN "Content-Length: 3\r\n\r\n"},
		{400,
			LINE HOST UPGRADE KEY VERSION SIP ORIGIN
			"Transfer-Encoding: chunked\r\n\r\n"},
	};
	struct ws_answer answer;

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(answer_to(cases[i].request, strlen(cases[i].request), &answer), 0);
		if (answer.status != cases[i].status)
			fail_msg("case %u: %u, not %u", i, answer.status, cases[i].status);
		assert_true(strlen(answer.text) < sizeof(answer.text) - 1);
		assert_int_equal(strstr(answer.text, "\r\nSec-WebSocket-Version: 13\r\n") != NULL,
			answer.status == 426 ||
				strstr(answer.text, "one Sec-WebSocket-Version") != NULL);
	}
}

static void test_nul(void **state)
{
	static const char request[] = LINE HOST UPGRADE KEY VERSION SIP ORIGIN "X: a\0b\r\n\r\n";
	struct ws_answer answer;

	(void)state;
	assert_int_equal(answer_to(request, sizeof(request) - 1, &answer), 0);
	assert_int_equal(answer.status, 400);
}

static void test_too_long(void **state)
{
	char *request = malloc(WS_REQUEST_MAX + 8);
	struct ws_answer answer;

	(void)state;
	memset(request, 'a', WS_REQUEST_MAX + 8);
	memcpy(request, LINE, sizeof(LINE) - 1);
	assert_int_equal(answer_to(request, WS_REQUEST_MAX - 1, &answer), -EAGAIN);
	assert_int_equal(answer_to(request, WS_REQUEST_MAX, &answer), 0);
	assert_int_equal(answer.status, 431);
	memcpy(request + WS_REQUEST_MAX + 4, "\r\n\r\n", 4);
	assert_int_equal(answer_to(request, WS_REQUEST_MAX + 8, &answer), 0);
	assert_int_equal(answer.status, 431);
	free(request);
}

static void test_no_origin_allowed(void **state)
{
	static const char request[] = LINE HOST UPGRADE KEY VERSION SIP "\r\n";
	struct ws_config open = config;
	struct ws_answer answer;

	(void)state;
	open.allow_no_origin = 1;
	assert_int_equal(ws_handshake_answer(&open, request, sizeof(request) - 1, &answer), 0);
	assert_int_equal(answer.status, 101);
	assert_string_equal(answer.origin, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vector),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_no_origin_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
