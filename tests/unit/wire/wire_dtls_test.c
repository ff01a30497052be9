// SPDX-License-Identifier: Apache-2.0
// DTLS: records of a datagram, handshake fragments, Chromium's ClientHello in two datagrams.
#include "hex.h"
#include "wire_dtls.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_LEN 2048

static size_t from_hex(uint8_t *bytes, const char *text)
{
	size_t len = strlen(text) / 2;

	assert_true(len <= MAX_LEN);
	assert_int_equal(hex_parse(bytes, len, text), 0);
	return len;
}

// The number of whole records (of a copy of exactly len bytes), or the error after *good of them.
static int records_count(const uint8_t *data, size_t len, int *good)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct wire_dtls_handshake handshake;
	struct wire_dtls_record record;
	struct wire_walk walk, inner;
	int ret;

	assert_non_null(copy);
	memcpy(copy, data, len);
	walk = wire_walk_over(copy, len);
	*good = 0;
	while ((ret = wire_dtls_next(&walk, &record)) == 1) {
		(*good)++;
		assert_true(record.body + record.len <= copy + len);
		inner = wire_dtls_handshake_walk(&record);
		while (wire_dtls_handshake_next(&inner, &handshake) == 1)
			assert_true(handshake.body + handshake.fragment_len <= copy + len);
	}
	free(copy);
	return ret < 0 ? ret : *good;
}

static void records_are_walked(void **state)
{
	uint8_t data[MAX_LEN];
	struct wire_dtls_record record;
	struct wire_walk walk;
	size_t len = from_hex(data,
		"14fefd0000000000000006000101"
		"16fefd00010000000000070002aabb");

	(void)state;
	walk = wire_walk_over(data, len);
	assert_int_equal(wire_dtls_next(&walk, &record), 1);
	assert_int_equal(record.type, WIRE_DTLS_CHANGE_CIPHER_SPEC);
	assert_int_equal(record.version, WIRE_DTLS_12);
	assert_int_equal(record.epoch, 0);
	assert_true(record.seq == 6);
	assert_int_equal(record.len, 1);
	assert_int_equal(wire_dtls_next(&walk, &record), 1);
	assert_int_equal(record.type, WIRE_DTLS_HANDSHAKE);
	assert_int_equal(record.epoch, 1);
	assert_true(record.seq == 7);
	assert_memory_equal(record.body, "\xaa\xbb", 2);
	// A handshake record of a later epoch is ciphertext.
	walk = wire_dtls_handshake_walk(&record);
	assert_int_equal(wire_walk_left(&walk), 0);
}

static void sequence_has_48_bits(void **state)
{
	uint8_t data[MAX_LEN];
	struct wire_dtls_record record;
	struct wire_walk walk;

	(void)state;
	walk = wire_walk_over(data, from_hex(data, "17fefd1234ffeeddccbbaa0000"));
	assert_int_equal(wire_dtls_next(&walk, &record), 1);
	assert_int_equal(record.epoch, 0x1234);
	assert_true(record.seq == 0xffeeddccbbaa);
	assert_int_equal(wire_dtls_next(&walk, &record), 0);
}

static void wrong_records_are_refused(void **state)
{
	static const struct {
		const char *text;
		int ret;
		int good;
	} cases[] = {
		{"", 0, 0},
		{"13fefd00000000000000000000", -EBADMSG, 0}, // type
		{"18fefd00000000000000000000", -EBADMSG, 0},
		{"16030300000000000000000000", -EBADMSG, 0}, // TLS 1.2
		{"16fefc00000000000000000000", -EBADMSG, 0}, // no such version in a record
		{"16feff00000000000000000000", 1, 1},
		{"16fefd000000000000000000", -EBADMSG, 0}, // head cut
		{"16fefd00000000000000000001", -EBADMSG, 0}, // body cut
		{"2f00010005aabbccddee", -EBADMSG, 0}, // DTLS 1.3, short head
		{"16fefd00000000000000000001aa16", -EBADMSG, 1},
	};
	uint8_t data[MAX_LEN];
	int good;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int ret = records_count(data, from_hex(data, cases[i].text), &good);

		if (ret != cases[i].ret || good != cases[i].good)
			fail_msg("%s: %d, %d records", cases[i].text, ret, good);
	}
}

static void longest_record(void **state)
{
	static uint8_t data[65536];
	int good;

	(void)state;
	from_hex(data, "17fefd000100000000000148000000");
	assert_int_equal(records_count(data, 13 + 0x4800, &good), 1);
	data[12]++;
	assert_int_equal(records_count(data, 13 + 0x4801, &good), -EBADMSG);
}

