// SPDX-License-Identifier: Apache-2.0
// Making and reading messages.
#include "sip_message.h"

#include <sofia-sip/msg_header.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/su_string.h>

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#define VALUE_MAX 131072

void sip_token_make(char token[SIP_TAG_LEN])
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	uint8_t bytes[SIP_TAG_LEN - 1];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		abort(); // without random numbers nothing here is safe
	for (size_t i = 0; i < sizeof(bytes); i++)
		token[i] = digits[bytes[i] & 31];
	token[SIP_TAG_LEN - 1] = '\0';
}

msg_t *sip_message_request(const char *method, const char *uri)
{
	msg_t *msg = msg_create(sip_default_mclass(), 0);
	sip_method_t known;
	sip_request_t *line;

	if (!msg)
		return NULL;
	known = sip_method_code(method);
	line = sip_request_create(
		msg_home(msg), known, method, (const url_string_t *)uri, SIP_VERSION_CURRENT);
	if (!line || line->rq_url->url_type == url_invalid ||
		sip_header_insert(msg, sip_object(msg), (sip_header_t *)line) < 0) {
		msg_destroy(msg);
		return NULL;
	}
	return msg;
}

static bool may_make_dialog(const sip_t *request, int status)
{
	sip_method_t method = request->sip_request->rq_method;

	return status > 100 && status < 300 &&
		(method == sip_method_invite || method == sip_method_subscribe ||
			method == sip_method_refer || method == sip_method_notify);
}

static int response_fill(
	msg_t *msg, const sip_t *request, int status, const char *phrase, const char *to_tag)
{
	sip_t *sip = sip_object(msg);
	su_home_t *home = msg_home(msg);

	if (!phrase)
		phrase = sip_status_phrase(status);
	if (sip_header_insert(msg, sip,
		    (sip_header_t *)sip_status_create(home, (unsigned)status,
			    su_strdup(home, phrase ? phrase : ""), NULL)) < 0)
		return -1;
	if (sip_add_dup(msg, sip, (sip_header_t *)request->sip_via) < 0 ||
		sip_add_dup(msg, sip, (sip_header_t *)request->sip_from) < 0 ||
		sip_add_dup(msg, sip, (sip_header_t *)request->sip_to) < 0 ||
		sip_add_dup(msg, sip, (sip_header_t *)request->sip_call_id) < 0 ||
		sip_add_dup(msg, sip, (sip_header_t *)request->sip_cseq) < 0)
		return -1;
	if (may_make_dialog(request, status) && request->sip_record_route &&
		sip_add_dup(msg, sip, (sip_header_t *)request->sip_record_route) < 0)
		return -1;
	if (to_tag && status > 100 && !sip->sip_to->a_tag)
		return sip_to_tag(home, sip->sip_to, to_tag);
	return 0;
}

msg_t *sip_message_response(msg_t *request, int status, const char *phrase, const char *to_tag)
{
	msg_t *msg = msg_create(sip_default_mclass(), 0);

	if (!msg)
		return NULL;
	if (response_fill(msg, sip_object(request), status, phrase, to_tag) < 0) {
		msg_destroy(msg);
		return NULL;
	}
	return msg;
}

int sip_message_add(msg_t *msg, const char *name, const char *value)
{
	return sip_message_addf(msg, name, "%s", value);
}

int sip_message_addf(msg_t *msg, const char *name, const char *fmt, ...)
{
	su_home_t *home = msg_home(msg);
	char *value, *line;
	va_list ap;

	va_start(ap, fmt);
	value = su_vsprintf(home, fmt, ap);
	va_end(ap);
	if (!value)
		return -ENOMEM;
	// A value that was taken out of a message holds no line end; anything else must not make headers.
	if (strpbrk(value, "\r\n"))
		return -EINVAL;
	line = su_sprintf(home, "%s: %s\r\n", name, value);
	if (!line)
		return -ENOMEM;
	return msg_header_add_str(msg, (msg_pub_t *)sip_object(msg), line) < 0 ? -EINVAL : 0;
}

int sip_message_body(msg_t *msg, const char *type, const char *data, size_t len)
{
	sip_t *sip = sip_object(msg);
	sip_payload_t *payload;

	if (len == 0)
		return 0;
	payload = sip_payload_create(msg_home(msg), data, (isize_t)len);
	if (!payload || sip_header_insert(msg, sip, (sip_header_t *)payload) < 0)
		return -ENOMEM;
	return sip_message_add(msg, "Content-Type", type);
}

