// SPDX-License-Identifier: Apache-2.0
// Both forms of bearer credentials, what is neither, and the challenge.
#include "auth.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_forms(void **state)
{
	static const struct {
		const char *value;
		int ret;
		const char *token;
	} cases[] = {
		{"Bearer abc.DEF-_~+/==", 0, "abc.DEF-_~+/=="},
		{"bearer  abc ", 0, "abc"},
		{"BEARER access_token=\"a.b.c\"", 0, "a.b.c"},
		{"Bearer access_token = \"a.b.c\", realm=\"x\"", 0, "a.b.c"},
		{"Bearer access_token=a.b.c", 0, "a.b.c"},
		{"Digest username=\"a\"", -ENOENT, ""},
		{"Bearerx abc", -ENOENT, ""},
		{"", -ENOENT, ""},
		{"Bearer", -EINVAL, ""},
		{"Bearer ", -EINVAL, ""},
		{"Bearer a b", -EINVAL, ""},
		{"Bearer a,b", -EINVAL, ""},
		{"Bearer =", -EINVAL, ""},
		{"Bearer \"a\"", -EINVAL, ""},
		{"Bearer access_token=\"\"", -EINVAL, ""},
		{"Bearer access_token=\"a", -EINVAL, ""},
		{"Bearer access_token=\"a b\"", -EINVAL, ""},
		{"Bearer access_token=\"a\"b", -EINVAL, ""},
	};
	const char *token;
	size_t len;

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int ret = auth_bearer_parse(cases[i].value, &token, &len);

		if (ret != cases[i].ret ||
			(ret == 0 &&
				(len != strlen(cases[i].token) ||
					memcmp(token, cases[i].token, len) != 0)))
			fail_msg("case %u: %s: %d", i, cases[i].value, ret);
	}
}

static void test_challenge(void **state)
{
	char text[128];

	(void)state;
	assert_int_equal(auth_challenge_write(text, sizeof(text), "ims.test", "ims", AUTH_OK), 0);
	assert_string_equal(text, "Bearer realm=\"ims.test\", scope=\"ims\"");
	assert_int_equal(
		auth_challenge_write(text, sizeof(text), "ims.test", "ims", AUTH_INVALID_TOKEN), 0);
	assert_string_equal(
		text, "Bearer realm=\"ims.test\", scope=\"ims\", error=\"invalid_token\"");
	assert_int_equal(
		auth_challenge_write(text, 30, "ims.test", "ims", AUTH_INVALID_TOKEN), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_challenge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
