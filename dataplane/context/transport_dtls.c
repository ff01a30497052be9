// SPDX-License-Identifier: Apache-2.0
// The DTLS association of a transport: its start, its datagrams, its keys.
#include "context_priv.h"

bool transport_dtls_is_due(const struct secure *secure)
{
	return !secure->dtls_started && secure->dtls_role != IQ_DTLS_UNDECIDED &&
		secure->view.selected[0].family != 0;
}

void transport_dtls_start(struct worker *w, struct shard *shard, uint16_t index)
{
	struct transport *t = shard_transport(shard, index);
	struct secure *secure = shard_secure(shard, t->secure);
	struct dtls_start start = {
		.role = secure->dtls_role, .fingerprint_count = secure->fingerprint_count};

	if (!transport_dtls_is_due(secure))
		return;
	start.id = (struct dtls_id){
		.generation = t->generation, .transport = index, .shard = shard->number};
	memcpy(start.fingerprints, secure->fingerprints, sizeof(start.fingerprints));
	if (!dtls_start(w->dtls, &start))
		return; // the slots are full: the transport's timer comes again
	secure->dtls_started = 1;
	secure->dtls_state = IQ_DTLS_WAITING;
}

void context_on_dtls(struct worker *w, struct shard *shard, uint16_t index, struct rte_mbuf *m)
{
	const struct transport *t = shard_transport(shard, index);
	struct dtls_id id = {
		.generation = t->generation, .transport = index, .shard = shard->number};

	shard_secure(shard, t->secure)->dtls_punted = 1;
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

static void flight_send(struct worker *w, const struct transport *t, const struct secure *secure,
	const struct dtls_output *output)
{
	struct path path;

	if (secure->view.selected[0].family == 0 || !secure->view.consent)
		return; // the service sends the flight again in its time
	transport_tuple_path(w, t, &secure->view.selected[0], &path);
	for (unsigned i = 0; i < output->datagram_count; i++) {
		struct rte_mbuf *m = worker_mbuf(w, output->datagrams[i].len);

		if (m == NULL)
			return;
		rte_memcpy(rte_pktmbuf_mtod(m, void *), output->datagrams[i].bytes,
			output->datagrams[i].len);
		worker_send(w, m, &path);
	}
}

int transport_keys_install(
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
		if (transport_keys_install(t, secure, output) < 0)
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
	if ((t->flags & TRANSPORT_KEYS) != 0)
		worker_hold_release(w, shard->number, output->id.transport);
	else if (!context_awaits_keys(shard, t))
		worker_hold_drop(w, shard->number, output->id.transport);
	flight_send(w, t, secure, output);
	if (changed != 0)
		context_notify(w, shard, shard_context(shard, t->context), changed);
}

void context_on_idle(struct worker *w)
{
	dtls_poll(w->dtls, on_dtls_output, w);
	dtls_flush(w->dtls);
}
