// SPDX-License-Identifier: Apache-2.0
// Dialogs as plain text.
#include "sip_dialog.h"

#include "sip_message.h"

#include <sofia-sip/msg_header.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/su_string.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int sip_text_set(char **text, const char *value)
{
	char *copy = value ? strdup(value) : NULL;

	if (value && !copy)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}

void sip_dialog_fini(struct sip_dialog *dialog)
{
	free(dialog->call_id);
	free(dialog->local);
	free(dialog->remote);
	free(dialog->local_tag);
	free(dialog->remote_tag);
	free(dialog->target);
	free(dialog->routes);
	free(dialog->contact);
	memset(dialog, 0, sizeof(*dialog));
}

// A From or To without its tag.
static int address_set(char **text, const sip_addr_t *address)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	sip_addr_t *copy = sip_from_dup(home, address);
	int ret = -ENOMEM;

	if (copy) {
		msg_header_remove_param(copy->a_common, "tag");
		ret = sip_text_set(text, sip_message_value(home, (sip_header_t *)copy));
	}
	su_home_deinit(home);
	return ret;
}

static int target_set(struct sip_dialog *dialog, const sip_contact_t *contact)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	int ret = 0;

	if (contact && contact->m_url->url_type != url_any) {
		char *uri = url_as_string(home, contact->m_url);

		ret = uri ? sip_text_set(&dialog->target, uri) : -ENOMEM;
	}
	su_home_deinit(home);
	return ret;
}

static int routes_set(struct sip_dialog *dialog, const sip_record_route_t *routes, bool reversed)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	char *joined = NULL;
	int ret;

	for (; routes; routes = routes->r_next) {
		char *one = sip_message_value(home, (const sip_header_t *)routes);

		if (!joined)
			joined = one;
		else
			joined = su_sprintf(
				home, "%s, %s", reversed ? one : joined, reversed ? joined : one);
	}
	ret = sip_text_set(&dialog->routes, joined);
	su_home_deinit(home);
	return ret;
}

int sip_dialog_from_request(struct sip_dialog *dialog, const sip_t *request)
{
	dialog->remote_cseq = request->sip_cseq->cs_seq;
	dialog->local_cseq = 0;
	if (sip_text_set(&dialog->call_id, request->sip_call_id->i_id) < 0 ||
		sip_text_set(&dialog->remote_tag, request->sip_from->a_tag) < 0 ||
		address_set(&dialog->remote, request->sip_from) < 0 ||
		address_set(&dialog->local, request->sip_to) < 0 ||
		target_set(dialog, request->sip_contact) < 0)
		return -ENOMEM;
	return routes_set(dialog, request->sip_record_route, false);
}

int sip_dialog_toward(struct sip_dialog *dialog, const sip_t *request, const char *target)
{
	dialog->local_cseq = request->sip_cseq->cs_seq - 1;
	if (sip_text_set(&dialog->call_id, request->sip_call_id->i_id) < 0 ||
		sip_text_set(&dialog->local_tag, request->sip_from->a_tag) < 0 ||
		address_set(&dialog->local, request->sip_from) < 0 ||
		address_set(&dialog->remote, request->sip_to) < 0)
		return -ENOMEM;
	return sip_text_set(&dialog->target, target);
}

int sip_dialog_from_response(struct sip_dialog *dialog, const sip_t *response)
{
	if (sip_text_set(&dialog->remote_tag, response->sip_to->a_tag) < 0 ||
		target_set(dialog, response->sip_contact) < 0)
		return -ENOMEM;
	return routes_set(dialog, response->sip_record_route, true);
}

int sip_dialog_refresh(struct sip_dialog *dialog, const sip_t *sip)
{
	return target_set(dialog, sip->sip_contact);
}

static int tagged(msg_t *msg, const char *name, const char *address, const char *tag)
{
	return tag && *tag ? sip_message_addf(msg, name, "%s;tag=%s", address, tag)
			   : sip_message_add(msg, name, address);
}

