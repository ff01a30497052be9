// SPDX-License-Identifier: Apache-2.0
// Bindings: their life, their timers, and who finds them by what.
#include "registration.h"

#include "clock.h"
#include "log.h"
#include "registration_priv.h"

#include <openssl/crypto.h>

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define RUN_MAX_MS 60000

static int tables_init(struct registrations *regs)
{
	struct table *const tables[] = {&regs->conns, &regs->bindings, &regs->flows, &regs->keys,
		&regs->attempts, &regs->failures};
	int ret = 0;

	for (unsigned i = 0; i < sizeof(tables) / sizeof(tables[0]) && ret == 0; i++)
		ret = table_init(tables[i]);
	return ret;
}

struct registrations *registrations_create(const struct registrations_config *config)
{
	struct registrations *regs = calloc(1, sizeof(*regs));
	int ret;

	if (regs == NULL)
		return NULL;
	TAILQ_INIT(&regs->failures_by_age);
	ret = tables_init(regs);
	if (ret == 0 && getrandom(&regs->next_id, sizeof(regs->next_id), 0) < 0)
		ret = -errno;
	if (ret < 0) {
		registrations_destroy(regs);
		errno = -ret;
		return NULL;
	}
	regs->next_generation = 1;
	regs->config = cscf_config_ref(config->config);
	regs->auth = config->auth;
	regs->node = config->node;
	regs->shard = config->shard;
	regs->on_event = config->on_event;
	regs->arg = config->arg;
	return regs;
}

static void conn_free(struct registrations *regs, struct conn *conn)
{
	table_del(&regs->conns, &conn->entry);
	free(conn->origin);
	free(conn->peer);
	free(conn);
}

void binding_enlist(struct registrations *regs, struct binding *binding)
{
	table_add(&regs->bindings, &binding->by_id, table_hash_id(&regs->bindings, binding->id));
	table_add(&regs->flows, &binding->by_flow, table_hash_id(&regs->flows, binding->flow.id));
	table_add(&regs->keys, &binding->by_key,
		table_hash_text(&regs->keys, binding->impi, binding->instance));
}

static void binding_unlink(struct registrations *regs, struct binding *binding)
{
	table_del(&regs->bindings, &binding->by_id);
	table_del(&regs->flows, &binding->by_flow);
	table_del(&regs->keys, &binding->by_key);
	heap_del(&regs->timers, &binding->timer);
	if (binding->conn != NULL)
		binding->conn->binding = NULL;
}

void binding_free(struct binding *binding)
{
	char *const texts[] = {binding->impi, binding->instance, binding->aor, binding->contact,
		binding->service_route, binding->associated_uri, binding->charging,
		binding->term_ioi, binding->origin, binding->wwsf_id, binding->organization,
		binding->waf_id, binding->home_domain};

	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free(texts[i]);
	if (binding->impus != NULL)
		impus_free(binding->impus, binding->impu_count);
	free(binding);
}

void registrations_destroy(struct registrations *regs)
{
	struct table_entry *entry;

	if (regs == NULL)
		return;
	pendings_drop(regs);
	while (regs->attempts.count > 0)
		attempt_end(regs, (struct attempt *)table_next(&regs->attempts, NULL));
	while (regs->bindings.count > 0) {
		entry = table_next(&regs->bindings, NULL);
		binding_unlink(regs, (struct binding *)entry);
		binding_free((struct binding *)entry);
	}
	while (regs->conns.count > 0)
		conn_free(regs, (struct conn *)table_next(&regs->conns, NULL));
	if (regs->failures.count > 0)
		failures_clear(regs);
	table_fini(&regs->conns);
	table_fini(&regs->bindings);
	table_fini(&regs->flows);
	table_fini(&regs->keys);
	table_fini(&regs->attempts);
	table_fini(&regs->failures);
	free(regs->timers.nodes);
	cscf_config_unref(regs->config);
	OPENSSL_cleanse(regs->flow_keys, sizeof(regs->flow_keys));
	free(regs);
}

void registrations_config_set(struct registrations *regs, const struct cscf_config *config)
{
	const struct cscf_config *old = regs->config;

	regs->config = cscf_config_ref(config);
	cscf_config_unref(old);
}

int registration_conn_opened(
	struct registrations *regs, ws_conn id, const char *origin, const char *peer)
{
	struct conn *conn;

