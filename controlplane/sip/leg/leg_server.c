// SPDX-License-Identifier: Apache-2.0
// The server half of a leg: what its peer asks, and the call's answers.
#include "leg.h"

#include <errno.h>
#include <stddef.h>

// Retry-After of a request that came while another one of its kind is open (RFC 3261 section 14.2, RFC 3311).
#define RETRY_AFTER_S "2"

static void offer_drop(struct sip_leg *leg)
{
	struct uas *uas = leg->offer;

	if (!uas)
		return;
	leg->offer = NULL;
	uas_release(uas);
	sip_leg_unref(leg);
}

static void unacked_drop(struct sip_leg *leg)
{
	struct uas *uas = leg->unacked;

	if (!uas)
		return;
	leg->unacked = NULL;
	uas_release(uas);
	sip_leg_unref(leg);
}

static bool offer_is(const struct sip_leg *leg, const char *method)
{
	return leg->offer && sip_method_is(sip_object(leg->offer->request), method);
}

// The call answers an offer that isn't there: of a re-INVITE that was cancelled, once, nobody need know.
static int no_offer(struct sip_leg *leg)
{
	int ret = leg->offer_cancelled ? 0 : -ENOENT;

	leg->offer_cancelled = false;
	return ret;
}

int sip_leg_progress(void *arg, int status, const struct call_msg *msg)
{
	struct sip_leg *leg = arg;
	msg_t *response;

	if (leg->confirmed || !offer_is(leg, "INVITE"))
		return 0; // of a re-INVITE, or cancelled meanwhile
	response = sip_leg_response(leg, leg->offer, status, NULL, msg->bag);
	if (!response || sip_leg_decorate(leg, response, msg) < 0) {
		msg_destroy(response);
		return -ENOMEM;
	}
	return uas_respond(leg->offer, response);
}

int sip_leg_answer(void *arg, const struct call_msg *msg)
{
	struct sip_leg *leg = arg;
	msg_t *response;
	int ret;

	if (!leg->offer)
		return no_offer(leg);
	response = sip_leg_response(leg, leg->offer, 200, NULL, msg->bag);
	if (!response || sip_leg_decorate(leg, response, msg) < 0) {
		msg_destroy(response);
		return -ENOMEM;
	}
	if (!offer_is(leg, "INVITE")) {
		ret = uas_respond(leg->offer, response);
		offer_drop(leg);
		return ret;
	}
	leg->unacked = leg->offer;
	leg->offer = NULL;
	return uas_respond(leg->unacked, response);
}

// What the far side says of its refusal, or we of ours.
static int refusal_fill(
	const struct sip_leg *leg, msg_t *response, const struct call_refusal *refusal)
{
	const sip_t *was = refusal->bag ? sip_object(refusal->bag->msg) : NULL;
	int ret = 0;

	if (was && was->sip_status) {
		ret = headers_pass(response, was, leg->way);
		// Where else the callee is: for the caller to follow (RFC 3261 section 8.1.3.4).
		if (ret == 0 && refusal->status < 400)
			ret = sip_message_contacts_copy(response, was);
	}
	if (ret == 0 && refusal->warning && *refusal->warning)
		ret = sip_message_warn(response, 399, leg->stack->config.host, refusal->warning);
	return ret;
}

int sip_leg_reject(void *arg, const struct call_refusal *refusal)
{
	struct sip_leg *leg = arg;
	msg_t *response;

	if (!leg->offer)
		return no_offer(leg);
	response = sip_leg_response(leg, leg->offer, refusal->status, refusal->phrase, NULL);
	if (!response || refusal_fill(leg, response, refusal) < 0) {
		msg_destroy(response);
		return -ENOMEM;
	}
	uas_respond(leg->offer, response);
	if (!leg->confirmed && !leg->unacked) {
		leg->ended = true;
		sip_leg_delist(leg);
	}
	offer_drop(leg);
	return 0;
}

static void acked(struct sip_leg *leg, msg_t *ack)
{
	struct call_bag *bag;
	struct call_msg msg;

	uas_acked(leg->unacked);
	leg->confirmed = true;
	sip_leg_ref(leg);
	unacked_drop(leg);
	if (leg->ended) {
		sip_leg_bye(leg, NULL);
	} else if (leg->call) {
		bag = bag_create(ack);
		msg = call_msg_of(sip_object(ack), bag);
		call_on_confirm(leg->call, leg->side, &msg);
		sip_bag_unref(bag);
	}
	sip_leg_unref(leg);
}

void sip_leg_on_ack(struct dialog_user *user, msg_t *ack)
{
	struct sip_leg *leg = (struct sip_leg *)user;

	if (leg->unacked &&
		sip_object(ack)->sip_cseq->cs_seq ==
			sip_object(leg->unacked->request)->sip_cseq->cs_seq)
		acked(leg, ack);
}

static void on_uas_ack(void *arg, msg_t *ack)
{
	sip_leg_on_ack(arg, ack);
}

