// SPDX-License-Identifier: Apache-2.0
// STUN: the messages of RFC 5769, what is refused, what is ignored, what the writer makes.
#include "hex.h"
#include "wire_bytes.h"
#include "wire_stun.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PASSWORD "VOkJxbRl1RmTxUk/WvJxBt"
#define HEAD "2112a442b7e7a701bc34d686fa87dfae" // magic and the transaction id of RFC 5769
#define MAX_LEN 2048

// RFC 5769 2.1, 2.2, 2.3.
static const char *const vectors[] = {
	"00010058" HEAD "802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b1"
	"51263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
	"80280004e57a3bcf",
	"0101003c" HEAD "8022000b7465737420766563746f7220002000080001a147e112a643000800142b91f599"
	"fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96",
	"01010048" HEAD "8022000b7465737420766563746f7220002000140002a1470113a9faa5d3f179bc25f4b5"
	"bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c",
};

static const uint8_t txid[WIRE_STUN_TXID] = "\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae";

static size_t from_hex(uint8_t *bytes, const char *text)
{
	size_t len = strlen(text) / 2;

	assert_true(len <= MAX_LEN);
	assert_int_equal(hex_parse(bytes, len, text), 0);
	return len;
}

// A copy of exactly len bytes, so that the sanitizer sees any read behind them.
static int parse_exact(struct wire_stun *msg, const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	int ret;

	assert_non_null(copy);
	memcpy(copy, data, len);
	ret = wire_stun_parse(msg, copy, len);
	free(copy);
	return ret;
}

static void hmac_sha1(uint8_t *tag, const struct wire_stun_mac *mac)
{
	uint8_t covered[MAX_LEN];
	unsigned tag_len = 0;

	assert_true(sizeof(mac->head) + mac->body_len <= sizeof(covered));
	memcpy(covered, mac->head, sizeof(mac->head));
	memcpy(covered + sizeof(mac->head), mac->body, mac->body_len);
	assert_non_null(HMAC(EVP_sha1(), PASSWORD, strlen(PASSWORD), covered,
		sizeof(mac->head) + mac->body_len, tag, &tag_len));
	assert_int_equal(tag_len, WIRE_STUN_TAG);
}

// Whether an ICE agent would believe these bytes.
static bool is_authentic(const uint8_t *data, size_t len)
{
	uint8_t tag[WIRE_STUN_TAG];
	struct wire_stun_mac mac;
	struct wire_stun msg;

	if (wire_stun_parse(&msg, data, len) < 0 || !msg.has_fingerprint)
		return false;
	if (wire_stun_integrity_input(&msg, &mac) < 0)
		return false;
	hmac_sha1(tag, &mac);
	return memcmp(tag, mac.tag, sizeof(tag)) == 0;
}

static void vectors_are_authentic(void **state)
{
	uint8_t data[MAX_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		size_t len = from_hex(data, vectors[i]);

		assert_true(is_authentic(data, len));
		for (size_t at = 0; at < len; at++) {
			for (unsigned bit = 0; bit < 8; bit++) {
				data[at] ^= (uint8_t)(1u << bit);
				assert_false(is_authentic(data, len));
				data[at] ^= (uint8_t)(1u << bit);
			}
		}
	}
}

static void request_is_read(void **state)
{
	uint8_t data[MAX_LEN];
	struct wire_stun msg;

	(void)state;
	assert_int_equal(wire_stun_parse(&msg, data, from_hex(data, vectors[0])), 0);
	assert_int_equal(msg.class, WIRE_STUN_REQUEST);
	assert_int_equal(msg.method, WIRE_STUN_BINDING);
	assert_memory_equal(msg.txid, txid, sizeof(txid));
	assert_int_equal(msg.username_len, 9);
	assert_memory_equal(msg.username, "evtj:h6vY", 9);
	assert_true(msg.has_priority);
	assert_int_equal(msg.priority, 0x6e0001ff);
	assert_int_equal(msg.role, WIRE_STUN_CONTROLLED);
	assert_true(msg.tiebreaker == 0x932ff9b151263b36);
	assert_false(msg.use_candidate);
	assert_int_equal(msg.unknown_count, 0);
}

