// SPDX-License-Identifier: Apache-2.0
// Nomination, the selected pairs and the sources that media may come from (RFC 8445 sections 8 and 12).
#include "ice_parts.h"

#include <string.h>

static void sources_add(struct ice_view *view, const struct ice_tuple *tuple)
{
	for (unsigned i = 0; i < view->source_count; i++) {
		const struct ice_tuple *known = &view->sources[i];

		if (known->component == tuple->component && known->family == tuple->family &&
			known->remote_port == tuple->remote_port &&
			memcmp(known->remote_ip, tuple->remote_ip, sizeof(known->remote_ip)) == 0)
			return;
	}
	if (view->source_count < ICE_SOURCES_MAX)
		view->sources[view->source_count++] = *tuple;
}

// The selected pairs first, then the others by their last success.
static void sources_refresh(struct ice_run *run)
{
	const struct ice_agent *a = run->a;
	uint64_t below = UINT64_MAX;

	run->view->source_count = 0;
	for (unsigned i = 0; i < ICE_COMPONENTS; i++) {
		if (run->view->selected[i].family != 0)
			sources_add(run->view, &run->view->selected[i]);
	}
	for (unsigned round = 0; round < ICE_PAIRS_MAX; round++) {
		unsigned latest = ICE_NONE;
		struct ice_tuple tuple;

		for (unsigned i = 0; i < ICE_PAIRS_MAX; i++) {
			// Times are made distinct by the pair's number in the low bits.
			uint64_t at = a->pairs[i].valid_us << 5 | i;

			if (a->pairs[i].state == PAIR_SUCCEEDED && at < below &&
				(latest == ICE_NONE ||
					at > (a->pairs[latest].valid_us << 5 | latest)))
				latest = i;
		}
		if (latest == ICE_NONE || run->view->source_count == ICE_SOURCES_MAX)
			return;
		below = a->pairs[latest].valid_us << 5 | latest;
		tuple = ice_pair_tuple(a, &a->pairs[latest]);
		sources_add(run->view, &tuple);
	}
}

static void pair_select(struct ice_run *run, unsigned component, unsigned index)
{
	struct ice_agent *a = run->a;
	struct ice_consent *consent = &a->consent[component];
	struct ice_tuple tuple = ice_pair_tuple(a, &a->pairs[index]);
	bool same = ice_tuple_equal(&tuple, &run->view->selected[component]);

	a->selected[component] = (uint8_t)index;
	if (component == 0)
		a->remote_type = a->remotes[a->pairs[index].remote].type;
	if (same && consent->state == IQ_CONSENT_LIVE && !consent->old)
		return;
	run->view->selected[component] = tuple;
	run->view->moved = true;
	a->moves++;
	ice_consent_start(run, component, a->pairs[index].valid_us);
}

// What the nomination makes needless: checks of this component that could at best give a lesser pair.
static void checks_stop(struct ice_agent *a, unsigned component, uint64_t priority)
{
	for (unsigned i = 0; i < ICE_PAIRS_MAX; i++) {
		struct ice_pair *pair = &a->pairs[i];

		if (pair->state == PAIR_FREE || ice_pair_component(a, pair) != component ||
			(pair->flags & PAIR_TRIGGERED))
			continue;
		if (pair->state == PAIR_FROZEN || pair->state == PAIR_WAITING ||
			(pair->state == PAIR_IN_PROGRESS &&
				ice_pair_priority(a, pair) < priority)) {
			pair->state = PAIR_IDLE;
			pair->flags &= (uint8_t)~PAIR_ASKING;
		}
	}
}

static bool all_are_nominated(const struct ice_agent *a)
{
	for (unsigned i = 0; i < a->components; i++) {
		if (a->nominated[i] == ICE_NONE)
			return false;
	}
	return true;
}

void ice_nominated_set(struct ice_run *run, unsigned index)
{
	struct ice_agent *a = run->a;
	struct ice_pair *pair = &a->pairs[index];
	unsigned component = ice_pair_component(a, pair);

	if (a->consent_dead)
		return; // RFC 7675 section 5.1: not with these credentials
	a->nominated[component] = (uint8_t)index;
	checks_stop(a, component, ice_pair_priority(a, pair));
	pair_select(run, component, index);
	if (a->previous.local_ufrag[0] != '\0' && a->previous_until_us == 0 && all_are_nominated(a))
		a->previous_until_us = run->env->now_us + ICE_OLD_US;
}

