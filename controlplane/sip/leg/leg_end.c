// SPDX-License-Identifier: Apache-2.0
// How a leg ends: CANCEL, BYE, or a failure response, as the state of its dialog demands.
#include "leg.h"

#include <errno.h>
#include <stdio.h>

void sip_leg_bye(struct sip_leg *leg, const char *reason)
{
	msg_t *bye = sip_dialog_request(&leg->dialog, "BYE", 0);
	struct sip_sender *sender = sender_of(leg->stack, leg->w2);
	struct uac *uac;

	sip_leg_delist(leg);
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

	if (leg->ended)
		return 0;
	sip_leg_ref(leg);
	if (leg->offer)
		sip_leg_reject(leg,
			leg->confirmed || leg->unacked	       ? 487
				: cause >= 300 && cause <= 699 ? cause
							       : 480,
			NULL);
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
