// SPDX-License-Identifier: Apache-2.0
// The stack as a whole: its parts and the events from the rooms around it.
#include "sip.h"

#include "leg.h"
#include "log.h"
#include "register.h"
#include "relay.h"
#include "sip_dispatch.h"
#include "w2_accept.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int on_w2_send(void *arg, ws_conn conn, const char *data, size_t len)
{
	struct sip_stack *stack = arg;

	return stack->ws ? ws_send(stack->ws, conn, data, len) : -ENOTCONN;
}

static void message_receive(struct sip_stack *stack, const struct ws_event *event)
{
	struct w2_acceptance got;

	w2_accept(event->data, event->len, &got);
	switch (got.verdict) {
	case W2_TAKEN:
		if (sip_object(got.msg)->sip_status)
			stack->counters.w2_responses++;
		w2_receive(stack->w2, event->conn, got.msg);
		break;
	case W2_KEEPALIVE:
		ws_send(stack->ws, event->conn, "\r\n", 2);
		break;
	case W2_REFUSED:
		stack->counters.w2_refused++;
		log_info("w2 connection %llu: %d %s", (unsigned long long)event->conn, got.status,
			got.why);
		ws_send(stack->ws, event->conn, got.response, got.response_len);
		free(got.response);
		break;
	case W2_DROPPED:
		stack->counters.w2_dropped++;
		break;
	case W2_FATAL:
		stack->counters.w2_fatal++;
		log_info(
			"w2 connection %llu: closed: %s", (unsigned long long)event->conn, got.why);
		ws_close(stack->ws, event->conn, got.close_code, got.why);
		break;
	}
}

void sip_stack_on_ws(const struct ws_event *event, void *arg)
{
	struct sip_stack *stack = arg;
	struct registrations *registrations = stack->config.registrations;

	switch (event->type) {
	case WS_OPENED:
		if (registration_conn_opened(
			    registrations, event->conn, event->origin, event->peer) < 0)
			ws_close(stack->ws, event->conn, 1013, "try again later");
		break;
	case WS_MESSAGE:
		message_receive(stack, event);
		break;
	case WS_CLOSED:
		registration_conn_closed(registrations, event->conn);
		w2_closed(stack->w2, event->conn);
		break;
	}
}

static void leg_parked(struct sip_leg *leg, void *arg)
{
	(void)arg;
	if (leg->call)
		call_on_parked(leg->call, leg->side);
}

static void leg_resumed(struct sip_leg *leg, void *arg)
{
	(void)arg;
	sip_leg_farewell(leg);
	if (leg->call)
		call_on_resumed(leg->call, leg->side);
}

static void leg_gone(struct sip_leg *leg, void *arg)
{
	(void)arg;
	if (leg->call)
		call_on_failure(leg->call, leg->side, 480, "Registration gone");
	sip_leg_farewell_drop(leg);
}

void sip_stack_on_registration(struct sip_stack *stack, const struct registration_event *event)
{
	registration_id id = event->view->id;

	switch (event->type) {
	case REGISTRATION_BOUND:
	case REGISTRATION_REFRESHED:
		break;
	case REGISTRATION_RESUMED:
		sip_legs_of_binding(stack, id, leg_resumed, NULL);
		break;
	case REGISTRATION_PARKED:
		sip_legs_of_binding(stack, id, leg_parked, NULL);
		break;
	case REGISTRATION_GONE:
		if (event->gone == REGISTRATION_GONE_TOKEN || event->gone == REGISTRATION_GONE_LOST)
			register_withdraw(stack, event->view);
		sip_legs_of_binding(stack, id, leg_gone, NULL);
		break;
	}
}

void sip_stack_calls_set(struct sip_stack *stack, struct calls *calls)
{
	stack->calls = calls;
}

void sip_counters_get(const struct sip_stack *stack, struct sip_counters *out)
{
	*out = stack->counters;
	out->w2_unmatched += w2_unmatched(stack->w2);
	out->w2_transactions = w2_count(stack->w2);
	out->mw_forbidden = mw_counters(stack->mw).forbidden;
	out->mw_cut = mw_counters(stack->mw).cut;
}

struct sip_stack *sip_stack_create(const struct sip_config *config, char *err, size_t err_len)
{
	struct sip_stack *stack = calloc(1, sizeof(*stack));
	unsigned t1_ms = config->t1_ms ? config->t1_ms : 500;
	int saved = ENOMEM;

	if (!stack)
		return NULL;
	stack->config = *config;
	stack->timers = (struct sip_timers){sip_timer_start, sip_timer_stop, config->root};
	snprintf(err, err_len, "sip: no memory");
	if (sip_table_init(&stack->dialogs) < 0 || sip_table_init(&stack->bindings) < 0)
		goto err;
	stack->w2 = w2_create(&(struct w2_config){stack->timers, t1_ms, config->host, on_w2_send,
		sip_on_w2_request, sip_on_w2_ack, stack});
	if (!stack->w2)
		goto err;
	stack->mw = mw_create(&(struct mw_config){config->root, config->core, config->peers,
				      config->peer_count, t1_ms, sip_on_mw_request, stack},
		err, err_len);
	if (stack->mw)
		return stack;
	saved = errno;
err:
	sip_stack_destroy(stack);
	errno = saved;
	return NULL;
}

int sip_stack_open(
	struct sip_stack *stack, const struct sip_doors *doors, char *err, size_t err_len)
{
	int ret = 0;

	stack->ws = doors->ws;
	for (unsigned i = 0; i < doors->listen_count && ret == 0; i++)
		ret = mw_listen(stack->mw, &doors->listens[i], err, err_len);
	return ret;
}

void sip_stack_close(struct sip_stack *stack)
{
	stack->ws = NULL;
}

// What calls have released but transactions still hold, and subscriptions.
static void legs_abandon(struct sip_stack *stack)
{
	for (struct sip_leg *leg = stack->legs; leg; leg = stack->legs) {
		if (leg->call)
			return; // still the call's: it should have been destroyed before
		sip_leg_ref(leg);
		sip_leg_relays_drop(leg);
		sip_leg_abandon(leg);
		if (leg->owner)
			relay_abandon(leg->owner);
		sip_leg_unref(leg);
		if (leg == stack->legs)
			return; // a relay in flight names it
	}
}

void sip_stack_destroy(struct sip_stack *stack)
{
	if (!stack)
		return;
	legs_abandon(stack);
	w2_destroy(stack->w2);
	mw_destroy(stack->mw);
	sip_table_fini(&stack->dialogs);
	sip_table_fini(&stack->bindings);
	free(stack);
}
