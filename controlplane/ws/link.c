// SPDX-License-Identifier: Apache-2.0
// One connection: from the first byte of its request to its end.
#include "clock.h"
#include "ws_thread.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPCODE_TEXT = 1, OPCODE_CLOSE = 8, OPCODE_PING = 9, OPCODE_PONG = 10 };
enum { OWN_FRAMES_MAX = 32, PINGS_MAX = 2, BURST_S = 2 };

struct ws_link *ws_link_create(struct ws_thread *thread, const struct sockaddr_storage *address)
{
	struct ws_link *link = calloc(1, sizeof(*link));

	if (link == NULL)
		return NULL;
	link->thread = thread;
	link->address = *address;
	link->frames.message_max = thread->config->message_max;
	link->born_us = clock_now_us();
	ws_list_init(&link->out);
	link->next = thread->links;
	link->back = &thread->links;
	if (link->next != NULL)
		link->next->back = &link->next;
	thread->links = link;
	thread->link_count++;
	return link;
}

void ws_link_destroy(struct ws_link *link)
{
	struct ws_thread *thread = link->thread;
	struct ws_slot *slot;

	ws_out_clear(link);
	if (link->conn != 0) {
		slot = ws_link_slot(link);
		slot->link = NULL;
		slot->next_free = thread->slot_free;
		thread->slot_free = (uint32_t)(slot - thread->slots) + 1;
		ws_thread_tell(thread, ws_node_create(WS_NODE_CLOSED, link->conn, NULL, 0));
		ws_thread_count(thread, WS_COUNT_CLOSED);
	}
	*link->back = link->next;
	if (link->next != NULL)
		link->next->back = link->back;
	thread->link_count--;
	ws_census_leave(ws_server_census(thread->server), &link->address);
	ws_frames_release(&link->frames);
	free(link->request);
	free(link);
}

void ws_link_close(struct ws_link *link, uint16_t code, const char *reason, bool at_once)
{
	uint8_t payload[125] = {(uint8_t)(code >> 8), (uint8_t)code};
	size_t reason_len = strnlen(reason, sizeof(payload) - 2);
	struct ws_node *begun = NULL;

	if (link->state != WS_LINK_OPEN)
		return;
	if (at_once) {
		// A frame that has begun must end, or the Close would be read as its payload.
		if (link->out.first != NULL && link->out.first->at > 0)
			begun = ws_list_take(&link->out);
		ws_out_clear(link);
		if (begun != NULL)
			ws_list_append(&link->out, begun);
	}
	memcpy(payload + 2, reason, reason_len);
	ws_out_control(link, OPCODE_CLOSE, payload, code == 1005 ? 0 : 2 + reason_len);
	link->state = WS_LINK_CLOSING;
	link->close_us = clock_now_us() + WS_CLOSE_WAIT_S * 1000000ull;
}

static void link_fail(struct ws_link *link, uint16_t code)
{
	if (code == WS_CLOSE_SIZE)
		ws_thread_count(link->thread, WS_COUNT_SIZE);
	ws_link_close(link, code, "", false);
	link->hangup = true;
}

// Generic cell rate: each message moves the theoretical time on by one interval.
static bool rate_is_exceeded(struct ws_link *link)
{
	uint64_t now_us = clock_now_us();
	uint64_t interval_us = 1000000u / link->thread->config->messages_per_s;

	if (link->rate_us < now_us)
		link->rate_us = now_us;
	link->rate_us += interval_us;
	return link->rate_us - now_us > BURST_S * 1000000ull;
}

static void message_take(struct ws_link *link, const struct ws_frame *frame)
{
	struct ws_thread *thread = link->thread;
	struct ws_node *node;

	// RFC 7118 section 6 and RFC 5626 section 3.5.1: a keep-alive is answered here.
	if (frame->len == 4 && memcmp(frame->data, "\r\n\r\n", 4) == 0) {
		ws_out_control(link, OPCODE_TEXT, "\r\n", 2);
		return;
	}
	if (frame->len == 0 || (frame->len == 2 && memcmp(frame->data, "\r\n", 2) == 0))
		return;
	node = ws_node_create(WS_NODE_MESSAGE, link->conn, frame->data, frame->len);
	if (node == NULL) {
		link_fail(link, WS_CLOSE_INTERNAL);
		return;
	}
	ws_thread_count(thread, WS_COUNT_IN);
	ws_thread_tell(thread, node);
	if (thread->blocked && !link->paused) {
		link->paused = true;
		lws_rx_flow_control(link->wsi, 0);
	}
}

static void close_take(struct ws_link *link, const struct ws_frame *frame)
{
	ws_link_close(link, frame->code, "", false);
	link->hangup = true;
	if (link->wsi != NULL)
		lws_callback_on_writable(link->wsi);
}

static void frame_take(struct ws_link *link, const struct ws_frame *frame)
{
	if (frame->kind == WS_FRAME_BAD) {
		link_fail(link, frame->code);
		link->dead = true;
		return;
	}
	if (frame->kind == WS_FRAME_CLOSE) {
		close_take(link, frame);
		link->dead = true;
		return;
	}
	if (link->state != WS_LINK_OPEN)
		return;
	if (rate_is_exceeded(link) || link->own_frames > OWN_FRAMES_MAX) {
		ws_thread_count(link->thread, WS_COUNT_RATE);
		ws_link_close(link, WS_CLOSE_POLICY, "too many messages", false);
		return;
	}
	if (frame->kind == WS_FRAME_MESSAGE)
		message_take(link, frame);
	else if (frame->kind == WS_FRAME_PING)
		ws_out_control(link, OPCODE_PONG, frame->data, frame->len);
}

