// SPDX-License-Identifier: Apache-2.0
// What was negotiated for a payload type, against a walk over the whole table: the types of the stream's first line and
// those behind it give the same answers.
#include "arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// The first of a type counts.
static const struct iq_pt *pt_by_walk(const struct stream *stream, unsigned leg, uint8_t pt)
{
	for (unsigned i = 0; i < stream->pt_count; i++) {
		const struct iq_pt *at = &stream->pts[i];

		if ((leg == IQ_LEG_ACCESS ? at->access : at->core) == pt)
			return at;
	}
	return NULL;
}

static void stream_make(struct stream *stream, unsigned count)
{
	memset(stream, 0, sizeof(*stream));
	memset(stream->pt_map, NO_PT, sizeof(stream->pt_map));
	stream->pt_count = (uint8_t)count;
	for (unsigned i = 0; i < count; i++)
		stream->pts[i] = (struct iq_pt){
			.access = (uint8_t)(rand() % 16), .core = (uint8_t)(112 + rand() % 16)};
	for (unsigned i = count; i > 0; i--) {
		stream->pt_map[IQ_LEG_ACCESS][stream->pts[i - 1].access] = (uint8_t)(i - 1);
		stream->pt_map[IQ_LEG_CORE][stream->pts[i - 1].core] = (uint8_t)(i - 1);
	}
}

static void any_type_of_any_stream(void **state)
{
	struct stream stream;

	(void)state;
	for (unsigned round = 0; round < 500; round++) {
		stream_make(&stream, round % (IQ_PTS_MAX + 1));
		for (unsigned pt = 0; pt < 128; pt++) {
			for (unsigned leg = 0; leg < IQ_LEGS; leg++)
				assert_ptr_equal(stream_pt(&stream, leg, (uint8_t)pt),
					pt_by_walk(&stream, leg, (uint8_t)pt));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(any_type_of_any_stream)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
