// SPDX-License-Identifier: Apache-2.0
// The DTLS service: handshakes (RFC 5764, 8827, 8842) in threads that sleep when idle, away from the workers.
//
// Bytes cross between a worker and its service thread in fixed single-producer single-consumer slots; the worker's loop
// wakes the thread once a burst if it sleeps (dtls_flush). No mbuf and no pointer of a worker is ever seen by a service
// thread. Keys reach the owner together with the last flight: the owner installs the keys, then sends the flight.
#pragma once

#include "iq_msg.h"
#include "srtp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dtls_service;
struct dtls_port; // one worker's slots

// A transport for as long as it lives; outputs for a generation that is gone are dropped by the owner.
struct dtls_id {
	uint32_t generation;
	uint16_t transport;
	uint8_t shard;
	uint8_t reserved;
};

struct dtls_config {
	unsigned workers;
	unsigned threads;
	const char *certificate,
		*private_key; // PEM files, or NULL: an ECDSA P-256 one is made at start
	bool retain_call; // keep the SSL object for the call; else linger_s after dtls_linger()
	unsigned linger_s;
	unsigned mtu; // of a flight's datagrams; 1200
};

// Starts the threads, before any worker polls. NULL with errno and a sentence in err: EINVAL a file can't be read or the
// key isn't that of the certificate. The files' names need not outlive the call.
struct dtls_service *dtls_service_create(
	const struct dtls_config *config, char *err, size_t err_len);
// After the workers have stopped: ends the threads, frees ports and associations, wipes keys. NULL is legal.
void dtls_service_destroy(struct dtls_service *service);
void dtls_fingerprint(const struct dtls_service *service, uint8_t sha256[32]); // any thread
// The slots of one worker, below config.workers; the service's for as long as it lives.
struct dtls_port *dtls_service_port(struct dtls_service *service, unsigned worker);

// Worker side. All return false when the slots are full: the caller drops (datagrams) or tries again (the others).

// The transport's role is decided and its remote fingerprints are known. As a client the first flight is sent at once;
// as a server datagrams punted earlier (a bounded few) are taken now.
struct dtls_start {
	struct dtls_id id;
	enum iq_dtls_role role;
	unsigned fingerprint_count;
	struct iq_fingerprint fingerprints[IQ_FINGERPRINTS_MAX];
};
bool dtls_start(struct dtls_port *port, const struct dtls_start *start);

// A datagram of class DTLS from a source with an authenticated check.
bool dtls_datagram(struct dtls_port *port, struct dtls_id id, const uint8_t *bytes, uint16_t len);

// Frees the association; close_notify is sent first when notify is set (it comes back as a flight).
bool dtls_stop(struct dtls_port *port, struct dtls_id id, bool notify);

// The first authenticated media of the peer has come: with retention linger the SSL object may go.
bool dtls_linger(struct dtls_port *port, struct dtls_id id);

// Wakes the service thread if it sleeps. Once a loop, not a packet.
void dtls_flush(struct dtls_port *port);

enum dtls_output_type {
	DTLS_FLIGHT, // datagrams to send
	DTLS_CONNECTED, // keys, then datagrams (perhaps none) to send
	DTLS_FAILED, // error says why; datagrams (an alert) may be there
	DTLS_CLOSED, // authenticated fatal alert or close_notify of the peer
};

#define DTLS_DATAGRAMS_MAX 8

struct dtls_output {
	enum dtls_output_type type;
	struct dtls_id id;
	uint8_t error; // as iq_leg_state.dtls_error
	uint16_t version, cipher, profile;
	enum srtp_suite suite;
	uint8_t rx_key[32], rx_salt[14], tx_key[32], tx_salt[14]; // lengths follow from the suite
	unsigned datagram_count;
	struct {
		const uint8_t *bytes;
		uint16_t len;
	} datagrams[DTLS_DATAGRAMS_MAX];
};

// Delivers what the service thread has sent; the output and its bytes are gone (keys wiped) after the callback.
// Returns how many.
unsigned dtls_poll(struct dtls_port *port,
	void (*on_output)(const struct dtls_output *output, void *arg), void *arg);
