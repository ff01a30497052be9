// SPDX-License-Identifier: Apache-2.0
// Where ICE and the media path of a transport meet.
#include "context_priv.h"

#include <string.h>

#define HOPS_BURST 16 // next hops that a context's candidates may bring into the table at once
#define HOP_PERIOD_US 5000000u // and one more so often
#define AGAIN_US 100000u // when the ring to the DTLS service was full

struct ice_call {
	struct worker *w;
	struct shard *shard;
	const struct transport *transport;
};
_Static_assert(sizeof(struct ice_call) <= 32, "fits the callers' storage");

static struct iq_addr tuple_remote(const struct ice_tuple *tuple)
{
	struct iq_addr remote = {.family = tuple->family, .port = tuple->remote_port};

	memcpy(remote.ip, tuple->remote_ip, sizeof(remote.ip));
	return remote;
}

void transport_tuple_path(struct worker *w, const struct transport *t,
	const struct ice_tuple *tuple, struct path *path)
{
	struct iq_addr remote = tuple_remote(tuple);

	transport_path_set(w, t, tuple->component, &remote, path);
}

// A next hop that nobody has asked for so far: a context may name only so many, since its peer says which.
static bool hop_take(struct context *c, uint64_t now_us)
{
	uint64_t full_us = c->hops_full_us > now_us ? c->hops_full_us : now_us;

	if (full_us + HOP_PERIOD_US > now_us + HOPS_BURST * HOP_PERIOD_US)
		return false;
	c->hops_full_us = full_us + HOP_PERIOD_US;
	return true;
}

static void check_path(const struct ice_call *call, const struct ice_tuple *to, struct path *path)
{
	const struct transport *t = call->transport;
	const struct network *network = &call->w->networks->list[t->network];
	struct iq_addr remote = tuple_remote(to);

	transport_path_fill(call->w, t, to->component, &remote, path);
	if (path->neigh != NEIGH_NONE)
		return;
	if (!neigh_exists(network, path->family, path->remote_ip) ||
		!hop_take(shard_context(call->shard, t->context), call->w->now_us))
		path->neigh = NEIGH_REFUSED;
}

static void on_ice_send(void *arg, const struct ice_tuple *to, const uint8_t *bytes, uint16_t len)
{
	const struct ice_call *call = arg;
	struct rte_mbuf *m = worker_mbuf(call->w, len);
	struct path path;

	if (m == NULL)
		return;
	rte_memcpy(rte_pktmbuf_mtod(m, void *), bytes, len);
	check_path(call, to, &path);
	worker_send(call->w, m, &path);
}

static uint64_t on_ice_random(void *arg)
{
	const struct ice_call *call = arg;

	return shard_random(call->shard);
}

void transport_ice_env(struct worker *w, struct shard *shard, uint16_t transport,
	struct ice_env *env, void *storage)
{
	struct ice_call *call = storage;

	*call = (struct ice_call){w, shard, shard_transport(shard, transport)};
	*env = (struct ice_env){.now_us = w->now_us,
		.send = on_ice_send,
		.random = on_ice_random,
		.arg = call,
		.strangers = &w->stun_strangers};
}

