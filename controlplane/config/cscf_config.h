// SPDX-License-Identifier: Apache-2.0
// The configuration of ep-cscf: one YAML file, read whole, refused with file, line and reason.
//
// A snapshot: nothing in it changes after cscf_config_load. Strings are never NULL unless it is said.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CSCF_CONFIG_WHY_MAX 512

struct cscf_endpoint {
	char address[64]; // IPv4 or IPv6, without brackets
	uint16_t port;
};

struct cscf_w2 {
	char *host; // our name toward browsers: Via, Contact
	char **listens;
	unsigned listens_count;
	struct cscf_endpoint *endpoints; // of listens, parsed
	char *certificate, *private_key; // PEM files
	bool allow_no_origin;
	uint32_t threads;
	uint32_t connections_max, connections_per_address;
	uint32_t message_max; // bytes
	uint32_t messages_per_s;
	uint32_t ping_s, idle_unbound_s;
	uint32_t park_time_ms;
};

struct cscf_mw {
	char **listens; // UDP and TCP each
	unsigned listens_count;
	struct cscf_endpoint *endpoints;
	char *core; // SIP URI of the I- or S-CSCF
	char **peers; // addresses that are trusted
	unsigned peers_count;
};

struct cscf_home {
	char **domains; // served; the first is ours
	unsigned domains_count;
	char *visited_network_id;
	char *ioi; // without a type prefix
	char *access_network; // network-provided P-Access-Network-Info; NULL: none
};

enum { CSCF_MODE_DIGEST = 1, CSCF_MODE_TOKEN = 2 };

// A web server function: whose pages may open connections, and how their users register.
struct cscf_wwsf {
	char *id;
	char *organization; // told to the core; NULL: a page of the operator's own
	char **origins; // RFC 6454 texts
	unsigned origins_count;
	uint32_t modes; // CSCF_MODE_ bits
	char *issuer; // of its tokens; NULL without CSCF_MODE_TOKEN
};

enum { CSCF_ALGORITHM_ES256 = 1, CSCF_ALGORITHM_RS256 = 2, CSCF_ALGORITHM_PS256 = 4 };

// Who signs tokens: a web authorisation function.
struct cscf_issuer {
	char *issuer; // iss
	char *waf_id; // authorization-entity; a waf_id in the token must be this one
	char *jwks; // file, or https URL
	char *jwks_ca; // PEM file of the CA of that URL; NULL: those of the system
	char *audience; // aud must name it
	char *scope; // scope must name it
	uint32_t algorithms; // CSCF_ALGORITHM_ bits
	uint32_t clock_skew_s; // how far its clock and ours may differ
};

enum { CSCF_WAF_IDENTITY_THIRD_PARTY, CSCF_WAF_IDENTITY_ALWAYS };

struct cscf_tna {
	int waf_identity; // when the core is told the authorization-entity
	char **operator_domains; // a waf_id outside of all of them is a third party's
	unsigned operator_domains_count;
};

struct cscf_registration {
	uint32_t expires_max_s; // asked of the core
	uint32_t failures_max; // of one identity from one address, then 503 for lock_s
	uint32_t lock_s;
	uint32_t requests_per_minute; // REGISTERs of one connection
};

// RTP circuit breakers: what a trip that silences a call's audio means for the call.
enum { CSCF_BREAKERS_LOG, CSCF_BREAKERS_RELEASE, CSCF_BREAKERS_OFF };

struct cscf_media {
	char **gateways; // paths of their iq sockets
	unsigned gateways_count;
	uint32_t setup_timeout_ms;
	uint32_t orphan_time_ms;
	int breakers; // CSCF_BREAKERS_
	bool core_breakers; // also of what is sent to the core, whose phones must then send RTCP
};

// The operator's door; listen NULL: none.
struct cscf_admin {
	char *listen; // path of a unix socket, or ADDRESS:PORT of the loopback
	char *token; // file; NULL: none, on a unix socket only
	struct cscf_endpoint endpoint; // of listen; port 0: a path
};

struct cscf_config {
	int log; // log_level
	struct cscf_home home;
	struct cscf_w2 w2;
	struct cscf_mw mw;
	struct cscf_wwsf *wwsfs;
	unsigned wwsfs_count;
	struct cscf_issuer *issuers;
	unsigned issuers_count;
	struct cscf_tna tna;
	struct cscf_registration registration;
	struct cscf_media media;
	struct cscf_admin admin;
	char *store; // path of the database
	const char **origins; // of all wwsfs
	unsigned origins_count;
	unsigned refs; // cscf_config_ref and cscf_config_unref
};

// Reads and checks a file. A snapshot with one reference; or NULL, errno, and in why (CSCF_CONFIG_WHY_MAX bytes) a
// sentence "FILE:LINE: what is wrong".
struct cscf_config *cscf_config_load(const char *path, char *why);

// References are counted for one thread. NULL is legal in unref.
const struct cscf_config *cscf_config_ref(const struct cscf_config *config);
void cscf_config_unref(const struct cscf_config *config);

// NULL: no page of that origin is served.
const struct cscf_wwsf *cscf_config_wwsf(const struct cscf_config *config, const char *origin);
const struct cscf_issuer *cscf_config_issuer(const struct cscf_config *config, const char *issuer);
bool cscf_config_domain_is_served(const struct cscf_config *config, const char *domain);
