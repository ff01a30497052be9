// SPDX-License-Identifier: Apache-2.0
// A context as the controller sees it: states, selected addresses, counts; told again until acknowledged.
#include "context_priv.h"

#include <string.h>

#define UNTOLD_US 100000u // before the state is told again: main's ring was full
#define UNHEARD_US                                                                                 \
	10000000u // nobody has acknowledged it; the door, which tells more often, may have had no place for it

static void flow_count(const struct flow *flow, struct iq_counts *in)
{
	uint32_t jitter = 0;

	if (flow->clock_hz != 0)
		jitter = (uint32_t)((uint64_t)(flow->jitter_scaled >> 4) * 1000000u /
			flow->clock_hz);
	in->packets += flow->received;
	in->octets += flow->octets;
	in->lost += flow_lost(flow);
	if (jitter > in->jitter_us)
		in->jitter_us = jitter;
}

static void transport_count(struct shard *shard, const struct transport *t, struct iq_counts *in)
{
	for (unsigned i = 0; i < SSRCS_INLINE; i++) {
		if (t->flow[i] != NO_INDEX)
			flow_count(shard_flow(shard, t->flow[i]), in);
	}
	for (uint16_t flow = t->flow_more; flow != NO_INDEX; flow = shard_flow(shard, flow)->next)
		flow_count(shard_flow(shard, flow), in);
	in->packets += t->gone_packets;
	in->octets += t->gone_octets;
	in->lost += t->gone_lost;
	in->auth_failed += t->auth_failed;
	in->replayed += t->replayed;
	in->not_admitted += t->not_admitted;
}

static void remote_get(const struct transport *t, struct iq_addr *remote)
{
	const struct path *path = &t->out[0];

	remote->family = path->family;
	remote->port = path->remote_port;
	memcpy(remote->ip, path->remote_ip, sizeof(remote->ip));
}

// States from the best to the worst, by their enums.
static const uint8_t ice_ranks[] =
	{[IQ_ICE_CONNECTED] = 0, [IQ_ICE_NONE] = 1, [IQ_ICE_CHECKING] = 2, [IQ_ICE_FAILED] = 3};
static const uint8_t dtls_ranks[] = {[IQ_DTLS_CONNECTED] = 0,
	[IQ_DTLS_NONE] = 1,
	[IQ_DTLS_WAITING] = 2,
	[IQ_DTLS_CLOSED] = 3,
	[IQ_DTLS_FAILED] = 4};
static const uint8_t consent_ranks[] = {[IQ_CONSENT_LIVE] = 0,
	[IQ_CONSENT_NONE] = 1,
	[IQ_CONSENT_EXPIRED] = 2,
	[IQ_CONSENT_REVOKED] = 3};

static void worst(uint8_t *state, uint8_t other, bool is_first, const uint8_t *ranks)
{
	if (is_first || ranks[other] > ranks[*state])
		*state = other;
}

static void secure_get(struct shard *shard, const struct transport *t, struct iq_leg_state *leg)
{
	const struct secure *secure = shard_secure(shard, t->secure);
	const struct ice_agent *ice = (const struct ice_agent *)secure->ice;
	bool is_first = t->number == 0;

	worst(&leg->ice, (uint8_t)ice_state(ice), is_first, ice_ranks);
	worst(&leg->consent, (uint8_t)ice_consent_state(ice), is_first, consent_ranks);
	worst(&leg->dtls, secure->dtls_state, is_first, dtls_ranks);
	if (leg->dtls_error == 0)
		leg->dtls_error = secure->dtls_error;
	if (!is_first)
		return;
	leg->dtls_version = secure->dtls_version;
	leg->dtls_cipher = secure->dtls_cipher;
	leg->srtp_profile = secure->srtp_profile;
	leg->rtt_us = ice_rtt_us(ice);
	leg->remote_type = (uint16_t)ice_remote_type(ice);
	leg->local_type = IQ_CANDIDATE_HOST;
}

// A transport that carries nothing since everything is bundled on another has no say.
static bool is_used(struct shard *shard, const struct context *c, const struct transport *t)
{
	for (unsigned n = 0; n < c->streams; n++) {
		const struct stream *stream = shard_stream(shard, c->stream[n]);

		if (stream->enabled && shard_transport(shard, stream->transport[t->leg]) == t)
			return true;
	}
	return t->number == 0;
}

static void addresses_get(struct worker *w, const struct transport *t, struct iq_leg_state *leg)
{
	const struct address_set *set = &w->networks->list[t->network].sets[t->set];

	remote_get(t, &leg->remote);
	leg->local.port = t->port;
	leg->local.family = leg->remote.family;
	if (leg->local.family == 4)
		memcpy(leg->local.ip, set->v4, 4);
	else if (leg->local.family == 6)
		memcpy(leg->local.ip, set->v6, 16);
}

static void leg_get(struct worker *w, struct shard *shard, const struct context *c, enum iq_leg leg,
	struct iq_leg_state *out)
{
	unsigned count = leg == IQ_LEG_ACCESS ? c->access_transports : c->streams;

	for (unsigned i = 0; i < count; i++) {
		const struct transport *t = shard_transport(shard, c->transport[leg][i]);

		transport_count(shard, t, &out->in);
		if (i == 0)
			addresses_get(w, t, out);
		if (t->secure != NO_INDEX && is_used(shard, c, t))
			secure_get(shard, t, out);
	}
	for (unsigned i = 0; i < c->streams; i++) {
		out->out.packets += shard_stream(shard, c->stream[i])->sender[leg].packets;
		out->out.octets += shard_stream(shard, c->stream[i])->sender[leg].octets;
	}
}

void context_state_get(struct worker *w, struct shard *shard, const struct context *c,
	struct iq_context_state *out)
{
	memset(out, 0, sizeof(*out));
	out->handle = c->handle;
	memcpy(out->ref, c->ref, sizeof(out->ref));
	out->version = c->version;
	out->changed = c->changed;
	out->age_us = w->now_us - c->created_us;
	leg_get(w, shard, c, IQ_LEG_ACCESS, &out->legs[IQ_LEG_ACCESS]);
	leg_get(w, shard, c, IQ_LEG_CORE, &out->legs[IQ_LEG_CORE]);
	for (unsigned i = 0; i < c->streams; i++)
		out->trips[i] = shard_stream(shard, c->stream[i])->trip;
}

uint64_t context_tell_deadline(const struct context *c)
{
	if (c->untold)
		return c->told_us + UNTOLD_US;
	return c->changed != 0 ? c->told_us + UNHEARD_US : 0;
}

void context_notify(struct worker *w, struct shard *shard, struct context *c, uint32_t changed)
{
	struct {
		struct context_msg head;
		struct iq_context_state state;
	} msg = {.head = {.type = IQ_CONTEXT_STATE,
			 .shard = shard->number,
			 .len = sizeof(msg.state)}};

	if (changed != 0)
		c->version++;
	c->changed |= changed;
	context_state_get(w, shard, c, &msg.state);
	c->told_us = w->now_us;
	c->untold = !worker_tell_main(w, &msg, sizeof(msg));
}
