// SPDX-License-Identifier: Apache-2.0
// An association: from the first datagram to the keys, and on until the end.
#include "clock.h"
#include "dtls_priv.h"
#include "wire_dtls.h"

#include <openssl/err.h>

#include <stdlib.h>
#include <string.h>

#define HANDSHAKE_MAX_US 30000000u
#define DOUBT_US 3000000u
#define BEGINNINGS_MAX 16
#define HELLO_PATIENCE_US 500000u // for whoever said hello first to go on
#define EARLY_MAX_US 10000000u
#define ERROR_MISMATCH 1 // iq_leg_state.dtls_error
#define ERROR_NO_PROFILE 2
#define ERROR_TIMEOUT 3
#define ERROR_ALERT 4

static void over(struct service_thread *thread, struct assoc *assoc, enum dtls_output_type type,
	uint8_t error)
{
	assoc->state = ASSOC_OVER;
	assoc_busy_del(thread, assoc);
	tell(thread, assoc, type, error);
	SSL_free(assoc->ssl); // 49 kB that nobody uses until the call ends
	assoc->ssl = NULL;
	assoc_suspect_free(assoc);
}

static void connected(struct service_thread *thread, struct assoc *assoc)
{
	SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(assoc->ssl);

	if (profile == NULL) {
		SSL_shutdown(assoc->ssl); // adds close_notify to the flight
		over(thread, assoc, DTLS_FAILED, ERROR_NO_PROFILE);
		return;
	}
	assoc->state = ASSOC_CONNECTED;
	assoc->expires_us = 0;
	assoc_suspect_free(assoc);
	assoc_busy_del(thread, assoc);
	tell_connected(thread, assoc, profile->id);
}

// Nothing before the Finished is authenticated: whoever writes the peer's address on a datagram can send an alert or
// a message that OpenSSL gives up at. So neither is believed before the peer had time to go on.
static void handshake_doubt(struct assoc *assoc)
{
	if (assoc->expires_us == 0)
		assoc->expires_us = clock_now_us() + DOUBT_US;
}

static int handshake_run(struct assoc *assoc)
{
	int ret = SSL_do_handshake(assoc->ssl);
	int error = ret == 1 ? SSL_ERROR_NONE : SSL_get_error(assoc->ssl, ret);

	ERR_clear_error();
	return error;
}

static bool handshake_anew(struct service_thread *thread, struct assoc *assoc)
{
	SSL *ssl;

	if (assoc->mismatch || assoc->beginnings == BEGINNINGS_MAX)
		return false;
	ssl = dtls_ssl_create(thread, assoc, assoc->role);
	if (ssl == NULL)
		return false;
	SSL_free(assoc->ssl);
	assoc->ssl = ssl;
	assoc->screen = (struct screen){0};
	assoc->beginnings++;
	assoc->begun_us = clock_now_us();
	handshake_doubt(assoc);
	thread->flight.count = 0; // its alert would end the peer's handshake, too
	if (assoc->role == IQ_DTLS_CLIENT)
		(void)handshake_run(assoc); // a ClientHello: there is nothing to read
	tell(thread, assoc, DTLS_FLIGHT, 0);
	return true;
}

static void handshake_step(struct service_thread *thread, struct assoc *assoc)
{
	int error = handshake_run(assoc);

	if (error == SSL_ERROR_NONE)
		connected(thread, assoc);
	else if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		tell(thread, assoc, DTLS_FLIGHT, 0);
	else if (!handshake_anew(thread, assoc))
		over(thread, assoc, DTLS_FAILED, assoc->mismatch ? ERROR_MISMATCH : ERROR_ALERT);
}

