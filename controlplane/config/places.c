// SPDX-License-Identifier: Apache-2.0
// Finds the line of a key or value in a YAML file: libcyaml forgets lines once a value is well-formed.
#include "config_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int config_places_load(struct config_places *places, const char *path)
{
	FILE *file = fopen(path, "re");
	yaml_parser_t parser;

	places->is_loaded = false;
	if (file == NULL)
		return -errno;
	if (yaml_parser_initialize(&parser)) {
		yaml_parser_set_input_file(&parser, file);
		places->is_loaded = yaml_parser_load(&parser, &places->document);
		yaml_parser_delete(&parser);
	}
	fclose(file);
	return places->is_loaded ? 0 : -EINVAL;
}

void config_places_unload(struct config_places *places)
{
	if (places->is_loaded)
		yaml_document_delete(&places->document);
	places->is_loaded = false;
}

static bool key_is(const yaml_node_t *key, const char *name, size_t len)
{
	return key != NULL && key->type == YAML_SCALAR_NODE && key->data.scalar.length == len &&
		memcmp(key->data.scalar.value, name, len) == 0;
}

// One step down: by key or by index; *line becomes that of the key.
static yaml_node_t *step(
	yaml_document_t *document, yaml_node_t *node, const char *name, size_t len, unsigned *line)
{
	if (node->type == YAML_MAPPING_NODE) {
		yaml_node_pair_t *pair = node->data.mapping.pairs.start;

		for (; pair < node->data.mapping.pairs.top; pair++) {
			yaml_node_t *key = yaml_document_get_node(document, pair->key);

			if (!key_is(key, name, len))
				continue;
			*line = (unsigned)key->start_mark.line + 1;
			return yaml_document_get_node(document, pair->value);
		}
	} else if (node->type == YAML_SEQUENCE_NODE) {
		yaml_node_item_t *item = node->data.sequence.items.start + strtoul(name, NULL, 10);

		if (item >= node->data.sequence.items.top)
			return NULL;
		node = yaml_document_get_node(document, *item);
		*line = (unsigned)node->start_mark.line + 1;
		return node;
	}
	return NULL;
}

static bool way_walk(struct config_places *places, const char *way, unsigned *line)
{
	yaml_node_t *node =
		places->is_loaded ? yaml_document_get_root_node(&places->document) : NULL;

	*line = node != NULL ? (unsigned)node->start_mark.line + 1 : 0;
	while (node != NULL && *way != '\0') {
		size_t len = strcspn(way, "/");

		node = step(&places->document, node, way, len, line);
		way += len + (way[len] == '/');
	}
	return node != NULL;
}

unsigned config_places_line(struct config_places *places, const char *way)
{
	unsigned line;

	way_walk(places, way, &line);
	return line;
}

bool config_places_has(struct config_places *places, const char *way)
{
	unsigned line;

	return way_walk(places, way, &line);
}

unsigned config_places_key(struct config_places *places, const char *key)
{
	unsigned line = 0;

	// Nodes of a document are numbered from 1.
	for (int i = 1; places->is_loaded && line == 0; i++) {
		yaml_node_t *node = yaml_document_get_node(&places->document, i);

		if (node == NULL)
			break;
		if (node->type == YAML_MAPPING_NODE)
			step(&places->document, node, key, strlen(key), &line);
	}
	return line;
}
