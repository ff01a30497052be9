// SPDX-License-Identifier: Apache-2.0
// Judges messages of browsers before the transaction layer sees them.
#include "w2_accept.h"

#include "sip_head.h"

#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_util.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct fault {
	int status;
	const char *phrase;
};

static const struct fault good = {0, NULL};

// RFC 3261 table 2 and the RFCs of the others: at most once in a message.
static const char *const single_headers[] = {"From", "To", "Call-ID", "CSeq", "Max-Forwards",
	"Content-Length", "Content-Type", "Content-Disposition", "Expires", "Min-Expires", "Event",
	"Date", "Timestamp", "MIME-Version", "Subject", "Organization", "Priority", "Server",
	"User-Agent", "Refer-To", "Referred-By", "Replaces", "Session-Expires", "Min-SE", "RSeq",
	"RAck", "Retry-After", "Subscription-State", "Target-Dialog", "Identity",
	"P-Preferred-Service"};

static const char *const needed_headers[] = {"Via", "From", "To", "Call-ID", "CSeq"};

static struct fault head_fault(enum sip_head_fault found)
{
	switch (found) {
	case SIP_HEAD_GOOD:
		return good;
	case SIP_HEAD_VERSION:
		return (struct fault){505, "Version Not Supported"};
	case SIP_HEAD_START_LINE:
		return (struct fault){400, "Bad Start Line"};
	case SIP_HEAD_LINE:
		return (struct fault){400, "Bad Header Line"};
	case SIP_HEAD_LINE_TOO_LONG:
		return (struct fault){400, "Header Line Too Long"};
	case SIP_HEAD_TOO_MANY:
		return (struct fault){400, "Too Many Headers"};
	case SIP_HEAD_NO_END:
		return (struct fault){400, "Message Cut Short"};
	case SIP_HEAD_NOT_SIP:
		break;
	}
	return (struct fault){400, "Not SIP"};
}

static bool number_or_absent(const struct sip_head *head, const char *name, unsigned long max)
{
	const struct sip_field *field = sip_head_find(head, name);
	unsigned long value;

	return !field || sip_text_number(field->value, max, &value);
}

// The number is below 2**31 and the method is that of the request (RFC 3261 section 8.1.1.5).
static bool cseq_is_good(const struct sip_head *head)
{
	struct sip_text value = sip_head_find(head, "CSeq")->value, number = value, method;
	unsigned long unused;

	number.len = 0;
	while (number.len < value.len && !strchr(" \t\r\n", value.at[number.len]))
		number.len++;
	method = (struct sip_text){value.at + number.len, value.len - number.len};
	while (method.len > 0 && strchr(" \t\r\n", method.at[0])) {
		method.at++;
		method.len--;
	}
	if (!sip_text_number(number, 0x7fffffff, &unused) || method.len == 0)
		return false;
	// Methods are case-sensitive.
	return !head->request ||
		(method.len == head->method.len &&
			memcmp(method.at, head->method.at, method.len) == 0);
}

static struct fault headers_fault(const struct sip_head *head)
{
	for (size_t i = 0; i < sizeof(needed_headers) / sizeof(needed_headers[0]); i++)
		if (!sip_head_find(head, needed_headers[i]))
			return (struct fault){400, "Header Missing"};
	for (size_t i = 0; i < sizeof(single_headers) / sizeof(single_headers[0]); i++)
		if (sip_head_count(head, single_headers[i]) > 1)
			return (struct fault){400, "Header Repeated"};
	if (!cseq_is_good(head))
		return (struct fault){400, "Bad CSeq"};
	if (!number_or_absent(head, "Max-Forwards", 255))
		return (struct fault){400, "Bad Max-Forwards"};
	return good;
}

// A line of the body that looks like the start of another message.
static bool start_line_in(struct sip_text body)
{
	const char *end = body.at + body.len, *line = body.at, *eol;

	for (; line < end; line = eol + 1) {
		size_t len;

		eol = memchr(line, '\n', (size_t)(end - line));
		if (!eol)
			eol = end;
		len = (size_t)(eol - line);
		if (len > 0 && line[len - 1] == '\r')
			len--;
		if ((len > 8 && strncasecmp(line + len - 8, " SIP/2.0", 8) == 0) ||
			(len > 8 && strncasecmp(line, "SIP/2.0 ", 8) == 0))
			return true;
	}
	return false;
}

static bool value_starts(const struct sip_field *field, const char *word)
{
	return field && field->value.len >= strlen(word) &&
		strncasecmp(field->value.at, word, strlen(word)) == 0;
}

static struct fault body_fault(const struct sip_head *head)
{
	const struct sip_field *length = sip_head_find(head, "Content-Length");
	const struct sip_field *type = sip_head_find(head, "Content-Type");
	unsigned long claimed;

