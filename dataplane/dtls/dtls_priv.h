// SPDX-License-Identifier: Apache-2.0
// Inside the DTLS room: slots between worker and service thread, associations, certificate.
#pragma once
#include "dtls.h"
#include "dtls_screen.h"

#include <openssl/ssl.h>

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#define DATAGRAM_MAX 2000
#define IN_SLOTS 1024 // a worker's requests: powers of two
#define OUT_SLOTS 128

// One producer, one consumer, slots of fixed size. Each index has one writer; the other side only loads it.
struct slots {
	uint8_t *bytes;
	uint32_t size, mask;
	_Alignas(64) _Atomic uint32_t tail; // producer: release here, acquire in slots_front
	_Alignas(64) _Atomic uint32_t head; // consumer: release here, acquire in slots_back
};

int slots_init(struct slots *slots, uint32_t count, uint32_t size);
void slots_fini(struct slots *slots);
void *slots_back(struct slots *slots); // a free slot to fill, NULL: full
void slots_push(struct slots *slots);
void *slots_front(struct slots *slots); // the oldest slot, NULL: empty
void slots_pop(struct slots *slots); // wipes it: slots may have held keys
bool slots_empty(struct slots *slots);

enum request_type { REQUEST_START, REQUEST_DATAGRAM, REQUEST_STOP, REQUEST_LINGER };

struct request {
	uint8_t type;
	uint8_t notify;
	uint16_t len;
	struct dtls_id id;
	union {
		struct dtls_start start;
		uint8_t bytes[DATAGRAM_MAX];
	};
};

// An output and its datagrams, in one slot.
struct response {
	struct dtls_output output;
	uint8_t bytes[DTLS_DATAGRAMS_MAX][DATAGRAM_MAX];
};

// slots_pop wipes so much of a slot: what is secret stands in front.
#define WIPED_BYTES 512
static_assert(sizeof(struct dtls_output) <= WIPED_BYTES, "keys would stay in their slot");

struct dtls_port {
	struct slots in, out;
	struct service_thread *thread;
	bool pushed; // since the last flush
};

// Datagrams of one flight on their way out, and the one being read.
struct flight {
	unsigned count;
	uint16_t len[DTLS_DATAGRAMS_MAX];
	uint8_t bytes[DTLS_DATAGRAMS_MAX][DATAGRAM_MAX];
	const uint8_t *input;
	uint16_t input_len;
};

#define EARLY_MAX 4 // datagrams kept until the role is decided

enum assoc_state { ASSOC_EARLY, ASSOC_HANDSHAKE, ASSOC_CONNECTED, ASSOC_OVER };

struct assoc {
	struct assoc *next; // of its bucket
	struct assoc *prev_busy, *next_busy; // handshakes and lingering ones: what a timer looks at
	struct dtls_port *port;
	struct dtls_id id;
	enum assoc_state state;
	SSL *ssl;
	uint64_t started_us, begun_us; // begun: the last beginning of its handshake
	uint64_t expires_us; // 0, or the end of a doubted handshake, of a lingering SSL object
	enum iq_dtls_role role;
	unsigned beginnings; // of the handshake, after the first
	bool mismatch;
	struct screen screen;
	uint8_t *suspect; // the last datagram with a certificate that wasn't signalled, NULL: none
	uint16_t suspect_len;
	unsigned fingerprint_count;
	struct iq_fingerprint fingerprints[IQ_FINGERPRINTS_MAX];
	unsigned early_count;
	struct {
		uint16_t len;
		uint8_t bytes[DATAGRAM_MAX];
	} * early;
};

#define BUCKETS 4096
#define EARLY_ASSOCS_MAX 1024

struct service_thread {
	pthread_t thread;
	struct dtls_service *service;
	struct dtls_port **ports;
	unsigned port_count;
	OSSL_LIB_CTX *libctx;
	OSSL_PROVIDER *provider; // of libctx
	SSL_CTX *ctx;
	BIO_METHOD *method;
	int wake_fd;
	_Atomic bool sleeping; // set before the last look at the slots; read by dtls_flush
	_Atomic bool stop;
	bool started;
	struct flight flight; // of the association being worked on
	struct assoc *buckets[BUCKETS];
	struct assoc *busy;
	unsigned early_assocs;
	uint64_t next_sweep_us;
};

struct dtls_service {
	struct dtls_config config;
	EVP_PKEY *key;
	X509 *certificate;
	uint8_t fingerprint[32];
	struct dtls_port *ports;
	struct service_thread *threads;
};

// dtls_cert.c: 0, or -errno with a sentence in err.
int dtls_cert_load(struct dtls_service *service, char *err, size_t err_len);

// dtls_ssl.c: the OpenSSL side of a thread and of an association.
int dtls_ctx_init(struct service_thread *thread);
void dtls_ctx_fini(struct service_thread *thread);
SSL *dtls_ssl_create(struct service_thread *thread, struct assoc *assoc, enum iq_dtls_role role);
// Whether a certificate (DER) matches one of the signalled fingerprints.
bool dtls_fingerprint_match(const struct assoc *assoc, const uint8_t *der, size_t len);

// dtls_table.c: a new one is ASSOC_EARLY.
struct assoc *assoc_find(struct service_thread *thread, struct dtls_id id);
struct assoc *assoc_create(
	struct service_thread *thread, struct dtls_port *port, struct dtls_id id);
void assoc_destroy(struct service_thread *thread, struct assoc *assoc);
void assoc_destroy_all(struct service_thread *thread);
void assoc_early_free(struct service_thread *thread, struct assoc *assoc);
void assoc_suspect_free(struct assoc *assoc);
void assoc_busy_add(struct service_thread *thread, struct assoc *assoc);
void assoc_busy_del(struct service_thread *thread, struct assoc *assoc); // if it is there

// dtls_tell.c: outputs, with the flight that has been collected. Nothing for a DTLS_FLIGHT without datagrams.
void tell(struct service_thread *thread, struct assoc *assoc, enum dtls_output_type type,
	uint8_t error);
void tell_connected(struct service_thread *thread, struct assoc *assoc, unsigned long profile);

// dtls_assoc.c: requests of a worker; retransmissions, timeouts, ends of lingering.
void assoc_request(
	struct service_thread *thread, struct dtls_port *port, const struct request *request);
void assoc_sweep(struct service_thread *thread, uint64_t now_us);
