// SPDX-License-Identifier: Apache-2.0
// A YAML file read by a schema, and refused in one sentence with file and line.
//
// Any one thread a file. Nothing here is for bytes of a network.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct cyaml_schema_value;
struct yaml_file;

// Opens a file and reads where its values stand. Every refusal goes to why: "FILE:LINE: what is wrong". NULL with errno
// and why when it can't be read; what isn't YAML is refused by yaml_file_load().
struct yaml_file *yaml_file_open(const char *path, char *why, size_t why_len);
void yaml_file_close(struct yaml_file *file); // NULL is legal

// The values that the schema (a mapping by pointer) makes of the file, for yaml_values_free(). 0, or -EINVAL and why.
int yaml_file_load(struct yaml_file *file, const struct cyaml_schema_value *schema, void **values);
void yaml_values_free(const struct cyaml_schema_value *schema, void *values); // NULL is legal

// A place is named by keys and indices: "networks/0/addresses/1". Whether it is there.
bool yaml_file_has(struct yaml_file *file, const char *place);

// Refuses what stands at a place, or its deepest part that is there. Always -EINVAL.
int yaml_file_refuse(struct yaml_file *file, const char *place, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
