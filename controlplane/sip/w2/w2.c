// SPDX-License-Identifier: Apache-2.0
// The W2 transaction layer as a whole.
#include "w2_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct w2 *w2_create(const struct w2_config *config)
{
	struct w2 *w2 = calloc(1, sizeof(*w2));

	if (!w2)
		return NULL;
	w2->config = *config;
	w2->sender.send = w2_client_start;
	w2->sender.w2 = true;
	if (sip_table_init(&w2->servers) < 0 || sip_table_init(&w2->clients) < 0) {
		w2_destroy(w2);
		errno = ENOMEM;
		return NULL;
	}
	return w2;
}

void w2_destroy(struct w2 *w2)
{
	if (!w2)
		return;
	if (w2->servers.buckets)
		w2_server_drop_all(w2);
	if (w2->clients.buckets)
		w2_client_drop_all(w2);
	sip_table_fini(&w2->servers);
	sip_table_fini(&w2->clients);
	free(w2);
}

int w2_send(struct w2 *w2, ws_conn conn, msg_t *msg, char **keep)
{
	size_t len;
	const char *text = sip_message_text(msg, &len);

	if (!text)
		return -ENOMEM;
	if (keep) {
		free(*keep);
		*keep = strdup(text);
	}
	return w2->config.send(w2->config.arg, conn, text, len);
}

void w2_receive(struct w2 *w2, ws_conn conn, msg_t *msg)
{
	const sip_t *sip = sip_object(msg);

	if (sip->sip_request)
		w2_server_receive(w2, conn, msg);
	else
		w2_client_receive(w2, conn, msg);
}

void w2_closed(struct w2 *w2, ws_conn conn)
{
	w2_client_closed(w2, conn);
}

struct sip_sender *w2_sender(struct w2 *w2)
{
	return &w2->sender;
}

unsigned w2_count(const struct w2 *w2)
{
	return (unsigned)(w2->servers.count + w2->clients.count);
}

uint64_t w2_unmatched(const struct w2 *w2)
{
	return w2->unmatched;
}
