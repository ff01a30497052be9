// SPDX-License-Identifier: Apache-2.0
// Which subject a request is about.
#include "admin_priv.h"

#include <string.h>

#define CONTEXTS "/v1/contexts/"

struct route {
	const char *path;
	void (*answer)(struct ask *ask);
};

static const struct route routes[] = {
	{"/v1/status", status_answer},
	{"/v1/calls", calls_answer},
	{"/v1/registrations", registrations_answer},
	{"/v1/contexts", contexts_list},
};

// 16 hexadecimal digits; 0: malformed.
static iq_handle handle_parse(const char *text)
{
	iq_handle handle = 0;

	if (strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16)
		return 0;
	for (; *text != '\0'; text++)
		handle = handle << 4 | (unsigned)(*text <= '9' ? *text - '0' : *text - 'a' + 10);
	return handle;
}

static void context_route(struct ask *ask, const char *name)
{
	iq_handle handle = handle_parse(name);

	if (handle == 0)
		ask_refuse(ask, 404,
			"a context is named by 16 hexadecimal digits, as the list shows it");
	else if (strcmp(ask->method, "GET") == 0)
		context_show(ask, handle);
	else if (strcmp(ask->method, "DELETE") == 0)
		context_delete(ask, handle);
	else
		ask_refuse(ask, 405, "a context takes GET and DELETE");
}

void ask_route(struct ask *ask)
{
	if (strncmp(ask->path, CONTEXTS, strlen(CONTEXTS)) == 0) {
		context_route(ask, ask->path + strlen(CONTEXTS));
		return;
	}
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (strcmp(routes[i].path, ask->path) != 0)
			continue;
		if (strcmp(ask->method, "GET") == 0)
			routes[i].answer(ask);
		else
			ask_refuse(ask, 405, "this address takes GET only");
		return;
	}
	ask_refuse(ask, 404, "there is nothing at this address");
}
