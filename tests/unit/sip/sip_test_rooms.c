// SPDX-License-Identifier: Apache-2.0
// The rooms around the stack, as small as a test needs them.
#include "sip_test_rooms.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test_rooms rooms;
struct registrations *const test_registrations = (struct registrations *)&rooms;
struct ws_server *const test_ws = (struct ws_server *)&rooms;
struct calls *const test_calls = (struct calls *)&rooms;

static const char *const impus[] = {"sip:alice@ims.test", "tel:+15550100"};

void test_rooms_reset(void)
{
	memset(&rooms, 0, sizeof(rooms));
	snprintf(rooms.contact, sizeof(rooms.contact), "sip:alice@x1.invalid;transport=ws");
}

int ws_send(struct ws_server *server, ws_conn conn, const char *data, size_t len)
{
	(void)server;
	if (conn != TEST_CONN || rooms.to_wic_count == 16)
		return -ENOTCONN;
	snprintf(rooms.to_wic[rooms.to_wic_count++], sizeof(rooms.to_wic[0]), "%.*s", (int)len,
		data);
	return 0;
}

void ws_close(struct ws_server *server, ws_conn conn, uint16_t code, const char *reason)
{
	(void)server;
	(void)conn;
	(void)code;
	(void)reason;
	rooms.closes++;
}

void ws_bound(struct ws_server *server, ws_conn conn)
{
	(void)server;
	(void)conn;
	rooms.bounds++;
}

int registration_conn_opened(
	struct registrations *regs, ws_conn conn, const char *origin, const char *peer)
{
	(void)regs;
	(void)conn;
	(void)origin;
	(void)peer;
	return 0;
}

void registration_conn_closed(struct registrations *regs, ws_conn conn)
{
	(void)regs;
	(void)conn;
	rooms.parked = true;
}

static void view_fill(struct registration_view *view)
{
	*view = (struct registration_view){.id = 5,
		.conn = rooms.parked ? 0 : TEST_CONN,
		.scenario = REGISTRATION_WEB_AUTH,
		.impi = "alice@ims.test",
		.impus = impus,
		.impu_count = 2,
		.contact = rooms.contact,
		.instance = "",
		.service_route = rooms.service_route,
		.associated_uri = "",
		.charging = "",
		.term_ioi = "",
		.flow_token = TEST_TOKEN,
		.origin = "",
		.wwsf_id = "",
		.organization = "shop.test",
		.waf_id = "waf.test",
		.home_domain = "ims.test"};
}

void registration_register(struct registrations *regs, const struct registration_request *request,
	registration_on_decision on_decision, void *arg)
{
	struct registration_decision decision = {
		.action = rooms.refuse_status ? REGISTRATION_REFUSE : REGISTRATION_RELAY,
		.status = rooms.refuse_status,
		.phrase = "No",
		.challenge = rooms.refuse_status == 401 ? "Bearer realm=\"ims.test\"" : NULL,
		.attempt = 9,
		.flow_token = TEST_TOKEN,
		.home_domain = "ims.test",
		.authorization =
			"Digest username=\"alice@ims.test\", integrity-protected=\"tls-pending\"",
	};

	(void)regs;
	rooms.asked = *request;
	snprintf(rooms.asked_domain, sizeof(rooms.asked_domain), "%s", request->domain);
	snprintf(rooms.asked_contact, sizeof(rooms.asked_contact), "%s",
		request->contact ? request->contact : "");
	snprintf(rooms.asked_instance, sizeof(rooms.asked_instance), "%s",
		request->instance ? request->instance : "");
	snprintf(rooms.asked_authorization, sizeof(rooms.asked_authorization), "%s",
		request->authorization_count ? request->authorizations[0] : "");
	on_decision(&decision, arg);
}

int registration_accepted(struct registrations *regs, registration_attempt attempt,
	const struct registration_result *result, struct registration_view *view)
{
	(void)regs;
	(void)attempt;
	rooms.bound = result->expires > 0;
	rooms.granted = result->expires;
	snprintf(rooms.service_route, sizeof(rooms.service_route), "%s",
		result->service_route ? result->service_route : "");
	view_fill(view);
	return 0;
}

void registration_failed(struct registrations *regs, registration_attempt attempt, int status)
{
	(void)regs;
	(void)attempt;
	rooms.last_failed = status;
}

void registration_admit(struct registrations *regs, ws_conn conn, const char *const *authorizations,
	unsigned authorization_count, registration_on_decision on_decision, void *arg)
{
	struct registration_decision decision = {
		.action = rooms.bound ? REGISTRATION_RELAY : REGISTRATION_REFUSE,
		.status = 403,
	};

	(void)regs;
	(void)conn;
	(void)authorizations;
	(void)authorization_count;
	on_decision(&decision, arg);
}

int registration_by_conn(struct registrations *regs, ws_conn conn, struct registration_view *view)
{
	(void)regs;
	if (!rooms.bound || conn != TEST_CONN)
		return -ENOENT;
	view_fill(view);
	return 0;
}

int registration_by_id(
	struct registrations *regs, registration_id id, struct registration_view *view)
{
	(void)regs;
	(void)id;
	view_fill(view);
	return 0;
}

