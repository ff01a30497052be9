// SPDX-License-Identifier: Apache-2.0
// What the reader of vector files and its operations share.
#pragma once

#include "sdp_vector.h"

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

struct arguments {
	char op[32];
	const char *text; // the rest: key=value ...
};

struct block *vector_block(struct vector *vector, const char *name); // NULL when there is none
int vector_fail(struct vector *vector, const char *what, const char *name);
bool vector_argument(const struct arguments *arguments, const char *key, char *value, size_t size);

// One operation: text to result, or a description to *session. 0, or what the operation returned.
int vector_operate(struct vector *vector, const struct arguments *arguments, FILE *result,
	struct sdp_session **session, struct sdp_error *err);