static void paths_take(struct worker *w, struct transport *t, struct secure *secure)
{
	unsigned rtcp = (t->flags & TRANSPORT_MUX) != 0 ? 0 : 1;

	if (!secure->view.moved)
		return;
	secure->view.moved = false;
	if (secure->view.selected[0].family != 0)
		transport_tuple_path(w, t, &secure->view.selected[0], &t->out[0]);
	if (secure->view.selected[rtcp].family != 0)
		transport_tuple_path(w, t, &secure->view.selected[rtcp], &t->out[1]);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

// For the agent's next deadline, or to do again what found no room or no hearing.
static void timer_arm(struct worker *w, struct shard *shard, uint16_t index)
{
	const struct transport *t = shard_transport(shard, index);
	const struct secure *secure = shard_secure(shard, t->secure);
	uint64_t deadline = ice_deadline_us((const struct ice_agent *)secure->ice);

	deadline = earlier(deadline, context_tell_deadline(shard_context(shard, t->context)));
	if (transport_dtls_is_due(secure))
		deadline = earlier(deadline, w->now_us + AGAIN_US);
	worker_timer_set(w, shard->number, index, deadline);
}

void transport_ice_done(
	struct worker *w, struct shard *shard, uint16_t index, struct ice_result result)
{
	struct transport *t = shard_transport(shard, index);
	struct secure *secure = shard_secure(shard, t->secure);

	paths_take(w, t, secure);
	transport_dtls_start(w, shard, index);
	if (result.changed != 0)
		context_notify(w, shard, shard_context(shard, t->context), result.changed);
	timer_arm(w, shard, index);
}

// Requests and indications; else a response (RFC 8489 section 5).
static bool is_request(const struct rte_mbuf *m)
{
	return (rte_pktmbuf_mtod(m, const uint8_t *)[0] & 1) == 0;
}

static void verdict_count(struct worker *w, enum ice_verdict verdict, const struct rte_mbuf *m)
{
	static const uint8_t counters[] = {
		[ICE_OK] = COUNTER_stun_requests,
		[ICE_MALFORMED] = COUNTER_drop_stun_malformed,
		[ICE_UNKNOWN_USER] = COUNTER_drop_stun_unknown_user,
		[ICE_INTEGRITY] = COUNTER_drop_stun_integrity,
		[ICE_BUDGET] = COUNTER_drop_stun_budget,
		[ICE_LATE] = COUNTER_drop_stun_late,
		[ICE_ERROR_SENT] = COUNTER_stun_errors,
	};

	if (verdict == ICE_OK && !is_request(m))
		COUNT(w, stun_responses);
	else
		w->counters[counters[verdict]]++;
}

static bool tuple_of_pkt(const struct secure *secure, const struct transport *t,
	const struct pkt *pkt, struct ice_tuple *tuple)
{
	memset(tuple, 0, sizeof(*tuple));
	tuple->component = (uint8_t)(pkt->local_port - t->port);
	tuple->family = pkt->family;
	tuple->remote_port = pkt->remote_port;
	memcpy(tuple->remote_ip, pkt->remote_ip, pkt->family == 4 ? 4 : 16);
	return ice_local_find(
		(const struct ice_agent *)secure->ice, pkt->set, pkt->family, &tuple->local);
}

void context_on_stun(struct worker *w, struct shard *shard, uint16_t index, struct rte_mbuf *m)
{
	struct transport *t = shard_transport(shard, index);
	struct secure *secure = shard_secure(shard, t->secure);
	struct ice_tuple from;
	struct ice_result result;
	struct ice_env env;
	uint64_t storage[4];

	if (tuple_of_pkt(secure, t, pkt_of(m), &from)) {
		transport_ice_env(w, shard, index, &env, storage);
		result = ice_input(secure_ice(secure), &secure->view, &from,
			rte_pktmbuf_mtod(m, uint8_t *), rte_pktmbuf_data_len(m), &env);
		verdict_count(w, result.verdict, m);
		// What was over a budget has changed nothing.
		if (result.verdict != ICE_BUDGET)
			transport_ice_done(w, shard, index, result);
	} else {
		COUNT(w, drop_not_ours);
	}
	rte_pktmbuf_free(m);
}

static void ice_run(struct worker *w, struct shard *shard, uint16_t index)
{
	struct secure *secure = shard_secure(shard, shard_transport(shard, index)->secure);
	uint64_t deadline = ice_deadline_us(secure_ice(secure));
	struct ice_result result = {0};
	struct ice_env env;
	uint64_t storage[4];

	if (deadline != 0 && deadline <= w->now_us) {
		transport_ice_env(w, shard, index, &env, storage);
		result = ice_timer(secure_ice(secure), &secure->view, &env);
	}
	transport_ice_done(w, shard, index, result);
}

static void state_tell_again(struct worker *w, struct shard *shard, struct context *c)
{
	uint64_t deadline = context_tell_deadline(c);

	if (deadline != 0 && deadline <= w->now_us)
		context_notify(w, shard, c, 0);
}

void context_on_timer(struct worker *w, uint8_t shard_number, uint16_t index)
{
	struct shard *shard = w->shards[shard_number];
	const struct transport *t = shard_transport(shard, index);

	if (t->flags == TRANSPORT_STOPPING) {
		transport_stop(w, shard, index);
		return;
	}
	if ((t->flags & TRANSPORT_LIVE) == 0)
		return;
	if (t->leg == IQ_LEG_CORE) {
		context_breakers_run(w, shard, shard_context(shard, t->context), t->number);
		return;
	}
	state_tell_again(w, shard, shard_context(shard, t->context));
	ice_run(w, shard, index);
}