// nta and w2 answer the CANCEL and, after this, the INVITE (487).
static void on_uas_cancel(void *arg, msg_t *cancel)
{
	struct sip_leg *leg = arg;
	bool initial = !leg->confirmed && !leg->unacked;

	(void)cancel;
	if (!leg->offer)
		return;
	sip_leg_ref(leg);
	offer_drop(leg);
	if (initial) {
		leg->ended = true;
		sip_leg_delist(leg);
		if (leg->call)
			call_on_cancel(leg->call, leg->side);
	} else {
		leg->offer_cancelled = true;
	}
	sip_leg_unref(leg);
}

static void on_uas_no_ack(void *arg)
{
	struct sip_leg *leg = arg;

	sip_leg_ref(leg);
	unacked_drop(leg);
	leg->confirmed = true;
	if (leg->ended)
		sip_leg_bye(leg, NULL);
	else if (leg->call)
		call_on_failure(leg->call, leg->side, 408, "No ACK");
	sip_leg_unref(leg);
}

const struct uas_user sip_leg_uas_user = {on_uas_ack, on_uas_cancel, on_uas_no_ack};

// RFC 3261 section 14.2 and RFC 3311 section 5.2: why an offer can't be taken now; 0: it can.
static int offer_obstacle(const struct sip_leg *leg)
{
	if (leg->offer)
		return 500;
	if (leg->invite || leg->unacked || !leg->confirmed)
		return 491;
	return 0;
}

static void offer_receive(struct sip_leg *leg, struct uas *uas)
{
	const sip_t *sip = sip_object(uas->request);
	int obstacle = offer_obstacle(leg);
	struct call_bag *bag;
	struct call_msg msg;

	if (obstacle == 500) {
		uas_answer_with(uas, 500, "Retry-After", RETRY_AFTER_S);
		return;
	}
	if (obstacle) {
		uas_answer(uas, obstacle, NULL);
		return;
	}
	sip_dialog_refresh(&leg->dialog, sip);
	leg->offer = uas;
	uas->user = &sip_leg_uas_user;
	uas->arg = leg;
	sip_leg_ref(leg);
	bag = bag_create(uas->request);
	msg = call_msg_of(sip, bag);
	call_on_offer(leg->call, leg->side, &msg);
	sip_bag_unref(bag);
}

// An UPDATE without a description only moves the target (RFC 3311 section 5.2).
static void update_receive(struct sip_leg *leg, struct uas *uas)
{
	const struct call_msg nothing = {0};
	msg_t *response;

	if (call_msg_of(sip_object(uas->request), NULL).sdp) {
		offer_receive(leg, uas);
		return;
	}
	sip_dialog_refresh(&leg->dialog, sip_object(uas->request));
	call_on_refreshed(leg->call, leg->side);
	response = sip_leg_response(leg, uas, 200, NULL, NULL);
	if (response && sip_leg_decorate(leg, response, &nothing) == 0)
		uas_respond(uas, response);
	else
		msg_destroy(response);
	uas_release(uas);
}

static void bye_receive(struct sip_leg *leg, struct uas *uas)
{
	const struct call_refusal terminated = {.status = 487};
	struct call_bag *bag = bag_create(uas->request);

	sip_leg_ref(leg);
	uas_answer(uas, 200, NULL);
	leg->ended = true;
	sip_leg_delist(leg);
	sip_leg_reject(leg, &terminated);
	unacked_drop(leg);
	if (leg->call)
		call_on_end(leg->call, leg->side, bag);
	sip_bag_unref(bag);
	sip_leg_unref(leg);
}

static bool tag_is_known(const struct sip_leg *leg, const char *tag)
{
	if (leg->dialog.remote_tag && strcmp(leg->dialog.remote_tag, tag) == 0)
		return true;
	for (unsigned i = 0; !leg->confirmed && i < leg->early_count; i++)
		if (strcmp(leg->early[i], tag) == 0)
			return true;
	return false;
}

void sip_leg_on_request(struct dialog_user *user, struct uas *uas)
{
	struct sip_leg *leg = (struct sip_leg *)user;
	const sip_t *sip = sip_object(uas->request);
	const char *tag = sip->sip_from->a_tag ? sip->sip_from->a_tag : "";

	if (!leg->call || leg->ended || !tag_is_known(leg, tag))
		uas_answer(uas, 481, NULL);
	else if (!sip_dialog_in_order(&leg->dialog, sip))
		uas_answer(uas, 500, NULL);
	else if (sip_method_is(sip, "INVITE"))
		offer_receive(leg, uas);
	else if (sip_method_is(sip, "UPDATE"))
		update_receive(leg, uas);
	else if (sip_method_is(sip, "BYE"))
		bye_receive(leg, uas);
	else if (sip_method_is(sip, "PRACK"))
		uas_answer(uas, 481, NULL);
	else
		sip_leg_relay_receive(leg, uas);
}
