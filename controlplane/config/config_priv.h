// SPDX-License-Identifier: Apache-2.0
// Inside of config: checks, and where in the file a value stands.
#pragma once

#include "cscf_config.h"

#include <yaml.h>

// A file read as nodes, for the places of keys.
struct config_places {
	yaml_document_t document;
	bool is_loaded;
};
int config_places_load(struct config_places *places, const char *path);
void config_places_unload(struct config_places *places);
// Line of a value by its way: "w2/listens/0". The deepest part that is there; 0: nothing.
unsigned config_places_line(struct config_places *places, const char *way);
bool config_places_has(struct config_places *places, const char *way);
// Line of the first key of that name anywhere; 0: none.
unsigned config_places_key(struct config_places *places, const char *key);

struct config_check {
	struct cscf_config *config;
	struct config_places *places;
	char way[128]; // of what is wrong
	char reason[256];
};
// Fills in what isn't said, and refuses what can't be. 0, -ENOMEM, or -EINVAL with way and reason.
int config_check_all(struct config_check *check);

// "203.0.113.1:8444" or "[fd00:203::1]:8444". 0 or -EINVAL.
int config_endpoint_parse(const char *text, struct cscf_endpoint *endpoint);
