// SPDX-License-Identifier: Apache-2.0
// What every part asks of a request: its dialog, its sender, its credentials; and plain answers to it.
#include "sip_stack.h"

#include <stdio.h>

struct sip_sender *sender_of(struct sip_stack *stack, bool w2)
{
	return w2 ? w2_sender(stack->w2) : mw_sender(stack->mw);
}

char *sip_dialog_key(registration_id binding, const char *call_id, const char *local_tag)
{
	char *key;

	if (asprintf(&key, "%llx|%s|%s", (unsigned long long)binding, call_id,
		    local_tag ? local_tag : "") < 0)
		return NULL;
	return key;
}

unsigned authorizations_of(struct uas *uas, const char *values[AUTHORIZATIONS_MAX])
{
	const sip_authorization_t *header = sip_object(uas->request)->sip_authorization;
	unsigned count = 0;

	for (; header && count < AUTHORIZATIONS_MAX; header = header->au_next) {
		values[count] =
			sip_message_value(msg_home(uas->request), (const sip_header_t *)header);
		if (values[count])
			count++;
	}
	return count;
}

static void answer(
	struct uas *uas, int status, const char *phrase, const char *name, const char *value)
{
	char tag[SIP_TAG_LEN];
	msg_t *response;

	sip_token_make(tag);
	response = sip_message_response(uas->request, status, phrase, tag);
	if (response && name && sip_message_add(response, name, value) < 0) {
		msg_destroy(response);
		response = NULL;
	}
	if (response)
		uas_respond(uas, response);
	uas_release(uas);
}

void uas_answer(struct uas *uas, int status, const char *phrase)
{
	answer(uas, status, phrase, status == 405 || status == 200 ? "Allow" : NULL, SIP_ALLOW);
}

void uas_answer_with(struct uas *uas, int status, const char *name, const char *value)
{
	answer(uas, status, NULL, name, value);
}
