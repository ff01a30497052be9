// SPDX-License-Identifier: Apache-2.0
// What the core answered: an attempt becomes a binding, or ends.
#include "clock.h"
#include "log.h"
#include "registration_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// A copy in the place of what was there; NULL is copied as "".
static int text_set(char **text, const char *value)
{
	char *copy = strdup(value != NULL ? value : "");

	if (copy == NULL)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}

static int binding_fill(struct binding *binding, const struct attempt *attempt,
	const struct registration_result *result)
{
	const struct {
		char **to;
		const char *from;
	} texts[] = {
		{&binding->aor, attempt->to},
		{&binding->contact, attempt->contact},
		{&binding->service_route, result->service_route},
		{&binding->associated_uri, result->associated_uri},
		{&binding->charging, result->charging},
		{&binding->term_ioi, result->term_ioi},
		{&binding->origin, attempt->origin},
		{&binding->wwsf_id, attempt->wwsf_id},
		{&binding->organization, attempt->organization},
		{&binding->waf_id, attempt->waf_id},
		{&binding->home_domain, attempt->home_domain},
	};
	char **impus;
	unsigned count;
	int ret = impus_parse(result->associated_uri, attempt->to, &impus, &count);

	if (ret < 0)
		return ret;
	if (binding->impus != NULL)
		impus_free(binding->impus, binding->impu_count);
	binding->impus = impus;
	binding->impu_count = count;
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]) && ret == 0; i++)
		ret = text_set(texts[i].to, texts[i].from);
	binding->scenario = attempt->scenario;
	return ret;
}

static struct binding *binding_create(struct registrations *regs, const struct attempt *attempt,
	const struct registration_result *result)
{
	struct binding *binding = calloc(1, sizeof(*binding));

	if (binding == NULL)
		return NULL;
	if (text_set(&binding->impi, attempt->impi) < 0 ||
		text_set(&binding->instance, attempt->instance) < 0 ||
		binding_fill(binding, attempt, result) < 0) {
		binding_free(binding);
		return NULL;
	}
	binding->has_instance = attempt->has_instance;
	binding->id = attempt->flow.id;
	binding->flow = attempt->flow;
	binding_enlist(regs, binding);
	return binding;
}

static void binding_times_set(struct registrations *regs, struct binding *binding,
	const struct attempt *attempt, uint32_t expires)
{
	int64_t wall_s = clock_wall_s();
	uint64_t now_us = clock_now_us();
	int64_t token_left_s = attempt->token_expires_at_s - wall_s;

	binding->expires_at_s = wall_s + expires;
	binding->expires_us = now_us + expires * 1000000ull;
	binding->token_expires_at_s = attempt->token_expires_at_s;
	binding->token_us = attempt->token_expires_at_s == 0
		? 0
		: now_us + (uint64_t)(token_left_s > 0 ? token_left_s : 0) * 1000000ull;
	binding->park_us = 0;
	binding_timer_set(regs, binding);
}

// The flow of the attempt becomes that of the binding, with its connection.
static void binding_move(struct registrations *regs, struct binding *binding,
	const struct attempt *attempt, struct conn *conn)
{
	if (binding->conn != NULL)
		binding->conn->binding = NULL;
	binding->conn = conn;
	if (conn != NULL) {
		conn->binding = binding;
		conn->has_outlived_token = false;
	}
	table_del(&regs->flows, &binding->by_flow);
	binding->flow = attempt->flow;
	table_add(&regs->flows, &binding->by_flow, table_hash_id(&regs->flows, binding->flow.id));
	memcpy(binding->flow_token, attempt->flow_token, sizeof(binding->flow_token));
}

static int attempt_bind(struct registrations *regs, struct attempt *attempt,
	const struct registration_result *result, struct binding *binding,
	struct registration_view *view)
{
	struct conn *conn = conn_find(regs, attempt->conn);
	bool is_new = binding == NULL;
	bool has_moved = !is_new && (conn == NULL || binding->conn != conn);
	registration_id id;

	if (is_new)
		binding = binding_create(regs, attempt, result);
	else if (binding_fill(binding, attempt, result) < 0)
		return -ENOMEM;
	if (binding == NULL)
		return -ENOMEM;
	binding_move(regs, binding, attempt, conn);
	binding_times_set(regs, binding, attempt, result->expires);
	failures_forget(regs, attempt->impi, attempt->peer);
	if (is_new)
		log_info("registration: %s registered for %u s", binding->impi, result->expires);
	id = binding->id;
	if (is_new)
		event_tell(regs, REGISTRATION_BOUND, binding);
	else
		event_tell(regs,
			has_moved && conn != NULL ? REGISTRATION_RESUMED : REGISTRATION_REFRESHED,
			binding);
	// Who is told may have ended it, or the connection.
	binding = binding_of_id(regs, id);
	if (binding != NULL && conn == NULL)
		binding_park(regs, binding);
	binding = binding_of_id(regs, id);
	if (binding == NULL)
		return -ENOENT;
	view_of(binding, view);
	return binding->conn != NULL ? 0 : -ENOTCONN;
}

int registration_accepted(struct registrations *regs, registration_attempt id,
	const struct registration_result *result, struct registration_view *view)
{
	struct attempt *attempt = attempt_find(regs, id);
	struct binding *binding;
	struct conn *conn;
	int ret = 0;

	if (attempt == NULL)
		return -ENOENT;
	conn = conn_find(regs, attempt->conn);
	binding = binding_of_key(regs, attempt->impi, attempt->instance);
	if (conn != NULL && conn->binding != NULL) {
		if (strcmp(conn->binding->impi, attempt->impi) != 0)
			ret = -EPERM;
		else
			binding = conn->binding;
	}
	if (ret == 0 && attempt->is_query) {
		if (binding != NULL)
			view_of(binding, view);
	} else if (ret == 0 && result->expires == 0) {
		if (binding != NULL)
			binding_end(regs, binding, REGISTRATION_GONE_DEREGISTERED);
	} else if (ret == 0) {
		ret = attempt_bind(regs, attempt, result, binding, view);
	}
	attempt_end(regs, attempt);
	return ret;
}

void registration_failed(struct registrations *regs, registration_attempt id, int status)
{
	struct attempt *attempt = attempt_find(regs, id);
	struct binding *binding;
	struct conn *conn;

	if (attempt == NULL)
		return;
	if (attempt->has_response && (status == 401 || status == 403))
		failures_add(regs, attempt->impi, attempt->peer);
	conn = conn_find(regs, attempt->conn);
	binding = conn != NULL ? conn->binding : NULL;
	// Only what its own connection has asked can end a binding.
	if (status == 403 && binding != NULL && strcmp(binding->impi, attempt->impi) == 0 &&
		(attempt->has_response || attempt->scenario == REGISTRATION_WEB_AUTH))
		binding_end(regs, binding, REGISTRATION_GONE_DEREGISTERED);
	attempt_end(regs, attempt);
}
