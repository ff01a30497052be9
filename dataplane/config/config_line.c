// SPDX-License-Identifier: Apache-2.0
// Finds the line of a value in a YAML file, for complaints about values that are well-formed but wrong.
#include "config_yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

static yaml_node_t *value_of_key(
	yaml_document_t *doc, yaml_node_t *map, const char *key, size_t len)
{
	yaml_node_pair_t *pair;

	for (pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top; pair++) {
		yaml_node_t *name = yaml_document_get_node(doc, pair->key);

		if (name != NULL && name->type == YAML_SCALAR_NODE &&
			name->data.scalar.length == len &&
			memcmp(name->data.scalar.value, key, len) == 0)
			return yaml_document_get_node(doc, pair->value);
	}
	return NULL;
}

static yaml_node_t *step(yaml_document_t *doc, yaml_node_t *node, const char *key, size_t len)
{
	yaml_node_item_t *item;

	if (node->type == YAML_MAPPING_NODE)
		return value_of_key(doc, node, key, len);
	if (node->type != YAML_SEQUENCE_NODE)
		return NULL;
	item = node->data.sequence.items.start + strtoul(key, NULL, 10);
	return item < node->data.sequence.items.top ? yaml_document_get_node(doc, *item) : NULL;
}

// The line of the last step that exists: a missing key is complained about where it should be.
static unsigned line_in(yaml_document_t *doc, const char *where)
{
	yaml_node_t *node = yaml_document_get_root_node(doc);
	unsigned line = 0;

	while (node != NULL) {
		size_t len = strcspn(where, "/");

		line = (unsigned)node->start_mark.line + 1;
		if (len == 0)
			break;
		node = step(doc, node, where, len);
		where += len;
		where += *where == '/';
	}
	return line;
}

unsigned config_line_find(const char *path, const char *where)
{
	yaml_parser_t parser;
	yaml_document_t doc;
	unsigned line = 0;
	FILE *file = fopen(path, "r");

	if (file == NULL)
		return 0;
	if (!yaml_parser_initialize(&parser))
		goto out;
	yaml_parser_set_input_file(&parser, file);
	if (yaml_parser_load(&parser, &doc)) {
		line = line_in(&doc, where);
		yaml_document_delete(&doc);
	}
	yaml_parser_delete(&parser);
out:
	fclose(file);
	return line;
}
