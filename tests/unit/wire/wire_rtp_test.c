// SPDX-License-Identifier: Apache-2.0
// RTP: first bytes, headers and their bounds, extension elements, removal of extensions.
#include "hex.h"
#include "wire_rtp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_LEN 256
#define FIXED "1234000003e8cafebabe" // seq, ts and SSRC behind two bytes

static size_t from_hex(uint8_t *bytes, const char *text)
{
	size_t len = strlen(text) / 2;

	assert_true(len <= MAX_LEN);
	assert_int_equal(hex_parse(bytes, len, text), 0);
	return len;
}

// On a copy of exactly len bytes, so that the sanitizer sees any read behind them.
static int parse_exact(struct wire_rtp *rtp, const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct wire_walk walk;
	struct wire_rtp_ext ext;
	int ret;

	assert_non_null(copy);
	memcpy(copy, data, len);
	ret = wire_rtp_parse(rtp, copy, len);
	if (ret == 0) {
		walk = wire_rtp_ext_walk(rtp, copy);
		while (wire_rtp_ext_next(rtp, &walk, &ext))
			assert_true(ext.data + ext.len <= copy + rtp->header_len);
	}
	free(copy);
	return ret;
}

// RFC 7983 section 7 and RFC 5761 section 4, written down byte by byte.
static enum wire_kind kind_of(unsigned first, unsigned second)
{
	static const struct {
		unsigned from, to;
		enum wire_kind kind;
	} ranges[] = {
		{0, 3, WIRE_KIND_STUN},
		{16, 19, WIRE_KIND_ZRTP},
		{20, 63, WIRE_KIND_DTLS},
		{64, 79, WIRE_KIND_TURN},
		{80, 127, WIRE_KIND_QUIC},
		{128, 191, WIRE_KIND_RTP},
		{192, 255, WIRE_KIND_QUIC},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (first < ranges[i].from || first > ranges[i].to)
			continue;
		if (ranges[i].kind == WIRE_KIND_RTP && second >= 192 && second <= 223)
			return WIRE_KIND_RTCP;
		return ranges[i].kind;
	}
	return WIRE_KIND_OTHER;
}

static void first_bytes(void **state)
{
	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		for (unsigned second = 0; second < 256; second++) {
			uint8_t data[2] = {(uint8_t)first, (uint8_t)second};

			assert_int_equal(wire_classify(data, 2), kind_of(first, second));
		}
	}
	assert_int_equal(wire_classify((const uint8_t *)"\x80", 1), WIRE_KIND_OTHER);
	assert_int_equal(wire_classify(NULL, 0), WIRE_KIND_OTHER);
}

static void header_is_read(void **state)
{
	uint8_t data[MAX_LEN];
	struct wire_rtp rtp;
	size_t len;

	(void)state;
	len = from_hex(data,
		"b2ef" FIXED "0000000100000002"
		"bede0001"
		"10ff2000"
		"aabbcc"
		"000003");
	assert_int_equal(parse_exact(&rtp, data, len), 0);
	assert_true(rtp.marker);
	assert_int_equal(rtp.pt, 0x6f);
	assert_int_equal(rtp.seq, 0x1234);
	assert_int_equal(rtp.ts, 1000);
	assert_int_equal(rtp.ssrc, 0xcafebabe);
	assert_int_equal(rtp.csrc_count, 2);
	assert_int_equal(rtp.ext_profile, 0xbede);
	assert_int_equal(rtp.ext_offset, 24);
	assert_int_equal(rtp.ext_len, 4);
	assert_int_equal(rtp.header_len, 28);
	assert_int_equal(rtp.payload_len, 3);
	assert_int_equal(rtp.padding_len, 3);
	// With SRTP the last byte is ciphertext.
	data[len - 1] = 0xff;
	assert_int_equal(wire_rtp_parse(&rtp, data, len), -EBADMSG);
	assert_int_equal(wire_rtp_parse_header(&rtp, data, len), 0);
	assert_int_equal(rtp.payload_len, 6);
	assert_int_equal(rtp.padding_len, 0);
}

