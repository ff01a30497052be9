// SPDX-License-Identifier: Apache-2.0
// Fuzzes the frame reader: the first byte says how the stream is cut; however it is cut, the events are the same.
#include "fuzz.h"
#include "ws_priv.h"

#include <string.h>

enum { MESSAGE_MAX = 300 };

// A sum over the events of the stream, cut into pieces of n bytes.
static uint64_t events_sum(const uint8_t *data, size_t len, size_t n)
{
	struct ws_frames frames = {.message_max = MESSAGE_MAX};
	struct ws_frame frame = {.kind = WS_FRAME_NONE};
	uint64_t sum = 0;

	for (size_t at = 0; at < len && frame.kind != WS_FRAME_BAD;) {
		size_t end = len - at < n ? len : at + n;

		at += ws_frames_next(&frames, data + at, end - at, &frame);
		FUZZ_CHECK(at <= end);
		if (frame.kind == WS_FRAME_NONE)
			continue;
		sum = (sum ^ (frame.kind << 16 ^ frame.code)) * 31 + frame.len;
		if (frame.kind == WS_FRAME_MESSAGE) {
			FUZZ_CHECK(frame.len <= MESSAGE_MAX);
			fuzz_touch(frame.data, frame.len);
			ws_frames_release(&frames);
		} else if (frame.kind == WS_FRAME_PING || frame.kind == WS_FRAME_PONG) {
			FUZZ_CHECK(frame.len <= 125);
			fuzz_touch(frame.data, frame.len);
		}
	}
	ws_frames_release(&frames);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len > 1)
		FUZZ_CHECK(events_sum(data + 1, len - 1, len) ==
			events_sum(data + 1, len - 1, 1u + (data[0] & 15)));
	return 0;
}
