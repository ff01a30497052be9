// SPDX-License-Identifier: Apache-2.0
// What the files of this room share: nodes of a file, and their lines.
#pragma once

#include "yaml_file.h"

#include <yaml.h>

struct yaml_file {
	yaml_document_t document;
	bool is_loaded; // it is YAML
	char *why;
	size_t why_len;
	char path[]; // as it was given
};

// The line of a place, or of its deepest part that is there; 0: nothing. *found: all of it.
unsigned yaml_place_line(struct yaml_file *file, const char *place, bool *found);
// The line of the first key that the schema hasn't got; 0: none.
unsigned yaml_unknown_line(struct yaml_file *file, const struct cyaml_schema_value *schema);
