// SPDX-License-Identifier: Apache-2.0
// What libcyaml has against a file, taken from its log.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct cyaml_schema_value;

struct yaml_complaint {
	char reason[256];
	char field[64]; // the innermost one; "" when it is a list's entry or nothing's
	unsigned line; // 0: it told none
	bool is_unknown_key;
};

// The values of a file, or NULL and the complaint.
void *yaml_complaint_load(struct yaml_complaint *complaint, const char *path,
	const struct cyaml_schema_value *schema);

// The complaint as a sentence without its place: "log: Invalid ENUM value: loud; one of error, warn".
void yaml_complaint_write(const struct yaml_complaint *complaint,
	const struct cyaml_schema_value *schema, char *text, size_t room);
