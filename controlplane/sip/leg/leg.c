// SPDX-License-Identifier: Apache-2.0
// What every leg is made of: its life, its headers, its record.
#include "leg.h"

#include <sofia-sip/msg_header.h>
#include <sofia-sip/su_string.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct call_leg_ops sip_leg_ops = {
	.offer = sip_leg_offer,
	.progress = sip_leg_progress,
	.answer = sip_leg_answer,
	.confirm = sip_leg_confirm,
	.reject = sip_leg_reject,
	.end = sip_leg_end,
	.relay = sip_leg_relay_request,
	.relay_response = sip_leg_relay_response,
	.record = sip_leg_record,
	.release = sip_leg_release,
	.forget = sip_leg_forget,
};

struct sip_leg *sip_leg_create(struct sip_stack *stack, bool w2, registration_id binding)
{
	struct sip_leg *leg = calloc(1, sizeof(*leg));

	if (!leg)
		return NULL;
	leg->user.on_request = sip_leg_on_request;
	leg->user.on_ack = sip_leg_on_ack;
	leg->stack = stack;
	leg->w2 = w2;
	leg->binding = binding;
	leg->way = w2 ? HEADERS_TO_WIC : HEADERS_TO_CORE;
	leg->refs = 1;
	if (w2 && sip_leg_bind(leg) < 0) {
		free(leg);
		errno = ENOMEM;
		return NULL;
	}
	leg->next = stack->legs;
	leg->at = &stack->legs;
	if (leg->next)
		leg->next->at = &leg->next;
	stack->legs = leg;
	stack->counters.legs++;
	return leg;
}

void sip_leg_ref(struct sip_leg *leg)
{
	leg->refs++;
}

void sip_leg_unref(struct sip_leg *leg)
{
	if (--leg->refs > 0)
		return;
	leg->stack->counters.legs--;
	*leg->at = leg->next;
	if (leg->next)
		leg->next->at = leg->at;
	sip_leg_delist(leg);
	sip_leg_unbind(leg);
	sip_dialog_fini(&leg->dialog);
	for (unsigned i = 0; i < leg->early_count; i++)
		free(leg->early[i]);
	free(leg->charging);
	free(leg->identity);
	free(leg->farewell);
	msg_destroy(leg->first);
	free(leg);
}

void sip_leg_abandon(struct sip_leg *leg)
{
	struct uas *const uas[] = {leg->offer, leg->unacked};

	leg->offer = NULL;
	leg->unacked = NULL;
	for (int i = 0; i < 2; i++)
		if (uas[i]) {
			uas_release(uas[i]);
			sip_leg_unref(leg);
		}
	sip_leg_farewell_drop(leg);
	if (leg->invite) {
		uac_release(leg->invite);
		leg->invite = NULL;
		sip_leg_unref(leg);
	}
}

int sip_leg_enlist(struct sip_leg *leg)
{
	char *key = sip_dialog_key(
		leg->w2 ? leg->binding : 0, leg->dialog.call_id, leg->dialog.local_tag);
	int ret = key ? sip_table_add(&leg->stack->dialogs, &leg->user.node, key) : -ENOMEM;

	free(key);
	return ret;
}

void sip_leg_delist(struct sip_leg *leg)
{
	sip_table_del(&leg->stack->dialogs, &leg->user.node);
}

int sip_leg_contact_make(struct sip_leg *leg)
{
	const struct sip_stack *stack = leg->stack;
	const char *next = leg->dialog.routes ? leg->dialog.routes : leg->dialog.target;
	char name[SIP_TAG_LEN], contact[256];

	sip_token_make(name);
	if (leg->w2)
		snprintf(contact, sizeof(contact), "<sip:%s@%s;transport=ws>", name,
			stack->config.host);
	else
		snprintf(contact, sizeof(contact), "<sip:%s@%s>", name,
			mw_own_address(stack->mw, next ? next : stack->config.core));
	return sip_text_set(&leg->dialog.contact, contact);
}

ws_conn sip_leg_conn(const struct sip_leg *leg)
{
	struct registration_view view;

	if (!leg->w2 ||
		registration_by_id(leg->stack->config.registrations, leg->binding, &view) < 0)
		return 0;
	return view.conn;
}

static int core_headers_add(struct sip_leg *leg, msg_t *msg)
{
	const sip_t *sip = sip_object(msg);
	int ret = 0;

	if (leg->charging)
		ret = sip_message_add(msg, "P-Charging-Vector", leg->charging);
	if (ret == 0 && sip->sip_status && leg->identity)
		ret = sip_message_addf(msg, "P-Asserted-Identity", "<%s>", leg->identity);
	if (ret == 0 && leg->stack->config.access_network)
		ret = sip_message_add(
			msg, "P-Access-Network-Info", leg->stack->config.access_network);
	return ret;
}

int sip_leg_decorate(struct sip_leg *leg, msg_t *msg, const struct call_msg *from)
{
	const sip_t *was = from && from->bag ? sip_object(from->bag->msg) : NULL;
	const char *features = "";
	int ret = 0;

	if (was) {
		ret = headers_pass(msg, was, leg->way);
		features = headers_contact_features(msg_home(msg), was->sip_contact);
	}
	if (ret == 0 && !features)
		ret = -ENOMEM;
	if (ret == 0)
		ret = sip_message_addf(msg, "Contact", "%s%s", leg->dialog.contact, features);
	if (ret == 0)
		ret = sip_message_add(msg, "Allow", SIP_ALLOW);
	if (ret == 0 && !leg->w2)
		ret = core_headers_add(leg, msg);
	if (ret == 0 && from && from->sdp)
		ret = sip_message_body(msg, "application/sdp", from->sdp, from->sdp_len);
	return ret;
}

int sip_leg_tag_make(struct sip_leg *leg, struct call_bag *tag_from)
{
	const sip_t *far = tag_from ? sip_object(tag_from->msg) : NULL;
	char fresh[SIP_TAG_LEN];

	if (far && far->sip_status && far->sip_to->a_tag) {
		if (sip_text_set(&leg->dialog.local_tag, far->sip_to->a_tag) < 0)
			return -ENOMEM;
		if (sip_leg_enlist(leg) == 0)
			return 0;
	}
	sip_token_make(fresh);
	if (sip_text_set(&leg->dialog.local_tag, fresh) < 0)
		return -ENOMEM;
	return sip_leg_enlist(leg);
}

msg_t *sip_leg_response(struct sip_leg *leg, struct uas *uas, int status, const char *phrase,
	struct call_bag *tag_from)
{
	if (!leg->dialog.local_tag && sip_leg_tag_make(leg, tag_from) < 0)
		return NULL;
	return sip_message_response(uas->request, status, phrase, leg->dialog.local_tag);
}