int registration_by_flow_token(
	struct registrations *regs, const char *token, struct registration_view *view)
{
	(void)regs;
	if (strcmp(token, "stale") == 0)
		return -ESTALE;
	if (strcmp(token, TEST_TOKEN) != 0)
		return -EPERM;
	view_fill(view);
	return rooms.parked ? -ENOTCONN : 0;
}

const char *registration_assert(
	struct registrations *regs, registration_id id, const char *preferred)
{
	(void)regs;
	(void)id;
	for (unsigned i = 0; preferred && i < 2; i++)
		if (strcmp(preferred, impus[i]) == 0)
			return impus[i];
	return impus[0];
}

// A call that changes nothing: what one leg tells is told to the other.
struct call {
	struct call_leg legs[2];
	enum call_side offerer;
};

static const struct call_leg *other(struct call *call, enum call_side side)
{
	return &call->legs[side == CALL_A ? CALL_B : CALL_A];
}

static void finish(struct call *call)
{
	for (int i = 0; i < 2; i++)
		call->legs[i].ops->release(call->legs[i].leg);
	rooms.calls_live--;
	free(call);
}

static void end_other(struct call *call, enum call_side side, int cause, const char *text)
{
	const struct call_leg *leg = other(call, side);

	leg->ops->record(call->legs[CALL_B].leg, NULL, rooms.record, sizeof(rooms.record));
	for (int i = 0; i < 2; i++)
		leg->ops->record(
			call->legs[i].leg, NULL, rooms.records[i], sizeof(rooms.records[i]));
	leg->ops->end(leg->leg, cause, text);
	rooms.ends++;
	finish(call);
}

int test_call_restore(struct sip_stack *stack)
{
	struct call *call = calloc(1, sizeof(*call));
	int ret = 0, made = 0;

	for (; made < 2 && ret == 0; made++)
		ret = sip_leg_restore(stack, call, (enum call_side)made, rooms.records[made],
			strlen(rooms.records[made]), &call->legs[made]);
	if (ret == 0) {
		rooms.calls_live++;
		return 0;
	}
	if (made == 2)
		call->legs[CALL_A].ops->release(call->legs[CALL_A].leg);
	free(call);
	return ret;
}

int call_start(struct calls *calls, const struct call_setup *setup, struct call **out)
{
	struct call *call = calloc(1, sizeof(*call));

	(void)calls;
	memcpy(call->legs, setup->legs, sizeof(call->legs));
	call->offerer = CALL_A;
	rooms.starts++;
	rooms.calls_live++;
	*out = call;
	return call->legs[CALL_B].ops->offer(call->legs[CALL_B].leg, &setup->msg);
}

void call_on_progress(struct call *call, enum call_side side, int status, const char *dialog,
	const struct call_msg *msg)
{
	(void)dialog;
	other(call, side)->ops->progress(other(call, side)->leg, status, msg);
}

void call_on_answer(
	struct call *call, enum call_side side, const char *dialog, const struct call_msg *msg)
{
	(void)dialog;
	other(call, side)->ops->answer(other(call, side)->leg, msg);
}

void call_on_reject(struct call *call, enum call_side side, int status, const char *phrase,
	const struct call_msg *msg)
{
	(void)msg;
	other(call, side)
		->ops->reject(other(call, side)->leg,
			&(struct call_refusal){
				.status = status, .phrase = phrase, .bag = msg->bag});
	if (call->offerer == CALL_A && rooms.ends == 0 && side == CALL_B && !rooms.record[0])
		finish(call);
}

void call_on_offer(struct call *call, enum call_side side, const struct call_msg *msg)
{
	rooms.record[0] = '!'; // from here on a rejection ends nothing
	call->offerer = side;
	other(call, side)->ops->offer(other(call, side)->leg, msg);
}

void call_on_refreshed(struct call *call, enum call_side side)
{
	(void)call;
	(void)side;
}

void call_on_confirm(struct call *call, enum call_side side, const struct call_msg *msg)
{
	other(call, side)->ops->confirm(other(call, side)->leg, msg);
}

void call_on_cancel(struct call *call, enum call_side side)
{
	end_other(call, side, 0, NULL);
}

void call_on_end(struct call *call, enum call_side side, struct call_bag *bag)
{
	(void)bag;
	end_other(call, side, 0, NULL);
}

void call_on_relay(struct call *call, enum call_side side, uint64_t token, struct call_bag *request)
{
	other(call, side)->ops->relay(other(call, side)->leg, token, request);
}

void call_on_relayed(struct call *call, enum call_side side, uint64_t token, int status,
	struct call_bag *response)
{
	other(call, side)->ops->relay_response(other(call, side)->leg, token, status, response);
}

void call_on_failure(struct call *call, enum call_side side, int cause, const char *text)
{
	rooms.failures++;
	call->legs[side].ops->end(call->legs[side].leg, cause, text);
	end_other(call, side, cause, text);
}

void call_on_parked(struct call *call, enum call_side side)
{
	(void)call;
	(void)side;
	rooms.parks++;
}

void call_on_resumed(struct call *call, enum call_side side)
{
	(void)call;
	(void)side;
}
