// SPDX-License-Identifier: Apache-2.0
// Each allocation fails in turn: every operation reports it, nothing leaks, nothing is half done.
#include "sdp_mediate.h"
#include "sdp_model.h"
#include "sdp_text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

static int countdown = -1; // allocations until one fails; below zero: none does

static bool fails_now(void)
{
	return countdown >= 0 && countdown-- == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails_now() ? NULL : __real_calloc(count, size);
}

static void each_allocation_fails(void **state)
{
	char *text = calloc(1, 20000);
	FILE *file = fopen(SEED_DIR "/chromium_full", "r");
	unsigned all, done = 0;
	size_t len;
	int n = 0;

	(void)state;
	assert_non_null(file);
	len = fread(text, 1, 20000, file);
	fclose(file);
	all = mediate(text, len);
	assert_int_not_equal(all, 0);
	for (; done != all || countdown < 0; n++) {
		countdown = n;
		done = mediate(text, len);
		if (countdown > 0)
			break; // it was never reached: all have failed once
	}
	countdown = -1;
	assert_in_range(n, 10, 100000);
	free(text);
}

static void parser_says_so(void **state)
{
	static const char text[] = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n";
	struct sdp_session *session = NULL;
	struct sdp_error err;

	(void)state;
	for (int n = 0; n < 2; n++) {
		countdown = n;
		assert_int_equal(sdp_read(text, strlen(text), &session, &err), -ENOMEM);
		assert_null(session);
		assert_string_equal(err.text, "out of memory");
	}
	countdown = -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_fails),
		cmocka_unit_test(parser_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
