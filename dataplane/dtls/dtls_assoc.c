// SPDX-License-Identifier: Apache-2.0
// Associations of one service thread: from the first datagram to the keys, and on until the end.
#include "clock.h"
#include "dtls_priv.h"
#include "wire_dtls.h"

#include <openssl/err.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HANDSHAKE_MAX_US 30000000u
#define EARLY_MAX_US 10000000u
#define ERROR_MISMATCH 1 // iq_leg_state.dtls_error
#define ERROR_NO_PROFILE 2
#define ERROR_TIMEOUT 3
#define ERROR_ALERT 4

static unsigned bucket_of(struct dtls_id id)
{
	return ((unsigned)id.shard << 16 | id.transport) * 2654435761u >> 20 & (BUCKETS - 1);
}

static struct assoc *assoc_find(struct service_thread *thread, struct dtls_id id)
{
	struct assoc *assoc = thread->buckets[bucket_of(id)];

	while (assoc != NULL &&
		(assoc->id.shard != id.shard || assoc->id.transport != id.transport))
		assoc = assoc->next;
	return assoc;
}

static void busy_add(struct service_thread *thread, struct assoc *assoc)
{
	assoc->prev_busy = NULL;
	assoc->next_busy = thread->busy;
	if (thread->busy != NULL)
		thread->busy->prev_busy = assoc;
	thread->busy = assoc;
}

static void busy_del(struct service_thread *thread, struct assoc *assoc)
{
	if (assoc->prev_busy == NULL && thread->busy != assoc)
		return;
	if (assoc->prev_busy != NULL)
		assoc->prev_busy->next_busy = assoc->next_busy;
	else
		thread->busy = assoc->next_busy;
	if (assoc->next_busy != NULL)
		assoc->next_busy->prev_busy = assoc->prev_busy;
	assoc->prev_busy = NULL;
	assoc->next_busy = NULL;
}

static struct assoc *assoc_create(
	struct service_thread *thread, struct dtls_port *port, struct dtls_id id)
{
	struct assoc *assoc = calloc(1, sizeof(*assoc));
	struct assoc **bucket = &thread->buckets[bucket_of(id)];

	if (assoc == NULL)
		return NULL;
	assoc->port = port;
	assoc->id = id;
	assoc->started_us = clock_now_us();
	assoc->next = *bucket;
	*bucket = assoc;
	busy_add(thread, assoc);
	thread->early_assocs++;
	return assoc;
}

static void early_free(struct service_thread *thread, struct assoc *assoc)
{
	free(assoc->early);
	assoc->early = NULL;
	assoc->early_count = 0;
	if (assoc->state == ASSOC_EARLY)
		thread->early_assocs--;
}

static void assoc_destroy(struct service_thread *thread, struct assoc *assoc)
{
	struct assoc **at = &thread->buckets[bucket_of(assoc->id)];

	while (*at != assoc)
		at = &(*at)->next;
	*at = assoc->next;
	busy_del(thread, assoc);
	early_free(thread, assoc);
	SSL_free(assoc->ssl);
	free(assoc);
}

// A slot for an output. Workers poll all the time, so a full ring empties soon; nothing may be lost here.
static struct response *response_begin(struct service_thread *thread, struct dtls_port *port)
{
	struct response *response;

	while ((response = slots_back(&port->out)) == NULL) {
		if (atomic_load(&thread->stop))
			return NULL;
		usleep(100);
	}
	memset(&response->output, 0, sizeof(response->output));
	return response;
}

static void response_end(
	struct service_thread *thread, struct assoc *assoc, struct response *response)
{
	struct flight *flight = &thread->flight;

	response->output.id = assoc->id;
	response->output.datagram_count = flight->count;
	for (unsigned i = 0; i < flight->count; i++) {
		memcpy(response->bytes[i], flight->bytes[i], flight->len[i]);
		response->output.datagrams[i].bytes = response->bytes[i];
		response->output.datagrams[i].len = flight->len[i];
	}
	flight->count = 0;
	slots_push(&assoc->port->out);
}

static void tell(struct service_thread *thread, struct assoc *assoc, enum dtls_output_type type,
	uint8_t error)
{
	struct response *response;

	if (type == DTLS_FLIGHT && thread->flight.count == 0)
		return;
	response = response_begin(thread, assoc->port);
	if (response == NULL)
		return;
	response->output.type = type;
	response->output.error = error;
	response_end(thread, assoc, response);
}

static void over(struct service_thread *thread, struct assoc *assoc, enum dtls_output_type type,
	uint8_t error)
{
	assoc->state = ASSOC_OVER;
	busy_del(thread, assoc);
	tell(thread, assoc, type, error);
}

