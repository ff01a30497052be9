// SPDX-License-Identifier: Apache-2.0
// Our connectivity checks: sending, pacing, repeating, and their outcome (RFC 8445 sections 7.2 and 14).
#include "ice_parts.h"

#include <string.h>

#define REQUEST_MAX 400

// The transaction id is in the writer's header already.
int ice_request_write(const struct ice_agent *a, const struct ice_generation *generation,
	struct wire_stun_writer *w, const struct ice_tuple *to, bool use_candidate)
{
	char username[sizeof(generation->remote_ufrag) + 1 + sizeof(generation->local_ufrag)];
	size_t ours = strlen(generation->local_ufrag), theirs = generation->remote_ufrag_len;

	memcpy(username, generation->remote_ufrag, theirs);
	username[theirs] = ':';
	memcpy(username + theirs + 1, generation->local_ufrag, ours);
	wire_stun_add_username(w, username, theirs + 1 + ours);
	wire_stun_add_priority(w, ice_priority(IQ_CANDIDATE_PRFLX, to->local, to->component));
	wire_stun_add_role(
		w, a->controlling ? WIRE_STUN_CONTROLLING : WIRE_STUN_CONTROLLED, a->tiebreaker);
	if (use_candidate)
		wire_stun_add_use_candidate(w);
	return ice_message_end(w, &generation->remote);
}

// RFC 8445 section 14.3: the more checks are under way, the slower each is repeated.
static uint16_t rto_ms(const struct ice_agent *a)
{
	unsigned active = 0;

	for (unsigned i = 0; i < ICE_PAIRS_MAX; i++)
		active +=
			a->pairs[i].state == PAIR_WAITING || a->pairs[i].state == PAIR_IN_PROGRESS;
	active *= ICE_TA_US / 1000;
	return (uint16_t)(active > ICE_RTO_MS ? active : ICE_RTO_MS);
}

static void transaction_begin(struct ice_run *run, struct ice_pair *pair)
{
	pair->rto_ms = rto_ms(run->a);
	pair->attempts = 0;
	pair->flags |= PAIR_ASKING;
	if (pair->state != PAIR_SUCCEEDED)
		pair->state = PAIR_IN_PROGRESS;
	ice_txid_new(run->env, pair->txid);
}

void ice_check_send(struct ice_run *run, unsigned index, bool fresh)
{
	struct ice_agent *a = run->a;
	struct ice_pair *pair = &a->pairs[index];
	struct ice_tuple to = ice_pair_tuple(a, pair);
	struct wire_stun_writer w;
	uint8_t buf[REQUEST_MAX];
	int len;

	if (fresh)
		transaction_begin(run, pair);
	pair->flags &= (uint8_t)~PAIR_TRIGGERED;
	pair->attempts++;
	pair->sent_us = run->env->now_us;
	wire_stun_begin(&w, buf, sizeof(buf));
	wire_stun_header(&w, WIRE_STUN_REQUEST, WIRE_STUN_BINDING, pair->txid);
	len = ice_request_write(a, &a->current, &w, &to, (pair->flags & PAIR_NOMINATING) != 0);
	if (len > 0)
		run->env->send(run->env->arg, &to, buf, (uint16_t)len);
}

static uint64_t check_due(const struct ice_pair *pair)
{
	uint64_t rtos = pair->attempts < ICE_RC ? 1u << (pair->attempts - 1) : ICE_RM;

	return pair->sent_us + rtos * pair->rto_ms * 1000;
}

static void check_repeat(struct ice_run *run, unsigned index)
{
	if (run->a->pairs[index].attempts < ICE_RC)
		ice_check_send(run, index, false);
	else
		ice_check_failed(run, index);
}

void ice_checks_run(struct ice_run *run)
{
	struct ice_agent *a = run->a;
	unsigned next;

	for (unsigned i = 0; i < ICE_PAIRS_MAX; i++) {
		if ((a->pairs[i].flags & PAIR_ASKING) &&
			check_due(&a->pairs[i]) <= run->env->now_us)
			check_repeat(run, i);
	}
	if (run->env->now_us < a->next_check_us)
		return;
	next = ice_pair_next(a);
	if (next == ICE_NONE)
		return;
	if (a->pairs[next].state == PAIR_IN_PROGRESS) { // hastened: back to the quick repeats
		a->pairs[next].attempts = 1;
		ice_check_send(run, next, false);
	} else {
		ice_check_send(run, next, true);
	}
	a->next_check_us = run->env->now_us + ICE_TA_US;
}

uint64_t ice_checks_deadline(const struct ice_agent *a)
{
	uint64_t first = UINT64_MAX;

	if (ice_pair_next(a) != ICE_NONE)
		first = a->next_check_us;
	for (unsigned i = 0; i < ICE_PAIRS_MAX; i++) {
		if ((a->pairs[i].flags & PAIR_ASKING) && check_due(&a->pairs[i]) < first)
			first = check_due(&a->pairs[i]);
	}
	return first;
}

void ice_check_failed(struct ice_run *run, unsigned index)
{
	struct ice_agent *a = run->a;
	struct ice_pair *pair = &a->pairs[index];
	unsigned component = ice_pair_component(a, pair);

	pair->flags &= (uint8_t) ~(PAIR_ASKING | PAIR_NOMINATING | PAIR_TRIGGERED);
	pair->state = PAIR_FAILED;
	ice_selection_update(run, component);
}

void ice_check_succeeded(struct ice_run *run, unsigned index)
{
	struct ice_agent *a = run->a;
	struct ice_pair *pair = &a->pairs[index];
	unsigned component = ice_pair_component(a, pair);
	bool ours = (pair->flags & PAIR_NOMINATING) != 0;

	pair->state = PAIR_SUCCEEDED;
	pair->valid_us = run->env->now_us;
	pair->flags &= (uint8_t) ~(PAIR_ASKING | PAIR_NOMINATING);
	if (a->first_valid_us[component] == 0)
		a->first_valid_us[component] = run->env->now_us;
	ice_pairs_thaw(a, pair);
	if (a->checks && a->selected[component] == index && !a->consent[component].old)
		ice_consent_renew(run, component, run->env->now_us);
	if (ours)
		ice_nominated_set(run, index);
	else if (pair->flags & PAIR_NOMINATED)
		ice_nominate(run, index);
	ice_selection_update(run, component);
}
