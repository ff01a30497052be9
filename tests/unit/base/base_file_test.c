// SPDX-License-Identifier: Apache-2.0
// Who may read a file, told by its mode.
#include "file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void modes(void **state)
{
	static const struct {
		mode_t mode;
		bool is_world_readable;
	} cases[] = {{0600, false}, {0640, false}, {0644, true}, {0604, true}};
	char path[] = "/tmp/base-file-test-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(fchmod(fd, cases[i].mode), 0);
		assert_int_equal(file_is_world_readable(path), cases[i].is_world_readable);
	}
	close(fd);
	unlink(path);
	assert_false(file_is_world_readable(path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