static void responses_are_read(void **state)
{
	static const uint8_t v4[4] = {192, 0, 2, 1};
	static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, 0x12, 0x34, 0x56, 0x78, 0x00, 0x11,
		0x22, 0x33, 0x44, 0x55, 0x66, 0x77};
	uint8_t data[MAX_LEN];
	struct wire_stun msg;

	(void)state;
	assert_int_equal(wire_stun_parse(&msg, data, from_hex(data, vectors[1])), 0);
	assert_int_equal(msg.class, WIRE_STUN_SUCCESS);
	assert_int_equal(msg.mapped.len, 4);
	assert_int_equal(msg.mapped.port, 32853);
	assert_memory_equal(msg.mapped.bytes, v4, 4);
	assert_int_equal(wire_stun_parse(&msg, data, from_hex(data, vectors[2])), 0);
	assert_int_equal(msg.mapped.len, 16);
	assert_int_equal(msg.mapped.port, 32853);
	assert_memory_equal(msg.mapped.bytes, v6, 16);
}

static void wrong_messages_are_refused(void **state)
{
	static const struct {
		const char *why;
		const char *text;
	} cases[] = {
		{"top bits", "80010000" HEAD},
		{"magic", "000100002112a443b7e7a701bc34d686fa87dfae"},
		{"longer than told", "00010000" HEAD "80220000"},
		{"shorter than told", "00010008" HEAD "80220000"},
		{"no multiple of four", "00010002" HEAD "8022"},
		{"attribute overruns", "00010008" HEAD "8022000561626364"},
		{"attribute overruns by far", "00010004" HEAD "8022ffff"},
		{"priority of 3", "00010008" HEAD "0024000301020300"},
		{"priority of 8", "0001000c" HEAD "002400080102030405060708"},
		{"use-candidate of 4", "00010008" HEAD "0025000400000000"},
		{"controlling of 4", "00010008" HEAD "802a000400000000"},
		{"empty username", "00010004" HEAD "00060000"},
		{"integrity of 4", "00010008" HEAD "0008000400000000"},
		{"family 3", "0101000c" HEAD "002000080003a147e112a643"},
		{"family 2 with 4 bytes", "0101000c" HEAD "002000080002a147e112a643"},
		{"family 1 with 16 bytes",
			"01010018" HEAD "002000140001a1470113a9faa5d3f179bc25f4b5bed2b9d9"},
		{"error 299", "01110008" HEAD "0009000400000263"},
		{"error 700", "01110008" HEAD "0009000400000700"},
		{"error 4.100", "01110008" HEAD "0009000400000464"},
		{"error of 2", "01110008" HEAD "0009000204010000"},
		{"fingerprint wrong", "00010008" HEAD "8028000400000000"},
	};
	uint8_t data[MAX_LEN];
	struct wire_stun msg;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = from_hex(data, cases[i].text);

		if (parse_exact(&msg, data, len) != -EBADMSG)
			fail_msg("accepted: %s", cases[i].why);
	}
}

static void every_truncation_is_refused(void **state)
{
	uint8_t data[MAX_LEN];
	struct wire_stun msg;

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		size_t len = from_hex(data, vectors[i]);

		for (size_t cut = 0; cut < len; cut++)
			assert_int_equal(parse_exact(&msg, data, cut), -EBADMSG);
	}
}

static void unknown_attributes(void **state)
{
	uint8_t data[MAX_LEN];
	struct wire_stun msg;
	size_t len;

	(void)state;
	// Two required ones, one twice, an optional one, and REALM, which is known and not used.
	len = from_hex(data,
		"00010018" HEAD "7ff00000"
		"00030004ffffffff"
		"7ff00000"
		"c0570000"
		"00140000");
	assert_int_equal(wire_stun_parse(&msg, data, len), 0);
	assert_int_equal(msg.unknown_count, 2);
	assert_int_equal(msg.unknown[0], 0x7ff0);
	assert_int_equal(msg.unknown[1], 0x0003);

	len = from_hex(data, "00010000" HEAD);
	for (unsigned i = 0; i < 2 * WIRE_STUN_UNKNOWN_MAX; i++, len += 4)
		wire_store32(data + len, (0x7000 + i) << 16);
	wire_store16(data + 2, (uint16_t)(len - WIRE_STUN_HEADER));
	assert_int_equal(wire_stun_parse(&msg, data, len), 0);
	assert_int_equal(msg.unknown_count, WIRE_STUN_UNKNOWN_MAX);
	assert_int_equal(msg.unknown[WIRE_STUN_UNKNOWN_MAX - 1], 0x700f);
}

static void first_of_two_counts(void **state)
{
	uint8_t data[MAX_LEN];
	struct wire_stun msg;
	size_t len;

	(void)state;
	len = from_hex(data,
		"00010020" HEAD "0006000161000000"
		"0006000162000000"
		"0024000400000001"
		"0024000400000002");
	assert_int_equal(wire_stun_parse(&msg, data, len), 0);
	assert_int_equal(msg.username[0], 'a');
	assert_int_equal(msg.priority, 1);
}