static enum srtp_suite suite_of_profile(unsigned long profile)
{
	for (int suite = SRTP_SUITE_NONE + 1; suite < SRTP_SUITE_COUNT; suite++) {
		if (srtp_suite_info((enum srtp_suite)suite)->dtls_profile == profile)
			return (enum srtp_suite)suite;
	}
	return SRTP_SUITE_NONE;
}

// client_key | server_key | client_salt | server_salt (RFC 5764 section 4.2).
static bool keys_export(struct assoc *assoc, struct dtls_output *output)
{
	static const char label[] = "EXTRACTOR-dtls_srtp";
	const struct srtp_suite_info *info = srtp_suite_info(output->suite);
	uint8_t material[2 * (32 + 14)];
	size_t key = info->key_len, salt = info->salt_len;
	bool server = SSL_is_server(assoc->ssl);

	if (SSL_export_keying_material(assoc->ssl, material, 2 * (key + salt), label,
		    sizeof(label) - 1, NULL, 0, 0) != 1)
		return false;
	memcpy(server ? output->rx_key : output->tx_key, material, key);
	memcpy(server ? output->tx_key : output->rx_key, material + key, key);
	memcpy(server ? output->rx_salt : output->tx_salt, material + 2 * key, salt);
	memcpy(server ? output->tx_salt : output->rx_salt, material + 2 * key + salt, salt);
	OPENSSL_cleanse(material, sizeof(material));
	return true;
}

static void connected(struct service_thread *thread, struct assoc *assoc)
{
	SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(assoc->ssl);
	struct response *response;

	if (profile == NULL) {
		SSL_shutdown(assoc->ssl); // adds close_notify to the flight
		over(thread, assoc, DTLS_FAILED, ERROR_NO_PROFILE);
		return;
	}
	response = response_begin(thread, assoc->port);
	if (response == NULL)
		return;
	assoc->state = ASSOC_CONNECTED;
	busy_del(thread, assoc);
	response->output.type = DTLS_CONNECTED;
	response->output.suite = suite_of_profile(profile->id);
	response->output.profile = (uint16_t)profile->id;
	response->output.version = (uint16_t)SSL_version(assoc->ssl);
	response->output.cipher = SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(assoc->ssl));
	if (!keys_export(assoc, &response->output))
		response->output.type = DTLS_FAILED;
	response_end(thread, assoc, response);
}

static void handshake_step(struct service_thread *thread, struct assoc *assoc)
{
	int ret = SSL_do_handshake(assoc->ssl);
	int error = ret == 1 ? SSL_ERROR_NONE : SSL_get_error(assoc->ssl, ret);

	ERR_clear_error();
	if (error == SSL_ERROR_NONE)
		connected(thread, assoc);
	else if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		tell(thread, assoc, DTLS_FLIGHT, 0);
	else
		over(thread, assoc, DTLS_FAILED, assoc->mismatch ? ERROR_MISMATCH : ERROR_ALERT);
}

// After the handshake: retransmissions of the last flight, alerts; application data is nobody's yet.
static void connected_step(struct service_thread *thread, struct assoc *assoc)
{
	uint8_t scratch[DATAGRAM_MAX];
	int ret = SSL_read(assoc->ssl, scratch, sizeof(scratch));
	int error = ret > 0 ? SSL_ERROR_NONE : SSL_get_error(assoc->ssl, ret);

	ERR_clear_error();
	if (error == SSL_ERROR_ZERO_RETURN || error == SSL_ERROR_SSL)
		over(thread, assoc, DTLS_CLOSED, ERROR_ALERT);
	else
		tell(thread, assoc, DTLS_FLIGHT, 0);
}

static void datagram_feed(
	struct service_thread *thread, struct assoc *assoc, const uint8_t *bytes, uint16_t len)
{
	thread->flight.count = 0;
	thread->flight.input = bytes;
	thread->flight.input_len = len;
	if (assoc->state == ASSOC_HANDSHAKE)
		handshake_step(thread, assoc);
	else if (assoc->state == ASSOC_CONNECTED && assoc->ssl != NULL)
		connected_step(thread, assoc);
	thread->flight.input = NULL;
}

static void early_keep(struct assoc *assoc, const struct request *request)
{
	if (assoc->early == NULL)
		assoc->early = calloc(EARLY_MAX, sizeof(*assoc->early));
	if (assoc->early == NULL || assoc->early_count == EARLY_MAX)
		return; // the peer sends its flight again
	assoc->early[assoc->early_count].len = request->len;
	memcpy(assoc->early[assoc->early_count++].bytes, request->bytes, request->len);
}

// Records that don't fit their datagram are dropped here (RFC 6347 section 4.1.2.7): OpenSSL would
// give up the handshake.
static bool records_fit(const struct request *request)
{
	struct wire_walk walk = wire_walk_over(request->bytes, request->len);
	struct wire_dtls_record record;
	int ret;

	while ((ret = wire_dtls_next(&walk, &record)) == 1)
		continue;
	return ret == 0 && request->len > 0;
}

