// SPDX-License-Identifier: Apache-2.0
// An agent's life: start, the peer's description, restart, what it tells about itself.
#include "ice_parts.h"

#include <openssl/crypto.h>

#include <string.h>

static void local_set(struct ice_generation *generation, const char *ufrag, const char *pwd)
{
	OPENSSL_cleanse(generation, sizeof(*generation));
	memcpy(generation->local_ufrag, ufrag, strnlen(ufrag, sizeof(generation->local_ufrag) - 1));
	ice_hmac_init(&generation->local, pwd);
}

void ice_init(struct ice_agent *agent, struct ice_view *view, const struct ice_start *start)
{
	memset(agent, 0, sizeof(*agent));
	memset(view, 0, sizeof(*view));
	local_set(&agent->current, start->ufrag, start->pwd);
	agent->tiebreaker = start->tiebreaker;
	agent->controlling = start->controlling && !start->lite;
	agent->lite = start->lite;
	agent->checks = !start->lite;
	agent->start_components = start->components < 2 ? 1 : ICE_COMPONENTS;
	agent->components = agent->start_components;
	agent->local_count =
		start->local_count < ICE_LOCALS_MAX ? start->local_count : ICE_LOCALS_MAX;
	memcpy(agent->locals, start->locals, sizeof(agent->locals));
	memset(agent->nominated, ICE_NONE, sizeof(agent->nominated));
	memset(agent->selected, ICE_NONE, sizeof(agent->selected));
}

// Everything but credentials, consent and the view: media goes on over the old pair meanwhile.
static void checklist_clear(struct ice_agent *a)
{
	memset(a->pairs, 0, sizeof(a->pairs));
	memset(a->remotes, 0, sizeof(a->remotes));
	memset(a->nominated, ICE_NONE, sizeof(a->nominated));
	memset(a->selected, ICE_NONE, sizeof(a->selected));
	memset(a->first_valid_us, 0, sizeof(a->first_valid_us));
}

// The current generation becomes the one before, unless it never carried anything: then the one before stays.
static void generation_age(struct ice_agent *a)
{
	bool used = a->selected[0] != ICE_NONE || a->selected[1] != ICE_NONE;

	if (used || a->previous.local_ufrag[0] == '\0') {
		a->previous = a->current;
		for (unsigned i = 0; i < ICE_COMPONENTS; i++)
			a->consent[i].old = a->consent[i].state != IQ_CONSENT_NONE;
	}
	a->previous_until_us = 0;
	checklist_clear(a);
}

void ice_restart(struct ice_agent *agent, const char *ufrag, const char *pwd)
{
	generation_age(agent);
	local_set(&agent->current, ufrag, pwd);
	agent->early_count = 0;
	agent->fail_us = 0;
	agent->state = IQ_ICE_CHECKING;
	agent->told_state = IQ_ICE_CHECKING; // whoever asks for a restart knows
}

static bool remote_is(const struct ice_generation *generation, const char *ufrag, size_t len,
	const struct ice_hmac *hmac)
{
	return generation->remote_ufrag_len == len &&
		memcmp(generation->remote_ufrag, ufrag, len) == 0 &&
		CRYPTO_memcmp(&generation->remote, hmac, sizeof(*hmac)) == 0;
}

// Roles by RFC 8445 section 6.1.1: full controls lite. Two lite sides: ours checks, for nobody else would.
static void roles_settle(struct ice_agent *a, bool remote_lite)
{
	a->checks = !a->lite || remote_lite;
	if (remote_lite && !a->lite && !a->controlling)
		ice_role_set(a, true);
}

// Sets the peer's credentials unless they are the same: true when they were new.
static bool remote_credentials_set(
	struct ice_agent *a, const struct iq_remote_transport *remote, uint64_t now_us)
{
	size_t len = strnlen(remote->ufrag, sizeof(remote->ufrag));
	struct ice_hmac hmac;

	if (!remote->ice || len == 0 || len > sizeof(a->current.remote_ufrag) ||
		strnlen(remote->pwd, sizeof(remote->pwd)) == sizeof(remote->pwd))
		return false;
	ice_hmac_init(&hmac, remote->pwd);
	if (remote_is(&a->current, remote->ufrag, len, &hmac))
		return false;
	if (a->current.remote_ufrag_len != 0)
		generation_age(a);
	if (!remote_is(&a->previous, remote->ufrag, len, &hmac))
		a->consent_dead = false;
	a->current.remote = hmac;
	a->current.remote_ufrag_len = (uint16_t)len;
	memcpy(a->current.remote_ufrag, remote->ufrag, len);
	a->state = a->told_state = IQ_ICE_CHECKING;
	a->fail_us = now_us + ICE_FAIL_US;
	return true;
}

static void components_set(struct ice_agent *a, struct ice_view *view, unsigned components)
{
	if (components >= a->components) {
		a->components = (uint8_t)components;
		return;
	}
	for (unsigned i = 0; i < ICE_PAIRS_MAX; i++) {
		if (a->pairs[i].state != PAIR_FREE && ice_pair_component(a, &a->pairs[i]) != 0)
			memset(&a->pairs[i], 0, sizeof(a->pairs[i]));
	}
	a->components = 1;
	a->selected[1] = a->nominated[1] = ICE_NONE;
	memset(&a->consent[1], 0, sizeof(a->consent[1]));
	memset(&view->selected[1], 0, sizeof(view->selected[1]));
	ice_consent_show(a, view);
	ice_state_update(a);
}

void ice_remote_set(struct ice_agent *agent, struct ice_view *view,
	const struct iq_remote_transport *remote, const struct ice_env *env)
{
	struct ice_run run = {agent, view, env};
	bool fresh = remote_credentials_set(agent, remote, env->now_us);

	components_set(agent, view, remote->rtcp_mux ? 1 : agent->start_components);
	if (fresh)
		roles_settle(agent, remote->ice_lite != 0);
	ice_candidates_add(
		agent, remote->candidates, remote->candidate_count, remote->end_of_candidates != 0);
	if (fresh)
		ice_early_replay(&run);
}

void ice_consent_revoke(struct ice_agent *agent, struct ice_view *view)
{
	for (unsigned i = 0; i < agent->components; i++) {
		if (agent->consent[i].state == IQ_CONSENT_LIVE)
			ice_consent_end(agent, view, i, IQ_CONSENT_REVOKED);
	}
}

bool ice_local_find(const struct ice_agent *agent, uint8_t set, uint8_t family, uint8_t *local)
{
	for (uint8_t i = 0; i < agent->local_count; i++) {
		if (agent->locals[i].set == set && agent->locals[i].family == family) {
			*local = i;
			return true;
		}
	}
	return false;
}

enum iq_ice_state ice_state(const struct ice_agent *agent)
{
	return agent->state;
}

enum iq_consent_state ice_consent_state(const struct ice_agent *agent)
{
	enum iq_consent_state worst = agent->consent[0].state;

	if (agent->components == 2 && agent->consent[1].state > worst)
		worst = agent->consent[1].state;
	return worst;
}

uint32_t ice_rtt_us(const struct ice_agent *agent)
{
	return agent->rtt_us;
}

enum iq_candidate_type ice_remote_type(const struct ice_agent *agent)
{
	return agent->remote_type;
}