int sip_message_body_copy(msg_t *msg, const sip_t *from)
{
	static const size_t offsets[] = {offsetof(sip_t, sip_content_type),
		offsetof(sip_t, sip_content_disposition), offsetof(sip_t, sip_content_encoding),
		offsetof(sip_t, sip_content_language), offsetof(sip_t, sip_mime_version)};
	sip_t *sip = sip_object(msg);
	sip_payload_t *payload;

	if (!from->sip_payload || from->sip_payload->pl_len == 0)
		return 0;
	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		sip_header_t *header = *(sip_header_t **)((char *)from + offsets[i]);

		if (header && sip_add_dup(msg, sip, header) < 0)
			return -ENOMEM;
	}
	payload = sip_payload_create(
		msg_home(msg), from->sip_payload->pl_data, (isize_t)from->sip_payload->pl_len);
	return payload && sip_header_insert(msg, sip, (sip_header_t *)payload) >= 0 ? 0 : -ENOMEM;
}

bool sip_message_is_cut(const sip_t *sip)
{
	size_t len = sip->sip_payload ? sip->sip_payload->pl_len : 0;

	return sip->sip_content_length && sip->sip_content_length->l_length > len;
}

int sip_message_warn(msg_t *msg, unsigned code, const char *agent, const char *sentence)
{
	char text[256];
	size_t len = 0;

	for (; sentence && *sentence && len < sizeof(text) - 1; sentence++)
		if (*sentence >= ' ' && *sentence < 127 && *sentence != '"' && *sentence != '\\')
			text[len++] = *sentence;
	text[len] = '\0';
	return sip_message_addf(msg, "Warning", "%u %s \"%s\"", code, agent, text);
}

int sip_message_contacts_copy(msg_t *msg, const sip_t *from)
{
	return sip_add_dup(msg, sip_object(msg), (const sip_header_t *)from->sip_contact) < 0
		? -ENOMEM
		: 0;
}

const char *sip_message_text(msg_t *msg, size_t *len)
{
	sip_t *sip = sip_object(msg);

	if (sip_complete_message(msg) < 0 || msg_serialize(msg, (msg_pub_t *)sip) < 0)
		return NULL;
	return msg_as_string(msg_home(msg), msg, (msg_pub_t *)sip, 0, len);
}

const char *sip_message_header_name(const sip_header_t *header)
{
	if (header->sh_class->hc_hash == sip_unknown_class->hc_hash)
		return header->sh_unknown->un_name;
	return header->sh_class->hc_name ? header->sh_class->hc_name : "";
}

char *sip_message_value(su_home_t *home, const sip_header_t *header)
{
	for (size_t room = 512; room <= VALUE_MAX; room *= 4) {
		char *text = su_alloc(home, (isize_t)room);
		issize_t len;

		if (!text)
			return NULL;
		len = header->sh_class->hc_print(
			text, (isize_t)room, (const msg_header_t *)header, 0);
		// What would fill the room to the last byte is not written, and not told: one byte must stay.
		if (len >= 0 && (size_t)len + 1 < room) {
			text[len] = '\0';
			return text;
		}
		su_free(home, text);
	}
	return NULL;
}

char *sip_message_header(su_home_t *home, const sip_t *sip, const char *name)
{
	const sip_header_t *header = sip->sip_request ? (sip_header_t *)sip->sip_request
						      : (sip_header_t *)sip->sip_status;
	char *joined = NULL;

	for (; header; header = (const sip_header_t *)header->sh_succ) {
		char *value;

		if (strcasecmp(sip_message_header_name(header), name) != 0)
			continue;
		if (header->sh_class->hc_hash == sip_unknown_class->hc_hash)
			value = su_strdup(home, header->sh_unknown->un_value);
		else
			value = sip_message_value(home, header);
		joined = joined ? su_sprintf(home, "%s, %s", joined, value) : value;
		if (!joined)
			return NULL;
	}
	return joined;
}

bool sip_option_in(const msg_list_t *list, const char *option)
{
	for (size_t i = 0; list && list->k_items && list->k_items[i]; i++)
		if (strcasecmp(list->k_items[i], option) == 0)
			return true;
	return false;
}

const char *sip_message_method(const sip_t *sip)
{
	return sip->sip_request ? sip->sip_request->rq_method_name : sip->sip_cseq->cs_method_name;
}

bool sip_method_is(const sip_t *sip, const char *method)
{
	return strcmp(sip_message_method(sip), method) == 0;
}
