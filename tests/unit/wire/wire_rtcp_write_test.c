// SPDX-License-Identifier: Apache-2.0
// RTCP: the bytes that the writers make, their limits, buffers that are too small.
#include "hex.h"
#include "wire_rtcp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_LEN 2048
#define REPORT                                                                                     \
	"22222222"                                                                                 \
	"05ffffff"                                                                                 \
	"0001001000000003"                                                                         \
	"0000abcd00001000"
#define SR                                                                                         \
	"81c8000c11111111"                                                                         \
	"e800000000000001"                                                                         \
	"0000640000000032"                                                                         \
	"00001000" REPORT

static size_t from_hex(uint8_t *bytes, const char *text)
{
	size_t len = strlen(text) / 2;

	assert_true(len <= MAX_LEN);
	assert_int_equal(hex_parse(bytes, len, text), 0);
	return len;
}

// Every writer, behind each other into a buffer with room for exactly cap bytes; the length or the
// first error.
static int compound_write(uint8_t *buf, size_t cap)
{
	static const struct wire_rtcp_sr sr = {
		0xe800000000000001, 0x11111111, 0x6400, 0x32, 0x1000};
	static const struct wire_rtcp_report report = {
		0x22222222, -1, 0x10010, 3, 0xabcd, 0x1000, 5};
	static const uint32_t ssrcs[] = {0x11111111, 0x33333333};
	int len = 0, ret = 0;

	for (unsigned step = 0; step < 6; step++, len += ret) {
		uint8_t *at = buf + len;
		size_t left = cap - (size_t)len;

		if (step == 0)
			ret = wire_rtcp_sr_write(at, left, &sr, &report, 1);
		else if (step == 1)
			ret = wire_rtcp_rr_write(at, left, 0x11111111, &report, 1);
		else if (step == 2)
			ret = wire_rtcp_sdes_write(at, left, 0x11111111, "cname", 5);
		else if (step == 3)
			ret = wire_rtcp_pli_write(at, left, 0x11111111, 0x22222222);
		else if (step == 4)
			ret = wire_rtcp_fir_write(at, left, 0x11111111, 0x22222222, 7);
		else
			ret = wire_rtcp_bye_write(at, left, ssrcs, 2);
		if (ret < 0)
			return ret;
	}
	return len;
}

static void written_bytes(void **state)
{
	uint8_t data[MAX_LEN], want[MAX_LEN];
	size_t len = from_hex(want,
		SR "81c9000711111111" REPORT "81ca0003"
		   "11111111"
		   "0105636e616d65"
		   "00"
		   "81ce0002"
		   "11111111"
		   "22222222"
		   "84ce0004"
		   "11111111"
		   "00000000"
		   "22222222"
		   "07000000"
		   "82cb0002"
		   "11111111"
		   "33333333");

	(void)state;
	assert_int_equal(compound_write(data, sizeof(data)), len);
	assert_memory_equal(data, want, len);
	for (size_t cap = 0; cap < len; cap++) {
		uint8_t *small = malloc(cap ? cap : 1);

		assert_non_null(small);
		assert_int_equal(compound_write(small, cap), -ENOBUFS);
		free(small);
	}
}

static void limits_of_the_writers(void **state)
{
	static const struct wire_rtcp_report reports[32];
	static const uint32_t ssrcs[32];
	static const char name[256] = {'a'};
	struct wire_rtcp_sr sr = {0};
	uint8_t data[MAX_LEN];

	(void)state;
	assert_int_equal(wire_rtcp_rr_write(data, sizeof(data), 1, reports, 31), 8 + 31 * 24);
	assert_int_equal(wire_rtcp_rr_write(data, sizeof(data), 1, reports, 32), -EINVAL);
	assert_int_equal(wire_rtcp_sr_write(data, sizeof(data), &sr, reports, 32), -EINVAL);
	assert_int_equal(wire_rtcp_bye_write(data, sizeof(data), ssrcs, 32), -EINVAL);
	assert_int_equal(wire_rtcp_sdes_write(data, sizeof(data), 1, name, 256), -EINVAL);
	// Whatever the name's length, the chunk ends with a zero on a word.
	for (size_t len = 0; len <= 255; len++) {
		int ret = wire_rtcp_sdes_write(data, sizeof(data), 1, name, len);
		struct wire_walk walk = wire_walk_over(data, (size_t)ret);
		struct wire_rtcp packet;
		struct wire_rtcp_chunk chunk;

		assert_int_equal(ret % 4, 0);
		assert_int_equal(wire_rtcp_next(&walk, &packet), 1);
		walk = wire_rtcp_sdes_walk(&packet);
		assert_int_equal(wire_rtcp_sdes_next(&walk, &chunk), 1);
		assert_int_equal(chunk.items_len, 2 + len);
		assert_int_equal(wire_rtcp_sdes_next(&walk, &chunk), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_bytes),
		cmocka_unit_test(limits_of_the_writers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
