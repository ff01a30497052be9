// SPDX-License-Identifier: Apache-2.0
// The client half of a leg: INVITEs toward its peer and what becomes of them.
#include "leg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void invite_drop(struct sip_leg *leg)
{
	uac_release(leg->invite);
	leg->invite = NULL;
	leg->invite_accepted = false;
	sip_leg_unref(leg);
}

static void early_note(struct sip_leg *leg, const char *tag)
{
	for (unsigned i = 0; i < leg->early_count; i++)
		if (strcmp(leg->early[i], tag) == 0)
			return;
	if (leg->early_count < LEG_EARLY_MAX &&
		sip_text_set(&leg->early[leg->early_count], tag) == 0)
		leg->early_count++;
}

static void provisional(struct sip_leg *leg, int status, msg_t *response)
{
	const sip_t *sip = sip_object(response);
	const char *tag = sip->sip_to->a_tag ? sip->sip_to->a_tag : "";
	struct call_bag *bag;
	struct call_msg msg;

	if (leg->confirmed || leg->ended)
		return;
	early_note(leg, tag);
	// Until a 2xx says otherwise the first callee is whom in-dialog requests go to.
	if (*tag && !leg->dialog.remote_tag)
		sip_dialog_from_response(&leg->dialog, sip);
	bag = bag_create(response);
	msg = call_msg_of(sip, bag);
	call_on_progress(leg->call, leg->side, status, tag, &msg);
	sip_bag_unref(bag);
}

static void accepted(struct sip_leg *leg, msg_t *response)
{
	const sip_t *sip = sip_object(response);
	const char *tag = sip->sip_to->a_tag ? sip->sip_to->a_tag : "";
	struct call_bag *bag;
	struct call_msg msg;

	leg->invite_accepted = true;
	if (leg->confirmed)
		sip_dialog_refresh(&leg->dialog, sip);
	else
		sip_dialog_from_response(&leg->dialog, sip);
	leg->confirmed = true;
	if (leg->ended || !leg->call) {
		sip_leg_ack_and_bye(leg);
		return;
	}
	bag = bag_create(response);
	msg = call_msg_of(sip, bag);
	call_on_answer(leg->call, leg->side, tag, &msg);
	sip_bag_unref(bag);
}

static void refused(struct sip_leg *leg, int status, msg_t *response)
{
	struct call_bag *bag = response ? bag_create(response) : NULL;
	const char *phrase = response ? sip_object(response)->sip_status->st_phrase : "No Answer";
	struct call_msg msg = {.bag = bag};

	invite_drop(leg);
	if (!leg->confirmed) {
		sip_leg_delist(leg);
		leg->ended = true;
	}
	if (leg->call && (leg->confirmed ? !leg->ended : true))
		call_on_reject(leg->call, leg->side, status, phrase, &msg);
	sip_bag_unref(bag);
}

static void on_invite_response(void *arg, int status, msg_t *response)
{
	struct sip_leg *leg = arg;

	sip_leg_ref(leg);
	if (status >= 300 || !response)
		refused(leg, status, response);
	else if (status >= 200)
		accepted(leg, response);
	else if (leg->call)
		provisional(leg, status, response);
	sip_leg_unref(leg);
}

// The prepared INVITE, or the next one in the dialog.
static msg_t *invite_make(struct sip_leg *leg, const struct call_msg *msg)
{
	msg_t *invite = leg->first;

	if (invite) {
		leg->first = NULL;
		leg->dialog.local_cseq = sip_object(invite)->sip_cseq->cs_seq;
		if (msg->sdp &&
			sip_message_body(invite, "application/sdp", msg->sdp, msg->sdp_len) < 0)
			goto err;
		return invite;
	}
	invite = sip_dialog_request(&leg->dialog, "INVITE", 0);
	if (invite && sip_leg_decorate(leg, invite, msg) < 0)
		goto err;
	return invite;
err:
	msg_destroy(invite);
	return NULL;
}

int sip_leg_offer(void *arg, const struct call_msg *msg)
{
	struct sip_leg *leg = arg;
	msg_t *invite;

	if (leg->ended)
		return -ENOTCONN;
	// The peer was faster: as if it had answered ours with 491.
	if (leg->invite || leg->offer || leg->unacked)
		return sip_leg_refuse_soon(leg, 0, 491);
	invite = invite_make(leg, msg);
	if (!invite)
		return -ENOMEM;
	leg->invite_cseq = leg->dialog.local_cseq;
	leg->invite = sender_of(leg->stack, leg->w2)
			      ->send(sender_of(leg->stack, leg->w2), sip_leg_conn(leg), invite,
				      on_invite_response, leg);
	if (!leg->invite)
		return -errno;
	sip_leg_ref(leg);
	return 0;
}

int sip_leg_confirm(void *arg, const struct call_msg *msg)
{
	struct sip_leg *leg = arg;
	msg_t *ack;
	int ret;

	if (!leg->invite || !leg->invite_accepted)
		return 0;
	ack = sip_dialog_request(&leg->dialog, "ACK", leg->invite_cseq);
	if (!ack)
		return -errno;
	if (msg && msg->sdp &&
		sip_message_body(ack, "application/sdp", msg->sdp, msg->sdp_len) < 0) {
		msg_destroy(ack);
		return -ENOMEM;
	}
	ret = uac_ack(leg->invite, ack, sip_leg_conn(leg));
	invite_drop(leg);
	// A browser that is away gets its ACK no more; whether the call goes on is not for this leg to say.
	return ret == -ENOMEM ? ret : 0;
}
