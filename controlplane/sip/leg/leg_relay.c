// SPDX-License-Identifier: Apache-2.0
// In-dialog requests that the call has no rule for: through the call to the other leg, and their answers back.
#include "leg.h"

#include <errno.h>
#include <stdlib.h>

// A request on its way: uas in this leg's peer's name, uac toward it, timer when it was refused here.
struct leg_relay {
	struct leg_relay *next;
	struct sip_leg *leg;
	uint64_t token; // 0: an offer (timer)
	struct uas *uas;
	struct uac *uac;
	void *timer;
	int status;
};

static struct leg_relay *relay_create(struct sip_leg *leg, uint64_t token)
{
	struct leg_relay *relay = calloc(1, sizeof(*relay));

	if (!relay)
		return NULL;
	relay->leg = leg;
	relay->token = token;
	relay->next = leg->relays;
	leg->relays = relay;
	sip_leg_ref(leg);
	return relay;
}

static void relay_destroy(struct leg_relay *relay)
{
	struct sip_leg *leg = relay->leg;
	const struct sip_timers *timers = &leg->stack->timers;

	for (struct leg_relay **at = &leg->relays; *at; at = &(*at)->next)
		if (*at == relay) {
			*at = relay->next;
			break;
		}
	if (relay->uas)
		uas_release(relay->uas);
	if (relay->uac)
		uac_release(relay->uac);
	timers->stop(timers->loop, relay->timer);
	free(relay);
	sip_leg_unref(leg);
}

void sip_leg_relays_drop(struct sip_leg *leg)
{
	sip_leg_ref(leg);
	while (leg->relays)
		relay_destroy(leg->relays);
	sip_leg_unref(leg);
}

void sip_leg_relay_receive(struct sip_leg *leg, struct uas *uas)
{
	uint64_t token = ++leg->stack->last_token;
	struct call_bag *bag = bag_create(uas->request);
	struct leg_relay *relay = bag ? relay_create(leg, token) : NULL;

	if (!relay) {
		uas_answer(uas, 500, NULL);
	} else {
		relay->uas = uas;
		leg->stack->counters.relays++;
		call_on_relay(leg->call, leg->side, token, bag);
	}
	sip_bag_unref(bag);
}

static void on_response(void *arg, int status, msg_t *response)
{
	struct leg_relay *relay = arg;
	struct sip_leg *leg = relay->leg;
	struct call_bag *bag;
	uint64_t token = relay->token;

	if (status < 200)
		return;
	bag = response ? bag_create(response) : NULL;
	sip_leg_ref(leg);
	relay_destroy(relay);
	if (leg->call)
		call_on_relayed(leg->call, leg->side, token, status, bag);
	sip_leg_unref(leg);
	sip_bag_unref(bag);
}

static void on_refused(void *arg)
{
	struct leg_relay *relay = arg;
	struct sip_leg *leg = relay->leg;
	const struct call_msg nothing = {0};
	uint64_t token = relay->token;
	int status = relay->status;

	relay->timer = NULL;
	sip_leg_ref(leg);
	relay_destroy(relay);
	if (leg->call && token)
		call_on_relayed(leg->call, leg->side, token, status, NULL);
	else if (leg->call)
		call_on_reject(leg->call, leg->side, status, "Request Pending", &nothing);
	sip_leg_unref(leg);
}

int sip_leg_refuse_soon(struct sip_leg *leg, uint64_t token, int status)
{
	const struct sip_timers *timers = &leg->stack->timers;
	struct leg_relay *relay = relay_create(leg, token);

	if (!relay)
		return -ENOMEM;
	relay->status = status;
	relay->timer = timers->start(timers->loop, 0, on_refused, relay);
	if (!relay->timer) {
		relay_destroy(relay);
		return -ENOMEM;
	}
	return 0;
}

static msg_t *request_make(struct sip_leg *leg, const struct call_bag *bag)
{
	const sip_t *was = sip_object(bag->msg);
	msg_t *msg = sip_dialog_request(&leg->dialog, sip_message_method(was), 0);
	struct call_msg from = {.bag = (struct call_bag *)bag};

	if (!msg)
		return NULL;
	if (sip_leg_decorate(leg, msg, &from) < 0 || sip_message_body_copy(msg, was) < 0) {
		msg_destroy(msg);
		return NULL;
	}
	return msg;
}

int sip_leg_relay_request(void *arg, uint64_t token, struct call_bag *request)
{
	struct sip_leg *leg = arg;
	struct sip_sender *sender = sender_of(leg->stack, leg->w2);
	struct leg_relay *relay;
	msg_t *msg;

	if (leg->ended || !leg->dialog.remote_tag || !leg->dialog.local_tag)
		return sip_leg_refuse_soon(leg, token, 481);
	msg = request_make(leg, request);
	if (!msg)
		return sip_leg_refuse_soon(leg, token, 500);
	relay = relay_create(leg, token);
	if (!relay) {
		msg_destroy(msg);
		return -ENOMEM;
	}
	relay->uac = sender->send(sender, sip_leg_conn(leg), msg, on_response, relay);
	if (relay->uac)
		return 0;
	relay_destroy(relay);
	return sip_leg_refuse_soon(leg, token, 503);
}

int sip_leg_relay_response(void *arg, uint64_t token, int status, struct call_bag *response)
{
	struct sip_leg *leg = arg;
	struct leg_relay *relay = leg->relays;
	const sip_t *was = response ? sip_object(response->msg) : NULL;
	struct call_msg from = {.bag = response};
	msg_t *msg;
	int ret;

	while (relay && (relay->token != token || !relay->uas))
		relay = relay->next;
	if (!relay)
		return 0;
	msg = sip_leg_response(leg, relay->uas, status,
		was && was->sip_status ? was->sip_status->st_phrase : NULL, NULL);
	if (!msg || sip_leg_decorate(leg, msg, &from) < 0 ||
		(was && sip_message_body_copy(msg, was) < 0)) {
		msg_destroy(msg);
		relay_destroy(relay);
		return -ENOMEM;
	}
	ret = uas_respond(relay->uas, msg);
	relay_destroy(relay);
	return ret;
}