	if (conn_find(regs, id) != NULL)
		return -EEXIST;
	conn = calloc(1, sizeof(*conn));
	if (conn == NULL)
		return -ENOMEM;
	conn->id = id;
	conn->origin = strdup(origin);
	conn->peer = strdup(peer);
	table_add(&regs->conns, &conn->entry, table_hash_id(&regs->conns, id));
	if (conn->origin != NULL && conn->peer != NULL)
		return 0;
	conn_free(regs, conn);
	return -ENOMEM;
}

void registration_conn_closed(struct registrations *regs, ws_conn id)
{
	struct conn *conn = conn_find(regs, id);
	struct binding *binding;

	if (conn == NULL)
		return;
	binding = conn->binding;
	conn_free(regs, conn);
	if (binding != NULL) {
		binding->conn = NULL;
		binding_park(regs, binding);
	}
}

struct conn *conn_find(struct registrations *regs, ws_conn id)
{
	struct table_entry *entry = NULL;
	uint64_t hash = table_hash_id(&regs->conns, id);

	while ((entry = table_find(&regs->conns, hash, entry)) != NULL) {
		if (((struct conn *)entry)->id == id)
			return (struct conn *)entry;
	}
	return NULL;
}

struct binding *binding_of_id(struct registrations *regs, registration_id id)
{
	struct table_entry *entry = NULL;
	uint64_t hash = table_hash_id(&regs->bindings, id);

	while ((entry = table_find(&regs->bindings, hash, entry)) != NULL) {
		if (((struct binding *)entry)->id == id)
			return (struct binding *)entry;
	}
	return NULL;
}

#define BINDING_OF(entry, member)                                                                  \
	((struct binding *)((char *)(entry)-offsetof(struct binding, member)))

static struct binding *binding_of_flow(struct registrations *regs, uint64_t id)
{
	struct table_entry *entry = NULL;
	uint64_t hash = table_hash_id(&regs->flows, id);

	while ((entry = table_find(&regs->flows, hash, entry)) != NULL) {
		struct binding *binding = BINDING_OF(entry, by_flow);

		if (binding->flow.id == id)
			return binding;
	}
	return NULL;
}

struct binding *binding_of_key(struct registrations *regs, const char *impi, const char *instance)
{
	struct table_entry *entry = NULL;
	uint64_t hash = table_hash_text(&regs->keys, impi, instance);

	while ((entry = table_find(&regs->keys, hash, entry)) != NULL) {
		struct binding *binding = BINDING_OF(entry, by_key);

		if (strcmp(binding->impi, impi) == 0 && strcmp(binding->instance, instance) == 0)
			return binding;
	}
	return NULL;
}

void view_of(const struct binding *binding, struct registration_view *view)
{
	*view = (struct registration_view){
		.id = binding->id,
		.conn = binding->conn != NULL ? binding->conn->id : 0,
		.scenario = binding->scenario,
		.impi = binding->impi,
		.impus = (const char *const *)binding->impus,
		.impu_count = binding->impu_count,
		.contact = binding->contact,
		.instance = binding->has_instance ? binding->instance : "",
		.service_route = binding->service_route,
		.associated_uri = binding->associated_uri,
		.charging = binding->charging,
		.term_ioi = binding->term_ioi,
		.flow_token = binding->flow_token,
		.origin = binding->origin,
		.wwsf_id = binding->wwsf_id,
		.organization = binding->organization,
		.waf_id = binding->waf_id,
		.home_domain = binding->home_domain,
		.expires_at_s = binding->expires_at_s,
		.token_expires_at_s = binding->token_expires_at_s,
	};
}

static void event_send(struct registrations *regs, enum registration_event_type type,
	enum registration_gone gone, const struct binding *binding)
{
	struct registration_view view;
	struct registration_event event = {.type = type, .gone = gone, .view = &view};

	view_of(binding, &view);
	if (regs->on_event != NULL)
		regs->on_event(&event, regs->arg);
}

void event_tell(struct registrations *regs, enum registration_event_type type,
	const struct binding *binding)
{
	event_send(regs, type, REGISTRATION_GONE_CORE, binding);
}

