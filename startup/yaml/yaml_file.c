// SPDX-License-Identifier: Apache-2.0
// Opens, loads and refuses: the sentences that a person reads.
#include "yaml_file.h"

#include "yaml_complaint.h"
#include "yaml_priv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct yaml_file *yaml_file_open(const char *path, char *why, size_t why_len)
{
	struct yaml_file *file = calloc(1, sizeof(*file) + strlen(path) + 1);
	FILE *in = file != NULL ? fopen(path, "re") : NULL;
	int saved = errno;
	yaml_parser_t parser;

	if (in == NULL) {
		snprintf(why, why_len, "%s: %s", path, strerror(saved));
		free(file);
		errno = saved;
		return NULL;
	}
	memcpy(file->path, path, strlen(path));
	file->why = why;
	file->why_len = why_len;
	if (yaml_parser_initialize(&parser)) {
		yaml_parser_set_input_file(&parser, in);
		file->is_loaded = yaml_parser_load(&parser, &file->document);
		yaml_parser_delete(&parser);
	}
	fclose(in);
	return file;
}

void yaml_file_close(struct yaml_file *file)
{
	if (file == NULL)
		return;
	if (file->is_loaded)
		yaml_document_delete(&file->document);
	free(file);
}

static int refuse_at(struct yaml_file *file, unsigned line, const char *text)
{
	if (line > 0)
		snprintf(file->why, file->why_len, "%s:%u: %s", file->path, line, text);
	else
		snprintf(file->why, file->why_len, "%s: %s", file->path, text);
	return -EINVAL;
}

int yaml_file_refuse(struct yaml_file *file, const char *place, const char *fmt, ...)
{
	char text[512];
	bool found;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return refuse_at(file, yaml_place_line(file, place, &found), text);
}

bool yaml_file_has(struct yaml_file *file, const char *place)
{
	bool found;

	yaml_place_line(file, place, &found);
	return found;
}

int yaml_file_load(struct yaml_file *file, const struct cyaml_schema_value *schema, void **values)
{
	struct yaml_complaint complaint = {0};
	char text[512];
	unsigned line;

	*values = yaml_complaint_load(&complaint, file->path, schema);
	if (*values != NULL)
		return 0;
	line = complaint.line;
	// The place that is told is that of the last thing that was right.
	if (complaint.is_unknown_key)
		line = yaml_unknown_line(file, schema);
	yaml_complaint_write(&complaint, schema, text, sizeof(text));
	return refuse_at(file, line, text);
}
