// SPDX-License-Identifier: Apache-2.0
// Cuts the head of a SIP message into its lines.
#include "sip_head.h"

#include <string.h>
#include <strings.h>

static const struct {
	char compact;
	const char *name;
} compact_forms[] = {
	{'a', "Accept-Contact"},
	{'b', "Referred-By"},
	{'c', "Content-Type"},
	{'d', "Request-Disposition"},
	{'e', "Content-Encoding"},
	{'f', "From"},
	{'i', "Call-ID"},
	{'j', "Reject-Contact"},
	{'k', "Supported"},
	{'l', "Content-Length"},
	{'m', "Contact"},
	{'n', "Identity-Info"},
	{'o', "Event"},
	{'r', "Refer-To"},
	{'s', "Subject"},
	{'t', "To"},
	{'u', "Allow-Events"},
	{'v', "Via"},
	{'x', "Session-Expires"},
	{'y', "Identity"},
};

bool sip_text_is(struct sip_text text, const char *word)
{
	return text.len == strlen(word) && strncasecmp(text.at, word, text.len) == 0;
}

bool sip_text_number(struct sip_text text, unsigned long max, unsigned long *out)
{
	unsigned long value = 0;

	if (text.len == 0)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		value = value * 10 + (unsigned long)(text.at[i] - '0');
		if (value > max)
			return false;
	}
	*out = value;
	return true;
}

static bool token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		(c != '\0' && strchr("-.!%*_+`'~", c));
}

static bool is_token(struct sip_text text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!token_char(text.at[i]))
			return false;
	return text.len > 0;
}

// Up to the next CRLF that no fold follows; false: no CRLF. CR, LF and NUL elsewhere are left in the line.
static bool line_take(struct sip_text *rest, struct sip_text *line, bool may_fold)
{
	for (size_t i = 0; i + 1 < rest->len; i++) {
		if (rest->at[i] != '\r' || rest->at[i + 1] != '\n')
			continue;
		if (may_fold && i > 0 && i + 2 < rest->len &&
			(rest->at[i + 2] == ' ' || rest->at[i + 2] == '\t')) {
			i++;
			continue;
		}
		*line = (struct sip_text){rest->at, i};
		rest->at += i + 2;
		rest->len -= i + 2;
		return true;
	}
	return false;
}

static struct sip_text trimmed(struct sip_text text)
{
	while (text.len > 0 && strchr(" \t\r\n", text.at[0]) && text.at[0]) {
		text.at++;
		text.len--;
	}
	while (text.len > 0 && strchr(" \t\r\n", text.at[text.len - 1]) && text.at[text.len - 1])
		text.len--;
	return text;
}

// CR and LF are legal as a fold only; NUL is never.
static bool line_is_clean(struct sip_text line)
{
	for (size_t i = 0; i < line.len; i++) {
		if (line.at[i] == '\0' || line.at[i] == '\n')
			return false;
		if (line.at[i] != '\r')
			continue;
		if (i + 2 >= line.len || line.at[i + 1] != '\n' ||
			(line.at[i + 2] != ' ' && line.at[i + 2] != '\t'))
			return false;
		i++;
	}
	return true;
}

static enum sip_head_fault status_line(struct sip_text line, struct sip_head *out)
{
	unsigned long status;

	if (!line_is_clean(line) || line.len < 12 || line.at[7] != ' ' || line.at[11] != ' ' ||
		strncasecmp(line.at, "SIP/2.0", 7) != 0 ||
		!sip_text_number((struct sip_text){line.at + 8, 3}, 699, &status) || status < 100)
		return SIP_HEAD_START_LINE;
	out->status = (unsigned)status;
	return SIP_HEAD_GOOD;
}

static bool version_shape(struct sip_text text)
{
	const char *dot = memchr(text.at, '.', text.len);
	unsigned long number;
	size_t major;

	if (text.len < 7 || strncasecmp(text.at, "SIP/", 4) != 0 || !dot)
		return false;
	major = (size_t)(dot - text.at) - 4;
	return sip_text_number((struct sip_text){text.at + 4, major}, 1000, &number) &&
		sip_text_number((struct sip_text){dot + 1, text.len - major - 5}, 1000, &number);
}

