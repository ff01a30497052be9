// SPDX-License-Identifier: Apache-2.0
// Life of a description: one arena a session, freed as a whole.
#include "sdp_question.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CHUNK_BYTES 8192

struct sdp_chunk {
	struct sdp_chunk *next;
	size_t used, size;
	max_align_t data[];
};

static struct sdp_chunk *chunk_create(size_t size)
{
	struct sdp_chunk *chunk = malloc(sizeof(*chunk) + size);

	if (!chunk)
		return NULL;
	memset(chunk, 0, sizeof(*chunk) + size);
	chunk->size = size;
	return chunk;
}

static void section_init(struct sdp_section *section)
{
	section->as_kbps = -1;
	section->tias_bps = -1;
	section->rs_bps = -1;
	section->rr_bps = -1;
	section->direction = SDP_SEND | SDP_RECV;
}

struct sdp_session *sdp_create(void)
{
	struct sdp_session *session = calloc(1, sizeof(*session));

	if (!session)
		return NULL;
	section_init(&session->common);
	return session;
}

void sdp_destroy(struct sdp_session *session)
{
	if (!session)
		return;
	while (session->chunks) {
		struct sdp_chunk *next = session->chunks->next;

		free(session->chunks);
		session->chunks = next;
	}
	free(session);
}

void *sdp_alloc(struct sdp_session *session, size_t size)
{
	struct sdp_chunk *chunk = session->chunks;
	void *data;

	size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	if (!chunk || chunk->size - chunk->used < size) {
		chunk = chunk_create(size > CHUNK_BYTES ? size : CHUNK_BYTES);
		if (!chunk)
			return NULL;
		chunk->next = session->chunks;
		session->chunks = chunk;
	}
	data = (char *)chunk->data + chunk->used;
	chunk->used += size;
	return data;
}

char *sdp_dup(struct sdp_session *session, const char *text, size_t len)
{
	char *copy = sdp_alloc(session, len + 1);

	if (copy)
		memcpy(copy, text, len);
	return copy;
}

// Capacity follows from the count: 4, then powers of two.
void *sdp_grow(struct sdp_session *session, void *items, unsigned count, size_t size)
{
	void *bigger;

	if (count != 0 && (count < 4 || (count & (count - 1)) != 0))
		return items;
	bigger = sdp_alloc(session, (count == 0 ? 4 : 2 * (size_t)count) * size);
	if (bigger && count != 0)
		memcpy(bigger, items, count * size);
	return bigger;
}

struct sdp_section *sdp_section_add(struct sdp_session *session)
{
	struct sdp_section *section = sdp_alloc(session, sizeof(*section));

	if (!section)
		return NULL;
	section_init(section);
	session->sections[session->section_count++] = section;
	return section;
}

int sdp_fail(struct sdp_error *err, int code, unsigned line, const char *fmt, ...)
{
	va_list args;

	err->line = line;
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	return code;
}

const char *sdp_text(const struct sdp_session *session, size_t *len)
{
	if (len)
		*len = session->text_len;
	return session->text;
}

bool sdp_is_ipv6_only(const struct sdp_session *session)
{
	bool has_v6 = false;

	for (unsigned i = 0; i < session->section_count; i++) {
		const struct sdp_section *section = session->sections[i];

		if (section->port == 0 || !section->has_conn || section->conn_is_name)
			continue;
		if (section->conn.family != AF_INET6)
			return false;
		has_v6 = true;
	}
	return has_v6;
}

unsigned sdp_section_count(const struct sdp_session *session)
{
	return session->section_count;
}
