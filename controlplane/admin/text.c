// SPDX-License-Identifier: Apache-2.0
// Text that came from the network, as JSON.
#include "admin_priv.h"

#include <stdlib.h>
#include <string.h>

json_t *json_text(const char *text)
{
	json_t *json = json_string(text != NULL ? text : "");
	char *clean;

	if (json != NULL)
		return json;
	clean = strdup(text);
	if (clean == NULL)
		return json_string("?");
	for (char *at = clean; *at != '\0'; at++) {
		if ((unsigned char)*at > 0x7f)
			*at = '?';
	}
	json = json_string(clean);
	free(clean);
	return json;
}
