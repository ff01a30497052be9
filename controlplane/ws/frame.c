// SPDX-License-Identifier: Apache-2.0
// Frames of clients to messages, and headers of server frames (RFC 6455 section 5).
#include "ws_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPCODE_CONTINUATION = 0,
	OPCODE_TEXT = 1,
	OPCODE_BINARY = 2,
	OPCODE_CLOSE = 8,
	OPCODE_PING = 9,
	OPCODE_PONG = 10
};

static void frame_bad(struct ws_frame *frame, uint16_t code)
{
	frame->kind = WS_FRAME_BAD;
	frame->code = code;
}

static bool opcode_is_control(uint8_t opcode)
{
	return opcode >= OPCODE_CLOSE;
}

// The first two bytes tell whether the frame may stand here.
static bool head_is_legal(const struct ws_frames *frames)
{
	uint8_t opcode = frames->head[0] & 0x0f;
	bool fin = frames->head[0] & 0x80;

	if ((frames->head[0] & 0x70) != 0 || (frames->head[1] & 0x80) == 0)
		return false;
	if (opcode_is_control(opcode))
		return opcode <= OPCODE_PONG && fin && (frames->head[1] & 0x7f) <= 125;
	return opcode <= OPCODE_BINARY && (opcode == OPCODE_CONTINUATION) == frames->in_message;
}

// Payload length of a whole header; UINT64_MAX when it isn't in the shortest form.
static uint64_t head_length(const uint8_t *head)
{
	uint64_t length = 0;
	unsigned short_length = head[1] & 0x7f;
	unsigned n = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;

	for (unsigned i = 0; i < n; i++)
		length = length << 8 | head[2 + i];
	if (n == 0)
		return short_length;
	if (n == 2)
		return length > 125 ? length : UINT64_MAX;
	return length > 65535 && length <= INT64_MAX ? length : UINT64_MAX;
}

static void head_finish(struct ws_frames *frames, struct ws_frame *frame)
{
	frames->left = head_length(frames->head);
	frames->opcode = frames->head[0] & 0x0f;
	frames->fin = frames->head[0] & 0x80;
	frames->mask_at = 0;
	frames->in_payload = true;
	if (frames->left == UINT64_MAX) {
		frame_bad(frame, WS_CLOSE_PROTOCOL);
		return;
	}
	if (opcode_is_control(frames->opcode)) {
		frames->control_len = 0;
		return;
	}
	if (!frames->in_message) {
		frames->text = frames->opcode == OPCODE_TEXT;
		frames->fragments = 0;
	}
	frames->in_message = true;
	if (frames->left > frames->message_max - frames->message_len)
		frame_bad(frame, WS_CLOSE_SIZE);
	else if (++frames->fragments > WS_FRAGMENTS_MAX)
		frame_bad(frame, WS_CLOSE_POLICY);
}

static size_t head_take(
	struct ws_frames *frames, const uint8_t *bytes, size_t len, struct ws_frame *frame)
{
	size_t used = 0;

	while (used < len && frame->kind == WS_FRAME_NONE && !frames->in_payload) {
		unsigned short_length;

		frames->head[frames->head_len++] = bytes[used++];
		if (frames->head_len < 2)
			continue;
		if (frames->head_len == 2) {
			short_length = frames->head[1] & 0x7f;
			frames->head_need = 6 +
				(short_length == 126		      ? 2
						: short_length == 127 ? 8
								      : 0);
			if (!head_is_legal(frames))
				frame_bad(frame, WS_CLOSE_PROTOCOL);
		}
		if (frames->head_len == frames->head_need)
			head_finish(frames, frame);
	}
	return used;
}

// Room for all of the frame's payload; grown by doubling, so that a header alone costs little.
static int message_room(struct ws_frames *frames, size_t need)
{
	size_t room = frames->message_room == 0 ? 2048 : frames->message_room;
	uint8_t *message;

	while (room < need)
		room *= 2;
	if (room == frames->message_room)
		return 0;
	message = realloc(frames->message, room);
	if (message == NULL)
		return -ENOMEM;
	frames->message = message;
	frames->message_room = room;
	return 0;
}

