// SPDX-License-Identifier: Apache-2.0
// Finds lines in a YAML file: libcyaml forgets them once a value is well-formed.
#include "yaml_priv.h"

#include <stdlib.h>
#include <string.h>

static bool key_is(const yaml_node_t *key, const char *name, size_t len)
{
	return key != NULL && key->type == YAML_SCALAR_NODE && key->data.scalar.length == len &&
		memcmp(key->data.scalar.value, name, len) == 0;
}

static yaml_node_t *key_find(yaml_document_t *document, yaml_node_t *mapping, const char *name,
	size_t len, yaml_node_t **key)
{
	yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;

	for (; pair < mapping->data.mapping.pairs.top; pair++) {
		*key = yaml_document_get_node(document, pair->key);
		if (key_is(*key, name, len))
			return yaml_document_get_node(document, pair->value);
	}
	return NULL;
}

// One step down, by key or by index; *line becomes that of the key or entry.
static yaml_node_t *step(
	yaml_document_t *document, yaml_node_t *node, const char *name, size_t len, unsigned *line)
{
	yaml_node_item_t *item;
	yaml_node_t *at = NULL;

	if (node->type == YAML_MAPPING_NODE) {
		node = key_find(document, node, name, len, &at);
	} else if (node->type == YAML_SEQUENCE_NODE) {
		item = node->data.sequence.items.start + strtoul(name, NULL, 10);
		if (item >= node->data.sequence.items.top)
			return NULL;
		node = at = yaml_document_get_node(document, *item);
	} else {
		return NULL;
	}
	if (node != NULL)
		*line = (unsigned)at->start_mark.line + 1;
	return node;
}

unsigned yaml_place_line(struct yaml_file *file, const char *place, bool *found)
{
	yaml_node_t *node = file->is_loaded ? yaml_document_get_root_node(&file->document) : NULL;
	unsigned line = node != NULL ? (unsigned)node->start_mark.line + 1 : 0;

	while (node != NULL && *place != '\0') {
		size_t len = strcspn(place, "/");

		node = step(&file->document, node, place, len, &line);
		place += len + (place[len] == '/');
	}
	*found = node != NULL;
	return line;
}
