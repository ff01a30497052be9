// SPDX-License-Identifier: Apache-2.0
// The DTLS association of a transport: its start, its datagrams, its keys.
#include "context_priv.h"
#include "wire_dtls.h"
#include "wire_stun.h"

// In which the same hello says nothing new: the most impatient peer, libwebrtc, says it again after 50 ms.
#define HELLO_US 40000u
#define PUNTS_BURST 64 // datagrams that a transport may punt at once, in the clear or not
#define PUNT_PERIOD_US 10000u // and one more so often
#define GENERATION_SHIFT 24 // of a transport: its context's below, its associations above
#define RECORD_SEQ_AT 5 // in a record: two bytes of epoch in front, six of a number
#define RECORD_EPOCH_AT 3
#define RECORD_LEN_AT 11
#define RECORD_HEAD 13

bool transport_dtls_is_due(const struct secure *secure)
{
	return !secure->dtls_started && secure->dtls_role != IQ_DTLS_UNDECIDED &&
		secure->view.selected[0].family != 0;
}

static bool has_fingerprint(const struct secure *secure, const struct iq_fingerprint *fingerprint)
{
	for (unsigned i = 0; i < secure->fingerprint_count; i++) {
		const struct iq_fingerprint *own = &secure->fingerprints[i];

		if (own->hash == fingerprint->hash && own->len == fingerprint->len &&
			memcmp(own->bytes, fingerprint->bytes, own->len) == 0)
			return true;
	}
	return false;
}

// The same role and the same set of fingerprints, in whatever order: the association goes on (RFC 8842 section 4).
static bool association_is_same(
	const struct secure *secure, const struct iq_remote_transport *remote)
{
	if (secure->dtls_role != remote->dtls_role ||
		secure->fingerprint_count != remote->fingerprint_count)
		return false;
	for (unsigned i = 0; i < remote->fingerprint_count; i++) {
		if (!has_fingerprint(secure, &remote->fingerprints[i]))
			return false;
	}
	return true;
}

// Another association takes the place of this one: a page that was loaded anew, another device. Until it has keys those
// of the old one are good.
static void association_leave(struct worker *w, struct shard *shard, uint16_t index)
{
	struct transport *t = shard_transport(shard, index);
	struct secure *secure = shard_secure(shard, t->secure);
	struct dtls_id id = {
		.generation = t->generation, .transport = index, .shard = shard->number};

	// If the slots are full, the first word of the next generation ends it.
	(void)dtls_stop(w->dtls, id, false);
	t->generation += 1u << GENERATION_SHIFT;
	secure->dtls_started = 0;
	secure->dtls_error = 0;
	secure->lingering = 0;
	secure->hello_count = 0;
}

