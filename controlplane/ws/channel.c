// SPDX-License-Identifier: Apache-2.0
// Nodes, lists of them, and the ring that carries them from one thread to one other.
#include "ws_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct ws_node *ws_node_create(enum ws_node_type type, ws_conn conn, const void *bytes, size_t len)
{
	struct ws_node *node = malloc(sizeof(*node) + len);

	if (node == NULL)
		return NULL;
	*node = (struct ws_node){.type = type, .conn = conn, .len = len};
	if (len > 0)
		memcpy(node->bytes, bytes, len);
	return node;
}

struct ws_node *ws_node_frame(ws_conn conn, uint8_t opcode, const void *bytes, size_t len)
{
	uint8_t head[WS_HEAD_MAX];
	unsigned head_len = ws_head_write(head, opcode, len);
	struct ws_node *node = malloc(sizeof(*node) + head_len + len);

	if (node == NULL)
		return NULL;
	*node = (struct ws_node){.type = WS_NODE_SEND, .conn = conn, .len = head_len + len};
	memcpy(node->bytes, head, head_len);
	if (len > 0)
		memcpy(node->bytes + head_len, bytes, len);
	return node;
}

void ws_list_init(struct ws_list *list)
{
	list->first = NULL;
	list->last = &list->first;
}

void ws_list_append(struct ws_list *list, struct ws_node *node)
{
	node->next = NULL;
	*list->last = node;
	list->last = &node->next;
}

struct ws_node *ws_list_take(struct ws_list *list)
{
	struct ws_node *node = list->first;

	if (node == NULL)
		return NULL;
	list->first = node->next;
	if (list->first == NULL)
		list->last = &list->first;
	return node;
}

void ws_list_clear(struct ws_list *list)
{
	struct ws_node *node;

	while ((node = ws_list_take(list)) != NULL)
		free(node);
}

int ws_channel_init(struct ws_channel *channel, uint32_t size)
{
	ws_list_init(&channel->backlog);
	channel->slots = calloc(size, sizeof(struct ws_node *));
	channel->mask = size - 1;
	return channel->slots != NULL ? 0 : -ENOMEM;
}

void ws_channel_fini(struct ws_channel *channel)
{
	struct ws_node *node;

	if (channel->slots == NULL)
		return;
	while ((node = ws_channel_take(channel)) != NULL)
		free(node);
	ws_list_clear(&channel->backlog);
	free(channel->slots);
	channel->slots = NULL;
}

static bool ring_put(struct ws_channel *channel, struct ws_node *node)
{
	uint32_t head = atomic_load_explicit(&channel->head, memory_order_relaxed);
	// Pairs with the release in ws_channel_take: the slot's reader is done with it.
	uint32_t tail = atomic_load_explicit(&channel->tail, memory_order_acquire);

	if (head - tail > channel->mask)
		return false;
	channel->slots[head & channel->mask] = node;
	// Pairs with the acquire in ws_channel_take: the node is whole.
	atomic_store_explicit(&channel->head, head + 1, memory_order_release);
	return true;
}

bool ws_channel_flush(struct ws_channel *channel)
{
	while (channel->backlog.first != NULL) {
		struct ws_node *node = channel->backlog.first;
		struct ws_node *next = node->next;

		if (!ring_put(channel, node)) {
			// Sequentially consistent, as the load of tail behind it: either we see the room that the
			// consumer made, or it sees that we starve.
			atomic_store(&channel->starved, true);
			atomic_thread_fence(memory_order_seq_cst);
			if (!ring_put(channel, node))
				return false;
		}
		channel->backlog.first = next;
		if (next == NULL)
			channel->backlog.last = &channel->backlog.first;
	}
	return true;
}

void ws_channel_put(struct ws_channel *channel, struct ws_node *node)
{
	ws_list_append(&channel->backlog, node);
	ws_channel_flush(channel);
}

struct ws_node *ws_channel_take(struct ws_channel *channel)
{
	uint32_t tail = atomic_load_explicit(&channel->tail, memory_order_relaxed);
	struct ws_node *node;

	if (tail == atomic_load_explicit(&channel->head, memory_order_acquire))
		return NULL;
	node = channel->slots[tail & channel->mask];
	atomic_store_explicit(&channel->tail, tail + 1, memory_order_release);
	return node;
}

bool ws_channel_relieved(struct ws_channel *channel)
{
	atomic_thread_fence(memory_order_seq_cst);
	return atomic_load_explicit(&channel->starved, memory_order_relaxed) &&
		atomic_exchange(&channel->starved, false);
}
