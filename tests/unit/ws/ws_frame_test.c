// SPDX-License-Identifier: Apache-2.0
// Frames: the examples of RFC 6455 section 5.7, fragments, limits, everything illegal, and random cuts of the stream.
#include "ws_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT(s) (const uint8_t *)(s), sizeof(s) - 1

// One line a frame: "M5:Hello " "P0: " "C1000 " "B1002 ".
static void events_write(
	const uint8_t *bytes, size_t len, size_t message_max, size_t cut, char *text, size_t room)
{
	struct ws_frames frames = {.message_max = message_max};
	static const char letters[] = " MPpCB";
	struct ws_frame frame = {.kind = WS_FRAME_NONE};
	size_t at = 0, used = 0;

	text[0] = '\0';
	while (at < len && frame.kind != WS_FRAME_BAD) {
		size_t n = len - at < cut ? len - at : cut;
		uint8_t *copy = malloc(n);
		size_t taken = 0;

		memcpy(copy, bytes + at, n);
		while (taken < n && frame.kind != WS_FRAME_BAD) {
			taken += ws_frames_next(&frames, copy + taken, n - taken, &frame);
			if (frame.kind == WS_FRAME_NONE)
				continue;
			used += (size_t)snprintf(
				text + used, room - used, "%c", letters[frame.kind]);
			if (frame.kind >= WS_FRAME_CLOSE)
				used += (size_t)snprintf(
					text + used, room - used, "%u ", frame.code);
			else
				used += (size_t)snprintf(text + used, room - used, "%zu:%.*s ",
					frame.len, frame.len > 16 ? 0 : (int)frame.len,
					frame.len > 0 ? (const char *)frame.data : "");
			if (frame.kind == WS_FRAME_MESSAGE)
				ws_frames_release(&frames);
		}
		at += n;
		free(copy);
	}
	ws_frames_release(&frames);
}

// A masked frame (mask 1 2 3 4) at the end of a stream.
static size_t frame_add(uint8_t *bytes, size_t at, uint8_t first, const void *payload, size_t len)
{
	unsigned head_len = ws_head_write(bytes + at, 0, len);

	bytes[at] = first;
	bytes[at + 1] |= 0x80;
	at += head_len;
	for (unsigned i = 0; i < 4; i++)
		bytes[at++] = (uint8_t)(i + 1);
	for (size_t i = 0; i < len; i++)
		bytes[at++] = ((const uint8_t *)payload)[i] ^ (uint8_t)((i & 3) + 1);
	return at;
}

static void assert_events(const uint8_t *bytes, size_t len, const char *expected)
{
	char text[512];

	for (size_t cut = 1; cut <= len && cut < 40; cut++) {
		events_write(bytes, len, 1000, cut, text, sizeof(text));
		assert_string_equal(text, expected);
	}
	events_write(bytes, len, 1000, len, text, sizeof(text));
	assert_string_equal(text, expected);
}