static void fragments_of_a_client_hello(void **state)
{
	// As Chromium sends it: 1413 bytes as 1175 + 238, heads from a capture, bodies left zero.
	static const struct {
		const char *head;
		size_t len;
		uint32_t offset, fragment;
	} datagrams[] = {
		{"16feff000000000000000004a3"
		 "010005850000000000000497",
			1200, 0, 1175},
		{"16feff000000000000000100fa"
		 "0100058500000004970000ee",
			263, 1175, 238},
	};
	static uint8_t data[MAX_LEN];
	struct wire_dtls_handshake handshake;
	struct wire_dtls_record record;
	struct wire_walk walk;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		from_hex(data, datagrams[i].head);
		assert_true(wire_dtls_is_client_hello(data, datagrams[i].len));
		assert_false(wire_dtls_is_client_hello(data, datagrams[i].len - 1));
		walk = wire_walk_over(data, datagrams[i].len);
		assert_int_equal(wire_dtls_next(&walk, &record), 1);
		assert_true(record.seq == i);
		walk = wire_dtls_handshake_walk(&record);
		assert_int_equal(wire_dtls_handshake_next(&walk, &handshake), 1);
		assert_int_equal(handshake.type, WIRE_DTLS_CLIENT_HELLO);
		assert_int_equal(handshake.len, 1413);
		assert_int_equal(handshake.message_seq, 0);
		assert_int_equal(handshake.fragment_offset, datagrams[i].offset);
		assert_int_equal(handshake.fragment_len, datagrams[i].fragment);
		assert_int_equal(wire_dtls_handshake_next(&walk, &handshake), 0);
	}
}

static void wrong_handshakes_are_refused(void **state)
{
	static const struct {
		const char *body;
		int ret;
	} cases[] = {
		{"", 0},
		{"0e0000000001000000000000", 1},
		{"0e00000000010000000000", -EBADMSG}, // head cut
		{"010000020000000000000002aabb", 1},
		{"010000020000000000000002aa", -EBADMSG}, // body cut
		{"010000020000000001000002aabb", -EBADMSG}, // outside the message
		{"0100000200000000020000", -EBADMSG},
		{"010000020000ffffff000002aabb", -EBADMSG},
		{"010000020000000000ffffffaabb", -EBADMSG},
	};
	uint8_t body[MAX_LEN];
	struct wire_dtls_handshake handshake;
	struct wire_walk walk;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wire_dtls_record record = {.body = body, .type = WIRE_DTLS_HANDSHAKE};

		record.len = (uint16_t)from_hex(body, cases[i].body);
		walk = wire_dtls_handshake_walk(&record);
		if (wire_dtls_handshake_next(&walk, &handshake) != cases[i].ret)
			fail_msg("wrong verdict: %s", cases[i].body);
	}
}

static void other_datagrams_are_no_client_hello(void **state)
{
	static const char *const cases[] = {
		"16fefd00000000000000000002"
		"0100",
		"16fefd0000000000000000000c"
		"020000000000000000000000",
		"16fefd0001000000000000000c"
		"010000000000000000000000",
		"15fefd0000000000000000000c"
		"010000000000000000000000",
		"",
	};
	uint8_t data[MAX_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_false(wire_dtls_is_client_hello(data, from_hex(data, cases[i])));
}

static void truncations_and_mutations(void **state)
{
	static const char text[] = "16fefd000000000000000000"
				   "1c"
				   "0e0000000001000000000000"
				   "010000040002000000000004fefd0000"
				   "14fefd0000000000000006000101";
	uint8_t data[MAX_LEN];
	size_t len = from_hex(data, text);
	int good;

	(void)state;
	assert_int_equal(records_count(data, len, &good), 2);
	for (size_t cut = 1; cut < len; cut++)
		assert_int_equal(records_count(data, cut, &good), cut == 41 ? 1 : -EBADMSG);
	srandom(6347);
	for (unsigned round = 0; round < 20000; round++) {
		from_hex(data, text);
		for (unsigned i = 0; i < 1 + round % 3; i++)
			data[random() % (long)len] = (uint8_t)random();
		(void)records_count(data, len, &good);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_walked),
		cmocka_unit_test(sequence_has_48_bits),
		cmocka_unit_test(wrong_records_are_refused),
		cmocka_unit_test(longest_record),
		cmocka_unit_test(fragments_of_a_client_hello),
		cmocka_unit_test(wrong_handshakes_are_refused),
		cmocka_unit_test(other_datagrams_are_no_client_hello),
		cmocka_unit_test(truncations_and_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
