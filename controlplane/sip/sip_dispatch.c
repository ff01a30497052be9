// SPDX-License-Identifier: Apache-2.0
// Which part a request is for, and whether it may come in at all.
#include "sip_dispatch.h"

#include "leg.h"
#include "register.h"
#include "relay.h"

#include <sofia-sip/sip_header.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct dialog_user *dialog_find(
	struct sip_stack *stack, registration_id binding, const sip_t *sip)
{
	char *key = sip_dialog_key(binding, sip->sip_call_id->i_id, sip->sip_to->a_tag);
	struct sip_table_node *node = key ? sip_table_find(&stack->dialogs, key) : NULL;

	free(key);
	return node ? sip_table_object(node, struct dialog_user, node) : NULL;
}

// What may be wrong with any request (RFC 3261 sections 8.2.2 and 16.3): false: it was answered.
static bool request_is_fit(struct uas *uas)
{
	const sip_t *sip = sip_object(uas->request);
	const url_t *uri = sip->sip_request->rq_url;
	char *unsupported = headers_unsupported(msg_home(uas->request), sip);

	if (unsupported) {
		uas_answer_with(uas, 420, "Unsupported", unsupported);
		return false;
	}
	if (headers_hops_left(sip) == 0) {
		uas_answer(uas, 483, NULL);
		return false;
	}
	if (uri->url_scheme && strcasecmp(uri->url_scheme, "urn") == 0) {
		// Emergency services aren't offered to browsers (TS 22.228).
		uas_answer(uas, 403, "Emergency Calls Not Supported");
		return false;
	}
	if (uri->url_type != url_sip && uri->url_type != url_sips && uri->url_type != url_tel) {
		uas_answer(uas, 416, NULL);
		return false;
	}
	if (!sip->sip_from->a_tag) {
		uas_answer(uas, 400, "From Tag Missing");
		return false;
	}
	if (!sip->sip_to->a_tag && sip_method_is(sip, "INVITE") && !sip->sip_contact) {
		uas_answer(uas, 400, "Contact Missing");
		return false;
	}
	return true;
}

// Methods that mean something only in a dialog.
static bool needs_dialog(const sip_t *sip)
{
	static const char *const methods[] = {"BYE", "UPDATE", "PRACK", "INFO", "NOTIFY"};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (sip_method_is(sip, methods[i]))
			return true;
	return false;
}

// OPTIONS to the gateway itself: nobody is named.
static bool asks_us(const sip_t *sip)
{
	const char *user = sip->sip_request->rq_url->url_user;

	return sip_method_is(sip, "OPTIONS") && (!user || !*user);
}

// What is the same on both sides; true: it was answered or taken over.
static bool request_is_settled(struct sip_stack *stack, struct uas *uas, registration_id binding)
{
	const sip_t *sip = sip_object(uas->request);
	struct dialog_user *user;

	if (sip->sip_to->a_tag) {
		user = dialog_find(stack, binding, sip);
		if (user)
			user->on_request(user, uas);
		else
			uas_answer(uas, 481, NULL);
		return true;
	}
	if (needs_dialog(sip)) {
		uas_answer(uas, 481, NULL);
		return true;
	}
	if (sip_method_is(sip, "INVITE") && !stack->calls) {
		uas_answer_with(uas, 503, "Retry-After", "10");
		return true;
	}
	if (asks_us(sip)) {
		uas_answer(uas, 200, NULL);
		return true;
	}
	return false;
}

// A request of a browser whose admission is being decided.
struct admission {
	struct sip_stack *stack;
	struct uas *uas;
	bool cancelled;
};

static void on_admission_cancel(void *arg, msg_t *cancel)
{
	(void)cancel;
	((struct admission *)arg)->cancelled = true;
}

static const struct uas_user admission_user = {.on_cancel = on_admission_cancel};

static void wic_request_route(struct sip_stack *stack, struct uas *uas)
{
	struct registration_view view;

	if (registration_by_conn(stack->config.registrations, uas->conn, &view) < 0) {
		uas_answer(uas, 403, NULL);
		return;
	}
	if (request_is_settled(stack, uas, view.id))
		return;
	if (sip_method_is(sip_object(uas->request), "INVITE"))
		invite_from_wic(stack, uas);
	else
		relay_from_wic(stack, uas);
}

static void on_admission(const struct registration_decision *decision, void *arg)
{
	struct admission admission = *(struct admission *)arg;
	struct uas *uas = admission.uas;

	free(arg);
	uas->user = NULL;
	uas->arg = NULL;
	if (admission.cancelled)
		uas_release(uas);
	else if (decision->action == REGISTRATION_RELAY)
		wic_request_route(admission.stack, uas);
	else if (decision->challenge)
		uas_answer_with(uas, decision->status, "WWW-Authenticate", decision->challenge);
	else
		uas_answer(uas, decision->status, decision->phrase);
}

void sip_on_w2_request(void *arg, struct uas *uas)
{
	struct sip_stack *stack = arg;
	const char *values[AUTHORIZATIONS_MAX];
	struct admission *admission;

	stack->counters.w2_requests++;
	if (!request_is_fit(uas))
		return;
	if (sip_method_is(sip_object(uas->request), "REGISTER")) {
		stack->counters.registers++;
		register_receive(stack, uas);
		return;
	}
	admission = malloc(sizeof(*admission));
	if (!admission) {
		uas_answer(uas, 500, NULL);
		return;
	}
	*admission = (struct admission){stack, uas, false};
	uas->user = &admission_user;
	uas->arg = admission;
	registration_admit(stack->config.registrations, uas->conn, values,
		authorizations_of(uas, values), on_admission, admission);
}

void sip_on_w2_ack(void *arg, ws_conn conn, msg_t *ack)
{
	struct sip_stack *stack = arg;
	struct registration_view view;
	struct dialog_user *user = NULL;

	if (registration_by_conn(stack->config.registrations, conn, &view) == 0)
		user = dialog_find(stack, view.id, sip_object(ack));
	if (user)
		user->on_ack(user, ack);
	else
		stack->counters.w2_unmatched++;
}

// Who is meant: by the flow token of our Path in the Route, else nobody. Answers when it fails.
static bool callee_find(struct sip_stack *stack, struct uas *uas, struct registration_view *view)
{
	const sip_route_t *route = sip_object(uas->request)->sip_route;
	const char *token = route ? route->r_url->url_user : NULL;
	int ret = token ? registration_by_flow_token(stack->config.registrations, token, view)
			: -ENOENT;

	if (ret == 0)
		return true;
	if (ret == -EPERM)
		uas_answer(uas, 403, "Forged Flow Token");
	else if (ret == -ESTALE || ret == -ENOTCONN)
		uas_answer(uas, 430, "Flow Failed");
	else
		uas_answer(uas, 404, NULL);
	return false;
}

void sip_on_mw_request(void *arg, struct uas *uas)
{
	struct sip_stack *stack = arg;
	const sip_t *sip = sip_object(uas->request);
	struct registration_view view;

	stack->counters.mw_requests++;
	if (sip_message_is_cut(sip)) {
		uas_answer(uas, 400, "Body Shorter than Content-Length");
		return;
	}
	if (!request_is_fit(uas) || request_is_settled(stack, uas, 0) ||
		!callee_find(stack, uas, &view))
		return;
	if (sip_method_is(sip, "INVITE"))
		invite_from_core(stack, uas, &view);
	else
		relay_from_core(stack, uas, &view);
}