static void nothing_behind_integrity_counts(void **state)
{
	struct wire_stun_writer w;
	uint8_t data[MAX_LEN];
	struct wire_stun msg;
	size_t covered;

	(void)state;
	wire_stun_begin(&w, data, sizeof(data));
	wire_stun_header(&w, WIRE_STUN_REQUEST, WIRE_STUN_BINDING, txid);
	memset(wire_stun_reserve_integrity(&w, &covered), 0, WIRE_STUN_TAG);
	wire_stun_add_use_candidate(&w);
	wire_stun_add_username(&w, "late", 4);
	assert_int_equal(wire_stun_finish_fingerprint(&w), 20 + 24 + 4 + 8 + 8);
	assert_int_equal(wire_stun_parse(&msg, data, w.len), 0);
	assert_int_equal(msg.integrity_offset, 20);
	assert_false(msg.use_candidate);
	assert_null(msg.username);
	assert_true(msg.has_fingerprint);
}

static void fingerprint_is_last(void **state)
{
	uint8_t data[MAX_LEN];
	struct wire_stun msg;
	size_t len = from_hex(data,
		"0001000c" HEAD "80280004"
		"00000000"
		"00250000");

	(void)state;
	// Right for the whole message's length, and still refused: something follows.
	wire_store32(data + 24, wire_crc32(data, 20) ^ 0x5354554e);
	assert_int_equal(wire_stun_parse(&msg, data, len), -EBADMSG);
	wire_store16(data + 2, 8);
	wire_store32(data + 24, wire_crc32(data, 20) ^ 0x5354554e);
	assert_int_equal(wire_stun_parse(&msg, data, len - 4), 0);
}

// Writes the request of RFC 5769 2.1 but for the bytes of its padding; returns its length.
static int request_write(uint8_t *data, size_t cap)
{
	struct wire_stun_writer w;
	size_t covered = 0;
	uint8_t *tag;

	wire_stun_begin(&w, data, cap);
	wire_stun_header(&w, WIRE_STUN_REQUEST, WIRE_STUN_BINDING, txid);
	wire_stun_add_software(&w, "STUN test client");
	wire_stun_add_priority(&w, 0x6e0001ff);
	wire_stun_add_role(&w, WIRE_STUN_CONTROLLED, 0x932ff9b151263b36);
	wire_stun_add_username(&w, "evtj:h6vY", 9);
	tag = wire_stun_reserve_integrity(&w, &covered);
	if (tag)
		HMAC(EVP_sha1(), PASSWORD, strlen(PASSWORD), data, covered, tag, NULL);
	return wire_stun_finish_fingerprint(&w);
}

static void written_request_is_the_vector(void **state)
{
	uint8_t data[MAX_LEN], vector[MAX_LEN];
	size_t len = from_hex(vector, vectors[0]);

	(void)state;
	assert_int_equal(request_write(data, sizeof(data)), len);
	assert_memory_equal(data, vector, len - 35); // up to the padding, which is zero here
	assert_true(is_authentic(data, len));
	for (size_t cap = 0; cap < len; cap++) {
		uint8_t *small = malloc(cap + 1);

		assert_non_null(small);
		small[cap] = 0x5a;
		assert_int_equal(request_write(small, cap), -ENOBUFS);
		assert_int_equal(small[cap], 0x5a);
		free(small);
	}
}

static void mutations_stay_in_bounds(void **state)
{
	uint8_t data[MAX_LEN];
	struct wire_stun msg;

	(void)state;
	srandom(5769);
	for (unsigned round = 0; round < 20000; round++) {
		size_t len = from_hex(data, vectors[round % 3]);
		size_t cut = 4 * (size_t)(random() % 3);

		for (unsigned i = 0; i < 1 + round % 4; i++)
			data[20 + random() % (long)(len - 20)] = (uint8_t)random();
		// Half of the rounds without the fingerprint, so that the attributes are believed.
		if (round & 1)
			len -= 8 + cut;
		wire_store16(data + 2, (uint16_t)(len - 20));
		(void)parse_exact(&msg, data, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_are_authentic),
		cmocka_unit_test(request_is_read),
		cmocka_unit_test(responses_are_read),
		cmocka_unit_test(wrong_messages_are_refused),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(unknown_attributes),
		cmocka_unit_test(first_of_two_counts),
		cmocka_unit_test(nothing_behind_integrity_counts),
		cmocka_unit_test(fingerprint_is_last),
		cmocka_unit_test(written_request_is_the_vector),
		cmocka_unit_test(mutations_stay_in_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