void binding_end(struct registrations *regs, struct binding *binding, enum registration_gone gone)
{
	static const char *const names[] = {[REGISTRATION_GONE_DEREGISTERED] = "deregistered",
		[REGISTRATION_GONE_EXPIRED] = "expired",
		[REGISTRATION_GONE_TOKEN] = "its token has run out",
		[REGISTRATION_GONE_LOST] = "its connection was lost",
		[REGISTRATION_GONE_CORE] = "ended by the network"};

	log_info("registration: %s: %s", binding->impi, names[gone]);
	if (binding->conn != NULL && gone == REGISTRATION_GONE_TOKEN)
		binding->conn->has_outlived_token = true;
	binding_unlink(regs, binding);
	event_send(regs, REGISTRATION_GONE, gone, binding);
	binding_free(binding);
}

void binding_timer_set(struct registrations *regs, struct binding *binding)
{
	uint64_t due_us = binding->expires_us;

	if (binding->token_us != 0 && binding->token_us < due_us)
		due_us = binding->token_us;
	if (binding->park_us != 0 && binding->park_us < due_us)
		due_us = binding->park_us;
	if (heap_set(&regs->timers, &binding->timer, due_us) < 0)
		log_error("registration: %s: no memory for its timer", binding->impi);
}

void binding_park(struct registrations *regs, struct binding *binding)
{
	binding->park_us = clock_now_us() + regs->config->w2.park_time_ms * 1000ull;
	binding_timer_set(regs, binding);
	event_tell(regs, REGISTRATION_PARKED, binding);
}

unsigned registrations_run(struct registrations *regs)
{
	uint64_t now_us = clock_now_us(), left_us;

	while (regs->timers.count > 0 && regs->timers.nodes[0]->due_us <= now_us) {
		struct binding *binding = BINDING_OF(regs->timers.nodes[0], timer);

		if (binding->expires_us <= now_us)
			binding_end(regs, binding, REGISTRATION_GONE_EXPIRED);
		else if (binding->token_us != 0 && binding->token_us <= now_us)
			binding_end(regs, binding, REGISTRATION_GONE_TOKEN);
		else
			binding_end(regs, binding, REGISTRATION_GONE_LOST);
	}
	if (regs->timers.count == 0)
		return RUN_MAX_MS;
	left_us = regs->timers.nodes[0]->due_us - now_us;
	return left_us < RUN_MAX_MS * 1000ull ? (unsigned)(left_us / 1000u) + 1 : RUN_MAX_MS;
}

int registration_by_conn(struct registrations *regs, ws_conn id, struct registration_view *view)
{
	struct conn *conn = conn_find(regs, id);

	if (conn == NULL || conn->binding == NULL)
		return -ENOENT;
	view_of(conn->binding, view);
	return 0;
}

int registration_by_id(
	struct registrations *regs, registration_id id, struct registration_view *view)
{
	struct binding *binding = binding_of_id(regs, id);

	if (binding == NULL)
		return -ENOENT;
	view_of(binding, view);
	return 0;
}

int registration_by_flow_token(
	struct registrations *regs, const char *token, struct registration_view *view)
{
	struct binding *binding;
	struct flow flow;
	int ret = flow_token_read(regs, token, &flow);

	if (ret < 0)
		return ret;
	binding = binding_of_flow(regs, flow.id);
	if (binding == NULL || binding->flow.generation != flow.generation)
		return -ESTALE;
	view_of(binding, view);
	return binding->conn != NULL ? 0 : -ENOTCONN;
}

const char *registration_assert(
	struct registrations *regs, registration_id id, const char *preferred)
{
	struct binding *binding = binding_of_id(regs, id);

	if (binding == NULL)
		return NULL;
	for (unsigned i = 0; preferred != NULL && i < binding->impu_count; i++) {
		if (uri_is_same(binding->impus[i], preferred))
			return binding->impus[i];
	}
	return binding->impus[0];
}

void registration_remove(struct registrations *regs, registration_id id)
{
	struct binding *binding = binding_of_id(regs, id);

	if (binding != NULL)
		binding_end(regs, binding, REGISTRATION_GONE_CORE);
}

unsigned registrations_count(const struct registrations *regs)
{
	return regs->bindings.count;
}

void registrations_visit(struct registrations *regs,
	void (*on_view)(const struct registration_view *view, void *arg), void *arg)
{
	struct table_entry *entry = NULL;
	struct registration_view view;

	while ((entry = table_next(&regs->bindings, entry)) != NULL) {
		view_of((struct binding *)entry, &view);
		on_view(&view, arg);
	}
}
