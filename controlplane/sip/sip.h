// SPDX-License-Identifier: Apache-2.0
// The signalling stack: W2 transactions, Mw over nta, REGISTER relay, and the legs that calls drive.
//
// Everything here runs on the event loop's thread (sofia's su_root).
#pragma once

#include "call.h"
#include "registration.h"
#include "ws.h"

#include <stddef.h>
#include <stdint.h>

struct sip_stack;

struct sip_listen {
	char address[64]; // IPv4 or IPv6, without brackets
	uint16_t port;
};

// Pointers are borrowed until sip_stack_destroy(), but listens, which are read at once.
struct sip_config {
	void *root; // su_root_t of the event loop
	struct ws_server *ws;
	struct registrations *registrations;
	const struct sip_listen
		*listens; // Mw, UDP and TCP each; the first of a family is our own address in Path
	unsigned listen_count; // and Contact toward peers of that family
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

// Opens the Mw sockets. NULL with errno, and a sentence in err.
struct sip_stack *sip_stack_create(const struct sip_config *config, char *err, size_t err_len);
void sip_stack_destroy(struct sip_stack *stack);

// INVITEs are refused with 503 until this was called, and again after calls NULL.
void sip_stack_calls_set(struct sip_stack *stack, struct calls *calls);

// What ws_dispatch() delivers: a ws_on_event whose arg is the stack. It also tells registrations of connections.
void sip_stack_on_ws(const struct ws_event *event, void *stack);

// What registrations tell: a registrations_config.on_event may pass it on. Parks, resumes and ends the calls of the
// binding, and tells the core of bindings that ended here.
void sip_stack_on_registration(struct sip_stack *stack, const struct registration_event *event);

// For calls_config.
struct call_bag *sip_bag_ref(struct call_bag *bag);
void sip_bag_unref(struct call_bag *bag); // NULL is legal

// One-shot timers of an su_root_t, for calls_config. timer_stop after the timer has fired is not legal.
void *sip_timer_start(void *root, unsigned ms, void (*on_timer)(void *arg), void *arg);
void sip_timer_stop(void *root, void *timer);

struct sip_counters {
	uint64_t w2_requests, w2_responses; // taken
	uint64_t w2_refused, w2_dropped, w2_fatal; // by strict acceptance
	uint64_t w2_unmatched; // responses and ACKs of no transaction
	uint64_t mw_requests, mw_forbidden; // forbidden: of peers that aren't trusted
	uint64_t registers, invites, relays;
	unsigned w2_transactions, legs; // now
};
void sip_counters_get(const struct sip_stack *stack, struct sip_counters *out);
