// SPDX-License-Identifier: Apache-2.0
// Bags of headers.
#include "sip_bag.h"

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