// METHOD SP URI SP SIP/n.n, single spaces, nothing behind (RFC 3261 section 7.1).
static enum sip_head_fault request_line(struct sip_text line, struct sip_head *out)
{
	const char *first = memchr(line.at, ' ', line.len);
	const char *last = memrchr(line.at, ' ', line.len);
	struct sip_text method, uri, version;

	if (!first || first == last)
		return SIP_HEAD_NOT_SIP;
	method = (struct sip_text){line.at, (size_t)(first - line.at)};
	uri = (struct sip_text){first + 1, (size_t)(last - first - 1)};
	version = (struct sip_text){last + 1, (size_t)(line.at + line.len - last - 1)};
	if (!is_token(method) || method.len > SIP_METHOD_MAX)
		return SIP_HEAD_NOT_SIP;
	out->request = true;
	out->method = method;
	if (!version_shape(version))
		return memmem(line.at, line.len, " SIP/", 5) ? SIP_HEAD_START_LINE
							     : SIP_HEAD_NOT_SIP;
	if (!sip_text_is(version, "SIP/2.0"))
		return SIP_HEAD_VERSION;
	if (!line_is_clean(line) || uri.len == 0 || memchr(uri.at, ' ', uri.len) ||
		memchr(uri.at, '<', uri.len))
		return SIP_HEAD_START_LINE;
	return SIP_HEAD_GOOD;
}

static enum sip_head_fault start_line(struct sip_text line, struct sip_head *out)
{
	if (line.len >= 4 && strncasecmp(line.at, "SIP/", 4) == 0)
		return status_line(line, out);
	return request_line(line, out);
}

static enum sip_head_fault field_add(struct sip_text line, struct sip_head *out)
{
	const char *colon = memchr(line.at, ':', line.len);
	struct sip_text name;

	if (line.len > SIP_HEADER_LINE_MAX)
		return SIP_HEAD_LINE_TOO_LONG;
	if (!colon || !line_is_clean(line))
		return SIP_HEAD_LINE;
	name = trimmed((struct sip_text){line.at, (size_t)(colon - line.at)});
	if (name.at != line.at || !is_token(name))
		return SIP_HEAD_LINE;
	if (out->field_count == SIP_HEADERS_MAX)
		return SIP_HEAD_TOO_MANY;
	out->fields[out->field_count++] = (struct sip_field){
		.name = name,
		.value = trimmed(
			(struct sip_text){colon + 1, (size_t)(line.at + line.len - colon - 1)}),
	};
	return SIP_HEAD_GOOD;
}

enum sip_head_fault sip_head_scan(const char *data, size_t len, struct sip_head *out)
{
	struct sip_text rest = {data, len}, line;
	enum sip_head_fault first_fault, fault;

	memset(out, 0, sizeof(*out));
	// CRLFs before the start line are to be ignored (section 7.5).
	while (rest.len >= 2 && rest.at[0] == '\r' && rest.at[1] == '\n') {
		rest.at += 2;
		rest.len -= 2;
	}
	if (!line_take(&rest, &line, false))
		return SIP_HEAD_NOT_SIP;
	first_fault = start_line(line, out);
	if (first_fault == SIP_HEAD_NOT_SIP)
		return first_fault;
	while (line_take(&rest, &line, true)) {
		if (line.len == 0) {
			out->body = rest;
			return first_fault;
		}
		fault = field_add(line, out);
		if (fault != SIP_HEAD_GOOD && first_fault == SIP_HEAD_GOOD)
			first_fault = fault;
	}
	return first_fault == SIP_HEAD_GOOD ? SIP_HEAD_NO_END : first_fault;
}

static bool field_is(const struct sip_field *field, const char *name)
{
	if (sip_text_is(field->name, name))
		return true;
	if (field->name.len != 1)
		return false;
	for (size_t i = 0; i < sizeof(compact_forms) / sizeof(compact_forms[0]); i++)
		if ((field->name.at[0] | 0x20) == compact_forms[i].compact)
			return strcasecmp(compact_forms[i].name, name) == 0;
	return false;
}

const struct sip_field *sip_head_find(const struct sip_head *head, const char *name)
{
	for (unsigned i = 0; i < head->field_count; i++)
		if (field_is(&head->fields[i], name))
			return &head->fields[i];
	return NULL;
}

unsigned sip_head_count(const struct sip_head *head, const char *name)
{
	unsigned count = 0;

	for (unsigned i = 0; i < head->field_count; i++)
		count += field_is(&head->fields[i], name);
	return count;
}
