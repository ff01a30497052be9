// SPDX-License-Identifier: Apache-2.0
// Fuzzes the request bodies of wwsf: what is accepted is bounded, what is refused has a reason.
#include "wwsf_json.h"

#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

static unsigned depth(const json_t *value)
{
	unsigned deepest = 0;
	const char *key;
	json_t *member;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)value, key, member) deepest =
		depth(member) > deepest ? depth(member) : deepest;
	json_array_foreach(value, i, member) deepest =
		depth(member) > deepest ? depth(member) : deepest;
	return json_is_object(value) || json_is_array(value) ? deepest + 1 : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char why[JSON_WHY_MAX] = "";
	const char *text;
	json_t *object;

	object = json_body_parse((const char *)data, len, why);
	FUZZ_CHECK((object == NULL) == (why[0] != '\0'));
	if (object == NULL)
		return 0;
	FUZZ_CHECK(len <= JSON_BODY_BYTES_MAX && depth(object) <= JSON_BODY_DEPTH_MAX);
	text = json_body_text(object, "user", 64, why);
	FUZZ_CHECK(text == NULL || (strlen(text) <= 64 && why[0] == '\0'));
	json_decref(object);
	return 0;
}
