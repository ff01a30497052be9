// SPDX-License-Identifier: Apache-2.0
// How a leg ends: CANCEL, BYE, or a failure response, as the state of its dialog demands.
#include "leg.h"

#include <errno.h>
#include <stdio.h>

// Nobody would hear it now. What the dialog was is kept for when the browser is back.
static bool bye_is_kept(struct sip_leg *leg, const char *reason)
{
	struct registration_view view;

	if (!leg->w2 || leg->owes_bye ||
		registration_by_id(leg->stack->config.registrations, leg->binding, &view) < 0 ||
		view.conn != 0 || sip_text_set(&leg->farewell, reason) < 0)
		return false;
	leg->owes_bye = true;
	sip_leg_ref(leg);
	return true;
}

static void farewell_end(struct sip_leg *leg)
{
	const struct sip_timers *timers = &leg->stack->timers;

	timers->stop(timers->loop, leg->farewell_timer);
	leg->farewell_timer = NULL;
	leg->owes_bye = false;
	sip_leg_unref(leg);
}

static void on_back(void *arg)
{
	struct sip_leg *leg = arg;

	leg->farewell_timer = NULL;
	sip_leg_bye(leg, leg->farewell);
	farewell_end(leg);
}

void sip_leg_farewell(struct sip_leg *leg)
{
	const struct sip_timers *timers = &leg->stack->timers;

	// Not before the 200 that tells the browser that it is back.
	if (leg->owes_bye && !leg->farewell_timer)
		leg->farewell_timer = timers->start(timers->loop, 0, on_back, leg);
}

void sip_leg_farewell_drop(struct sip_leg *leg)
{
	if (leg->owes_bye)
		farewell_end(leg);
}

void sip_leg_bye(struct sip_leg *leg, const char *reason)
{
	struct sip_sender *sender = sender_of(leg->stack, leg->w2);
	struct uac *uac;
	msg_t *bye;

	sip_leg_delist(leg);
	if (bye_is_kept(leg, reason))
		return;
	bye = sip_dialog_request(&leg->dialog, "BYE", 0);
	if (!bye)
		return;
	if (reason)
		sip_message_add(bye, "Reason", reason);
	if (!leg->w2 && leg->charging)
		sip_message_add(bye, "P-Charging-Vector", leg->charging);
	uac = sender->send(sender, sip_leg_conn(leg), bye, NULL, NULL);
	if (uac)
		uac_release(uac);
}

void sip_leg_ack_and_bye(struct sip_leg *leg)
{
	sip_leg_confirm(leg, NULL);
	sip_leg_bye(leg, NULL);
}

// A Reason header value (RFC 3326), or NULL when the end needs none.
static const char *reason_write(int cause, const char *text, char *buf, size_t room)
{
	size_t len;

	if (cause < 100 || cause > 699)
		return NULL;
	len = (size_t)snprintf(buf, room, "SIP;cause=%d;text=\"", cause);
	for (; text && *text && len + 2 < room; text++)
		if (*text >= ' ' && *text < 127 && *text != '"' && *text != '\\')
			buf[len++] = *text;
	buf[len++] = '"';
	buf[len] = '\0';
	return buf;
}

int sip_leg_end(void *arg, int cause, const char *text)
{
	struct sip_leg *leg = arg;
	char buf[128];
	const char *reason = reason_write(cause, text, buf, sizeof(buf));
	struct call_refusal refusal = {0};

	if (leg->ended)
		return 0;
	sip_leg_ref(leg);
	if (leg->offer) {
		refusal.status = leg->confirmed || leg->unacked ? 487
			: cause >= 300 && cause <= 699		? cause
								: 480;
		sip_leg_reject(leg, &refusal);
	}
	leg->ended = true;
	if (leg->invite && leg->invite_accepted)
		sip_leg_confirm(leg, NULL);
	else if (leg->invite && !leg->confirmed)
		uac_cancel(leg->invite, reason);
	// Before the ACK has come a callee must not say BYE (RFC 3261 section 15): it follows then.
	if (leg->confirmed && !leg->unacked)
		sip_leg_bye(leg, reason);
	sip_leg_unref(leg);
	return 0;
}

void sip_leg_release(void *arg)
{
	struct sip_leg *leg = arg;

	sip_leg_end(leg, 0, NULL);
	leg->call = NULL;
	sip_leg_relays_drop(leg);
	if (!leg->unacked && !leg->invite)
		sip_leg_delist(leg);
	sip_leg_unref(leg);
}

void sip_leg_forget(void *arg)
{
	struct sip_leg *leg = arg;

	leg->ended = true; // nothing is left to say
	sip_leg_release(leg);
}
