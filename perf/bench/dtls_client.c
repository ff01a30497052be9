// SPDX-License-Identifier: Apache-2.0
// Clients with memory BIOs: one datagram in, what it brings forth in another.
#include "dtls_client.h"

#include "bench.h"
#include "dtls_priv.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define IN_FLIGHT 64
#define RUN_S 60
#define FLIGHT_MAX 2000

struct dtls_bed {
	struct dtls_service *service;
	struct dtls_port *port;
	SSL_CTX *ctx;
	struct iq_fingerprint fingerprint;
	SSL *clients[DTLS_BED_ROOM];
	unsigned connected, failed;
};

static int accept_any(int ok, X509_STORE_CTX *store)
{
	(void)ok;
	(void)store;
	return 1;
}

static X509 *certificate_make(EVP_PKEY *key)
{
	X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);

	X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_ASC, (const unsigned char *)"browser", -1, -1, 0);
	X509_set_issuer_name(certificate, name);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 24 * 3600);
	X509_set_pubkey(certificate, key);
	X509_sign(certificate, key, EVP_sha256());
	return certificate;
}

static SSL_CTX *ctx_make(struct iq_fingerprint *fingerprint)
{
	SSL_CTX *ctx = SSL_CTX_new(DTLS_client_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = certificate_make(key);
	unsigned len = 32;

	// SSL_CTX_set_tlsext_use_srtp returns 0 for success.
	if (SSL_CTX_use_certificate(ctx, certificate) != 1 ||
		SSL_CTX_use_PrivateKey(ctx, key) != 1 ||
		SSL_CTX_set_tlsext_use_srtp(ctx, "SRTP_AES128_CM_SHA1_80") != 0)
		bench_fail("no DTLS client");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, accept_any);
	SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	*fingerprint = (struct iq_fingerprint){.hash = IQ_HASH_SHA256, .len = 32};
	X509_digest(certificate, EVP_sha256(), fingerprint->bytes, &len);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return ctx;
}

static SSL *client_make(SSL_CTX *ctx)
{
	SSL *ssl = SSL_new(ctx);
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

	BIO_set_mem_eof_return(in, -1);
	SSL_set_bio(ssl, in, out);
	SSL_set_mtu(ssl, 1200);
	SSL_set_connect_state(ssl);
	return ssl;
}

// Steps on: what is to be sent, 0 bytes: nothing.
static uint16_t client_step(SSL *ssl, uint8_t *flight, uint16_t room)
{
	int len;

	SSL_do_handshake(ssl);
	len = BIO_read(SSL_get_wbio(ssl), flight, room);
	return len > 0 ? (uint16_t)len : 0;
}

uint16_t dtls_client_hello(uint8_t bytes[DTLS_HELLO_MAX])
{
	struct iq_fingerprint fingerprint;
	SSL_CTX *ctx = ctx_make(&fingerprint);
	SSL *ssl = client_make(ctx);
	uint16_t len = client_step(ssl, bytes, DTLS_HELLO_MAX);

	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return len;
}

static void core_set(unsigned core)
{
	cpu_set_t cores;

	CPU_ZERO(&cores);
	CPU_SET(core, &cores);
	sched_setaffinity(0, sizeof(cores), &cores);
}

struct dtls_bed *dtls_bed_create(const struct dtls_config *config)
{
	struct dtls_bed *bed = calloc(1, sizeof(*bed));
	char err[200];

	if (bed == NULL)
		bench_fail("no memory");
	bed->ctx = ctx_make(&bed->fingerprint);
	core_set(1); // its thread inherits that
	bed->service = dtls_service_create(config, err, sizeof(err));
	core_set(0);
	if (bed->service == NULL)
		bench_fail("dtls: %s", err);
	bed->port = dtls_service_port(bed->service, 0);
	return bed;
}

void dtls_bed_destroy(struct dtls_bed *bed)
{
	dtls_service_destroy(bed->service);
	SSL_CTX_free(bed->ctx);
	free(bed);
}

static struct dtls_id id_of(uint16_t n)
{
	return (struct dtls_id){.generation = 1, .transport = n};
}

// Its queue is full: its core was somebody else's.
static void service_await(struct dtls_bed *bed)
{
	dtls_flush(bed->port);
	sched_yield();
}

static void client_send(struct dtls_bed *bed, uint16_t n)
{
	uint8_t flight[FLIGHT_MAX];
	uint16_t len = client_step(bed->clients[n], flight, sizeof(flight));

	while (len > 0 && !dtls_datagram(bed->port, id_of(n), flight, len))
		service_await(bed);
}

static void on_output(const struct dtls_output *output, void *arg)
{
	struct dtls_bed *bed = arg;
	SSL *client = bed->clients[output->id.transport];

	for (unsigned i = 0; i < output->datagram_count && client != NULL; i++) {
		BIO_write(
			SSL_get_rbio(client), output->datagrams[i].bytes, output->datagrams[i].len);
		client_send(bed, output->id.transport);
	}
	bed->connected += output->type == DTLS_CONNECTED;
	bed->failed += output->type == DTLS_FAILED || output->type == DTLS_CLOSED;
}

static void client_start(struct dtls_bed *bed, uint16_t n)
{
	struct dtls_start start = {.id = id_of(n), .role = IQ_DTLS_SERVER, .fingerprint_count = 1};

	start.fingerprints[0] = bed->fingerprint;
	bed->clients[n] = client_make(bed->ctx);
	while (!dtls_start(bed->port, &start))
		service_await(bed);
	client_send(bed, n);
}

void dtls_bed_run(struct dtls_bed *bed, uint16_t first, uint16_t count)
{
	time_t until = time(NULL) + RUN_S;
	unsigned started = 0;

	bed->connected = 0;
	while (bed->connected < count) {
		while (started < count && started - bed->connected < IN_FLIGHT)
			client_start(bed, (uint16_t)(first + started++));
		dtls_poll(bed->port, on_output, bed);
		dtls_flush(bed->port);
		if (bed->failed > 0 || time(NULL) > until)
			bench_fail("%u handshakes failed, %u of %u are done", bed->failed,
				bed->connected, count);
	}
	for (unsigned n = first; n < (unsigned)first + count; n++) {
		SSL_free(bed->clients[n]);
		bed->clients[n] = NULL;
	}
}

void dtls_bed_linger(struct dtls_bed *bed, uint16_t n)
{
	while (!dtls_linger(bed->port, id_of(n)))
		service_await(bed);
	dtls_flush(bed->port);
}

void dtls_bed_stop(struct dtls_bed *bed, uint16_t n)
{
	while (!dtls_stop(bed->port, id_of(n), false))
		service_await(bed);
	dtls_flush(bed->port);
}

double dtls_bed_cpu_s(const struct dtls_bed *bed)
{
	struct timespec now;
	clockid_t clock;

	if (pthread_getcpuclockid(bed->service->threads[0].thread, &clock) != 0 ||
		clock_gettime(clock, &now) != 0)
		bench_fail("no clock of the DTLS service");
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