	if (length &&
		(!sip_text_number(length->value, 0x7fffffff, &claimed) ||
			claimed != head->body.len))
		return (struct fault){400, "Bad Content-Length"};
	if (head->body.len == 0)
		return good;
	if (!type)
		return (struct fault){400, "Content-Type Missing"};
	if (!length && !value_starts(type, "message/") && !value_starts(type, "multipart/") &&
		start_line_in(head->body))
		return (struct fault){400, "Two Messages in One"};
	if (value_starts(type, "application/sdp") && head->body.len > W2_SDP_MAX)
		return (struct fault){413, "Request Entity Too Large"};
	return good;
}

static struct fault parser_fault(const char *data, size_t len, msg_t **msg)
{
	const sip_t *sip;

	*msg = msg_make(sip_default_mclass(), 0, data, (ssize_t)len);
	if (!*msg)
		return (struct fault){500, "Server Internal Error"};
	sip = sip_object(*msg);
	if (sip->sip_flags & (MSG_FLG_ERROR | MSG_FLG_TRUNC | MSG_FLG_TOOLARGE))
		return (struct fault){400, "Bad Request"};
	if (sip->sip_error)
		return (struct fault){400, "Bad Header"};
	if (sip_sanity_check(sip) < 0)
		return (struct fault){400, "Bad Request"};
	return good;
}

static bool can_answer(const struct sip_head *head)
{
	const struct sip_field *via = sip_head_find(head, "Via");

	for (size_t i = 0; i < sizeof(needed_headers) / sizeof(needed_headers[0]); i++)
		if (!sip_head_find(head, needed_headers[i]))
			return false;
	return value_starts(via, "SIP/") && memchr(via->value.at, ' ', via->value.len);
}

static void field_print(FILE *to, const char *name, const struct sip_field *field)
{
	fprintf(to, "%s: %.*s", name, (int)field->value.len, field->value.at);
}

// The parser can't be asked for a message it could not read: the five headers go back as they came (section 8.2.6.2).
static void response_print(FILE *to, const struct sip_head *head, struct fault fault)
{
	const struct sip_field *to_field = sip_head_find(head, "To");

	fprintf(to, "SIP/2.0 %d %s\r\n", fault.status, fault.phrase);
	for (unsigned i = 0; i < head->field_count; i++)
		if (sip_text_is(head->fields[i].name, "Via") ||
			sip_text_is(head->fields[i].name, "v")) {
			field_print(to, "Via", &head->fields[i]);
			fputs("\r\n", to);
		}
	field_print(to, "From", sip_head_find(head, "From"));
	fputs("\r\n", to);
	field_print(to, "To", to_field);
	if (!memmem(to_field->value.at, to_field->value.len, ";tag=", 5))
		fputs(";tag=refused", to);
	fputs("\r\n", to);
	field_print(to, "Call-ID", sip_head_find(head, "Call-ID"));
	fputs("\r\n", to);
	field_print(to, "CSeq", sip_head_find(head, "CSeq"));
	fputs("\r\nContent-Length: 0\r\n\r\n", to);
}

static void refuse(const struct sip_head *head, struct fault fault, struct w2_acceptance *out)
{
	FILE *to;

	out->why = fault.phrase;
	out->status = fault.status;
	// Nobody answers a response or an ACK.
	if (!head->request || sip_text_is(head->method, "ACK")) {
		out->verdict = W2_DROPPED;
		return;
	}
	if (!can_answer(head)) {
		out->verdict = W2_FATAL;
		out->close_code = 1002;
		return;
	}
	out->verdict = W2_DROPPED;
	to = open_memstream(&out->response, &out->response_len);
	if (!to)
		return;
	response_print(to, head, fault);
	if (fclose(to) == 0)
		out->verdict = W2_REFUSED;
}

static bool all_crlf(const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (data[i] != (i % 2 ? '\n' : '\r'))
			return false;
	return len % 2 == 0;
}

void w2_accept(const char *data, size_t len, struct w2_acceptance *out)
{
	struct sip_head head;
	enum sip_head_fault found;
	struct fault fault;
	msg_t *msg = NULL;

	memset(out, 0, sizeof(*out));
	if (all_crlf(data, len)) {
		out->verdict = len >= 4 ? W2_KEEPALIVE : W2_DROPPED;
		out->why = "keep-alive";
		return;
	}
	found = sip_head_scan(data, len, &head);
	if (found == SIP_HEAD_NOT_SIP) {
		out->verdict = W2_FATAL;
		out->close_code = 1002;
		out->why = "Not SIP";
		return;
	}
	fault = head_fault(found);
	if (!fault.status)
		fault = headers_fault(&head);
	if (!fault.status)
		fault = body_fault(&head);
	if (!fault.status)
		fault = parser_fault(data, len, &msg);
	if (!fault.status) {
		out->verdict = W2_TAKEN;
		out->msg = msg;
		return;
	}
	if (msg)
		msg_destroy(msg);
	refuse(&head, fault, out);
}
