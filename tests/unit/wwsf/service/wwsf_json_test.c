// SPDX-License-Identifier: Apache-2.0
// Request bodies: what is parsed, what is refused, and that the reason never quotes the body.
#include "wwsf_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static json_t *parse(const char *text, char *why)
{
	why[0] = '\0';
	return json_body_parse(text, strlen(text), why);
}

static void nested(char *text, unsigned depth)
{
	// The object itself is the first level.
	size_t at = (size_t)sprintf(text, "{\"a\":");

	memset(text + at, '[', depth - 1);
	memset(text + at + depth - 1, ']', depth - 1);
	strcpy(text + at + 2 * (depth - 1), "}");
}

static void depth_is_bounded(void **state)
{
	char text[256], why[JSON_WHY_MAX];
	json_t *object;

	(void)state;
	nested(text, JSON_BODY_DEPTH_MAX);
	object = parse(text, why);
	assert_non_null(object);
	json_decref(object);
	nested(text, JSON_BODY_DEPTH_MAX + 1);
	assert_null(parse(text, why));
	assert_non_null(strstr(why, "nested"));
	// Brackets inside a string are no nesting, and an escaped quote doesn't end it.
	object = parse("{\"a\":\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[\"}", why);
	assert_non_null(object);
	json_decref(object);
}

static void length_is_bounded(void **state)
{
	char why[JSON_WHY_MAX];
	char *text = malloc(JSON_BODY_BYTES_MAX + 1);
	json_t *object;

	(void)state;
	memset(text, ' ', JSON_BODY_BYTES_MAX + 1);
	memcpy(text, "{}", 2);
	object = json_body_parse(text, JSON_BODY_BYTES_MAX, why);
	assert_non_null(object);
	json_decref(object);
	assert_null(json_body_parse(text, JSON_BODY_BYTES_MAX + 1, why));
	free(text);
}

static void wrong_bodies_are_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"{",
		"[]",
		"3",
		"\"secret\"",
		"{\"a\":1}x",
		"{\"a\":1,\"a\":2}",
		"{'a':1}",
		"{\"a\":\"secret}",
		"{\"a\":\"\xff secret\"}",
		"{\"a\":\"\\u0000\"}",
		"{\"a\":01}",
		"\xef\xbb\xbf{}",
	};
	char why[JSON_WHY_MAX];

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_null(parse(wrong[i], why));
		assert_int_not_equal(strlen(why), 0);
		assert_null(strstr(why, "secret"));
	}
}

static void members_are_checked(void **state)
{
	char why[JSON_WHY_MAX];
	json_t *object = parse("{\"user\":\"bob\",\"n\":3}", why);

	(void)state;
	assert_string_equal(json_body_text(object, "user", 3, why), "bob");
	assert_string_equal(why, "");
	assert_null(json_body_text(object, "user", 2, why));
	assert_int_not_equal(strlen(why), 0);
	assert_null(json_body_text(object, "n", 9, why));
	assert_int_not_equal(strlen(why), 0);
	assert_null(json_body_text(object, "absent", 9, why));
	assert_string_equal(why, "");
	json_decref(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(length_is_bounded),
		cmocka_unit_test(wrong_bodies_are_refused),
		cmocka_unit_test(members_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
