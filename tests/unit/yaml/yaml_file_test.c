// SPDX-License-Identifier: Apache-2.0
// Files are read by their schema, and refused with their line and what may stand there.
#include "yaml_file.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct part {
	char *name;
	int colour;
};
struct whole {
	uint32_t count;
	struct part *parts;
	unsigned parts_count;
};

static const cyaml_strval_t colours[] = {{"red", 1}, {"green", 2}};
static const cyaml_schema_field_t part_fields[] = {
	CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct part, name, 1, 32),
	CYAML_FIELD_ENUM("colour", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct part, colour,
		colours, CYAML_ARRAY_LEN(colours)),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t part_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct part, part_fields)};
static const cyaml_schema_field_t fields[] = {
	CYAML_FIELD_UINT("count", CYAML_FLAG_OPTIONAL, struct whole, count),
	CYAML_FIELD_SEQUENCE("parts", CYAML_FLAG_POINTER, struct whole, parts, &part_schema, 1, 4),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct whole, fields)};

static char path[] = "/tmp/yaml_file_XXXXXX";
static char why[256];

static struct yaml_file *opened(const char *text)
{
	FILE *out = fopen(path, "w");

	fputs(text, out);
	fclose(out);
	why[0] = '\0';
	return yaml_file_open(path, why, sizeof(why));
}

static void values_are_read(void **state)
{
	struct yaml_file *file = opened("count: 3\nparts:\n  - {name: a, colour: green}\n");
	struct whole *whole;
	void *values;

	(void)state;
	assert_int_equal(yaml_file_load(file, &schema, &values), 0);
	whole = values;
	assert_int_equal(whole->count, 3);
	assert_int_equal(whole->parts[0].colour, 2);
	assert_true(yaml_file_has(file, "parts/0/colour"));
	assert_false(yaml_file_has(file, "parts/1"));
	assert_false(yaml_file_has(file, "count/0"));
	yaml_values_free(&schema, values);
	yaml_file_close(file);
}

static void faults_are_told(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"parts:\n  - {name: a, colour: blue}\n",
			":2: colour: Invalid ENUM value: blue; one of red, green"},
		{"parts:\n  - name: a\nname: b\n", ":3: Unexpected key: name"},
		{"count: many\nparts:\n  - name: a\n", ":1: count: Invalid "},
		{"count: 1\n", "Missing required mapping field: parts"},
		{"parts: [\n", ": "},
		{"", ": the file is empty"},
		{"- 1\n", ": "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct yaml_file *file = opened(cases[i].text);
		void *values = &values;

		assert_int_equal(yaml_file_load(file, &schema, &values), -EINVAL);
		assert_null(values);
		assert_memory_equal(why, path, strlen(path));
		if (strstr(why, cases[i].says) == NULL)
			fail_msg("%s: got %s", cases[i].text, why);
		yaml_file_close(file);
	}
}

static void places_are_told(void **state)
{
	static const struct {
		const char *place, *says;
	} cases[] = {{"count", ":1: x"}, {"parts", ":2: x"}, {"parts/1/name", ":4: x"},
		{"parts/1/colour", ":4: x"}, {"parts/9", ":2: x"}, {"none", ":1: x"}};
	struct yaml_file *file = opened("count: 3\nparts:\n  - name: a\n  - name: b\n");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(yaml_file_refuse(file, cases[i].place, "%s", "x"), -EINVAL);
		assert_string_equal(why + strlen(path), cases[i].says);
	}
	yaml_file_close(file);
	assert_null(yaml_file_open("/none/at.all", why, sizeof(why)));
	assert_string_equal(why, "/none/at.all: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_read),
		cmocka_unit_test(faults_are_told),
		cmocka_unit_test(places_are_told),
	};
	int ret;

	close(mkstemp(path));
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return ret;
}
