// SPDX-License-Identifier: Apache-2.0
// Inside of registration: connections, bindings, attempts, and the tables that find them.
#pragma once

#include "auth.h"
#include "cscf_config.h"
#include "registration.h"
#include "registration_table.h"

#include <sys/queue.h>

#define FLOW_TOKEN_LEN 40 // characters
#define FLOW_KEYS_MAX 16
#define AUTHORIZATION_MAX 4096

struct flow {
	uint64_t id;
	uint32_t generation;
};

struct conn {
	struct table_entry entry; // by id; first
	ws_conn id;
	struct binding *binding;
	char *origin, *peer;
	uint64_t rate_us;
	unsigned bad_tokens;
	uint64_t bad_since_us;
	bool has_outlived_token; // its binding ended for that
};

struct binding {
	struct table_entry by_id; // first
	struct table_entry by_flow, by_key;
	struct heap_node timer;
	registration_id id;
	struct flow flow;
	struct conn *conn; // NULL: parked
	enum registration_scenario scenario;
	char *impi, *instance, *aor; // instance: that, or the Contact; aor: the To
	char **impus;
	unsigned impu_count;
	char *contact, *service_route, *associated_uri, *charging, *term_ioi;
	char *origin, *wwsf_id, *organization, *waf_id, *home_domain;
	char flow_token[FLOW_TOKEN_LEN + 1];
	bool has_instance;
	int64_t expires_at_s, token_expires_at_s;
	uint64_t expires_us, token_us, park_us; // 0: doesn't hold
};

struct attempt {
	struct table_entry entry; // by id; first
	registration_attempt id;
	ws_conn conn;
	struct flow flow;
	enum registration_scenario scenario;
	char *impi, *instance, *to, *contact, *peer, *authorization;
	char *origin, *wwsf_id, *organization, *waf_id, *home_domain;
	char flow_token[FLOW_TOKEN_LEN + 1];
	bool has_instance, has_response, is_query;
	uint32_t expires_max;
	int64_t token_expires_at_s;
};

struct flow_key {
	uint8_t id;
	uint8_t bytes[REGISTRATION_KEY_LEN];
};

struct failure;
TAILQ_HEAD(failure_list, failure);

struct registrations {
	const struct cscf_config *config;
	struct auth *auth;
	uint16_t node, shard;
	void (*on_event)(const struct registration_event *event, void *arg);
	void *arg;
	struct table conns, bindings, flows, keys, attempts, failures;
	struct failure_list failures_by_age; // the oldest first
	struct heap timers;
	uint64_t next_id; // begins anywhere: ids of other processes are not met
	uint32_t next_generation;
	struct flow_key flow_keys[FLOW_KEYS_MAX]; // the newest first
	unsigned flow_key_count;
	struct pending *pendings; // wait for auth
};

// flow_token.c. text has room for FLOW_TOKEN_LEN + 1.
int flow_token_write(struct registrations *regs, const struct flow *flow, char *text);
int flow_token_read(
	const struct registrations *regs, const char *text, struct flow *flow); // -EPERM

// digest.c. A parameter of an Authorization value, unquoted: 0, -ENOENT, -ENOSPC, -EINVAL malformed.
bool digest_is(const char *value);
int digest_parameter(const char *value, const char *name, char *text, size_t room);
// The Authorization toward the core. 0, -EINVAL malformed, -ENOSPC.
int digest_rewrite(const char *value, const char *integrity, char *text, size_t room);
// TNA (TS 24.292 section 6.2 form): entity "" is left out. 0 or -ENOSPC.
int tna_write(const char *impi, const char *domain, const char *entity, char *text, size_t room);

// identity.c
bool uri_is_same(const char *a, const char *b); // RFC 3261 section 19.1.4, without parameters
int impi_of_uri(const char *uri, char *impi, size_t room); // TS 23.003 section 13.3; 0 or -EINVAL
// The URIs of a P-Associated-URI value; 0 or -ENOMEM. impus is freed by impus_free.
int impus_parse(const char *value, const char *fallback, char ***impus, unsigned *count);
void impus_free(char **impus, unsigned count);
bool waf_is_third_party(const struct cscf_config *config, const char *waf_id);

// failures.c: wrong passwords and tokens of an identity (NULL: of one that isn't known) from an address.
unsigned failures_locked_s(
	struct registrations *regs, const char *impi, const char *peer); // 0: not
void failures_add(struct registrations *regs, const char *impi, const char *peer);
void failures_forget(struct registrations *regs, const char *impi, const char *peer);
void failures_clear(struct registrations *regs);

// registration.c
struct conn *conn_find(struct registrations *regs, ws_conn id);
struct binding *binding_of_id(struct registrations *regs, registration_id id);
struct binding *binding_of_key(struct registrations *regs, const char *impi, const char *instance);
void view_of(const struct binding *binding, struct registration_view *view);
void event_tell(struct registrations *regs, enum registration_event_type type,
	const struct binding *binding);
void binding_end(struct registrations *regs, struct binding *binding, enum registration_gone gone);
void binding_timer_set(struct registrations *regs, struct binding *binding);
void binding_park(struct registrations *regs, struct binding *binding);
void binding_free(struct binding *binding);
void binding_enlist(struct registrations *regs, struct binding *binding); // found from now on
// attempt.c
int text_copy(char **to, const char *from); // NULL stays NULL
const struct cscf_wwsf *wwsf_of(const struct registrations *regs, const char *origin);
struct attempt *attempt_find(struct registrations *regs, registration_attempt id);
void attempt_end(struct registrations *regs, struct attempt *attempt);
// NULL without memory.
struct attempt *attempt_create(struct registrations *regs, const struct conn *conn,
	const struct registration_request *request, const char *impi);
// The credentials toward the core: of a token's holder, or of the client's own digest (NULL: none). 0 or -errno.
int attempt_vouch(struct registrations *regs, struct attempt *attempt, const char *origin,
	const struct auth_identity *identity);
int attempt_authorize(struct attempt *attempt, const struct conn *conn, const char *digest);
// decide.c
void pendings_drop(struct registrations *regs);
