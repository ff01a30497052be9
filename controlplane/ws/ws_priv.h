// SPDX-License-Identifier: Apache-2.0
// Inside of ws: handshake, frames, channels between threads, links and threads.
#pragma once

#include "ws.h"

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>

#define WS_REQUEST_MAX 16384 // bytes of the HTTP request
#define WS_FRAGMENTS_MAX 64 // frames of one message
#define WS_HANDSHAKE_S 10 // from accept to 101
#define WS_CLOSE_WAIT_S 3 // for the peer's Close and for what is queued
#define WS_HEAD_MAX 10 // a server's frame header

enum ws_close_code {
	WS_CLOSE_NORMAL = 1000,
	WS_CLOSE_GOING_AWAY = 1001,
	WS_CLOSE_PROTOCOL = 1002,
	WS_CLOSE_UTF8 = 1007,
	WS_CLOSE_POLICY = 1008,
	WS_CLOSE_SIZE = 1009,
	WS_CLOSE_INTERNAL = 1011,
};

// The opening handshake of a request (RFC 6455 section 4.2). Answers once the request is whole.
struct ws_answer {
	unsigned status; // 101, or the refusal
	size_t consumed; // bytes of the request: frames may follow
	char origin[256];
	char text[512]; // the response, NUL-terminated
};
// -EAGAIN while the request isn't whole, else 0. Never reads beyond len.
int ws_handshake_answer(
	const struct ws_config *config, const char *request, size_t len, struct ws_answer *answer);

bool ws_utf8_valid(const uint8_t *bytes, size_t len); // RFC 3629

// Client frames to messages (RFC 6455 section 5), one event a call.
enum ws_frame_kind {
	WS_FRAME_NONE,
	WS_FRAME_MESSAGE,
	WS_FRAME_PING,
	WS_FRAME_PONG,
	WS_FRAME_CLOSE,
	WS_FRAME_BAD
};
struct ws_frame {
	enum ws_frame_kind kind;
	const uint8_t *data; // into ws_frames, until the next call
	size_t len;
	uint16_t code; // CLOSE: the peer's, 1005 for none; BAD: to close with
};
struct ws_frames {
	size_t message_max;
	uint8_t head[14];
	unsigned head_len, head_need; // head_need 0: before the second byte
	uint64_t left; // payload bytes to come
	unsigned mask_at;
	uint8_t opcode;
	bool fin, in_payload, in_message, text;
	unsigned fragments;
	uint8_t *message;
	size_t message_len, message_room;
	uint8_t control[125];
	unsigned control_len;
};
// Takes bytes up to the end of one event: the count taken. After BAD only ws_frames_release is legal.
size_t ws_frames_next(
	struct ws_frames *frames, const uint8_t *bytes, size_t len, struct ws_frame *frame);
void ws_frames_release(struct ws_frames *frames); // frees the message that was told
// Writes a header of an unmasked, final frame: its length.
unsigned ws_head_write(uint8_t head[WS_HEAD_MAX], uint8_t opcode, size_t len);

// What crosses threads, or waits to be written.
enum ws_node_type {
	WS_NODE_OPENED,
	WS_NODE_MESSAGE,
	WS_NODE_CLOSED,
	WS_NODE_SEND,
	WS_NODE_CLOSE,
	WS_NODE_BOUND
};
struct ws_node {
	struct ws_node *next;
	enum ws_node_type type;
	ws_conn conn;
	uint16_t value; // OPENED: the peer's port; CLOSE: the code
	bool at_once; // CLOSE: what is queued is dropped
	size_t len, at; // SEND: written so far
	uint8_t bytes[]; // OPENED: origin NUL peer NUL; SEND: a whole frame
};
struct ws_node *ws_node_create(enum ws_node_type type, ws_conn conn, const void *bytes, size_t len);
// A frame ready to be written; NULL without memory.
struct ws_node *ws_node_frame(ws_conn conn, uint8_t opcode, const void *bytes, size_t len);

struct ws_list {
	struct ws_node *first, **last;
};
void ws_list_init(struct ws_list *list);
void ws_list_append(struct ws_list *list, struct ws_node *node);
struct ws_node *ws_list_take(struct ws_list *list);
void ws_list_clear(struct ws_list *list);

// One producer, one consumer: a bounded ring, and a list on the producer's side for what doesn't fit.
struct ws_channel {
	struct ws_node **slots;
	uint32_t mask;
	_Atomic uint32_t head; // written by the producer
	_Atomic uint32_t tail; // written by the consumer
	_Atomic bool starved; // the producer waits for room
	struct ws_list backlog; // the producer's
};
int ws_channel_init(struct ws_channel *channel, uint32_t size); // a power of two
void ws_channel_fini(struct ws_channel *channel); // frees what is inside
void ws_channel_put(struct ws_channel *channel, struct ws_node *node);
bool ws_channel_flush(struct ws_channel *channel); // the producer's: true when nothing waits
struct ws_node *ws_channel_take(struct ws_channel *channel);
bool ws_channel_relieved(struct ws_channel *channel); // the consumer's: wake the producer?

// How many connections there are, and of one address (IPv6: one /64). All threads.
struct ws_census;
struct ws_census *ws_census_create(unsigned max, unsigned per_address_max);
void ws_census_destroy(struct ws_census *census);
bool ws_census_enter(struct ws_census *census, const struct sockaddr_storage *address);
void ws_census_leave(struct ws_census *census, const struct sockaddr_storage *address);
