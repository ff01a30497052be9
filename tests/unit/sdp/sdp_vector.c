// SPDX-License-Identifier: Apache-2.0
// One vector file: blocks into descriptions, operations over them, comparison with what is expected.
#include "sdp_vector.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BLOCKS 40

struct block {
	char *name, *text;
	struct sdp_session *session; // of a description
	char *result; // what an operation said, as text
	bool expected; // an expectation for it was met
};

struct vector {
	char *data;
	unsigned count;
	struct block blocks[MAX_BLOCKS];
	struct sdp_local locals[2];
	FILE *out;
	int failures;
};

static struct block *block_find(struct vector *vector, const char *name)
{
	for (unsigned i = 0; i < vector->count; i++)
		if (strcmp(vector->blocks[i].name, name) == 0)
			return &vector->blocks[i];
	return NULL;
}

static int fail(struct vector *vector, const char *what, const char *name)
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
	struct block *block = block_find(vector, name);

	if (block)
		return block;
	if (vector->count == MAX_BLOCKS)
		abort();
	block = &vector->blocks[vector->count++];
	*block = (struct block){.name = strdup(name)};
	return block;
}

struct arguments {
	char op[32];
	char *text; // the rest: key=value ...
};

static bool argument(const struct arguments *arguments, const char *key, char *value, size_t size)
{
	const char *at = arguments->text;
	size_t len = strlen(key);

	while (*at != '\0') {
		at += strspn(at, " ");
		if (strncmp(at, key, len) == 0 && at[len] == '=') {
			snprintf(
				value, size, "%.*s", (int)strcspn(at + len + 1, " "), at + len + 1);
			return true;
		}
		at += strcspn(at, " ");
	}
	return false;
}

static bool switched(const struct arguments *arguments, const char *key)
{
	char value[8];

	return argument(arguments, key, value, sizeof(value)) && strcmp(value, "yes") == 0;
}

static const struct sdp_session *session_argument(
	struct vector *vector, const struct arguments *arguments, const char *key)
{
	char name[64];
	struct block *block;

	if (!argument(arguments, key, name, sizeof(name)))
		return NULL;
	block = block_find(vector, name);
	if (!block || !block->session) {
		fail(vector, "no such description", name);
		return NULL;
	}
	return block->session;
}

static int run_needs(struct vector *vector, const struct arguments *arguments, FILE *result,
	struct sdp_error *err)
{
	const struct sdp_session *offer = session_argument(vector, arguments, "offer");
	bool web = switched(arguments, "web");
	struct sdp_needs needs;
	int ret;

	if (!offer)
		return 0;
	ret = sdp_needs_of(offer, web ? &sdp_profile_web : &sdp_profile_ims,
		web ? &sdp_profile_ims : &sdp_profile_web, &needs, err);
	for (unsigned i = 0; i < needs.count; i++)
		fprintf(result, "%u kind %d usable %d mux %d bundle %d\n", i,
			needs.sections[i].kind, needs.sections[i].usable,
			needs.sections[i].rtcp_mux, needs.sections[i].bundle);
	return ret;
}

static int run_plan(struct vector *vector, const struct arguments *arguments, FILE *result,
	struct sdp_error *err)
{
	struct sdp_pair pair = {
		.web_local = session_argument(vector, arguments, "wl"),
		.web_remote = session_argument(vector, arguments, "wr"),
		.ims_local = session_argument(vector, arguments, "il"),
		.ims_remote = session_argument(vector, arguments, "ir"),
	};
	struct sdp_plan *plan = calloc(1, sizeof(*plan));
	int ret = sdp_media_plan(&pair, plan, err);

	if (ret == 0)
		vector_plan_print(plan, result);
	free(plan);
	return ret;
}

static int run_changes(struct vector *vector, const struct arguments *arguments, FILE *result)
{
	static const char *const names[] = {
		"ice", "dtls", "direction", "codecs", "sections", "address", "candidates"};
	const struct sdp_session *before = session_argument(vector, arguments, "before");
	const struct sdp_session *after = session_argument(vector, arguments, "after");
	unsigned changes = after ? sdp_changes(before, after) : 0;

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (changes & 1u << i)
			fprintf(result, "%s\n", names[i]);
	if (changes == 0)
		fprintf(result, "none\n");
	return 0;
}

static int run_build(struct vector *vector, const struct arguments *arguments,
	struct sdp_session **out, struct sdp_error *err)
{
	bool web = strncmp(arguments->op, "web", 3) == 0;
	struct sdp_profile profile = web ? sdp_profile_web : sdp_profile_ims;
	struct sdp_build in = {
		.profile = &profile,
		.other = web ? &sdp_profile_ims : &sdp_profile_web,
		.remote = session_argument(vector, arguments, "remote"),
		.offer = session_argument(vector, arguments, "offer"),
		.previous = session_argument(vector, arguments, "previous"),
		.local = &vector->locals[web ? SDP_WEB : SDP_IMS],
		.video = switched(arguments, "video"),
		.remote_is_offer = switched(arguments, "cached"),
	};

	profile.avpf = switched(arguments, "avpf");
	profile.ice_lite = switched(arguments, "lite");
	profile.bundle = web && !switched(arguments, "unbundled");
	if (switched(arguments, "active"))
		profile.dtls_default = SDP_ROLE_ACTIVE;
	if (strcmp(arguments->op, "ims_offer") == 0)
		return sdp_ims_offer(&in, out, err);
	if (strcmp(arguments->op, "web_offer") == 0)
		return sdp_web_offer(&in, out, err);
	if (strcmp(arguments->op, "ims_answer") == 0)
		return sdp_ims_answer(&in, out, err);
	if (strcmp(arguments->op, "web_answer") == 0)
		return sdp_web_answer(&in, out, err);
	return fail(vector, "no such operation", arguments->op);
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

	if (!argument(arguments, "as", name, sizeof(name))) {
		fail(vector, "operation without as=", arguments->op);
		return;
	}
	result = open_memstream(&text, &text_len);
	if (strcmp(arguments->op, "plan") == 0)
		ret = run_plan(vector, arguments, result, &err);
	else if (strcmp(arguments->op, "needs") == 0)
		ret = run_needs(vector, arguments, result, &err);
	else if (strcmp(arguments->op, "changes") == 0)
		ret = run_changes(vector, arguments, result);
	else
		ret = run_build(vector, arguments, &session, &err);
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

static void block_parse(struct vector *vector, struct block *block)
{
	struct sdp_error err = {0};
	char *wire = to_wire(block->text);
	int ret = sdp_parse(wire, strlen(wire), &block->session, &err);

	if (ret < 0)
		block->result = error_text(ret, &err);
	free(wire);
	if (ret == 0)
		block->expected = true;
	(void)vector;
}

static void unexpected(struct vector *vector, const struct block *block)
{
	fail(vector, "no expectation for", block->name);
	fprintf(vector->out, "--- got %s\n%s", block->name, block->result);
}

static void check_expectation(struct vector *vector, struct block *expectation, const char *name)
{
	struct block *block = block_find(vector, name);

	if (!block || !block->result) {
		fail(vector, "nothing came of", name);
		return;
	}
	block->expected = true;
	if (strcmp(block->result, expectation->text) == 0)
		return;
	fail(vector, "differs from what is expected", name);
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
			block_parse(vector, block);
		if (ret < 0)
			fail(vector, "cannot read", block->name);
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
		fail(vector, "cannot read the file", name);
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