// The latest nomination counts. But a peer that nominates aggressively repeats USE-CANDIDATE on several pairs for
// ever; among pairs that were all nominated before, the highest stays (RFC 5245 section 8.1.1.2) unless
// the peer has ceased to name it.
static bool nomination_counts(const struct ice_run *run, unsigned index)
{
	const struct ice_agent *a = run->a;
	const struct ice_pair *pair = &a->pairs[index];
	unsigned chosen = a->nominated[ice_pair_component(a, pair)];

	if (chosen == ICE_NONE || chosen == index || !(pair->flags & PAIR_WAS_NOMINATED))
		return true;
	return ice_pair_priority(a, pair) > ice_pair_priority(a, &a->pairs[chosen]) ||
		run->env->now_us - a->pairs[chosen].nominated_us > ICE_NOMINATION_US;
}

void ice_nominate(struct ice_run *run, unsigned index)
{
	struct ice_agent *a = run->a;
	struct ice_pair *pair = &a->pairs[index];

	if (run->env->now_us - pair->valid_us >= ICE_CONSENT_US &&
		a->nominated[ice_pair_component(a, pair)] != index) {
		pair->flags |= PAIR_TRIGGERED; // too long ago to be consent: ask again first
		return;
	}
	if (nomination_counts(run, index))
		ice_nominated_set(run, index);
	pair->nominated_us = run->env->now_us;
	pair->flags &= (uint8_t)~PAIR_NOMINATED;
	pair->flags |= PAIR_WAS_NOMINATED;
}

uint64_t ice_settle_deadline(const struct ice_agent *a, unsigned component)
{
	unsigned best;

	if (!a->controlling || !a->checks || a->consent_dead ||
		a->nominated[component] != ICE_NONE || a->current.remote_ufrag_len == 0)
		return 0;
	best = ice_pair_best(a, component);
	if (best == ICE_NONE)
		return 0;
	for (unsigned i = 0; i < ICE_PAIRS_MAX; i++) {
		if (a->pairs[i].state != PAIR_FREE && (a->pairs[i].flags & PAIR_NOMINATING) &&
			ice_pair_component(a, &a->pairs[i]) == component)
			return 0;
	}
	if (!ice_pair_hopes(a, component, ice_pair_priority(a, &a->pairs[best])))
		return 1; // nothing better can come
	return a->first_valid_us[component] + ICE_SETTLE_US;
}

// Until a pair is nominated the best valid one carries DTLS and media (RFC 8445 section 12.1 allows it to any valid
// pair): our check on it was answered with the peer's password, so there is consent, and the handshake
// needn't wait for a nomination that may take seconds. Not so in lite, where nothing of ours was
// answered, and not while the pair of the generation before still has consent.
static void pair_select_meanwhile(struct ice_run *run, unsigned component)
{
	struct ice_agent *a = run->a;
	const struct ice_consent *consent = &a->consent[component];
	unsigned best = ice_pair_best(a, component);

	if (!a->checks || a->consent_dead || a->nominated[component] != ICE_NONE ||
		best == ICE_NONE || (consent->old && consent->state == IQ_CONSENT_LIVE))
		return;
	if (run->env->now_us - a->pairs[best].valid_us < ICE_CONSENT_US)
		pair_select(run, component, best);
}

void ice_selection_update(struct ice_run *run, unsigned component)
{
	struct ice_agent *a = run->a;
	uint64_t settle;

	if (a->nominated[component] != ICE_NONE &&
		a->pairs[a->nominated[component]].state == PAIR_FAILED)
		a->nominated[component] = ICE_NONE;
	pair_select_meanwhile(run, component);
	settle = ice_settle_deadline(a, component);
	if (settle != 0 && settle <= run->env->now_us)
		a->pairs[ice_pair_best(a, component)].flags |= PAIR_NOMINATING | PAIR_TRIGGERED;
	sources_refresh(run);
	ice_state_update(a);
}