static size_t payload_take(
	struct ws_frames *frames, const uint8_t *bytes, size_t len, struct ws_frame *frame)
{
	const uint8_t *mask = frames->head + frames->head_need - 4;
	size_t n = frames->left < len ? (size_t)frames->left : len;
	uint8_t *to;

	if (opcode_is_control(frames->opcode)) {
		to = frames->control + frames->control_len;
		frames->control_len += (unsigned)n;
	} else {
		if (message_room(frames, frames->message_len + n) < 0) {
			frame_bad(frame, WS_CLOSE_INTERNAL);
			return 0;
		}
		to = frames->message + frames->message_len;
		frames->message_len += n;
	}
	for (size_t i = 0; i < n; i++)
		to[i] = bytes[i] ^ mask[(frames->mask_at + i) & 3];
	frames->mask_at = (unsigned)(frames->mask_at + n) & 3;
	frames->left -= n;
	return n;
}

// RFC 6455 section 7.4: codes that may stand on the wire.
static bool close_code_is_legal(uint16_t code)
{
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
		(code >= 3000 && code <= 4999);
}

static void close_finish(struct ws_frames *frames, struct ws_frame *frame)
{
	frame->kind = WS_FRAME_CLOSE;
	frame->code = 1005;
	if (frames->control_len == 0)
		return;
	if (frames->control_len >= 2)
		frame->code = (uint16_t)(frames->control[0] << 8 | frames->control[1]);
	if (frames->control_len == 1 || !close_code_is_legal(frame->code))
		frame_bad(frame, WS_CLOSE_PROTOCOL);
	else if (!ws_utf8_valid(frames->control + 2, frames->control_len - 2))
		frame_bad(frame, WS_CLOSE_UTF8);
}

static void frame_finish(struct ws_frames *frames, struct ws_frame *frame)
{
	frames->head_len = 0;
	frames->in_payload = false;
	if (opcode_is_control(frames->opcode)) {
		frame->data = frames->control;
		frame->len = frames->control_len;
		frame->kind = frames->opcode == OPCODE_PING ? WS_FRAME_PING : WS_FRAME_PONG;
		if (frames->opcode == OPCODE_CLOSE)
			close_finish(frames, frame);
		return;
	}
	if (!frames->fin)
		return;
	frames->in_message = false;
	frame->kind = WS_FRAME_MESSAGE;
	frame->data = frames->message;
	frame->len = frames->message_len;
	if (frames->text && !ws_utf8_valid(frame->data, frame->len))
		frame_bad(frame, WS_CLOSE_UTF8);
}

size_t ws_frames_next(
	struct ws_frames *frames, const uint8_t *bytes, size_t len, struct ws_frame *frame)
{
	size_t used = 0;

	*frame = (struct ws_frame){.kind = WS_FRAME_NONE};
	while (used < len && frame->kind == WS_FRAME_NONE) {
		if (frames->in_payload)
			used += payload_take(frames, bytes + used, len - used, frame);
		else
			used += head_take(frames, bytes + used, len - used, frame);
		if (frame->kind == WS_FRAME_NONE && frames->in_payload && frames->left == 0)
			frame_finish(frames, frame);
	}
	return used;
}

void ws_frames_release(struct ws_frames *frames)
{
	free(frames->message);
	frames->message = NULL;
	frames->message_len = frames->message_room = 0;
}

unsigned ws_head_write(uint8_t head[WS_HEAD_MAX], uint8_t opcode, size_t len)
{
	unsigned n = len <= 125 ? 0 : len <= 65535 ? 2 : 8;

	head[0] = 0x80 | opcode;
	head[1] = n == 0 ? (uint8_t)len : n == 2 ? 126 : 127;
	for (unsigned i = 0; i < n; i++)
		head[2 + i] = (uint8_t)((uint64_t)len >> (8 * (n - 1 - i)));
	return 2 + n;
}
