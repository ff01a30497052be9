// SPDX-License-Identifier: Apache-2.0
// What the files of the parser call in each other.
#pragma once

#include "sdp_question.h"
#include "sdp_text.h"

// sdp_scan.c: pieces of a line. Numbers are plain decimal digits, at most max.
char *sdp_token(char **cursor);
int sdp_number(const char *text, uint64_t max, uint64_t *out);
bool sdp_is_token(const char *text); // RFC 8866 token
int sdp_address(const char *type, const char *text, struct sdp_addr *addr);

// sdp_attribute.c and sdp_transport.c: one a= line, already cut at its colon.
struct sdp_parser {
	struct sdp_session *session;
	struct sdp_section *section; // where attributes go now
	unsigned line;
	struct sdp_error *err;
};
typedef int (*sdp_attribute_fn)(struct sdp_parser *parser, char *value);
struct sdp_attribute {
	const char *name;
	sdp_attribute_fn parse;
	bool has_value;
};
int sdp_attribute_parse(struct sdp_parser *parser, char *line);
sdp_attribute_fn sdp_transport_attribute(const char *name, bool *has_value);
int sdp_bad(struct sdp_parser *parser, const char *sentence); // -EINVAL, at this line
