// SPDX-License-Identifier: Apache-2.0
// Hexadecimal text: both ways, and what is refused.
#include "hex.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void round_trip(void **state)
{
	uint8_t bytes[256], back[256];
	char text[513];

	(void)state;
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	hex_write(text, bytes, sizeof(bytes));
	assert_int_equal(strlen(text), 512);
	assert_int_equal(hex_parse(back, sizeof(back), text), 0);
	assert_memory_equal(bytes, back, sizeof(bytes));
}

static void wrong_text_is_refused(void **state)
{
	uint8_t bytes[2];

	(void)state;
	assert_int_equal(hex_parse(bytes, 2, "0aZ0"), -EINVAL);
	assert_int_equal(hex_parse(bytes, 2, "0a1"), -EINVAL);
	assert_int_equal(hex_parse(bytes, 2, ""), -EINVAL);
	assert_int_equal(hex_parse(bytes, 2, "0A1f"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(wrong_text_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
