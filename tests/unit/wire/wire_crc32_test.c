// SPDX-License-Identifier: Apache-2.0
// CRC-32/ISO-HDLC: the check value of the catalogue and the edges.
#include "wire_dtls.h"
#include "wire_rtcp.h"
#include "wire_rtp.h"
#include "wire_stun.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void check_values(void **state)
{
	(void)state;
	assert_int_equal(wire_crc32((const uint8_t *)"123456789", 9), 0xcbf43926);
	assert_int_equal(wire_crc32((const uint8_t *)"a", 1), 0xe8b7be43);
	assert_int_equal(wire_crc32(NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
