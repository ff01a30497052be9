// SPDX-License-Identifier: Apache-2.0
// What happens to a request of a browser: relayed with which credentials, or refused with which answer.
#include "clock.h"
#include "log.h"
#include "registration_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RETRY_S = 5, IMPI_MAX = 256 };

// A request that waits for its token to be checked.
struct pending {
	struct pending *next, **back;
	struct registrations *regs; // NULL: destroyed meanwhile, nobody cares any more
	bool is_register;
	ws_conn conn;
	char *domain, *to, *from, *contact, *instance;
	uint32_t expires;
	registration_on_decision on_decision;
	void *arg;
};

static void refuse(registration_on_decision on_decision, void *arg, int status, const char *phrase)
{
	struct registration_decision decision = {
		.action = REGISTRATION_REFUSE, .status = status, .phrase = phrase};

	on_decision(&decision, arg);
}

static void refuse_for_now(registration_on_decision on_decision, void *arg, unsigned retry_after_s)
{
	struct registration_decision decision = {.action = REGISTRATION_REFUSE,
		.status = 503,
		.phrase = "Service Unavailable",
		.retry_after_s = retry_after_s};

	on_decision(&decision, arg);
}

static void challenge(const struct registrations *regs, const struct conn *conn,
	enum auth_error error, registration_on_decision on_decision, void *arg)
{
	const struct cscf_wwsf *wwsf = wwsf_of(regs, conn->origin);
	const struct cscf_issuer *issuer = wwsf != NULL && wwsf->issuer != NULL
		? cscf_config_issuer(regs->config, wwsf->issuer)
		: NULL;
	char text[512];
	struct registration_decision decision = {.action = REGISTRATION_REFUSE,
		.status = 401,
		.phrase = "Unauthorized",
		.challenge = text};

	if (auth_challenge_write(text, sizeof(text), regs->config->home.domains[0],
		    issuer != NULL ? issuer->scope : "ims", error) < 0)
		decision.challenge = NULL;
	on_decision(&decision, arg);
}

static void pending_unlink(struct pending *pending)
{
	*pending->back = pending->next;
	if (pending->next != NULL)
		pending->next->back = pending->back;
}

static void pending_free(struct pending *pending)
{
	if (pending->regs != NULL)
		pending_unlink(pending);
	free(pending->domain);
	free(pending->to);
	free(pending->from);
	free(pending->contact);
	free(pending->instance);
	free(pending);
}

void pendings_drop(struct registrations *regs)
{
	while (regs->pendings != NULL) {
		struct pending *pending = regs->pendings;

		// The room auth still has it.
		pending_unlink(pending);
		pending->regs = NULL;
	}
}

static struct pending *pending_create(struct registrations *regs, ws_conn conn,
	const struct registration_request *request, registration_on_decision on_decision, void *arg)
{
	struct pending *pending = calloc(1, sizeof(*pending));

	if (pending == NULL)
		return NULL;
	pending->regs = regs;
	pending->conn = conn;
	pending->on_decision = on_decision;
	pending->arg = arg;
	pending->is_register = request != NULL;
	pending->next = regs->pendings;
	pending->back = &regs->pendings;
	if (pending->next != NULL)
		pending->next->back = &pending->next;
	regs->pendings = pending;
	if (request == NULL)
		return pending;
	pending->expires = request->expires;
	if (text_copy(&pending->domain, request->domain) < 0 ||
		text_copy(&pending->to, request->to) < 0 ||
		text_copy(&pending->from, request->from) < 0 ||
		text_copy(&pending->contact, request->contact) < 0 ||
		text_copy(&pending->instance, request->instance) < 0) {
		pending_free(pending);
		return NULL;
	}
	return pending;
}

static bool binding_has_impu(const struct binding *binding, const char *uri)
{
	for (unsigned i = 0; i < binding->impu_count; i++) {
		if (uri_is_same(binding->impus[i], uri))
			return true;
	}
	return uri_is_same(binding->aor, uri);
}

// One identity a connection: the REGISTER must be of the one that is bound.
static bool identity_may_be(const struct conn *conn, const char *impi, const char *to)
{
	return conn->binding == NULL ||
		(strcmp(conn->binding->impi, impi) == 0 && binding_has_impu(conn->binding, to));
}

static void attempt_relay(
	const struct attempt *attempt, registration_on_decision on_decision, void *arg)
{
	struct registration_decision decision = {.action = REGISTRATION_RELAY,
		.attempt = attempt->id,
		.scenario = attempt->scenario,
		.flow_token = attempt->flow_token,
		.home_domain = attempt->home_domain,
		.impi = attempt->impi,
		.authorization = attempt->authorization,
		.organization = attempt->organization,
		.expires_max = attempt->expires_max};

	on_decision(&decision, arg);
}

