// SPDX-License-Identifier: Apache-2.0
// Registrations as bindings: an identity on a client instance, reached over a flow that may change its connection.
//
// Knows no SIP library: strings come in, decisions go out. A decision may need a key from the network first, so it is
// told by callback. Everything here runs on the event loop's thread.
#pragma once

#include "ws.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct registrations; // all of the process
struct auth;
struct cscf_config;

// A binding, never reused; 0 is none.
typedef uint64_t registration_id;

// A REGISTER between the decision to relay it and its final answer; 0 is none.
typedef uint64_t registration_attempt;

enum registration_scenario {
	REGISTRATION_IMS_AUTH, // SIP digest of the core, relayed both ways
	REGISTRATION_WEB_AUTH, // bearer token, checked here; trusted node authentication toward the core
};

// A binding as others see it. Strings are never NULL and stay valid until the next call into this room.
struct registration_view {
	registration_id id;
	ws_conn conn; // 0 while parked
	enum registration_scenario scenario;
	const char *impi;
	const char *const *impus; // registered public identities; the first is the default one
	unsigned impu_count;
	const char *contact; // URI that the client registered: the target of requests to it
	const char *instance; // urn:uuid:..., or "" when it told none
	const char *
		service_route; // header value of the 200, to be the Route of initial requests; "" none
	const char *associated_uri; // header value of the 200
	const char *charging; // P-Charging-Function-Addresses of the 200; "" none
	const char *term_ioi; // of the 200's P-Charging-Vector; "" none
	const char *flow_token; // user part of the Path
	const char *origin, *wwsf_id,
		*organization; // of the page; organization "" where none is to be told
	const char *waf_id; // authorization-entity to tell the core; "" none
	const char *home_domain;
	int64_t expires_at_s; // wall clock
	int64_t token_expires_at_s; // 0: no token
};

enum registration_event_type {
	REGISTRATION_BOUND, // first 200
	REGISTRATION_REFRESHED, // another 200 on the same connection
	REGISTRATION_RESUMED, // the same identity and instance on a new connection
	REGISTRATION_PARKED, // the connection was lost; park_time runs
	REGISTRATION_GONE, // last event; the view is still whole
};

enum registration_gone {
	REGISTRATION_GONE_DEREGISTERED, // the client's own wish, or the core's 403
	REGISTRATION_GONE_EXPIRED,
	REGISTRATION_GONE_TOKEN, // the token ran out: the core has still to be told (expires 0)
	REGISTRATION_GONE_LOST, // parked too long: the core has still to be told
	REGISTRATION_GONE_CORE, // the network ended it (reg event, administrator)
};

struct registration_event {
	enum registration_event_type type;
	enum registration_gone gone; // REGISTRATION_GONE
	const struct registration_view *view;
};

struct registrations_config {
	const struct cscf_config *config; // a reference is taken
	struct auth *auth; // borrowed
	uint16_t node, shard; // stand in the flow tokens
	// May call anything here but registrations_destroy.
	void (*on_event)(const struct registration_event *event, void *arg);
	void *arg;
};

struct registrations *registrations_create(
	const struct registrations_config *config); // NULL: errno
void registrations_destroy(struct registrations *regs); // tells no event, answers no request
void registrations_config_set(struct registrations *regs, const struct cscf_config *config);

// Keys of the flow tokens: new tokens are written with the newest, the 15 before it are still read. A random one is made when
// none was given before the first token. Always 0.
#define REGISTRATION_KEY_LEN 32
int registrations_key_add(
	struct registrations *regs, uint8_t key_id, const uint8_t key[REGISTRATION_KEY_LEN]);

// Timers: does what is due and returns the milliseconds until it wants to be called again (at most 60,000).
unsigned registrations_run(struct registrations *regs);

// A WebSocket came or went. Losing it parks its binding and cancels nothing that waits for the core.
int registration_conn_opened(
	struct registrations *regs, ws_conn conn, const char *origin, const char *peer);
void registration_conn_closed(struct registrations *regs, ws_conn conn);

// What a REGISTER of a browser says. URIs are bare: no angle brackets, display name or header parameters.
struct registration_request {
	ws_conn conn;
	const char *domain; // host of the Request-URI
	const char *to, *from;
	const char *contact; // URI of the one Contact, "*" included; NULL: a query
	const char *instance; // +sip.instance without <> and quotes; NULL
	uint32_t expires; // asked for; 0 removes
	const char *const *authorizations; // header values as received
	unsigned authorization_count;
};

