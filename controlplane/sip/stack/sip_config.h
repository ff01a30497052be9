// SPDX-License-Identifier: Apache-2.0
// What the signalling stack is told at its start, and what it counts.
#pragma once

#include "mw.h"

#include <stdint.h>

struct registrations;
struct ws_server;

// Pointers are borrowed until sip_stack_destroy().
struct sip_config {
	void *root; // su_root_t of the event loop
	struct registrations *registrations;
	const char *
		core; // URI of the I-/S-CSCF: REGISTER, and requests of bindings without Service-Route
	const char *const *peers; // addresses of trusted core peers; others get 403
	unsigned peer_count;
	const char *home_domain; // also P-Visited-Network-ID
	const char *host; // our name toward browsers: Via, Contact, Service-Route
	const char *ioi; // our inter-operator identifier, without the type prefix
	const char *access_network; // network-provided P-Access-Network-Info; NULL: none
	uint8_t families_access; // IQ_FAMILY_ bits offered to browsers
	uint8_t families_core; // and to the core
	unsigned t1_ms; // 0: 500 (RFC 3261 table 4)
};

// Where messages come from, once there is an answer to all of them.
struct sip_doors {
	struct ws_server *ws; // borrowed until sip_stack_close()
	const struct sip_listen
		*listens; // Mw, UDP and TCP each; the first of a family is our own address in Path
	unsigned listen_count; // and Contact toward peers of that family
};

struct sip_counters {
	uint64_t w2_requests, w2_responses; // taken
	uint64_t w2_refused, w2_dropped, w2_fatal; // by strict acceptance
	uint64_t w2_unmatched; // responses and ACKs of no transaction
	uint64_t mw_requests; // of trusted peers
	uint64_t mw_forbidden; // of others
	uint64_t mw_cut; // responses whose datagram ended before their body
	uint64_t registers, invites, relays;
	unsigned w2_transactions, legs; // now
};
