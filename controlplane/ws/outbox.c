// SPDX-License-Identifier: Apache-2.0
// What waits to be written to one connection.
#include "ws_thread.h"

#include <openssl/ssl.h>

#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

struct ws_slot *ws_link_slot(const struct ws_link *link)
{
	return &link->thread->slots[link->conn & 0xffffff];
}

// Only what the loop has sent counts against its limit: it names the connection.
void ws_node_free(struct ws_link *link, struct ws_node *node)
{
	if (node->conn != 0)
		atomic_fetch_sub_explicit(
			&ws_link_slot(link)->queued, node->len - node->at, memory_order_relaxed);
	free(node);
}

void ws_out_clear(struct ws_link *link)
{
	struct ws_node *node;

	while ((node = ws_list_take(&link->out)) != NULL)
		ws_node_free(link, node);
	link->own_frames = 0;
}

void ws_out_append(struct ws_link *link, struct ws_node *node)
{
	ws_list_append(&link->out, node);
	if (link->wsi != NULL)
		lws_callback_on_writable(link->wsi);
}

void ws_out_control(struct ws_link *link, uint8_t opcode, const void *bytes, size_t len)
{
	struct ws_node *node = ws_node_frame(0, opcode, bytes, len);

	if (node != NULL) {
		link->own_frames++;
		ws_out_append(link, node);
	}
}

// Our last byte was written: end our direction, so that the peer reads it all before the socket goes.
static void link_half_close(struct ws_link *link)
{
	SSL *ssl = (SSL *)lws_get_ssl(link->wsi);

	link->hangup = false;
	if (ssl != NULL)
		SSL_shutdown(ssl);
	shutdown(lws_get_socket_fd(link->wsi), SHUT_WR);
}

// Moves up to room bytes from the queue to one buffer: one TLS record instead of many.
static size_t out_gather(struct ws_link *link, uint8_t *bytes, size_t room)
{
	size_t used = 0;

	while (link->out.first != NULL && used < room) {
		struct ws_node *node = link->out.first;
		size_t n = node->len - node->at < room - used ? node->len - node->at : room - used;

		memcpy(bytes + used, node->bytes + node->at, n);
		used += n;
		node->at += n;
		if (node->conn != 0)
			atomic_fetch_sub_explicit(
				&ws_link_slot(link)->queued, n, memory_order_relaxed);
		else if (node->at == node->len && link->own_frames > 0)
			link->own_frames--;
		if (node->at == node->len)
			free(ws_list_take(&link->out));
	}
	return used;
}

int ws_link_write(struct ws_link *link)
{
	struct ws_thread *thread = link->thread;
	size_t len = out_gather(link, thread->out, sizeof(thread->out));

	if (len > 0 && lws_write(link->wsi, thread->out, len, LWS_WRITE_RAW) < 0)
		return -1;
	if (link->out.first != NULL || (link->hangup && lws_partial_buffered(link->wsi)))
		lws_callback_on_writable(link->wsi);
	else if (link->hangup)
		link_half_close(link);
	return 0;
}