msg_t *sip_dialog_request(struct sip_dialog *dialog, const char *method, uint32_t cseq)
{
	msg_t *msg;

	if (!dialog->target) {
		errno = ENOTCONN;
		return NULL;
	}
	msg = sip_message_request(method, dialog->target);
	if (!msg)
		return NULL;
	if (cseq == 0)
		cseq = ++dialog->local_cseq;
	if ((dialog->routes && sip_message_add(msg, "Route", dialog->routes) < 0) ||
		tagged(msg, "From", dialog->local, dialog->local_tag) < 0 ||
		tagged(msg, "To", dialog->remote, dialog->remote_tag) < 0 ||
		sip_message_add(msg, "Call-ID", dialog->call_id) < 0 ||
		sip_message_addf(msg, "CSeq", "%u %s", cseq, method) < 0 ||
		sip_message_add(msg, "Max-Forwards", "70") < 0) {
		msg_destroy(msg);
		errno = ENOMEM;
		return NULL;
	}
	return msg;
}

bool sip_dialog_in_order(struct sip_dialog *dialog, const sip_t *request)
{
	uint32_t cseq = request->sip_cseq->cs_seq;

	if (cseq < dialog->remote_cseq)
		return false;
	dialog->remote_cseq = cseq;
	return true;
}

#define DIALOG_TEXTS 8

struct dialog_text {
	const char *name;
	char **value;
	bool is_needed;
};

static void texts_of(struct sip_dialog *dialog, struct dialog_text texts[DIALOG_TEXTS])
{
	const struct dialog_text all[DIALOG_TEXTS] = {
		{"call_id", &dialog->call_id, true},
		{"local", &dialog->local, true},
		{"local_tag", &dialog->local_tag, true},
		{"remote", &dialog->remote, true},
		{"remote_tag", &dialog->remote_tag, false}, // of a caller of RFC 2543
		{"target", &dialog->target, true},
		{"routes", &dialog->routes, false},
		{"contact", &dialog->contact, true},
	};

	memcpy(texts, all, sizeof(all));
}

int sip_dialog_record(const struct sip_dialog *dialog, char *buf, size_t room)
{
	struct dialog_text texts[DIALOG_TEXTS];
	int len = snprintf(buf, room, "local_cseq=%u\nremote_cseq=%u\n", dialog->local_cseq,
		dialog->remote_cseq);

	texts_of((struct sip_dialog *)dialog, texts);
	for (unsigned i = 0; i < DIALOG_TEXTS && len >= 0 && (size_t)len < room; i++)
		len += snprintf(buf + len, room - (size_t)len, "%s=%s\n", texts[i].name,
			*texts[i].value ? *texts[i].value : "");
	return len < 0 || (size_t)len >= room ? -ENOSPC : len;
}

static int line_take(struct sip_dialog *dialog, const char *name, const char *value)
{
	struct dialog_text texts[DIALOG_TEXTS];

	texts_of(dialog, texts);
	for (unsigned i = 0; i < DIALOG_TEXTS; i++)
		if (strcmp(texts[i].name, name) == 0)
			return sip_text_set(texts[i].value, *value ? value : NULL);
	if (strcmp(name, "local_cseq") == 0)
		dialog->local_cseq = (uint32_t)strtoul(value, NULL, 10);
	else if (strcmp(name, "remote_cseq") == 0)
		dialog->remote_cseq = (uint32_t)strtoul(value, NULL, 10);
	return 0;
}

static bool dialog_is_whole(struct sip_dialog *dialog)
{
	struct dialog_text texts[DIALOG_TEXTS];

	texts_of(dialog, texts);
	for (unsigned i = 0; i < DIALOG_TEXTS; i++)
		if (texts[i].is_needed && !*texts[i].value)
			return false;
	return true;
}

int sip_dialog_restore(struct sip_dialog *dialog, const char *text, size_t len)
{
	char *copy = strndup(text, len), *rest = copy, *line;
	int ret = copy ? 0 : -ENOMEM;

	while (ret == 0 && (line = strsep(&rest, "\n"))) {
		char *equals = strchr(line, '=');

		if (!equals)
			continue;
		*equals = '\0';
		ret = line_take(dialog, line, equals + 1);
	}
	free(copy);
	return ret == 0 && !dialog_is_whole(dialog) ? -EINVAL : ret;
}