void transport_dtls_set(struct worker *w, struct shard *shard, uint16_t index,
	const struct iq_remote_transport *remote)
{
	struct secure *secure = shard_secure(shard, shard_transport(shard, index)->secure);

	if (association_is_same(secure, remote))
		return;
	if (secure->dtls_started)
		association_leave(w, shard, index);
	secure->dtls_role = remote->dtls_role;
	secure->fingerprint_count = remote->fingerprint_count;
	memcpy(secure->fingerprints, remote->fingerprints, sizeof(secure->fingerprints));
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

// Whether the same hello was punted a moment ago: a storm of one costs the service a single datagram. The number of its
// record, which differs each time, doesn't count.
static bool hello_is_repeated(
	struct secure *secure, const uint8_t *bytes, uint16_t len, uint64_t now_us)
{
	uint32_t crc;

	if (!wire_dtls_is_client_hello(bytes, len))
		return false;
	crc = wire_crc32(bytes, RECORD_SEQ_AT) ^
		wire_crc32(bytes + RECORD_LEN_AT, len - RECORD_LEN_AT);
	if (now_us - secure->hellos_us >= HELLO_US) {
		secure->hello_count = secure->hello_next = 0;
		secure->hellos_us = now_us;
	}
	for (unsigned i = 0; i < secure->hello_count; i++) {
		if (secure->hellos[i] == crc)
			return true;
	}
	secure->hellos[secure->hello_next] = crc;
	secure->hello_next = (uint8_t)((secure->hello_next + 1) % HELLOS_MAX);
	if (secure->hello_count < HELLOS_MAX)
		secure->hello_count++;
	return false;
}

// A handshake is small: more of it keeps others' from the service. Until there are keys ciphertext is part of it, and
// whoever writes the peer's address can write some; with keys it has a budget of its own.
static bool punt_is_allowed(
	struct secure *secure, bool has_keys, const uint8_t *bytes, uint64_t now_us)
{
	bool is_clear = (bytes[RECORD_EPOCH_AT] | bytes[RECORD_EPOCH_AT + 1]) == 0;
	uint64_t *budget_us =
		is_clear || !has_keys ? &secure->clear_full_us : &secure->cipher_full_us;
	uint64_t full_us = *budget_us > now_us ? *budget_us : now_us;

	if (full_us + PUNT_PERIOD_US > now_us + PUNTS_BURST * PUNT_PERIOD_US)
		return false;
	*budget_us = full_us + PUNT_PERIOD_US;
	return true;
}

// Where a datagram of DTLS goes, as the counter that says so.
static enum worker_counter punt(
	struct worker *w, const struct transport *t, struct dtls_id id, const struct rte_mbuf *m)
{
	struct secure *secure = shard_secure(w->shards[id.shard], t->secure);
	const uint8_t *bytes = rte_pktmbuf_mtod(m, const uint8_t *);
	uint16_t len = rte_pktmbuf_data_len(m);

	if (len < RECORD_HEAD)
		return COUNTER_drop_malformed;
	if (hello_is_repeated(secure, bytes, len, w->now_us))
		return COUNTER_dtls_repeated;
	if (!punt_is_allowed(secure, (t->flags & TRANSPORT_KEYS) != 0, bytes, w->now_us))
		return COUNTER_drop_dtls_budget;
	secure->dtls_punted = 1;
	if (dtls_datagram(w->dtls, id, bytes, len))
		return COUNTER_dtls_punted;
	secure->hello_count = secure->hello_next = 0; // it may come again
	return COUNTER_drop_dtls_full;
}

void context_on_dtls(struct worker *w, struct shard *shard, uint16_t index, struct rte_mbuf *m)
{
	const struct transport *t = shard_transport(shard, index);
	struct dtls_id id = {
		.generation = t->generation, .transport = index, .shard = shard->number};

	w->counters[punt(w, t, id, m)]++;
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

// Other keys, other packet indices (RFC 3711 section 3.2.3): both sides count from 0 again.
static void indices_reset(struct shard *shard, uint16_t index)
{
	const struct transport *t = shard_transport(shard, index);
	const struct context *c = shard_context(shard, t->context);

	for (unsigned i = 0; i < SSRCS_INLINE; i++) {
		if (t->flow[i] != NO_INDEX)
			shard_flow(shard, t->flow[i])->index = (struct srtp_index){0};
	}
	for (uint16_t flow = t->flow_more; flow != NO_INDEX; flow = shard_flow(shard, flow)->next)
		shard_flow(shard, flow)->index = (struct srtp_index){0};
	for (unsigned i = 0; i < c->streams; i++) {
		struct stream *stream = shard_stream(shard, c->stream[i]);

		if (stream->transport[IQ_LEG_ACCESS] == index)
			stream->sender[IQ_LEG_ACCESS].index = (struct srtp_index){0};
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
	if (output->type == DTLS_CONNECTED)
		indices_reset(shard, output->id.transport);
	if ((t->flags & TRANSPORT_KEYS) != 0)
		worker_hold_release(w, shard->number, output->id.transport);
	else if (!context_awaits_keys(shard, t))
		worker_hold_drop(w, shard->number, output->id.transport);
	flight_send(w, t, secure, output);
	if (changed == 0)
		return;
	context_notify(w, shard, shard_context(shard, t->context), changed);
	transport_ice_done(w, shard, output->id.transport, (struct ice_result){0}); // its timer
}

void context_on_idle(struct worker *w)
{
	dtls_poll(w->dtls, on_dtls_output, w);
	dtls_flush(w->dtls);
}