static void bounds_of_the_header(void **state)
{
	static const struct {
		const char *text;
		int ret;
	} cases[] = {
		{"806f" FIXED, 0}, // no payload
		{"406f" FIXED, -EBADMSG}, // version 1
		{"c06f" FIXED, -EBADMSG}, // version 3
		{"816f" FIXED, -EBADMSG}, // CSRC missing
		{"816f" FIXED "00000001", 0}, {"8f6f" FIXED "00000001", -EBADMSG},
		{"906f" FIXED, -EBADMSG}, // extension head missing
		{"906f" FIXED "bede00", -EBADMSG}, {"906f" FIXED "bede0000", 0},
		{"906f" FIXED "bede0001000000", -EBADMSG}, {"906f" FIXED "bede000100000000", 0},
		{"906f" FIXED "bedeffff00000000", -EBADMSG},
		{"a06f" FIXED, -EBADMSG}, // padding without a byte
		{"a06f" FIXED "00", -EBADMSG}, // padding that does not count itself
		{"a06f" FIXED "01", 0}, {"a06f" FIXED "aa02", 0},
		{"a06f" FIXED "aa03", -EBADMSG}, // padding into the header
	};
	uint8_t data[MAX_LEN];
	struct wire_rtp rtp;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (parse_exact(&rtp, data, from_hex(data, cases[i].text)) != cases[i].ret)
			fail_msg("wrong verdict: %s", cases[i].text);
	}
	for (size_t cut = 0; cut < WIRE_RTP_HEADER; cut++)
		assert_int_equal(parse_exact(&rtp, data, cut), -EBADMSG);
}

// Writes "id:len id:len " for the elements of a packet with that extension.
static void elements_list(char *text, size_t cap, const char *extension)
{
	uint8_t data[MAX_LEN];
	char packet[2 * MAX_LEN];
	struct wire_rtp_ext ext;
	struct wire_walk walk;
	struct wire_rtp rtp;

	snprintf(packet, sizeof(packet), "906f" FIXED "%s", extension);
	text[0] = 0;
	assert_int_equal(wire_rtp_parse(&rtp, data, from_hex(data, packet)), 0);
	walk = wire_rtp_ext_walk(&rtp, data);
	while (wire_rtp_ext_next(&rtp, &walk, &ext)) {
		size_t used = strlen(text);

		snprintf(text + used, cap - used, "%u:%u ", ext.id, ext.len);
	}
}

static const struct {
	const char *extension;
	const char *elements;
} extension_cases[] = {
	{"bede0000", ""},
	{"bede0001"
	 "00000000",
		""},
	{"bede0002"
	 "10ff0032aabbcc00",
		"1:1 3:3 "},
	{"bede0002"
	 "3faabbccddeeff00",
		""}, // 16 bytes told, 7 there
	{"bede0002"
	 "10ff05aa20bb0000",
		"1:1 "}, // id 0 with a length ends it, RFC 8285 4.2
	{"bede0002"
	 "10fff0aa20bb0000",
		"1:1 "}, // id 15 ends it
	{"bede0001"
	 "00000010",
		""}, // one byte told, none there
	{"10000003"
	 "0101ff000300"
	 "05020102"
	 "0000",
		"1:1 3:0 5:2 "},
	{"100f0001"
	 "0f01aa00",
		"15:1 "}, // any application bits; id 15 is ordinary here
	{"10000001"
	 "0103aabb",
		""},
	{"10000001"
	 "00000001",
		""}, // an id without its length
	{"10100001"
	 "0101aa00",
		""}, // neither profile
	{"abcd0001"
	 "10ff0000",
		""},
};

static void extension_elements(void **state)
{
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(extension_cases) / sizeof(extension_cases[0]); i++) {
		elements_list(text, sizeof(text), extension_cases[i].extension);
		if (strcmp(text, extension_cases[i].elements) != 0)
			fail_msg("%s: \"%s\"", extension_cases[i].extension, text);
	}
}

