// SPDX-License-Identifier: Apache-2.0
// One vector file: blocks into descriptions, operations over them, comparison with what is expected.
#include "sdp_vector_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct block *vector_block(struct vector *vector, const char *name)
{
	for (unsigned i = 0; i < vector->count; i++)
		if (strcmp(vector->blocks[i].name, name) == 0)
			return &vector->blocks[i];
	return NULL;
}

int vector_fail(struct vector *vector, const char *what, const char *name)
{
	fprintf(vector->out, "%s: %s\n", what, name);
	return ++vector->failures;
}

// Lines in the file end with LF; on the wire they end with CRLF.
static char *to_wire(const char *text)
{
	char *wire = calloc(2, strlen(text) + 1), *to = wire;

	for (; *text != '\0'; text++) {
		if (*text == '\n')
			*to++ = '\r';
		*to++ = *text;
	}
	return wire;
}

static char *from_wire(const char *text)
{
	char *plain = calloc(1, strlen(text) + 1), *to = plain;

	for (; *text != '\0'; text++)
		if (*text != '\r')
			*to++ = *text;
	return plain;
}

static char *error_text(int ret, const struct sdp_error *err)
{
	const char *name = ret == -ENOTSUP ? "ENOTSUP" : ret == -EINVAL ? "EINVAL" : "?";
	char *text = NULL;

	if (asprintf(&text, "%s line %u: %s\n", name, err->line, err->text) < 0)
		return NULL;
	return text;
}

static struct block *result_add(struct vector *vector, const char *name)
{
	struct block *block = vector_block(vector, name);

	if (block)
		return block;
	if (vector->count == MAX_BLOCKS)
		abort();
	block = &vector->blocks[vector->count++];
	*block = (struct block){.name = strdup(name)};
	return block;
}

static void run_operation(struct vector *vector, const struct arguments *arguments)
{
	struct sdp_error err = {0};
	struct sdp_session *session = NULL;
	char name[64], *text = NULL;
	size_t text_len;
	struct block *block;
	FILE *result;
	int ret;

	if (!vector_argument(arguments, "as", name, sizeof(name))) {
		vector_fail(vector, "operation without as=", arguments->op);
		return;
	}
	result = open_memstream(&text, &text_len);
	ret = vector_operate(vector, arguments, result, &session, &err);
	fclose(result);
	block = result_add(vector, name);
	block->session = session;
	block->result = text;
	if (session) {
		free(text);
		block->result = from_wire(sdp_text(session, NULL));
	} else if (ret < 0) {
		free(text);
		block->result = error_text(ret, &err);
	}
}

static void run_operations(struct vector *vector, char *text)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct arguments arguments = {0};

		snprintf(arguments.op, sizeof(arguments.op), "%.*s", (int)strcspn(line, " "), line);
		arguments.text = line + strcspn(line, " ");
		run_operation(vector, &arguments);
	}
}

static void block_parse(struct block *block)
{
	struct sdp_error err = {0};
	char *wire = to_wire(block->text);
	int ret = sdp_read(wire, strlen(wire), &block->session, &err);

	if (ret < 0)
		block->result = error_text(ret, &err);
	free(wire);
	if (ret == 0)
		block->expected = true;
}

static void unexpected(struct vector *vector, const struct block *block)
{
	vector_fail(vector, "no expectation for", block->name);
	fprintf(vector->out, "--- got %s\n%s", block->name, block->result);
}

static void check_expectation(struct vector *vector, struct block *expectation, const char *name)
{
	struct block *block = vector_block(vector, name);

	if (!block || !block->result) {
		vector_fail(vector, "nothing came of", name);
		return;
	}
	block->expected = true;
	if (strcmp(block->result, expectation->text) == 0)
		return;
	vector_fail(vector, "differs from what is expected", name);
	fprintf(vector->out, "--- got %s\n%s", name, block->result);
}

static void vector_split(struct vector *vector)
{
	char *at = strstr(vector->data, "--- ");

	while (at && vector->count < MAX_BLOCKS) {
		char *end = strchr(at, '\n'), *next;
		struct block *block = &vector->blocks[vector->count++];

		*end = '\0';
		block->name = strdup(at + 4);
		block->text = end + 1;
		next = strncmp(block->text, "--- ", 4) == 0 ? block->text - 1
							    : strstr(block->text, "\n--- ");
		at = next ? next + 1 : NULL;
		if (next && next >= block->text) {
			block->text = strndup(block->text, (size_t)(next + 1 - block->text));
		} else {
			block->text = strdup(next ? "" : block->text);
		}
	}
}

static void vector_inputs(struct vector *vector)
{
	unsigned count = vector->count;

	for (unsigned i = 0; i < count; i++) {
		struct block *block = &vector->blocks[i];
		int ret = 0;

		if (strcmp(block->name, "local web") == 0)
			ret = vector_local_parse(block->text, &vector->locals[SDP_WEB]);
		else if (strcmp(block->name, "local ims") == 0)
			ret = vector_local_parse(block->text, &vector->locals[SDP_IMS]);
		else if (strncmp(block->name, "local ", 6) != 0 &&
			strncmp(block->name, "expect ", 7) != 0 && strcmp(block->name, "do") != 0)
			block_parse(block);
		if (ret < 0)
			vector_fail(vector, "cannot read", block->name);
	}
}

// Blocks run in the order of the file, so that a second "local" changes the allocation in mid-call.
static void vector_execute(struct vector *vector)
{
	unsigned count = vector->count;
	bool first_web = true, first_ims = true;

	for (unsigned i = 0; i < count; i++) {
		struct block *block = &vector->blocks[i];

		if (strcmp(block->name, "do") == 0)
			run_operations(vector, block->text);
		else if (strcmp(block->name, "local web again") == 0 && first_web)
			first_web = vector_local_parse(block->text, &vector->locals[SDP_WEB]) != 0;
		else if (strcmp(block->name, "local ims again") == 0 && first_ims)
			first_ims = vector_local_parse(block->text, &vector->locals[SDP_IMS]) != 0;
		else if (strncmp(block->name, "expect ", 7) == 0)
			check_expectation(vector, block, block->name + 7);
	}
	for (unsigned i = 0; i < vector->count; i++)
		if (vector->blocks[i].result && !vector->blocks[i].expected)
			unexpected(vector, &vector->blocks[i]);
}

static char *file_read(const char *dir, const char *name)
{
	char path[512], *data = calloc(1, 65536);
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "r");
	if (!file || fread(data, 1, 65535, file) == 0) {
		free(data);
		data = NULL;
	}
	if (file)
		fclose(file);
	return data;
}

int vector_run(const char *dir, const char *name, FILE *out)
{
	struct vector *vector = calloc(1, sizeof(*vector));
	int failures;

	vector->out = out;
	vector->data = file_read(dir, name);
	if (vector->data) {
		vector_split(vector);
		vector_inputs(vector);
		vector_execute(vector);
	} else {
		vector_fail(vector, "cannot read the file", name);
	}
	for (unsigned i = 0; i < vector->count; i++) {
		sdp_destroy(vector->blocks[i].session);
		free(vector->blocks[i].name);
		free(vector->blocks[i].text);
		free(vector->blocks[i].result);
	}
	failures = vector->failures;
	free(vector->data);
	free(vector);
	return failures;
}