static void test_rfc_examples(void **state)
{
	(void)state;
	assert_events(TEXT("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), "M5:Hello ");
	assert_events(TEXT("\x89\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), "P5:Hello ");
	assert_events(TEXT("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), "p5:Hello ");
	// Unmasked, as only servers may send.
	assert_events(TEXT("\x81\x05Hello"), "B1002 ");
}

static void test_fragments_with_ping(void **state)
{
	uint8_t bytes[128];
	size_t len = 0;

	(void)state;
	len = frame_add(bytes, len, 0x01, "Hel", 3);
	len = frame_add(bytes, len, 0x89, "in", 2);
	len = frame_add(bytes, len, 0x00, "", 0);
	len = frame_add(bytes, len, 0x80, "lo", 2);
	len = frame_add(bytes, len, 0x82, "\xff", 1);
	len = frame_add(bytes, len, 0x81, "", 0);
	len = frame_add(bytes, len, 0x88, "\x03\xe8", 2);
	assert_events(bytes, len, "P2:in M5:Hello M1:\xff M0: C1000 ");
}

static void test_illegal(void **state)
{
	static const struct {
		uint8_t first;
		const char *payload;
		size_t len;
		const char *expected;
	} cases[] = {
		{0xc1, "a", 1, "B1002 "}, // RSV1
		{0xa1, "a", 1, "B1002 "}, // RSV2
		{0x91, "a", 1, "B1002 "}, // RSV3
		{0x83, "a", 1, "B1002 "}, // reserved opcodes
		{0x87, "a", 1, "B1002 "},
		{0x8b, "a", 1, "B1002 "},
		{0x8f, "a", 1, "B1002 "},
		{0x80, "a", 1, "B1002 "}, // continuation of nothing
		{0x09, "a", 1, "B1002 "}, // a control frame in fragments
		{0x88, "a", 1, "B1002 "}, // half a code
		{0x88, "\x03\xe7", 2, "B1002 "}, // 999
		{0x88, "\x03\xed", 2, "B1002 "}, // 1005
		{0x88, "\x03\xf7", 2, "B1002 "}, // 1015
		{0x88, "\x0b\xb7", 2, "B1002 "}, // 2999
		{0x88, "\x03\xe8\xff", 3, "B1007 "},
		{0x88, "\x03\xe8ok", 4, "C1000 "},
		{0x88, "\x0b\xb8", 2, "C3000 "},
		{0x88, "", 0, "C1005 "},
		{0x81, "\xc3\x28", 2, "B1007 "},
		{0x81, "\xc3\xa4", 2, "M2:\xc3\xa4 "},
	};
	uint8_t bytes[64];

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = frame_add(bytes, 0, cases[i].first, cases[i].payload, cases[i].len);

		assert_events(bytes, len, cases[i].expected);
	}
	// A second message before the first has ended.
	assert_events(
		bytes, frame_add(bytes, frame_add(bytes, 0, 0x01, "a", 1), 0x81, "b", 1), "B1002 ");
}

static void test_lengths(void **state)
{
	uint8_t bytes[2048], payload[1200];
	size_t len;

	(void)state;
	memset(payload, 'x', sizeof(payload));
	len = frame_add(bytes, 0, 0x82, payload, 125);
	len = frame_add(bytes, len, 0x82, payload, 126);
	len = frame_add(bytes, len, 0x82, payload, 1000);
	assert_events(bytes, len, "M125: M126: M1000: ");
	assert_events(bytes, frame_add(bytes, 0, 0x82, payload, 1001), "B1009 ");
	len = frame_add(bytes, 0, 0x02, payload, 600);
	len = frame_add(bytes, len, 0x80, payload, 401);
	assert_events(bytes, len, "B1009 ");
	// A control frame over 125 bytes; lengths that aren't in the shortest form; the top bit of 64.
	assert_events(TEXT("\x89\xfe\x00\x7e\x01\x02\x03\x04"), "B1002 ");
	assert_events(TEXT("\x82\xfe\x00\x7d\x01\x02\x03\x04"), "B1002 ");
	assert_events(TEXT("\x82\xff\0\0\0\0\0\0\xff\xff\x01\x02\x03\x04"), "B1002 ");
	assert_events(TEXT("\x82\xff\x80\0\0\0\0\1\0\0\x01\x02\x03\x04"), "B1002 ");
	assert_events(TEXT("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04"), "B1009 ");
}

static void test_fragment_limit(void **state)
{
	uint8_t bytes[2048];
	size_t len = frame_add(bytes, 0, 0x01, "a", 1);

	(void)state;
	for (unsigned i = 1; i < WS_FRAGMENTS_MAX; i++)
		len = frame_add(bytes, len, 0x00, "", 0);
	assert_events(bytes, frame_add(bytes, len, 0x80, "b", 1), "B1008 ");
	len = frame_add(bytes, 0, 0x01, "a", 1);
	for (unsigned i = 2; i < WS_FRAGMENTS_MAX; i++)
		len = frame_add(bytes, len, 0x00, "", 0);
	assert_events(bytes, frame_add(bytes, len, 0x80, "b", 1), "M2:ab ");
}

static void test_utf8(void **state)
{
	static const char *const good[] = {"", "a", "\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf",
		"\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
	static const char *const bad[] = {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf",
		"\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
		"\xe2\x82", "a\xc3"};

	(void)state;
	for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(ws_utf8_valid((const uint8_t *)good[i], strlen(good[i])));
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(ws_utf8_valid((const uint8_t *)bad[i], strlen(bad[i])));
}

// Whatever comes, the parser stays in its bounds and agrees with itself however the stream is cut.
static void test_random(void **state)
{
	char whole[4096], cut[4096];
	uint8_t bytes[256];

	(void)state;
	srand(6455);
	for (unsigned run = 0; run < 20000; run++) {
		size_t len = 1 + (size_t)rand() % sizeof(bytes);

		for (size_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)rand();
		if (run & 1) {
			bytes[0] &= 0x8f;
			if (len > 1)
				bytes[1] = 0x80 | (bytes[1] & 0x1f);
		}
		events_write(bytes, len, 100, len, whole, sizeof(whole));
		events_write(bytes, len, 100, 1 + (size_t)rand() % 7, cut, sizeof(cut));
		assert_string_equal(whole, cut);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc_examples),
		cmocka_unit_test(test_fragments_with_ping),
		cmocka_unit_test(test_illegal),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_fragment_limit),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