static bool identity_has(const struct auth_identity *identity, const char *uri)
{
	for (unsigned i = 0; i < identity->impu_count; i++) {
		if (uri_is_same(identity->impus[i], uri))
			return true;
	}
	return false;
}

static void token_register(
	struct pending *pending, const struct conn *conn, const struct auth_identity *identity)
{
	struct registrations *regs = pending->regs;
	const struct registration_request request = {.to = pending->to,
		.contact = pending->contact,
		.instance = pending->instance,
		.expires = pending->expires};
	struct attempt *attempt;

	if (!identity_has(identity, pending->to) || !identity_has(identity, pending->from)) {
		refuse(pending->on_decision, pending->arg, 403, "Identity Not in the Token");
		return;
	}
	if (!identity_may_be(conn, identity->impi, pending->to)) {
		refuse(pending->on_decision, pending->arg, 403, "Another Identity Is Bound Here");
		return;
	}
	attempt = attempt_create(regs, conn, &request, identity->impi);
	if (attempt == NULL || attempt_vouch(regs, attempt, conn->origin, identity) < 0) {
		if (attempt != NULL)
			attempt_end(regs, attempt);
		refuse(pending->on_decision, pending->arg, 500, "Server Internal Error");
		return;
	}
	attempt_relay(attempt, pending->on_decision, pending->arg);
}

static void token_admit(const struct pending *pending, const struct conn *conn,
	const struct auth_identity *identity)
{
	struct registration_decision decision = {.action = REGISTRATION_RELAY};

	if (conn->binding == NULL || strcmp(conn->binding->impi, identity->impi) != 0)
		refuse(pending->on_decision, pending->arg, 403, "Another Identity Is Bound Here");
	else
		pending->on_decision(&decision, pending->arg);
}

// Wrong tokens are a connection's own fault, until there are too many of its address: others there suffer late.
static bool bad_tokens_exceed(const struct registrations *regs, struct conn *conn)
{
	uint64_t lock_us = regs->config->registration.lock_s * 1000000ull;

	if (clock_now_us() - conn->bad_since_us >= lock_us)
		conn->bad_tokens = 0;
	return conn->bad_tokens >= regs->config->registration.failures_max;
}

static void bad_token_count(struct registrations *regs, struct conn *conn)
{
	failures_add(regs, NULL, conn->peer);
	if (conn->bad_tokens++ == 0)
		conn->bad_since_us = clock_now_us();
}

static void on_token(const struct auth_result *result, void *arg)
{
	struct pending *pending = arg;
	struct conn *conn = pending->regs != NULL ? conn_find(pending->regs, pending->conn) : NULL;

	if (pending->regs == NULL) {
		pending_free(pending);
		return;
	}
	if (conn == NULL) {
		refuse(pending->on_decision, pending->arg, 408, "Request Timeout");
	} else if (result->error == AUTH_UNAVAILABLE) {
		log_warn("registration: a token can't be checked: %s", result->why);
		refuse_for_now(pending->on_decision, pending->arg, RETRY_S);
	} else if (result->error != AUTH_OK) {
		log_info("registration: %s: token refused: %s", conn->peer, result->why);
		bad_token_count(pending->regs, conn);
		challenge(pending->regs, conn, result->error, pending->on_decision, pending->arg);
	} else if (pending->is_register) {
		token_register(pending, conn, result->identity);
	} else {
		token_admit(pending, conn, result->identity);
	}
	pending_free(pending);
}

static void token_check(
	struct registrations *regs, struct conn *conn, const char *bearer, struct pending *pending)
{
	const struct cscf_wwsf *wwsf = wwsf_of(regs, conn->origin);
	unsigned locked_s = failures_locked_s(regs, NULL, conn->peer);
	const char *token;
	size_t len;

	if (locked_s == 0 && bad_tokens_exceed(regs, conn))
		locked_s = regs->config->registration.lock_s;
	if (locked_s > 0) {
		refuse_for_now(pending->on_decision, pending->arg, locked_s);
		pending_free(pending);
	} else if (auth_bearer_parse(bearer, &token, &len) < 0) {
		bad_token_count(regs, conn);
		challenge(regs, conn, AUTH_INVALID_TOKEN, pending->on_decision, pending->arg);
		pending_free(pending);
	} else {
		auth_check(regs->auth, wwsf, token, len, on_token, pending);
	}
}

// The first Authorization of a scheme; NULL: none.
static const char *bearer_find(const char *const *authorizations, unsigned count)
{
	const char *token;
	size_t len;

	for (unsigned i = 0; i < count; i++) {
		if (auth_bearer_parse(authorizations[i], &token, &len) != -ENOENT)
			return authorizations[i];
	}
	return NULL;
}

static const char *digest_find(const char *const *authorizations, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (digest_is(authorizations[i]))
			return authorizations[i];
	}
	return NULL;
}

