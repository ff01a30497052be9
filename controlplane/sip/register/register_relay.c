// SPDX-License-Identifier: Apache-2.0
// REGISTER between a browser and the core (TS 24.229 section 5.2.2, RFC 3327, RFC 3608, RFC 5626).
#include "log.h"
#include "register.h"

#include <sofia-sip/msg_header.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/su_string.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPIRES_DEFAULT 600000 // TS 24.229 section 5.1.1.2

// One REGISTER from its arrival to its answer.
struct registering {
	struct sip_stack *stack;
	struct uas *uas;
	struct uac *uac;
	registration_attempt attempt;
	char *contact; // URI registered; NULL: a query
	uint32_t expires_max; // of the token; 0: no limit
};

static void registering_end(struct registering *reg)
{
	if (reg->uac)
		uac_release(reg->uac);
	free(reg->contact);
	free(reg);
}

static void respond(struct registering *reg, msg_t *response)
{
	if (response)
		uas_respond(reg->uas, response);
	uas_release(reg->uas);
	registering_end(reg);
}

static void refuse(struct registering *reg, const struct registration_decision *decision)
{
	char tag[SIP_TAG_LEN];
	msg_t *response;

	sip_token_make(tag);
	response = sip_message_response(reg->uas->request, decision->status, decision->phrase, tag);
	if (response && decision->challenge)
		sip_message_add(response, "WWW-Authenticate", decision->challenge);
	if (response && decision->retry_after_s)
		sip_message_addf(response, "Retry-After", "%u", decision->retry_after_s);
	respond(reg, response);
}

static void refuse_plainly(struct registering *reg, int status, const char *phrase)
{
	refuse(reg, &(struct registration_decision){.status = status, .phrase = phrase});
}

static bool has_reg_id(const sip_t *sip)
{
	return sip->sip_contact && msg_params_find(sip->sip_contact->m_params, "reg-id=");
}

