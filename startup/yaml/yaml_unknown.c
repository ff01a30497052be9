// SPDX-License-Identifier: Apache-2.0
// Walks a file and its schema side by side, to find the key that libcyaml only names.
#include "yaml_priv.h"

#include <cyaml/cyaml.h>
#include <string.h>

static const cyaml_schema_field_t *field_find(const cyaml_schema_value_t *schema, const char *key)
{
	for (const cyaml_schema_field_t *field = schema->mapping.fields; field->key != NULL;
		field++)
		if (strcmp(field->key, key) == 0)
			return field;
	return NULL;
}

static unsigned line_in(
	yaml_document_t *document, yaml_node_t *node, const cyaml_schema_value_t *schema);

static unsigned line_in_mapping(
	yaml_document_t *document, yaml_node_t *node, const cyaml_schema_value_t *schema)
{
	yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	unsigned line = 0;

	for (; pair < node->data.mapping.pairs.top && line == 0; pair++) {
		yaml_node_t *key = yaml_document_get_node(document, pair->key);
		const cyaml_schema_field_t *field;

		if (key->type != YAML_SCALAR_NODE)
			continue;
		field = field_find(schema, (const char *)key->data.scalar.value);
		line = field == NULL
			? (unsigned)key->start_mark.line + 1
			: line_in(document, yaml_document_get_node(document, pair->value),
				  &field->value);
	}
	return line;
}

static unsigned line_in(
	yaml_document_t *document, yaml_node_t *node, const cyaml_schema_value_t *schema)
{
	yaml_node_item_t *item;
	unsigned line = 0;

	if (node->type == YAML_MAPPING_NODE && schema->type == CYAML_MAPPING)
		return line_in_mapping(document, node, schema);
	if (node->type != YAML_SEQUENCE_NODE || schema->type != CYAML_SEQUENCE)
		return 0;
	for (item = node->data.sequence.items.start;
		item < node->data.sequence.items.top && line == 0; item++)
		line = line_in(
			document, yaml_document_get_node(document, *item), schema->sequence.entry);
	return line;
}

unsigned yaml_unknown_line(struct yaml_file *file, const struct cyaml_schema_value *schema)
{
	yaml_node_t *root = file->is_loaded ? yaml_document_get_root_node(&file->document) : NULL;

	return root != NULL ? line_in(&file->document, root, schema) : 0;
}
