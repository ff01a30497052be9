// SPDX-License-Identifier: Apache-2.0
// The head of a SIP message as text: start line and header lines, cut strictly, before any parser sees it.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define SIP_HEADERS_MAX 128
#define SIP_HEADER_LINE_MAX 8192
#define SIP_METHOD_MAX 64

struct sip_text {
	const char *at;
	size_t len;
};

// One header; value keeps the folds of the wire, without the leading and trailing blanks.
struct sip_field {
	struct sip_text name, value;
};

enum sip_head_fault {
	SIP_HEAD_GOOD,
	SIP_HEAD_NOT_SIP, // the first line is none of SIP's
	SIP_HEAD_VERSION, // a request of another version than 2.0
	SIP_HEAD_START_LINE, // a request or status line with a fault
	SIP_HEAD_LINE, // a header line with a fault: no name, no colon, bare CR or LF, NUL
	SIP_HEAD_LINE_TOO_LONG,
	SIP_HEAD_TOO_MANY,
	SIP_HEAD_NO_END, // no blank line
};

struct sip_head {
	bool request;
	struct sip_text method; // request
	unsigned status; // response
	struct sip_field fields[SIP_HEADERS_MAX]; // whole, faultless ones up to the first fault
	unsigned field_count;
	struct sip_text body; // what follows the blank line
};

// Cuts data into lines (RFC 3261 section 7). out points into data. Fields before a fault are filled in, so that an
// error response can still be made. Pure.
enum sip_head_fault sip_head_scan(const char *data, size_t len, struct sip_head *out);

// The first field of that name, long or compact form (RFC 3261 section 7.3.3), or NULL; and how many there are.
const struct sip_field *sip_head_find(const struct sip_head *head, const char *name);
unsigned sip_head_count(const struct sip_head *head, const char *name);

bool sip_text_is(struct sip_text text, const char *word); // case-insensitive
// A decimal number up to max, nothing else: true and *out.
bool sip_text_number(struct sip_text text, unsigned long max, unsigned long *out);