static void frames_read(struct ws_link *link, const uint8_t *bytes, size_t len)
{
	struct ws_frame frame;
	size_t at = 0;

	link->pings = 0;
	while (at < len && !link->dead) {
		at += ws_frames_next(&link->frames, bytes + at, len - at, &frame);
		if (frame.kind == WS_FRAME_NONE)
			return;
		frame_take(link, &frame);
		if (frame.kind == WS_FRAME_MESSAGE || frame.kind == WS_FRAME_BAD)
			ws_frames_release(&link->frames);
	}
}

static struct ws_node *opened_node(const struct ws_link *link, const char *origin)
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&link->address;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&link->address;
	bool is_v4 = link->address.ss_family == AF_INET;
	char text[256 + INET6_ADDRSTRLEN];
	size_t origin_len = strlen(origin);
	struct ws_node *node;

	memcpy(text, origin, origin_len + 1);
	inet_ntop(link->address.ss_family,
		is_v4 ? (const void *)&v4->sin_addr : (const void *)&v6->sin6_addr,
		text + origin_len + 1, INET6_ADDRSTRLEN);
	node = ws_node_create(WS_NODE_OPENED, link->conn, text,
		origin_len + 1 + strlen(text + origin_len + 1) + 1);
	if (node != NULL)
		node->value = ntohs(is_v4 ? v4->sin_port : v6->sin6_port);
	return node;
}

static int link_open(struct ws_link *link, const char *origin)
{
	struct ws_thread *thread = link->thread;
	uint32_t index = thread->slot_free;
	struct ws_node *node;
	struct ws_slot *slot;

	if (index == 0)
		return -1;
	slot = &thread->slots[index - 1];
	if (++slot->generation == 0)
		slot->generation = 1;
	link->conn = (uint64_t)slot->generation << 32 | (uint64_t)thread->index << 24 | (index - 1);
	node = opened_node(link, origin);
	if (node == NULL) {
		link->conn = 0;
		return -1;
	}
	thread->slot_free = slot->next_free;
	slot->link = link;
	link->state = WS_LINK_OPEN;
	link->ping_us = clock_now_us() + thread->config->ping_interval_s * 1000000ull;
	lws_set_timeout(link->wsi, NO_PENDING_TIMEOUT, 0);
	ws_thread_count(thread, WS_COUNT_OPENED);
	ws_thread_tell(thread, node);
	return 0;
}

// Answers a whole request; what follows it are frames.
static int request_answer(struct ws_link *link, const struct ws_answer *answer)
{
	struct ws_node *node = ws_node_create(WS_NODE_SEND, 0, answer->text, strlen(answer->text));

	if (node == NULL)
		return -1;
	ws_out_append(link, node);
	if (answer->status == 101)
		return link_open(link, answer->origin);
	ws_thread_count(link->thread, answer->status == 403 ? WS_COUNT_ORIGIN : WS_COUNT_PROTOCOL);
	link->state = WS_LINK_CLOSING;
	link->close_us = clock_now_us() + WS_CLOSE_WAIT_S * 1000000ull;
	link->hangup = link->dead = true;
	return 0;
}

static int request_read(struct ws_link *link, const uint8_t *bytes, size_t len)
{
	struct ws_answer answer;
	char *request;
	int ret;

	request = realloc(link->request, link->request_len + len);
	if (request == NULL)
		return -1;
	link->request = request;
	memcpy(request + link->request_len, bytes, len);
	link->request_len += len;
	ret = ws_handshake_answer(link->thread->config, request, link->request_len, &answer);
	if (ret == -EAGAIN)
		return 0;
	ret = request_answer(link, &answer);
	if (ret == 0 && link->state == WS_LINK_OPEN)
		frames_read(link, (const uint8_t *)request + answer.consumed,
			link->request_len - answer.consumed);
	free(link->request);
	link->request = NULL;
	return ret;
}

int ws_link_read(struct ws_link *link, const uint8_t *bytes, size_t len)
{
	if (link->state == WS_LINK_HANDSHAKE)
		return request_read(link, bytes, len);
	frames_read(link, bytes, len);
	return 0;
}

void ws_link_command(struct ws_link *link, struct ws_node *node)
{
	char reason[124];

	switch (node->type) {
	case WS_NODE_SEND:
		if (link->state != WS_LINK_OPEN)
			break;
		ws_thread_count(link->thread, WS_COUNT_OUT);
		ws_out_append(link, node);
		return;
	case WS_NODE_CLOSE:
		snprintf(reason, sizeof(reason), "%.*s", (int)node->len, (char *)node->bytes);
		ws_link_close(link, node->value, reason, node->at_once);
		break;
	case WS_NODE_BOUND:
		link->bound = true;
		break;
	default:
		break;
	}
	if (node->type == WS_NODE_SEND)
		ws_node_free(link, node);
	else
		free(node);
}

int ws_link_tick(struct ws_link *link, uint64_t now_us)
{
	const struct ws_config *config = link->thread->config;

	if (link->state == WS_LINK_HANDSHAKE)
		return now_us - link->born_us > WS_HANDSHAKE_S * 1000000ull ? -1 : 0;
	if (link->state == WS_LINK_CLOSING)
		return now_us > link->close_us ? -1 : 0;
	if (!link->bound && now_us - link->born_us > config->idle_unbound_s * 1000000ull) {
		ws_thread_count(link->thread, WS_COUNT_IDLE);
		ws_link_close(link, WS_CLOSE_POLICY, "not registered", false);
		return 0;
	}
	if (now_us < link->ping_us)
		return 0;
	if (link->pings >= PINGS_MAX) {
		ws_thread_count(link->thread, WS_COUNT_DEAD);
		return -1;
	}
	link->pings++;
	link->ping_us = now_us + config->ping_interval_s * 1000000ull;
	ws_out_control(link, OPCODE_PING, "", 0);
	return 0;
}
