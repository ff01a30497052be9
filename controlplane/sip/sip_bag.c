// SPDX-License-Identifier: Apache-2.0
// What passes between the stack and the call: bags of headers, and plain answers.
#include "sip_priv.h"

#include <stdlib.h>
#include <strings.h>

struct call_bag *bag_create(msg_t *msg)
{
	struct call_bag *bag = calloc(1, sizeof(*bag));

	if (!bag)
		return NULL;
	bag->refs = 1;
	bag->msg = msg_ref_create(msg);
	return bag;
}

struct call_bag *sip_bag_ref(struct call_bag *bag)
{
	if (bag)
		bag->refs++;
	return bag;
}

void sip_bag_unref(struct call_bag *bag)
{
	if (!bag || --bag->refs > 0)
		return;
	msg_destroy(bag->msg);
	free(bag);
}

struct call_msg call_msg_of(const sip_t *sip, struct call_bag *bag)
{
	struct call_msg msg = {.bag = bag};
	const sip_content_type_t *type = sip->sip_content_type;

	if (sip->sip_payload && sip->sip_payload->pl_len && type && type->c_type &&
		strcasecmp(type->c_type, "application/sdp") == 0) {
		msg.sdp = sip->sip_payload->pl_data;
		msg.sdp_len = sip->sip_payload->pl_len;
	}
	return msg;
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
