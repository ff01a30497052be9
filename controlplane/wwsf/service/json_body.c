// SPDX-License-Identifier: Apache-2.0
// Bounded JSON: the depth is counted before jansson, which recurses, sees the text.
#include "wwsf_json.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool depth_is_fair(const char *body, size_t len)
{
	bool in_text = false;
	unsigned depth = 0;

	for (size_t i = 0; i < len; i++) {
		if (in_text && body[i] == '\\')
			i++;
		else if (body[i] == '"')
			in_text = !in_text;
		else if (!in_text && (body[i] == '{' || body[i] == '['))
			depth++;
		else if (!in_text && (body[i] == '}' || body[i] == ']') && depth > 0)
			depth--;
		if (depth > JSON_BODY_DEPTH_MAX)
			return false;
	}
	return true;
}

json_t *json_body_parse(const char *body, size_t len, char *why)
{
	json_error_t error;
	json_t *root;

	if (len > JSON_BODY_BYTES_MAX) {
		snprintf(
			why, JSON_WHY_MAX, "the body is longer than %d bytes", JSON_BODY_BYTES_MAX);
		return NULL;
	}
	if (!depth_is_fair(body, len)) {
		snprintf(why, JSON_WHY_MAX, "the JSON is nested deeper than %d levels",
			JSON_BODY_DEPTH_MAX);
		return NULL;
	}
	root = json_loadb(body, len, JSON_REJECT_DUPLICATES, &error);
	if (root == NULL) {
		// jansson's text quotes the body, which may hold a password: the place is enough.
		snprintf(why, JSON_WHY_MAX, "the body is not valid JSON (line %d, column %d)",
			error.line, error.column);
		return NULL;
	}
	if (!json_is_object(root)) {
		snprintf(why, JSON_WHY_MAX, "the body must be a JSON object");
		json_decref(root);
		return NULL;
	}
	return root;
}

const char *json_body_text(const json_t *object, const char *key, size_t max, char *why)
{
	const json_t *member = json_object_get(object, key);

	why[0] = '\0';
	if (member == NULL)
		return NULL;
	if (!json_is_string(member)) {
		snprintf(why, JSON_WHY_MAX, "\"%s\" must be a string", key);
		return NULL;
	}
	if (json_string_length(member) > max) {
		snprintf(why, JSON_WHY_MAX, "\"%s\" is longer than %zu bytes", key, max);
		return NULL;
	}
	return json_string_value(member);
}
