// SPDX-License-Identifier: Apache-2.0
// Where ICE, DTLS and the media path of a transport meet.
#include "context_priv.h"
#include "wire_bytes.h"

#include <errno.h>
#include <string.h>

#define AGAIN_US 100000u // when a ring to main or to the DTLS service was full

struct ice_call {
	struct worker *w;
	struct shard *shard;
	const struct transport *transport;
};
_Static_assert(sizeof(struct ice_call) <= 32, "fits the callers' storage");

static void path_of_tuple(struct worker *w, const struct transport *t,
	const struct ice_tuple *tuple, struct path *path)
{
	struct iq_addr remote = {.family = tuple->family, .port = tuple->remote_port};

	memcpy(remote.ip, tuple->remote_ip, sizeof(remote.ip));
	transport_path_set(w, t, tuple->component, &remote, path);
}

static void on_ice_send(void *arg, const struct ice_tuple *to, const uint8_t *bytes, uint16_t len)
{
	const struct ice_call *call = arg;
	struct rte_mbuf *m = worker_mbuf(call->w, len);
	struct path path;

	if (m == NULL)
		return;
	rte_memcpy(rte_pktmbuf_mtod(m, void *), bytes, len);
	path_of_tuple(call->w, call->transport, to, &path);
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
	*env = (struct ice_env){
		.now_us = w->now_us, .send = on_ice_send, .random = on_ice_random, .arg = call};
}

// The association can begin: ICE has a pair, and we know who shall be there.
static bool dtls_is_due(const struct secure *secure)
{
	return !secure->dtls_started && secure->dtls_role != IQ_DTLS_UNDECIDED &&
		secure->view.selected[0].family != 0;
}

// As server we wait for the first flight, as client we send it: either way not before ICE has a pair.
static void dtls_try_start(struct worker *w, struct shard *shard, uint16_t index)
{
	struct transport *t = shard_transport(shard, index);
	struct secure *secure = shard_secure(shard, t->secure);
	struct dtls_start start = {
		.role = secure->dtls_role, .fingerprint_count = secure->fingerprint_count};

	if (!dtls_is_due(secure))
		return;
	start.id = (struct dtls_id){
		.generation = t->generation, .transport = index, .shard = shard->number};
	memcpy(start.fingerprints, secure->fingerprints, sizeof(start.fingerprints));
	if (!dtls_start(w->dtls, &start))
		return; // the slots are full: the transport's timer comes again
	secure->dtls_started = 1;
	secure->dtls_state = IQ_DTLS_WAITING;
}

static void paths_take(struct worker *w, struct transport *t, struct secure *secure)
{
	unsigned rtcp = (t->flags & TRANSPORT_MUX) != 0 ? 0 : 1;

	if (!secure->view.moved)
		return;
	secure->view.moved = false;
	if (secure->view.selected[0].family != 0)
		path_of_tuple(w, t, &secure->view.selected[0], &t->out[0]);
	if (secure->view.selected[rtcp].family != 0)
		path_of_tuple(w, t, &secure->view.selected[rtcp], &t->out[1]);
}

// For the agent's next deadline, or to do again what found no room.
static void timer_arm(struct worker *w, struct shard *shard, uint16_t index)
{
	const struct transport *t = shard_transport(shard, index);
	const struct secure *secure = shard_secure(shard, t->secure);
	uint64_t deadline = ice_deadline_us((const struct ice_agent *)secure->ice);
	uint64_t again = w->now_us + AGAIN_US;

	if ((shard_context(shard, t->context)->untold || dtls_is_due(secure)) &&
		(deadline == 0 || deadline > again))
		deadline = again;
	worker_timer_set(w, shard->number, index, deadline);
}

void transport_ice_done(
	struct worker *w, struct shard *shard, uint16_t index, struct ice_result result)
{
	struct transport *t = shard_transport(shard, index);
	struct secure *secure = shard_secure(shard, t->secure);

	paths_take(w, t, secure);
	dtls_try_start(w, shard, index);
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
		transport_ice_done(w, shard, index, result);
	} else {
		COUNT(w, drop_not_ours);
	}
	rte_pktmbuf_free(m);
}

void context_on_dtls(struct worker *w, struct shard *shard, uint16_t index, struct rte_mbuf *m)
{
	const struct transport *t = shard_transport(shard, index);
	struct dtls_id id = {
		.generation = t->generation, .transport = index, .shard = shard->number};

	if (dtls_datagram(w->dtls, id, rte_pktmbuf_mtod(m, uint8_t *), rte_pktmbuf_data_len(m)))
		COUNT(w, dtls_punted);
	else
		COUNT(w, drop_dtls_full);
	rte_pktmbuf_free(m);
}

void context_on_media(struct worker *w, struct shard *shard, uint16_t index)
{
	const struct transport *t = shard_transport(shard, index);
	struct secure *secure = shard_secure(shard, t->secure);
	struct dtls_id id = {
		.generation = t->generation, .transport = index, .shard = shard->number};

	if (!secure->lingering && dtls_linger(w->dtls, id))
		secure->lingering = 1;
}

// Without ICE the address decides, not the port: a phone may send from another one than it receives at.
static bool path_is_from(const struct path *path, const struct pkt *pkt)
{
	return path->family == pkt->family &&
		ip_equal(pkt->family, path->remote_ip, pkt->remote_ip);
}

static bool tuples_have(const struct ice_tuple *tuples, unsigned count, const struct pkt *pkt)
{
	for (unsigned i = 0; i < count; i++) {
		if (tuples[i].remote_port == pkt->remote_port && tuples[i].family == pkt->family &&
			ip_equal(pkt->family, tuples[i].remote_ip, pkt->remote_ip))
			return true;
	}
	return false;
}