static void on_datagram(
	struct service_thread *thread, struct dtls_port *port, const struct request *request)
{
	struct assoc *assoc = assoc_find(thread, request->id);

	if (!records_fit(request))
		return;
	if (assoc == NULL && thread->early_assocs < EARLY_ASSOCS_MAX)
		assoc = assoc_create(thread, port, request->id);
	if (assoc == NULL)
		return;
	if (assoc->state == ASSOC_EARLY)
		early_keep(assoc, request);
	else
		datagram_feed(thread, assoc, request->bytes, request->len);
}

static void on_start(
	struct service_thread *thread, struct dtls_port *port, const struct dtls_start *start)
{
	struct assoc *assoc = assoc_find(thread, start->id);

	if (assoc == NULL)
		assoc = assoc_create(thread, port, start->id);
	if (assoc == NULL || assoc->state != ASSOC_EARLY)
		return;
	assoc->fingerprint_count = start->fingerprint_count;
	memcpy(assoc->fingerprints, start->fingerprints, sizeof(assoc->fingerprints));
	assoc->ssl = dtls_ssl_create(thread, assoc, start->role);
	thread->early_assocs--;
	assoc->state = ASSOC_HANDSHAKE;
	assoc->started_us = clock_now_us();
	if (assoc->ssl == NULL) {
		over(thread, assoc, DTLS_FAILED, ERROR_TIMEOUT);
		return;
	}
	if (start->role == IQ_DTLS_CLIENT)
		datagram_feed(thread, assoc, NULL, 0);
	for (unsigned i = 0; i < assoc->early_count; i++)
		datagram_feed(thread, assoc, assoc->early[i].bytes, assoc->early[i].len);
	early_free(thread, assoc);
}

static void on_stop(struct service_thread *thread, const struct request *request)
{
	struct assoc *assoc = assoc_find(thread, request->id);

	if (assoc == NULL)
		return;
	if (request->notify && assoc->ssl != NULL && assoc->state == ASSOC_CONNECTED) {
		thread->flight.count = 0;
		SSL_shutdown(assoc->ssl);
		tell(thread, assoc, DTLS_FLIGHT, 0);
	}
	assoc_destroy(thread, assoc);
}

static void on_linger(struct service_thread *thread, struct dtls_id id)
{
	struct assoc *assoc = assoc_find(thread, id);

	if (assoc == NULL || thread->service->config.retain_call || assoc->expires_us != 0 ||
		assoc->state != ASSOC_CONNECTED)
		return;
	assoc->expires_us = clock_now_us() + thread->service->config.linger_s * 1000000ull;
	busy_add(thread, assoc);
}

void assoc_request(
	struct service_thread *thread, struct dtls_port *port, const struct request *request)
{
	struct assoc *old = assoc_find(thread, request->id);

	if (old != NULL && old->id.generation != request->id.generation)
		assoc_destroy(thread, old); // its stop was lost
	switch (request->type) {
	case REQUEST_START:
		on_start(thread, port, &request->start);
		break;
	case REQUEST_DATAGRAM:
		on_datagram(thread, port, request);
		break;
	case REQUEST_STOP:
		on_stop(thread, request);
		break;
	case REQUEST_LINGER:
		on_linger(thread, request->id);
		break;
	}
}

static void assoc_tick(struct service_thread *thread, struct assoc *assoc, uint64_t now_us)
{
	if (assoc->state == ASSOC_CONNECTED && assoc->expires_us != 0 &&
		now_us >= assoc->expires_us) {
		busy_del(thread, assoc);
		SSL_free(assoc->ssl);
		assoc->ssl = NULL;
	} else if (assoc->state == ASSOC_EARLY && now_us - assoc->started_us >= EARLY_MAX_US) {
		assoc_destroy(thread, assoc);
	} else if (assoc->state == ASSOC_HANDSHAKE &&
		now_us - assoc->started_us >= HANDSHAKE_MAX_US) {
		over(thread, assoc, DTLS_FAILED, ERROR_TIMEOUT);
	} else if (assoc->state == ASSOC_HANDSHAKE) {
		thread->flight.count = 0;
		DTLSv1_handle_timeout(assoc->ssl); // does nothing before its time
		ERR_clear_error();
		tell(thread, assoc, DTLS_FLIGHT, 0);
	}
}

void assoc_sweep(struct service_thread *thread, uint64_t now_us)
{
	struct assoc *assoc = thread->busy;

	while (assoc != NULL) {
		struct assoc *next = assoc->next_busy;

		assoc_tick(thread, assoc, now_us);
		assoc = next;
	}
}

void assoc_destroy_all(struct service_thread *thread)
{
	for (unsigned i = 0; i < BUCKETS; i++) {
		while (thread->buckets[i] != NULL)
			assoc_destroy(thread, thread->buckets[i]);
	}
}
