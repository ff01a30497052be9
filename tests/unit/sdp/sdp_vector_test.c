// SPDX-License-Identifier: Apache-2.0
// Runs every file in vectors/: descriptions, allocations, operations and the texts expected of them.
// A file is blocks that begin with "--- <name>"; see vectors/README.md. There is no way to rewrite the
// expected texts: a difference is printed and fails.
#include "sdp_vector.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_CASES 128

static void run_file(void **state)
{
	const char *name = *state;
	char *report = NULL;
	size_t report_len;
	FILE *out = open_memstream(&report, &report_len);
	int failures = vector_run(VECTOR_DIR, name, out);

	fclose(out);
	if (failures != 0)
		fprintf(stderr, "%s:\n%s\n", name, report);
	free(report);
	assert_int_equal(failures, 0);
}

static int is_vector(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 4 && strcmp(entry->d_name + len - 4, ".txt") == 0;
}

int main(void)
{
	struct CMUnitTest tests[MAX_CASES] = {0};
	struct dirent **entries;
	int count = scandir(VECTOR_DIR, &entries, is_vector, alphasort);
	int ret;

	if (count < 20 || count > MAX_CASES) {
		fprintf(stderr, "%s has %d vectors\n", VECTOR_DIR, count);
		return 1;
	}
	for (int i = 0; i < count; i++) {
		tests[i].name = entries[i]->d_name;
		tests[i].test_func = run_file;
		tests[i].initial_state = entries[i]->d_name;
	}
	ret = _cmocka_run_group_tests("vectors", tests, (size_t)count, NULL, NULL);
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	return ret;
}
