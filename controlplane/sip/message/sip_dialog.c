// SPDX-License-Identifier: Apache-2.0
// Dialogs as plain text.
#include "sip_dialog.h"

#include "sip_message.h"

#include <sofia-sip/msg_header.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/su_string.h>

#include <errno.h>
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

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

int sip_dialog_record(const struct sip_dialog *dialog, char *buf, size_t room)
{
	int len = snprintf(buf, room,
		"call_id=%s\nlocal=%s\nlocal_tag=%s\nremote=%s\nremote_tag=%s\ntarget=%s\n"
		"routes=%s\ncontact=%s\nlocal_cseq=%u\nremote_cseq=%u\n",
		or_empty(dialog->call_id), or_empty(dialog->local), or_empty(dialog->local_tag),
		or_empty(dialog->remote), or_empty(dialog->remote_tag), or_empty(dialog->target),
		or_empty(dialog->routes), or_empty(dialog->contact), dialog->local_cseq,
		dialog->remote_cseq);

	return len < 0 || (size_t)len >= room ? -ENOSPC : len;
}