bool context_admits(struct shard *shard, const struct transport *t, const struct pkt *pkt)
{
	const struct ice_view *view;

	if ((t->flags & TRANSPORT_ICE) == 0)
		return (t->flags & TRANSPORT_REMOTE) != 0 &&
			(path_is_from(&t->out[0], pkt) ||
				(pkt->klass == PKT_RTCP && path_is_from(&t->out[1], pkt)));
	view = &shard_secure(shard, t->secure)->view;
	return tuples_have(view->sources, view->source_count, pkt);
}

bool context_admits_dtls(struct shard *shard, const struct transport *t, const struct pkt *pkt)
{
	const struct ice_view *view;

	if ((t->flags & TRANSPORT_ICE) == 0)
		return false;
	view = &shard_secure(shard, t->secure)->view;
	return tuples_have(view->sources, view->source_count, pkt) ||
		tuples_have(view->heard, view->heard_count, pkt);
}

bool context_may_send(
	struct worker *w, struct shard *shard, const struct transport *t, unsigned component)
{
	if (t->out[component].family == 0) {
		COUNT(w, drop_no_remote);
		return false;
	}
	if ((t->flags & TRANSPORT_SECURE) == 0)
		return true;
	if ((t->flags & TRANSPORT_KEYS) == 0) {
		COUNT(w, drop_no_keys);
		return false;
	}
	if (!shard_secure(shard, t->secure)->view.consent) {
		COUNT(w, drop_no_consent);
		return false;
	}
	return true;
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

void context_on_timer(struct worker *w, uint8_t shard_number, uint16_t index)
{
	struct shard *shard = w->shards[shard_number];
	const struct transport *t = shard_transport(shard, index);

	if (t->flags == TRANSPORT_STOPPING) {
		transport_stop(w, shard, index);
		return;
	}
	if ((t->flags & TRANSPORT_LIVE) == 0 || t->secure == NO_INDEX)
		return;
	if (shard_context(shard, t->context)->untold)
		context_notify(w, shard, shard_context(shard, t->context), 0);
	ice_run(w, shard, index);
}

static void flight_send(struct worker *w, const struct transport *t, const struct secure *secure,
	const struct dtls_output *output)
{
	struct path path;

	if (secure->view.selected[0].family == 0 || !secure->view.consent)
		return; // the service sends the flight again in its time
	path_of_tuple(w, t, &secure->view.selected[0], &path);
	for (unsigned i = 0; i < output->datagram_count; i++) {
		struct rte_mbuf *m = worker_mbuf(w, output->datagrams[i].len);

		if (m == NULL)
			return;
		rte_memcpy(rte_pktmbuf_mtod(m, void *), output->datagrams[i].bytes,
			output->datagrams[i].len);
		worker_send(w, m, &path);
	}
}

static int keys_install(
	struct transport *t, struct secure *secure, const struct dtls_output *output)
{
	const struct srtp_suite_info *info = srtp_suite_info(output->suite);
	int ret = srtp_key_init(&secure->rx, output->suite, output->rx_key, info->key_len,
		output->rx_salt, info->salt_len);

	if (ret == 0)
		ret = srtp_key_init(&secure->tx, output->suite, output->tx_key, info->key_len,
			output->tx_salt, info->salt_len);
	if (ret < 0)
		return ret;
	secure->dtls_version = output->version;
	secure->dtls_cipher = output->cipher;
	secure->srtp_profile = output->profile;
	secure->dtls_state = IQ_DTLS_CONNECTED;
	t->flags |= TRANSPORT_KEYS;
	return 0;
}

static uint32_t output_take(
	struct transport *t, struct secure *secure, const struct dtls_output *output)
{
	switch (output->type) {
	case DTLS_CONNECTED:
		if (keys_install(t, secure, output) < 0)
			secure->dtls_state = IQ_DTLS_FAILED;
		return IQ_CHANGED_DTLS;
	case DTLS_FAILED:
		secure->dtls_state = IQ_DTLS_FAILED;
		secure->dtls_error = output->error;
		t->flags &= (uint8_t)~TRANSPORT_KEYS;
		return IQ_CHANGED_DTLS;
	case DTLS_CLOSED:
		secure->dtls_state = IQ_DTLS_CLOSED;
		ice_consent_revoke(secure_ice(secure), &secure->view);
		return IQ_CHANGED_DTLS | IQ_CHANGED_CONSENT;
	case DTLS_FLIGHT:
		return 0;
	}
	return 0;
}

static void on_dtls_output(const struct dtls_output *output, void *arg)
{
	struct worker *w = arg;
	struct shard *shard = w->shards[output->id.shard % SHARDS];
	struct transport *t;
	struct secure *secure;
	uint32_t changed;

	if (shard == NULL || output->id.transport >= shard->pools[POOL_TRANSPORT].count)
		return;
	t = shard_transport(shard, output->id.transport);
	if ((t->flags & TRANSPORT_LIVE) == 0 || t->generation != output->id.generation ||
		t->secure == NO_INDEX)
		return;
	secure = shard_secure(shard, t->secure);
	changed = output_take(t, secure, output);
	flight_send(w, t, secure, output);
	if (changed != 0)
		context_notify(w, shard, shard_context(shard, t->context), changed);
}

void context_on_idle(struct worker *w)
{
	dtls_poll(w->dtls, on_dtls_output, w);
	dtls_flush(w->dtls);
}
