// SPDX-License-Identifier: Apache-2.0
// An audit: page after page by cursor, one request at a time.
#include "client_priv.h"

#include <errno.h>
#include <stdlib.h>

#define PAGES_MAX                                                                                  \
	1048576 // a gateway that never ends is wrong: it has no more handles than 64 times that

static void on_page(int32_t status, const void *payload, void *arg);

static int page_ask(struct walk *walk, iq_handle cursor)
{
	struct iq_audit audit = {.cursor = cursor};
	struct iq_command command = {
		.gateway = walk->gateway,
		.type = IQ_AUDIT,
		.payload = &audit,
		.on_reply = on_page,
		.arg = walk,
	};

	return iq_client_send(walk->client, &command);
}

static void walk_end(struct walk *walk, int32_t status)
{
	LIST_REMOVE(walk, all);
	if (walk->on_done != NULL)
		walk->on_done(status, walk->arg);
	free(walk);
}

static void on_page(int32_t status, const void *payload, void *arg)
{
	const struct iq_audit_page *page = payload;
	struct walk *walk = arg;
	int ret;

	if (status < 0) {
		walk_end(walk, status);
		return;
	}
	// The callback may cancel the walk.
	for (uint32_t i = 0; i < page->count && walk->on_entry != NULL; i++)
		walk->on_entry(&page->entries[i], walk->arg);
	if (page->cursor == 0 || walk->on_done == NULL) {
		walk_end(walk, 0);
		return;
	}
	ret = ++walk->pages < PAGES_MAX ? page_ask(walk, page->cursor) : -ELOOP;
	if (ret < 0)
		walk_end(walk, ret);
}

int iq_client_audit(struct iq_client *client, int gateway, iq_on_entry *on_entry,
	iq_on_done *on_done, void *arg)
{
	struct walk *walk = calloc(1, sizeof(*walk));
	int ret;

	if (walk == NULL)
		return -ENOMEM;
	*walk = (struct walk){.client = client,
		.gateway = gateway,
		.on_entry = on_entry,
		.on_done = on_done,
		.arg = arg};
	LIST_INSERT_HEAD(&client->walks, walk, all);
	ret = page_ask(walk, 0);
	if (ret < 0) {
		walk->on_done = NULL;
		walk_end(walk, ret);
	}
	return ret;
}

void walks_orphan(struct iq_client *client, const void *arg)
{
	struct walk *walk;

	LIST_FOREACH (walk, &client->walks, all) {
		if (walk->arg == arg) {
			walk->on_entry = NULL;
			walk->on_done = NULL;
		}
	}
}

void walks_free(struct iq_client *client)
{
	struct walk *walk;

	while ((walk = LIST_FIRST(&client->walks)) != NULL) {
		LIST_REMOVE(walk, all);
		free(walk);
	}
}
