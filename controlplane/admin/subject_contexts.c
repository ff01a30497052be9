// SPDX-License-Identifier: Apache-2.0
// Media contexts: the gateways are asked what they hold, whoever made it.
#include "admin_priv.h"
#include "call.h"
#include "iq_client.h"
#include "log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NAME(names, value)                                                                         \
	((value) < sizeof(names) / sizeof((names)[0]) ? (names)[value] : "unknown")

static const char *const ice_names[] = {"none", "checking", "connected", "failed"};
static const char *const dtls_names[] = {"none", "waiting", "connected", "failed", "closed"};
static const char *const consent_names[] = {"none", "live", "expired", "revoked"};

static json_t *entry_make(struct calls *calls, iq_handle handle, const char *ref)
{
	char name[20];
	struct call_info info;
	int64_t left_ms = calls_orphan_left_ms(calls, handle);
	bool has_call = call_info_get(calls, ref, &info) == 0;
	json_t *entry;

	snprintf(name, sizeof(name), "%016" PRIx64, handle);
	entry = json_pack("{s:s, s:i, s:o, s:s}", "context", name, "gateway",
		(int)iq_handle_gateway(handle), "call", json_text(ref), "state",
		has_call ? info.state : "orphan");
	if (!has_call && left_ms >= 0)
		json_object_set_new(entry, "deleted_in_ms", json_integer(left_ms));
	return entry;
}

static void on_entry(const struct iq_audit_entry *entry, void *arg)
{
	struct ask *ask = arg;

	json_array_append_new(
		ask->list, entry_make(ask->admin->config.calls, entry->handle, entry->ref));
}

static void list_finish(struct ask *ask)
{
	json_t *list = ask->list;

	ask->list = NULL;
	ask_answer(ask, 200, json_pack("{s:o}", "contexts", list));
}

static void on_audited(int32_t status, void *arg)
{
	struct ask *ask = arg;

	if (status < 0)
		json_array_append_new(ask->list,
			json_pack("{s:s}", "error", "a gateway has broken off its answer"));
	if (--ask->waiting == 0)
		list_finish(ask);
}

static void on_gateway(const struct iq_gateway *gateway, void *arg)
{
	struct ask *ask = arg;

	if (gateway->id >= 0 &&
		iq_client_audit(ask->admin->config.iq, gateway->id, on_entry, on_audited, ask) == 0)
		ask->waiting++;
}

void contexts_list(struct ask *ask)
{
	ask->list = json_array();
	iq_client_visit(ask->admin->config.iq, on_gateway, ask);
	if (ask->waiting > 0)
		return;
	json_decref(ask->list);
	ask->list = NULL;
	ask_refuse(ask, 503, "no media gateway is attached");
}

static json_t *address_json(const struct iq_addr *address)
{
	char ip[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 10];

	if (address->family == 0 ||
		inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->ip, ip, sizeof(ip)) ==
			NULL)
		return json_string("");
	snprintf(text, sizeof(text), address->family == 4 ? "%s:%u" : "[%s]:%u", ip, address->port);
	return json_string(text);
}

static json_t *counts_json(const struct iq_counts *counts)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "packets",
		(json_int_t)counts->packets, "octets", (json_int_t)counts->octets, "lost",
		(json_int_t)counts->lost, "jitter_us", (json_int_t)counts->jitter_us, "auth_failed",
		(json_int_t)counts->auth_failed, "replayed", (json_int_t)counts->replayed,
		"not_admitted", (json_int_t)counts->not_admitted);
}

static json_t *leg_json(const struct iq_leg_state *leg)
{
	return json_pack("{s:o, s:o, s:s, s:s, s:s, s:o, s:o}", "local", address_json(&leg->local),
		"remote", address_json(&leg->remote), "ice", NAME(ice_names, leg->ice), "dtls",
		NAME(dtls_names, leg->dtls), "consent", NAME(consent_names, leg->consent), "in",
		counts_json(&leg->in), "out", counts_json(&leg->out));
}

static json_t *state_json(const struct ask *ask, const struct iq_context_state *state)
{
	json_t *root = entry_make(ask->admin->config.calls, state->handle, state->ref);

	json_object_set_new(root, "age_ms", json_integer((json_int_t)(state->age_us / 1000)));
	json_object_set_new(root, "access", leg_json(&state->legs[IQ_LEG_ACCESS]));
	json_object_set_new(root, "core", leg_json(&state->legs[IQ_LEG_CORE]));
	return root;
}

static void on_state(int32_t status, const void *payload, void *arg)
{
	const struct iq_context_state *state = payload;
	struct ask *ask = arg;

	if (status == -ENOENT) {
		ask_refuse(ask, 404, "the media gateway has no such context");
		return;
	}
	if (status < 0) {
		ask_refuse(ask, 502, "the media gateway answers: %s", strerror(-status));
		return;
	}
	if (strcmp(ask->method, "DELETE") == 0)
		log_info("admin: media context %016" PRIx64 " of call %s is deleted", state->handle,
			state->ref);
	ask_answer(ask, 200, state_json(ask, state));
}

static void command_send(struct ask *ask, uint16_t type, iq_handle handle, iq_on_reply *on_reply)
{
	const struct iq_context_ref ref = {.handle = handle};
	const struct iq_command command = {.gateway = iq_handle_gateway(handle),
		.type = type,
		.payload = &ref,
		.on_reply = on_reply,
		.arg = ask};

	if (iq_client_send(ask->admin->config.iq, &command) < 0)
		ask_refuse(ask, 503, "media gateway %u is not attached", iq_handle_gateway(handle));
}

void context_show(struct ask *ask, iq_handle handle)
{
	command_send(ask, IQ_CONTEXT_GET, handle, on_state);
}

// What the context is for decides how it goes: with its call, or alone.
static void on_known(int32_t status, const void *payload, void *arg)
{
	const struct iq_context_state *state = payload;
	struct ask *ask = arg;
	struct call_info info;

	if (status < 0) {
		on_state(status, NULL, ask);
	} else if (call_info_get(ask->admin->config.calls, state->ref, &info) == 0 &&
		info.media == state->handle) {
		json_t *root = state_json(ask, state); // as it was: with its call

		log_info("admin: call %s is ended, with media context %016" PRIx64, state->ref,
			state->handle);
		call_end(ask->admin->config.calls, state->ref, 480, "ended by the operator");
		ask_answer(ask, 200, root);
	} else {
		command_send(ask, IQ_CONTEXT_DELETE, state->handle, on_state);
	}
}

void context_delete(struct ask *ask, iq_handle handle)
{
	command_send(ask, IQ_CONTEXT_GET, handle, on_known);
}