// The client's Contacts; where the token lives shorter than asked for, with its time.
static int contacts_copy(msg_t *msg, const sip_t *request, uint32_t expires_max)
{
	su_home_t *home = msg_home(msg);

	for (const sip_contact_t *from = request->sip_contact; from; from = from->m_next) {
		sip_contact_t *copy =
			(sip_contact_t *)msg_header_dup_one(home, (const msg_header_t *)from);

		if (!copy)
			return -ENOMEM;
		if (expires_max && copy->m_expires &&
			strtoul(copy->m_expires, NULL, 10) > expires_max &&
			msg_header_replace_param(home, copy->m_common,
				su_sprintf(home, "expires=%u", expires_max)) < 0)
			return -ENOMEM;
		if (sip_header_insert(msg, sip_object(msg), (sip_header_t *)copy) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int expires_limit(msg_t *msg, const sip_t *request, uint32_t expires_max)
{
	sip_t *sip = sip_object(msg);

	if (!expires_max || !request->sip_contact)
		return 0;
	if (sip->sip_expires) {
		if (sip->sip_expires->ex_delta > expires_max)
			sip->sip_expires->ex_delta = expires_max;
		return 0;
	}
	return request->sip_contact->m_expires
		? 0
		: sip_message_addf(msg, "Expires", "%u", expires_max);
}

int register_path_add(
	struct sip_stack *stack, msg_t *msg, const sip_t *request, const char *flow_token)
{
	bool outbound = sip_option_in(request->sip_supported, "outbound") && has_reg_id(request);
	int ret = sip_message_addf(msg, "Path", "<sip:%s@%s;lr%s>", flow_token,
		mw_own_address(stack->mw, stack->config.core), outbound ? ";ob" : "");

	return ret < 0 ? ret : sip_message_add(msg, "Require", "path");
}

int register_network_add(struct sip_stack *stack, msg_t *msg, const char *home_domain)
{
	const char *vector = charging_vector(stack, msg_home(msg));
	int ret = vector ? sip_message_add(msg, "P-Charging-Vector", vector) : -ENOMEM;

	if (ret == 0)
		ret = sip_message_addf(msg, "P-Visited-Network-ID", "\"%s\"", home_domain);
	if (ret == 0 && stack->config.access_network)
		ret = sip_message_add(msg, "P-Access-Network-Info", stack->config.access_network);
	return ret;
}

static int register_fill(
	struct registering *reg, msg_t *msg, const struct registration_decision *decision)
{
	const sip_t *request = sip_object(reg->uas->request);
	int ret = request_copy(msg, request);

	if (ret == 0)
		ret = headers_pass(msg, request, HEADERS_TO_CORE);
	if (ret == 0)
		ret = contacts_copy(msg, request, decision->expires_max);
	if (ret == 0)
		ret = expires_limit(msg, request, decision->expires_max);
	if (ret == 0)
		ret = register_path_add(reg->stack, msg, request, decision->flow_token);
	if (ret == 0)
		ret = register_network_add(reg->stack, msg, decision->home_domain);
	if (ret == 0 && decision->authorization)
		ret = sip_message_add(msg, "Authorization", decision->authorization);
	if (ret == 0 && decision->organization)
		ret = sip_message_add(msg, "Organization", decision->organization);
	return ret;
}

// A challenge without the keys that are for the P-CSCF only (TS 24.229 section 5.2.2).
static int challenges_copy(msg_t *msg, const sip_t *response)
{
	const sip_www_authenticate_t *from = response->sip_www_authenticate;

	for (; from; from = from->au_next) {
		msg_header_t *copy = msg_header_dup_one(msg_home(msg), (const msg_header_t *)from);

		if (!copy)
			return -ENOMEM;
		msg_header_remove_param(copy->sh_common, "ck");
		msg_header_remove_param(copy->sh_common, "ik");
		if (msg_header_insert(msg, (msg_pub_t *)sip_object(msg), copy) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int response_fill(struct registering *reg, msg_t *msg, const sip_t *response)
{
	su_home_t *home = msg_home(msg);
	int ret = headers_pass(msg, response, HEADERS_TO_WIC);
	char *associated = sip_message_header(home, response, "P-Associated-URI");

	if (ret == 0)
		ret = contacts_copy(msg, response, reg->expires_max);
	if (ret == 0)
		ret = challenges_copy(msg, response);
	// The core's own route stays here; the client's requests come by its connection anyway.
	if (ret == 0 && response->sip_service_route)
		ret = sip_message_addf(
			msg, "Service-Route", "<sip:%s;transport=ws;lr>", reg->stack->config.host);
	if (ret == 0 && associated)
		ret = sip_message_add(msg, "P-Associated-URI", associated);
	return ret;
}

static void response_pass(struct registering *reg, const sip_t *response)
{
	msg_t *msg = sip_message_response(reg->uas->request, response->sip_status->st_status,
		response->sip_status->st_phrase, response->sip_to->a_tag);

	if (msg && response_fill(reg, msg, response) < 0) {
		msg_destroy(msg);
		msg = NULL;
	}
	respond(reg, msg);
}

// What the registrar granted to the contact of this client, whatever else it lists.
static uint32_t granted(const struct registering *reg, const sip_t *response)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	url_t *own =
		reg->contact ? url_hdup(home, (const url_t *)url_make(home, reg->contact)) : NULL;
	const sip_contact_t *contact = response->sip_contact;
	uint32_t expires = 0;

	while (own && contact && url_cmp(contact->m_url, own) != 0)
		contact = contact->m_next;
	if (own && contact && contact->m_expires)
		expires = (uint32_t)strtoul(contact->m_expires, NULL, 10);
	else if (own && contact && response->sip_expires)
		expires = (uint32_t)response->sip_expires->ex_delta;
	su_home_deinit(home);
	return expires;
}

// A quoted parameter of a header value, in home's memory; NULL: absent.
static char *parameter(su_home_t *home, const char *value, const char *name)
{
	const char *at = value ? strstr(value, name) : NULL, *end;

	if (!at)
		return NULL;
	at += strlen(name);
	if (*at == '"')
		at++;
	end = at + strcspn(at, "\";, ");
	return su_strndup(home, at, (isize_t)(end - at));
}

static int binding_make(
	struct registering *reg, const sip_t *response, struct registration_view *view)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	char *vector = sip_message_header(home, response, "P-Charging-Vector");
	struct registration_result result = {
		.service_route = sip_message_header(home, response, "Service-Route"),
		.associated_uri = sip_message_header(home, response, "P-Associated-URI"),
		.charging = sip_message_header(home, response, "P-Charging-Function-Addresses"),
		.expires = granted(reg, response),
	};
	int ret;

	result.term_ioi = parameter(home, vector, "term-ioi=");
	ret = registration_accepted(reg->stack->config.registrations, reg->attempt, &result, view);
	su_home_deinit(home);
	if (ret == 0 && result.expires > 0 && reg->stack->ws)
		ws_bound(reg->stack->ws, reg->uas->conn);
	return ret;
}

static void accepted(struct registering *reg, const sip_t *response)
{
	struct registration_view view = {0};
	const char *name = sip_object(reg->uas->request)->sip_to->a_url->url_user;
	int ret = binding_make(reg, response, &view);

	log_info("register of %s: %d, granted %u s%s%s", name ? name : "?",
		response->sip_status->st_status, granted(reg, response),
		ret < 0 ? ", not bound: " : "", ret < 0 ? strerror(-ret) : "");
	if (ret == 0 || ret == -ENOTCONN)
		response_pass(reg, response);
	else if (ret == -EPERM)
		refuse_plainly(reg, 403, "Another Identity Is Bound Here");
	else
		refuse_plainly(reg, 500, NULL);
}

static void on_response(void *arg, int status, msg_t *response)
{
	struct registering *reg = arg;

	if (status < 200)
		return;
	if (response && status < 300) {
		accepted(reg, sip_object(response));
		return;
	}
	registration_failed(
		reg->stack->config.registrations, reg->attempt, response ? status : 408);
	if (response)
		response_pass(reg, sip_object(response));
	else
		refuse_plainly(reg, 504, "Server Time-out"); // TS 24.229 section 5.2.2.1
}

static void relay(struct registering *reg, const struct registration_decision *decision)
{
	const sip_t *request = sip_object(reg->uas->request);
	struct sip_sender *sender = mw_sender(reg->stack->mw);
	msg_t *msg = sip_message_request("REGISTER",
		url_as_string(msg_home(reg->uas->request), request->sip_request->rq_url));

	reg->attempt = decision->attempt;
	reg->expires_max = decision->expires_max;
	if (msg && register_fill(reg, msg, decision) == 0)
		reg->uac = sender->send(sender, 0, msg, on_response, reg);
	else
		msg_destroy(msg);
	if (reg->uac)
		return;
	registration_failed(reg->stack->config.registrations, reg->attempt, 500);
	refuse_plainly(reg, 500, NULL);
}

static void on_decision(const struct registration_decision *decision, void *arg)
{
	if (decision->action == REGISTRATION_RELAY)
		relay(arg, decision);
	else
		refuse(arg, decision);
}

// "<urn:uuid:...>" with its quotes, as a bare URN.
static const char *instance_of(su_home_t *home, const sip_contact_t *contact)
{
	const char *value = msg_params_find(contact->m_params, "+sip.instance=");

	if (!value)
		return NULL;
	value += strspn(value, "\"<");
	return su_strndup(home, value, (isize_t)strcspn(value, "\">"));
}

static uint32_t expires_asked(const sip_t *sip)
{
	unsigned long expires = EXPIRES_DEFAULT;

	if (sip->sip_contact && sip->sip_contact->m_expires)
		expires = strtoul(sip->sip_contact->m_expires, NULL, 10);
	else if (sip->sip_expires)
		expires = sip->sip_expires->ex_delta;
	return expires > UINT32_MAX ? UINT32_MAX : (uint32_t)expires;
}

static void decide(struct registering *reg)
{
	su_home_t *home = msg_home(reg->uas->request);
	const sip_t *sip = sip_object(reg->uas->request);
	const char *values[AUTHORIZATIONS_MAX];
	struct registration_request request = {
		.conn = reg->uas->conn,
		.domain = sip->sip_request->rq_url->url_host,
		.to = url_as_string(home, sip->sip_to->a_url),
		.from = url_as_string(home, sip->sip_from->a_url),
		.contact = reg->contact,
		.expires = expires_asked(sip),
		.authorizations = values,
		.authorization_count = authorizations_of(reg->uas, values),
	};

	if (sip->sip_contact)
		request.instance = instance_of(home, sip->sip_contact);
	registration_register(reg->stack->config.registrations, &request, on_decision, reg);
}

void register_receive(struct sip_stack *stack, struct uas *uas)
{
	const sip_t *sip = sip_object(uas->request);
	struct registering *reg;

	if (sip->sip_to->a_tag || (sip->sip_contact && sip->sip_contact->m_next)) {
		uas_answer(uas, 400, "One Contact, No To Tag");
		return;
	}
	reg = calloc(1, sizeof(*reg));
	if (!reg) {
		uas_answer(uas, 500, NULL);
		return;
	}
	reg->stack = stack;
	reg->uas = uas;
	if (sip->sip_contact)
		reg->contact = strdup(sip->sip_contact->m_url->url_type == url_any
				? "*"
				: url_as_string(msg_home(uas->request), sip->sip_contact->m_url));
	decide(reg);
}