enum registration_action { REGISTRATION_RELAY, REGISTRATION_REFUSE };

// Strings are valid during the callback, those of a relayed REGISTER until its attempt has ended.
struct registration_decision {
	enum registration_action action;

	// REGISTRATION_REFUSE
	int status; // 401, 403, 404, 500, 503
	const char *phrase;
	const char *challenge; // value of WWW-Authenticate; NULL
	unsigned retry_after_s; // 0: none

	// REGISTRATION_RELAY of a REGISTER
	registration_attempt attempt;
	enum registration_scenario scenario;
	const char *flow_token; // Path: <sip:flow_token@HOST;lr;ob>
	const char *home_domain;
	const char *impi;
	// The value for the Authorization toward the core. With IMS_AUTH it is the client's Digest without
	// integrity-protected and authorization-entity, and with ours; NULL: the client sent none, send none.
	const char *authorization;
	const char *organization; // Organization header; NULL: none
	uint32_t expires_max; // lifetime left in the token: ask for no more; 0: no limit
};

typedef void (*registration_on_decision)(const struct registration_decision *decision, void *arg);

// Decides what happens to a REGISTER. Calls on_decision exactly once, before it returns or later, also when the
// connection is lost meanwhile (refused with 408).
// Errors of TS 24.229 5.2.2 and RFC 8898: 403 for a domain that isn't served, an identity outside the token or another
// identity than the one on the connection; 401 with WWW-Authenticate: Bearer for a missing or bad token where
// only tokens are allowed; 503 with Retry-After after too many failures.
void registration_register(struct registrations *regs, const struct registration_request *request,
	registration_on_decision on_decision, void *arg);

// The 200 of the core. Values are those of the headers, several of one name joined by commas; NULL: absent.
struct registration_result {
	const char *service_route, *associated_uri, *charging, *term_ioi;
	uint32_t expires; // granted to our contact; 0: it is gone
};

// Binds, refreshes, moves the flow to the new connection, or removes. 0 and the view of the binding (not after a
// removal); -ENOENT for an unknown attempt; -EPERM when the connection has got another identity meanwhile (answer 403 and
// de-register); -ENOTCONN when the connection is gone (bound and parked at once).
int registration_accepted(struct registrations *regs, registration_attempt attempt,
	const struct registration_result *result, struct registration_view *view);

// Any other final answer, or none (408). A 403 for the identity that is bound to the connection ends its binding.
void registration_failed(struct registrations *regs, registration_attempt attempt, int status);

// A request other than REGISTER: 403 when nothing is bound to the connection; a bearer token, where it carries one, must
// be good and of this binding (401). The decision's RELAY sets no other member.
void registration_admit(struct registrations *regs, ws_conn conn, const char *const *authorizations,
	unsigned authorization_count, registration_on_decision on_decision, void *arg);

// Who is bound to a connection, who has an id. 0 or -ENOENT.
int registration_by_conn(struct registrations *regs, ws_conn conn, struct registration_view *view);
int registration_by_id(
	struct registrations *regs, registration_id id, struct registration_view *view);

// By the user part of our Path or Route URI. -EPERM: forged (403); -ESTALE: once ours, not the flow of today (430);
// -ENOTCONN: its connection is lost, view is set (430 for new dialogs).
int registration_by_flow_token(
	struct registrations *regs, const char *token, struct registration_view *view);

// P-Asserted-Identity of a request from the binding (TS 24.229 5.2.6.3): preferred, a bare URI, when it is one of the
// registered identities, else the default one. NULL: unknown binding.
const char *registration_assert(
	struct registrations *regs, registration_id id, const char *preferred);

// The network has ended it: GONE_CORE is told.
void registration_remove(struct registrations *regs, registration_id id);

// A binding as flat text that outlives the process: bytes written; -ENOENT; -ENOSPC; -EINVAL it can't be written so.
int registration_record(struct registrations *regs, registration_id id, char *buf, size_t room);

// Makes the binding again, under the id it had, parked from now on: its client has park_time to come back. 0; -EINVAL no
// such record; -EEXIST; -ENOMEM. REGISTRATION_PARKED is told.
int registration_restore(
	struct registrations *regs, registration_id id, const char *text, size_t len);

unsigned registrations_count(const struct registrations *regs);
void registrations_visit(struct registrations *regs,
	void (*on_view)(const struct registration_view *view, void *arg), void *arg);
