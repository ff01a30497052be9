// SPDX-License-Identifier: Apache-2.0
// libcyaml tells an error as a line with the reason, then a backtrace whose first line is the nearest place.
#include "yaml_complaint.h"

#include "yaml_file.h"

#include <cyaml/cyaml.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define REASON "Load: "
#define UNKNOWN "Unexpected key: "

static void on_cyaml_log(cyaml_log_t level, void *arg, const char *fmt, va_list ap)
{
	struct yaml_complaint *complaint = arg;
	char text[256];
	const char *line;

	(void)level;
	vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = '\0';
	line = strstr(text, "(line: ");
	if (line != NULL && complaint->line == 0) {
		sscanf(line, "(line: %u", &complaint->line);
		sscanf(text, " in mapping field '%63[^']", complaint->field);
	}
	if (complaint->reason[0] != '\0' || strncmp(text, REASON, strlen(REASON)) != 0)
		return;
	snprintf(complaint->reason, sizeof(complaint->reason), "%s", text + strlen(REASON));
	complaint->is_unknown_key = strncmp(complaint->reason, UNKNOWN, strlen(UNKNOWN)) == 0;
}

static cyaml_config_t loader(struct yaml_complaint *complaint)
{
	return (cyaml_config_t){
		.log_fn = on_cyaml_log,
		.log_ctx = complaint,
		.mem_fn = cyaml_mem,
		.log_level = CYAML_LOG_ERROR,
	};
}

void *yaml_complaint_load(
	struct yaml_complaint *complaint, const char *path, const struct cyaml_schema_value *schema)
{
	cyaml_config_t config = loader(complaint);
	void *values = NULL;
	cyaml_err_t err = cyaml_load_file(path, &config, schema, &values, NULL);

	if (err == CYAML_OK && values != NULL)
		return values;
	if (complaint->reason[0] == '\0')
		snprintf(complaint->reason, sizeof(complaint->reason), "%s",
			err == CYAML_OK ? "the file is empty" : cyaml_strerror(err));
	return NULL;
}

void yaml_values_free(const struct cyaml_schema_value *schema, void *values)
{
	struct yaml_complaint complaint = {0};
	cyaml_config_t config = loader(&complaint);

	if (values != NULL)
		cyaml_free(&config, schema, values, 0);
}

// The words that a field of that name may have, anywhere in the schema; NULL: it isn't one of words.
static const cyaml_schema_value_t *words_find(const cyaml_schema_value_t *schema, const char *name)
{
	const cyaml_schema_value_t *found = NULL;

	if (schema->type == CYAML_SEQUENCE || schema->type == CYAML_SEQUENCE_FIXED)
		return words_find(schema->sequence.entry, name);
	if (schema->type != CYAML_MAPPING)
		return NULL;
	for (const cyaml_schema_field_t *field = schema->mapping.fields; field->key && !found;
		field++) {
		bool has_words =
			field->value.type == CYAML_ENUM || field->value.type == CYAML_FLAGS;

		if (has_words && strcmp(field->key, name) == 0)
			return &field->value;
		found = words_find(&field->value, name);
	}
	return found;
}

static void words_write(const cyaml_schema_value_t *words, char *text, size_t room)
{
	size_t at = strlen(text);

	for (uint32_t i = 0; i < words->enumeration.count && at < room; i++)
		at += (size_t)snprintf(text + at, room - at, "%s%s", i == 0 ? "; one of " : ", ",
			words->enumeration.strings[i].str);
}

void yaml_complaint_write(const struct yaml_complaint *complaint,
	const struct cyaml_schema_value *schema, char *text, size_t room)
{
	bool has_field = complaint->field[0] != '\0' && !complaint->is_unknown_key;
	const cyaml_schema_value_t *words = has_field ? words_find(schema, complaint->field) : NULL;

	snprintf(text, room, "%s%s%s", has_field ? complaint->field : "", has_field ? ": " : "",
		complaint->reason);
	if (words != NULL)
		words_write(words, text, room);
}
