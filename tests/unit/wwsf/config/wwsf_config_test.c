// SPDX-License-Identifier: Apache-2.0
// The configuration: the sample is right, and each wrong key or value is refused with its place.
#include "wwsf_config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *sample_path;

// One line of the sample replaced; the refusal must name the line and say the words.
struct wrong {
	const char *line, *instead, *says;
	int offset;
};

static const struct wrong wrongs[] = {
	{"threads: 4", "threads: many", "Invalid", 0},
	{"threads: 4", "threads: 0", "1 to 64", 0},
	{"threads: 4", "threads: 65", "1 to 64", 0},
	{"threads: 4", "treads: 4", "Unexpected key: treads", 0},
	{"domain: ims.test", "", "Missing required mapping field: domain", -1000},
	{"domain: ims.test", "domain: \"ims test\"", "letters", 0},
	{"token_lifetime_s: 600", "token_lifetime_s: 4", "5 to 86400", 0},
	{"token_lifetime_s: 600", "token_lifetime_s: -1", "Invalid", 0},
	{"session_lifetime_s: 28800", "session_lifetime_s: 1", "60 to", 0},
	{"failures_per_user: 5", "failures_per_user: 0", "1 to 1000", 0},
	{"log_level: info", "log_level: loud", "debug", 0},
	{"  - 203.0.113.1:8444", "  - 203.0.113.1", "ADDRESS:PORT", 0},
	{"  - \"[fd00:203::1]:8444\"", "  - fd00:203::1:8444", "brackets", 0},
	{"  - \"[fd00:203::1]:8444\"", "  - \"[fd00:203::1]:65536\"", "brackets", 0},
	{"  - origin: https://203.0.113.1:8444", "  - origin: http://203.0.113.1:8444", "https", 0},
	{"  - origin: https://203.0.113.1:8444", "  - origin: https://203.0.113.1/x", "path", 0},
	{"    wss_url: wss://[fd00:203::1]:8443", "    wss_url: \"wss://x; script-src *\"",
		"wss://HOST", 0},
	{"# cors_origin: https://portal.example.net", "cors_origin: \"*\"", "https", 0},
};

// Copies the sample with one line replaced. Returns the line's number.
static unsigned sample_change(const char *path, const struct wrong *wrong)
{
	FILE *in = fopen(sample_path, "r"), *out = fopen(path, "w");
	unsigned number = 0, found = 0;
	char line[512];

	assert_non_null(in);
	assert_non_null(out);
	while (fgets(line, sizeof(line), in) != NULL) {
		number++;
		line[strcspn(line, "\n")] = '\0';
		if (wrong != NULL && strcmp(line, wrong->line) == 0) {
			found = number;
			fprintf(out, "%s\n", wrong->instead);
		} else {
			fprintf(out, "%s\n", line);
		}
	}
	fclose(in);
	fclose(out);
	return found;
}

static void sample_is_right(void **state)
{
	struct wwsf_config *config = NULL;
	char why[WWSF_WHY_MAX] = "";

	(void)state;
	assert_int_equal(wwsf_config_load(sample_path, &config, why), 0);
	assert_int_equal(config->listen_count, 2);
	assert_string_equal(config->sites[1].origin, "https://[fd00:203::1]:8444");
	assert_int_equal(config->token_lifetime_s, 600);
	assert_null(config->cors_origin);
	wwsf_config_destroy(config);
}

static void wrong_lines_are_named(void **state)
{
	char path[] = "/tmp/wwsf_config_XXXXXX", why[WWSF_WHY_MAX], place[64];
	struct wwsf_config *config = NULL;

	(void)state;
	close(mkstemp(path));
	for (unsigned i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		unsigned line = sample_change(path, &wrongs[i]);

		assert_int_not_equal(line, 0);
		why[0] = '\0';
		assert_int_equal(wwsf_config_load(path, &config, why), -EINVAL);
		assert_null(config);
		snprintf(place, sizeof(place), "%s:%u: ", path, line);
		// A missing key has no place but the file.
		if (wrongs[i].offset == 0)
			assert_memory_equal(why, place, strlen(place));
		if (strstr(why, wrongs[i].says) == NULL)
			fail_msg("'%s' does not say '%s'", why, wrongs[i].says);
	}
	unlink(path);
}

static void no_file_and_no_content(void **state)
{
	char path[] = "/tmp/wwsf_config_XXXXXX", why[WWSF_WHY_MAX];
	struct wwsf_config *config = NULL;

	(void)state;
	close(mkstemp(path));
	assert_int_equal(wwsf_config_load(path, &config, why), -EINVAL);
	assert_non_null(strstr(why, "empty"));
	unlink(path);
	assert_int_equal(wwsf_config_load(path, &config, why), -ENOENT);
	assert_non_null(strstr(why, path));
}

static void presets_fill_absent_keys(void **state)
{
	static const struct wrong without[] = {{"threads: 4", "", NULL, 0}};
	char path[] = "/tmp/wwsf_config_XXXXXX", why[WWSF_WHY_MAX];
	struct wwsf_config *config = NULL;

	(void)state;
	close(mkstemp(path));
	sample_change(path, without);
	assert_int_equal(wwsf_config_load(path, &config, why), 0);
	assert_int_equal(config->threads, 4);
	wwsf_config_destroy(config);
	unlink(path);
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sample_is_right),
		cmocka_unit_test(wrong_lines_are_named),
		cmocka_unit_test(no_file_and_no_content),
		cmocka_unit_test(presets_fill_absent_keys),
	};

	if (argc != 2)
		return 2;
	sample_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