// After the handshake: retransmissions of the last flight, alerts; application data is nobody's yet.
static void connected_step(struct service_thread *thread, struct assoc *assoc)
{
	uint8_t scratch[DATAGRAM_MAX];
	int ret, error;

	// To the end: what is left in OpenSSL's buffer would displace the next datagram.
	while ((ret = SSL_read(assoc->ssl, scratch, sizeof(scratch))) > 0)
		continue;
	error = SSL_get_error(assoc->ssl, ret);
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

// The certificate that came isn't the one that was signalled, or anybody wrote it: kept, to be answered with an alert
// when no other has come in time.
static void mismatch_keep(struct assoc *assoc, const uint8_t *bytes, uint16_t len)
{
	handshake_doubt(assoc);
	if (assoc->suspect == NULL)
		assoc->suspect = malloc(DATAGRAM_MAX);
	if (assoc->suspect == NULL)
		return;
	memcpy(assoc->suspect, bytes, len);
	assoc->suspect_len = len;
}

// A hello unlike the one that was answered or begun, and nothing came of that: it may have been somebody else's. What
// the peer says first is true soon enough.
static bool hello_is_another(const struct assoc *assoc, const struct screen *next)
{
	const struct screen *screen = &assoc->screen;
	bool is_known = screen->next_seq == 1 || (screen->next_seq == 0 && screen->front != 0);

	return assoc->role == IQ_DTLS_SERVER && is_known &&
		memcmp(next->hello_random, screen->hello_random, sizeof(next->hello_random)) != 0;
}

static bool hello_may_replace(struct service_thread *thread, struct assoc *assoc)
{
	return clock_now_us() - assoc->begun_us >= HELLO_PATIENCE_US &&
		handshake_anew(thread, assoc);
}

static void datagram_take(
	struct service_thread *thread, struct assoc *assoc, const uint8_t *bytes, uint16_t len)
{
	struct screen next = assoc->screen;

	switch (dtls_screen(assoc, &next, bytes, len)) {
	case SCREEN_BAD:
		return;
	case SCREEN_ALERT:
		if (assoc->state == ASSOC_HANDSHAKE)
			handshake_doubt(assoc);
		return;
	case SCREEN_MISMATCH:
		mismatch_keep(assoc, bytes, len);
		return;
	case SCREEN_GOOD:
		break;
	}
	if (assoc->state == ASSOC_HANDSHAKE && hello_is_another(assoc, &next) &&
		!hello_may_replace(thread, assoc))
		return;
	assoc->screen = next;
	datagram_feed(thread, assoc, bytes, len);
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

static void on_datagram(
	struct service_thread *thread, struct dtls_port *port, const struct request *request)
{
	struct assoc *assoc = assoc_find(thread, request->id);

	if (assoc != NULL && assoc->state != ASSOC_EARLY) {
		datagram_take(thread, assoc, request->bytes, request->len);
		return;
	}
	// Whoever the client is: nothing but its hello begins a handshake.
	if (!wire_dtls_is_client_hello(request->bytes, request->len))
		return;
	if (assoc == NULL && thread->early_assocs < EARLY_ASSOCS_MAX)
		assoc = assoc_create(thread, port, request->id);
	if (assoc != NULL)
		early_keep(assoc, request);
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
	assoc->role = start->role;
	assoc->ssl = dtls_ssl_create(thread, assoc, start->role);
	thread->early_assocs--;
	assoc->state = ASSOC_HANDSHAKE;
	assoc->started_us = assoc->begun_us = clock_now_us();
	if (assoc->ssl == NULL) {
		over(thread, assoc, DTLS_FAILED, ERROR_TIMEOUT);
		return;
	}
	if (start->role == IQ_DTLS_CLIENT)
		datagram_feed(thread, assoc, NULL, 0);
	for (unsigned i = 0; i < assoc->early_count; i++)
		datagram_take(thread, assoc, assoc->early[i].bytes, assoc->early[i].len);
	assoc_early_free(thread, assoc);
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
	assoc_busy_add(thread, assoc);
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

static void handshake_tick(struct service_thread *thread, struct assoc *assoc, uint64_t now_us)
{
	thread->flight.count = 0;
	if (assoc->expires_us != 0 && now_us >= assoc->expires_us && assoc->suspect != NULL) {
		datagram_feed(thread, assoc, assoc->suspect, assoc->suspect_len);
		if (assoc->state == ASSOC_HANDSHAKE) // OpenSSL waits for something else
			over(thread, assoc, DTLS_FAILED, ERROR_MISMATCH);
	} else if (assoc->expires_us != 0 && now_us >= assoc->expires_us) {
		over(thread, assoc, DTLS_FAILED, ERROR_ALERT);
	} else if (now_us - assoc->started_us >= HANDSHAKE_MAX_US) {
		over(thread, assoc, DTLS_FAILED, ERROR_TIMEOUT);
	} else {
		DTLSv1_handle_timeout(assoc->ssl); // does nothing before its time
		ERR_clear_error();
		tell(thread, assoc, DTLS_FLIGHT, 0);
	}
}

static void assoc_tick(struct service_thread *thread, struct assoc *assoc, uint64_t now_us)
{
	if (assoc->state == ASSOC_HANDSHAKE) {
		handshake_tick(thread, assoc, now_us);
	} else if (assoc->state == ASSOC_EARLY) {
		if (now_us - assoc->started_us >= EARLY_MAX_US)
			assoc_destroy(thread, assoc);
	} else if (assoc->expires_us != 0 && now_us >= assoc->expires_us) {
		assoc_busy_del(thread, assoc);
		SSL_free(assoc->ssl);
		assoc->ssl = NULL;
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
