// SPDX-License-Identifier: Apache-2.0
// STUN: what the writer makes is what the parser reads.
#include "wire_bytes.h"
#include "wire_stun.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MAX_LEN 2048

static const uint8_t txid[WIRE_STUN_TXID] = "\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae";

static void written_responses_are_read(void **state)
{
	static const uint16_t types[] = {0x7ff0, 0x0003, 0x0004};
	struct wire_addr addr = {.bytes = {192, 0, 2, 1}, .port = 32853, .len = 4};
	struct wire_stun_writer w;
	uint8_t data[MAX_LEN];
	struct wire_stun msg;

	(void)state;
	for (; addr.len <= 16; addr.len = (uint8_t)(addr.len + 12)) {
		wire_stun_begin(&w, data, sizeof(data));
		wire_stun_header(&w, WIRE_STUN_SUCCESS, WIRE_STUN_BINDING, txid);
		wire_stun_add_xor_mapped(&w, &addr);
		assert_int_equal(wire_stun_finish(&w), 20 + 8 + addr.len);
		assert_int_equal(wire_stun_parse(&msg, data, w.len), 0);
		assert_int_equal(msg.class, WIRE_STUN_SUCCESS);
		assert_int_equal(msg.mapped.len, addr.len);
		assert_int_equal(msg.mapped.port, addr.port);
		assert_memory_equal(msg.mapped.bytes, addr.bytes, addr.len);
	}
	wire_stun_begin(&w, data, sizeof(data));
	wire_stun_header(&w, WIRE_STUN_ERROR, WIRE_STUN_BINDING, txid);
	wire_stun_add_error(&w, 420, "Unknown Attribute");
	wire_stun_add_unknown(&w, types, 3);
	assert_int_equal(wire_stun_finish_fingerprint(&w), 20 + 28 + 12 + 8);
	assert_int_equal(wire_stun_parse(&msg, data, w.len), 0);
	assert_int_equal(msg.class, WIRE_STUN_ERROR);
	assert_int_equal(msg.error_code, 420);
	assert_int_equal(msg.reason_len, 17);
	assert_memory_equal(msg.reason, "Unknown Attribute", 17);
	assert_memory_equal(data + 48, "\x00\x0a\x00\x06\x7f\xf0\x00\x03\x00\x04\x00\x00", 12);
}

static void class_and_method_round_trip(void **state)
{
	uint8_t data[WIRE_STUN_HEADER];
	struct wire_stun_writer w;
	struct wire_stun msg;

	(void)state;
	for (unsigned method = 0; method <= 0xfff; method++) {
		enum wire_stun_class class = method & 3;

		wire_stun_begin(&w, data, sizeof(data));
		wire_stun_header(&w, class, (uint16_t)method, txid);
		assert_int_equal(wire_stun_finish(&w), WIRE_STUN_HEADER);
		assert_int_equal(wire_stun_parse(&msg, data, sizeof(data)), 0);
		assert_int_equal(msg.class, class);
		assert_int_equal(msg.method, method);
	}
	wire_stun_begin(&w, data, sizeof(data));
	wire_stun_header(&w, WIRE_STUN_ERROR, WIRE_STUN_BINDING, txid);
	assert_int_equal(wire_load16(data), 0x0111);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_responses_are_read),
		cmocka_unit_test(class_and_method_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
