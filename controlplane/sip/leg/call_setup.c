// SPDX-License-Identifier: Apache-2.0
// Initial INVITEs: finds both legs of a call and starts it.
#include "leg.h"
#include "log.h"

#include <sofia-sip/msg_header.h>
#include <sofia-sip/sip_header.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Leg A answers this INVITE.
static int leg_a_fill(struct sip_leg *leg, struct uas *uas)
{
	if (sip_dialog_from_request(&leg->dialog, sip_object(uas->request)) < 0 ||
		sip_leg_contact_make(leg) < 0)
		return -ENOMEM;
	leg->offer = uas;
	sip_leg_ref(leg);
	return 0;
}

// Leg B keeps an INVITE to target ready: its headers but those of the core.
static int leg_b_fill(struct sip_leg *leg, const sip_t *request, const char *target)
{
	int ret = sip_dialog_toward(&leg->dialog, request, target);

	if (ret == 0)
		ret = sip_leg_contact_make(leg);
	if (ret == 0)
		ret = sip_leg_enlist(leg);
	if (ret < 0)
		return ret;
	leg->first = sip_message_request("INVITE", target);
	return leg->first ? request_copy(leg->first, request) : -EINVAL;
}

static int calls_begin(struct sip_leg *a, struct sip_leg *b, struct call_bag *bag)
{
	const struct sip_config *config = &a->stack->config;
	struct call_setup setup = {
		.legs = {{&sip_leg_ops, a}, {&sip_leg_ops, b}},
		.web = a->w2 ? CALL_A : CALL_B,
		.families_access = config->families_access,
		.families_core = config->families_core,
		.msg = call_msg_of(sip_object(bag->msg), bag),
	};
	struct call *call;
	int ret;

	sip_token_make(setup.id);
	a->side = CALL_A;
	b->side = CALL_B;
	// From here on the INVITE is the call's: it may be cancelled.
	a->offer->user = &sip_leg_uas_user;
	a->offer->arg = a;
	ret = call_start(a->stack->calls, &setup, &call);
	if (ret < 0) {
		a->offer->user = NULL;
		return ret;
	}
	a->call = call;
	b->call = call;
	a->stack->counters.invites++;
	log_info("call %s: %s, Call-ID %s, binding %llu", setup.id,
		a->w2 ? "from the browser" : "to the browser", a->dialog.call_id,
		(unsigned long long)a->binding);
	return 0;
}

// Nobody has the legs yet. The INVITE is answered by the caller.
static void legs_discard(struct sip_leg *a, struct sip_leg *b)
{
	if (a && a->offer) {
		a->offer = NULL;
		sip_leg_unref(a);
	}
	if (a)
		sip_leg_unref(a);
	if (b)
		sip_leg_unref(b);
}

static int status_of(int ret)
{
	return ret == -EEXIST ? 482 : ret == -EINVAL ? 416 : 500;
}

static int from_wic_fill(struct sip_leg *a, struct sip_leg *b, struct uas *uas,
	struct call_bag *bag, const struct registration_view *view)
{
	const sip_t *request = sip_object(uas->request);
	struct call_msg headers = {.bag = bag};
	su_home_t *home = msg_home(uas->request);
	const char *target = url_as_string(home, request->sip_request->rq_url);
	int ret;

	if (leg_a_fill(a, uas) < 0 ||
		sip_text_set(&b->charging, charging_vector(b->stack, home)) < 0 ||
		sip_text_set(&b->dialog.routes, *view->service_route ? view->service_route : NULL) <
			0)
		return -ENOMEM;
	ret = leg_b_fill(b, request, target);
	if (ret == 0)
		ret = sip_leg_decorate(b, b->first, &headers);
	if (ret == 0)
		ret = originate_decorate(b->stack, b->first, request, view);
	return ret;
}

void invite_from_wic(struct sip_stack *stack, struct uas *uas)
{
	struct registration_view view;
	struct sip_leg *a, *b;
	struct call_bag *bag;
	int ret = -ENOMEM;

	if (registration_by_conn(stack->config.registrations, uas->conn, &view) < 0) {
		uas_answer(uas, 403, NULL);
		return;
	}
	a = sip_leg_create(stack, true, view.id);
	b = sip_leg_create(stack, false, view.id);
	bag = bag_create(uas->request);
	if (a && b && bag)
		ret = from_wic_fill(a, b, uas, bag, &view);
	if (ret == 0)
		ret = calls_begin(a, b, bag);
	if (ret < 0) {
		legs_discard(a, b);
		uas_answer(uas, status_of(ret), NULL);
	}
	sip_bag_unref(bag);
}

// The identity that the callee answers with: whom the core has called, when it is one of the browser's.
static int callee_identity_set(struct sip_leg *a, const sip_t *request)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	char *called = address_uri(home, sip_message_header(home, request, "P-Called-Party-ID"));
	const char *identity;
	int ret;

	if (!called)
		called = url_as_string(home, request->sip_to->a_url);
	identity = registration_assert(a->stack->config.registrations, a->binding, called);
	ret = sip_text_set(&a->identity, identity);
	su_home_deinit(home);
	return ret;
}

static int from_core_fill(struct sip_leg *a, struct sip_leg *b, struct uas *uas,
	struct call_bag *bag, const char *contact)
{
	const sip_t *request = sip_object(uas->request);
	struct call_msg headers = {.bag = bag};
	int ret;

	if (leg_a_fill(a, uas) < 0 || callee_identity_set(a, request) < 0 ||
		sip_text_set(&a->charging,
			charging_vector_answer(a->stack, msg_home(uas->request), request)) < 0)
		return -ENOMEM;
	ret = leg_b_fill(b, request, contact);
	return ret < 0 ? ret : sip_leg_decorate(b, b->first, &headers);
}

void invite_from_core(
	struct sip_stack *stack, struct uas *uas, const struct registration_view *view)
{
	char *contact = strdup(view->contact); // the view does not outlive the next question
	struct sip_leg *a = sip_leg_create(stack, false, view->id);
	struct sip_leg *b = sip_leg_create(stack, true, view->id);
	struct call_bag *bag = bag_create(uas->request);
	int ret = -ENOMEM;

	if (a && b && bag && contact)
		ret = from_core_fill(a, b, uas, bag, contact);
	if (ret == 0)
		ret = calls_begin(a, b, bag);
	if (ret < 0) {
		legs_discard(a, b);
		uas_answer(uas, status_of(ret), NULL);
	}
	sip_bag_unref(bag);
	free(contact);
}