static void element_is_found(void **state)
{
	uint8_t data[MAX_LEN];
	struct wire_rtp_ext ext;
	struct wire_rtp rtp;

	(void)state;
	assert_int_equal(wire_rtp_parse(&rtp, data,
				 from_hex(data,
					 "906f" FIXED "bede0002"
					 "10ff0032aabbcc00")),
		0);
	assert_true(wire_rtp_ext_find(&rtp, data, 3, &ext));
	assert_int_equal(ext.len, 3);
	assert_memory_equal(ext.data, "\xaa\xbb\xcc", 3);
	assert_false(wire_rtp_ext_find(&rtp, data, 2, &ext));
	assert_int_equal(wire_rtp_parse(&rtp, data, from_hex(data, "806f" FIXED "10ff")), 0);
	assert_false(wire_rtp_ext_find(&rtp, data, 1, &ext));
}

static void extension_is_removed(void **state)
{
	static const char *const cases[][2] = {
		{"906f" FIXED "bede0001"
		 "10ff0000"
		 "aabbcc",
			"806f" FIXED "aabbcc"},
		{"906f" FIXED "bede0000"
		 "aabbcc",
			"806f" FIXED "aabbcc"},
		{"b2ef" FIXED "0000000100000002"
		 "10000002"
		 "0101ff0003000000"
		 "aabb02",
			"a2ef" FIXED "0000000100000002"
			"aabb02"},
		{"806f" FIXED "aabbcc", "806f" FIXED "aabbcc"},
	};
	uint8_t data[MAX_LEN], want[MAX_LEN];
	struct wire_rtp rtp, again;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = from_hex(data, cases[i][0]), want_len = from_hex(want, cases[i][1]);
		uint16_t removed;

		assert_int_equal(wire_rtp_parse(&rtp, data, len), 0);
		removed = wire_rtp_strip_extension(&rtp, data);
		assert_int_equal(len - removed, want_len);
		assert_memory_equal(data + removed, want, want_len);
		assert_int_equal(wire_rtp_parse(&again, want, want_len), 0);
		assert_int_equal(rtp.header_len, again.header_len);
		assert_int_equal(rtp.payload_len, again.payload_len);
		assert_int_equal(rtp.ext_offset, 0);
		assert_int_equal(wire_rtp_strip_extension(&rtp, data + removed), 0);
	}
}

static void fields_are_set(void **state)
{
	uint8_t data[MAX_LEN], want[MAX_LEN];
	size_t len = from_hex(data, "80ef" FIXED);

	(void)state;
	wire_rtp_set_pt(data, 0x88); // the eighth bit is the marker's
	wire_rtp_set_seq(data, 0xabcd);
	wire_rtp_set_ts(data, 0x01020304);
	wire_rtp_set_ssrc(data, 0x05060708);
	from_hex(want, "8088abcd0102030405060708");
	assert_memory_equal(data, want, len);
}

static void mutations_stay_in_bounds(void **state)
{
	uint8_t data[MAX_LEN];
	struct wire_rtp rtp;

	(void)state;
	srandom(3550);
	for (unsigned round = 0; round < 50000; round++) {
		size_t len = (size_t)(random() % 64);

		for (size_t i = 0; i < len; i++)
			data[i] = (uint8_t)random();
		data[0] = (uint8_t)(0x80 | (data[0] & 0x31)); // few CSRCs, so that extensions fit
		if (round & 1)
			memcpy(data + 12, round & 2 ? "\xbe\xde\x00" : "\x10\x00\x00", 3);
		data[15] &= 7;
		(void)parse_exact(&rtp, data, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_bytes),
		cmocka_unit_test(header_is_read),
		cmocka_unit_test(bounds_of_the_header),
		cmocka_unit_test(extension_elements),
		cmocka_unit_test(element_is_found),
		cmocka_unit_test(extension_is_removed),
		cmocka_unit_test(fields_are_set),
		cmocka_unit_test(mutations_stay_in_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