// The private identity that a REGISTER claims: of its Digest, else that which belongs to its To.
static int impi_claimed(const char *digest, const char *to, char *impi, bool *has_response)
{
	char response[IMPI_MAX] = "";
	int ret;

	*has_response = false;
	if (digest == NULL)
		return impi_of_uri(to, impi, IMPI_MAX);
	ret = digest_parameter(digest, "response", response, sizeof(response));
	*has_response = ret == 0 && response[0] != '\0';
	return digest_parameter(digest, "username", impi, IMPI_MAX);
}

static void digest_register(struct registrations *regs, struct conn *conn,
	const struct registration_request *request, registration_on_decision on_decision, void *arg)
{
	const char *digest = digest_find(request->authorizations, request->authorization_count);
	bool has_response;
	char impi[IMPI_MAX];
	struct attempt *attempt;
	unsigned locked_s;

	if (impi_claimed(digest, request->to, impi, &has_response) < 0 || impi[0] == '\0') {
		refuse(on_decision, arg, 400, "Malformed Authorization or To");
		return;
	}
	locked_s = failures_locked_s(regs, impi, conn->peer);
	if (locked_s > 0) {
		refuse_for_now(on_decision, arg, locked_s);
		return;
	}
	if (!identity_may_be(conn, impi, request->to)) {
		refuse(on_decision, arg, 403, "Another Identity Is Bound Here");
		return;
	}
	attempt = attempt_create(regs, conn, request, impi);
	if (attempt == NULL) {
		refuse(on_decision, arg, 500, "Server Internal Error");
		return;
	}
	if (attempt_authorize(attempt, conn, digest) < 0) {
		attempt_end(regs, attempt);
		refuse(on_decision, arg, 400, "Malformed Authorization");
		return;
	}
	attempt->has_response = has_response;
	attempt_relay(attempt, on_decision, arg);
}

static bool rate_is_exceeded(const struct registrations *regs, struct conn *conn)
{
	uint64_t now_us = clock_now_us();

	if (conn->rate_us < now_us)
		conn->rate_us = now_us;
	if (conn->rate_us - now_us > 60000000u)
		return true;
	conn->rate_us += 60000000u / regs->config->registration.requests_per_minute;
	return false;
}

void registration_register(struct registrations *regs, const struct registration_request *request,
	registration_on_decision on_decision, void *arg)
{
	const char *bearer = bearer_find(request->authorizations, request->authorization_count);
	struct conn *conn = conn_find(regs, request->conn);
	const struct cscf_wwsf *wwsf = conn != NULL ? wwsf_of(regs, conn->origin) : NULL;
	bool may_token = wwsf != NULL && wwsf->modes & CSCF_MODE_TOKEN;
	bool may_digest = wwsf != NULL && wwsf->modes & CSCF_MODE_DIGEST;
	struct pending *pending;

	if (conn == NULL || wwsf == NULL) {
		refuse(on_decision, arg, conn == NULL ? 408 : 403,
			conn == NULL ? "Request Timeout" : "Page Not Served");
	} else if (rate_is_exceeded(regs, conn)) {
		refuse_for_now(on_decision, arg, RETRY_S);
	} else if (!cscf_config_domain_is_served(regs->config, request->domain)) {
		refuse(on_decision, arg, 403, "Domain Not Served");
	} else if (may_token && bearer != NULL) {
		pending = pending_create(regs, conn->id, request, on_decision, arg);
		if (pending != NULL)
			token_check(regs, conn, bearer, pending);
		else
			refuse(on_decision, arg, 500, "Server Internal Error");
	} else if (!may_digest || conn->has_outlived_token ||
		(conn->binding != NULL && conn->binding->scenario == REGISTRATION_WEB_AUTH)) {
		challenge(regs, conn, conn->has_outlived_token ? AUTH_INVALID_TOKEN : AUTH_OK,
			on_decision, arg);
	} else {
		digest_register(regs, conn, request, on_decision, arg);
	}
}

void registration_admit(struct registrations *regs, ws_conn id, const char *const *authorizations,
	unsigned authorization_count, registration_on_decision on_decision, void *arg)
{
	const char *bearer = bearer_find(authorizations, authorization_count);
	struct registration_decision decision = {.action = REGISTRATION_RELAY};
	struct conn *conn = conn_find(regs, id);
	struct pending *pending;

	if (conn != NULL && conn->binding == NULL && conn->has_outlived_token) {
		challenge(regs, conn, AUTH_INVALID_TOKEN, on_decision, arg);
	} else if (conn == NULL || conn->binding == NULL) {
		refuse(on_decision, arg, 403, "Not Registered");
	} else if (bearer == NULL || conn->binding->scenario != REGISTRATION_WEB_AUTH) {
		on_decision(&decision, arg);
	} else {
		pending = pending_create(regs, id, NULL, on_decision, arg);
		if (pending != NULL)
			token_check(regs, conn, bearer, pending);
		else
			refuse(on_decision, arg, 500, "Server Internal Error");
	}
}
