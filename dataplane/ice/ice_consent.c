// SPDX-License-Identifier: Apache-2.0
// Consent to send (RFC 7675): asked for every 4 to 6 s on the selected pairs, lost after 30 s without an answer.
#include "ice_parts.h"

#include <openssl/crypto.h>

#include <string.h>

#define REQUEST_MAX 400

static void next_set(struct ice_run *run, struct ice_consent *consent)
{
	uint64_t spread = (uint32_t)run->env->random(run->env->arg);

	// Scaled instead of taken modulo: without the bias, and without a division.
	consent->next_us =
		run->env->now_us + ICE_CONSENT_MIN_US + (spread * ICE_CONSENT_SPREAD_US >> 32);
}

void ice_consent_show(const struct ice_agent *a, struct ice_view *view)
{
	bool live = view->selected[0].family != 0;

	for (unsigned i = 0; i < a->components; i++) {
		if (view->selected[i].family != 0 && a->consent[i].state != IQ_CONSENT_LIVE)
			live = false;
	}
	view->consent = live;
}

void ice_consent_start(struct ice_run *run, unsigned component, uint64_t valid_us)
{
	struct ice_consent *consent = &run->a->consent[component];

	memset(consent, 0, sizeof(*consent));
	consent->state = IQ_CONSENT_LIVE;
	consent->expires_us = valid_us + ICE_CONSENT_US;
	next_set(run, consent);
	// An answer that is some time old: ask at once instead.
	if (valid_us + ICE_CONSENT_MIN_US < run->env->now_us)
		consent->next_us = run->env->now_us;
	ice_consent_show(run->a, run->view);
}

void ice_consent_renew(struct ice_run *run, unsigned component, uint64_t now_us)
{
	struct ice_consent *consent = &run->a->consent[component];

	if (consent->state == IQ_CONSENT_LIVE)
		consent->expires_us = now_us + ICE_CONSENT_US;
}

void ice_consent_end(
	struct ice_agent *a, struct ice_view *view, unsigned component, enum iq_consent_state state)
{
	struct ice_consent *consent = &a->consent[component];

	if (!consent->old)
		a->consent_dead = true;
	consent->state = (uint8_t)state;
	consent->id_count = 0; // what comes late finds nothing to answer
	OPENSSL_cleanse(consent->ids, sizeof(consent->ids));
	ice_consent_show(a, view);
}

static void consent_ask(struct ice_run *run, unsigned component)
{
	struct ice_agent *a = run->a;
	struct ice_consent *consent = &a->consent[component];
	uint8_t *txid = consent->ids[consent->id_next];
	const struct ice_tuple *to = &run->view->selected[component];
	struct wire_stun_writer w;
	uint8_t buf[REQUEST_MAX];
	int len;

	ice_txid_new(run->env, txid);
	consent->id_next = (consent->id_next + 1) % ICE_CONSENT_IDS;
	if (consent->id_count < ICE_CONSENT_IDS)
		consent->id_count++;
	consent->sent_us = run->env->now_us;
	next_set(run, consent);
	wire_stun_begin(&w, buf, sizeof(buf));
	wire_stun_header(&w, WIRE_STUN_REQUEST, WIRE_STUN_BINDING, txid);
	len = ice_request_write(a, consent->old ? &a->previous : &a->current, &w, to, false);
	if (len > 0)
		run->env->send(run->env->arg, to, buf, (uint16_t)len);
}

void ice_consent_run(struct ice_run *run)
{
	for (unsigned i = 0; i < run->a->components; i++) {
		struct ice_consent *consent = &run->a->consent[i];

		if (consent->state != IQ_CONSENT_LIVE)
			continue;
		if (consent->expires_us <= run->env->now_us) {
			ice_consent_end(run->a, run->view, i, IQ_CONSENT_EXPIRED);
			run->a->pending |= IQ_CHANGED_CONSENT;
		} else if (consent->next_us <= run->env->now_us) {
			consent_ask(run, i);
		}
	}
}

uint64_t ice_consent_deadline(const struct ice_agent *a)
{
	uint64_t first = UINT64_MAX;

	for (unsigned i = 0; i < a->components; i++) {
		const struct ice_consent *consent = &a->consent[i];

		if (consent->state != IQ_CONSENT_LIVE)
			continue;
		if (consent->expires_us < first)
			first = consent->expires_us;
		if (consent->next_us < first)
			first = consent->next_us;
	}
	return first;
}

static int id_find(const struct ice_consent *consent, const uint8_t *txid)
{
	for (unsigned i = 1; i <= consent->id_count; i++) { // the latest first
		unsigned at = (consent->id_next + ICE_CONSENT_IDS - i) % ICE_CONSENT_IDS;

		if (memcmp(consent->ids[at], txid, WIRE_STUN_TXID) == 0)
			return (int)i;
	}
	return 0;
}

unsigned ice_consent_match(const struct ice_agent *a, const uint8_t *txid)
{
	for (unsigned i = 0; i < a->components; i++) {
		if (id_find(&a->consent[i], txid) != 0)
			return i;
	}
	return ICE_NONE;
}

void ice_consent_answered(
	struct ice_run *run, unsigned component, const struct wire_stun *msg, bool success)
{
	struct ice_consent *consent = &run->a->consent[component];
	int age = id_find(consent, msg->txid);

	if (success) {
		// Round trips are told apart only for the latest request.
		if (age == 1 && component == 0)
			run->a->rtt_us = (uint32_t)(run->env->now_us - consent->sent_us);
		ice_consent_renew(run, component, run->env->now_us);
	} else if (msg->error_code == 403) {
		ice_consent_end(run->a, run->view, component, IQ_CONSENT_REVOKED);
		run->a->pending |= IQ_CHANGED_CONSENT;
	}
}
