// SPDX-License-Identifier: Apache-2.0
// What the gateway, as a P-CSCF, says to the core for a browser (TS 24.229 section 5.2.6.3).
#include "sip_stack.h"

#include <sofia-sip/sip_header.h>
#include <sofia-sip/su_string.h>

#include <errno.h>
#include <string.h>

#define MMTEL "urn:urn-7:3gpp-service.ims.icsi.mmtel"

char *address_uri(su_home_t *home, const char *value)
{
	sip_to_t *address = value ? sip_to_make(home, value) : NULL;

	return address && address->a_url->url_type != url_invalid
		? url_as_string(home, address->a_url)
		: NULL;
}

char *charging_vector(const struct sip_stack *stack, su_home_t *home)
{
	const char *own = mw_own_address(stack->mw, stack->config.core);
	char icid[SIP_TAG_LEN];

	sip_token_make(icid);
	return su_sprintf(home, "icid-value=\"%s@%s\";icid-generated-at=%.*s;orig-ioi=\"Type 1%s\"",
		icid, own, (int)(strrchr(own, ':') - own), own, stack->config.ioi);
}

char *charging_vector_answer(const struct sip_stack *stack, su_home_t *home, const sip_t *request)
{
	char *value = sip_message_header(home, request, "P-Charging-Vector");

	if (!value || strstr(value, "term-ioi"))
		return value;
	return su_sprintf(home, "%s;term-ioi=\"Type 1%s\"", value, stack->config.ioi);
}

int request_copy(msg_t *msg, const sip_t *request)
{
	sip_t *sip = sip_object(msg);

	if (sip_add_dup(msg, sip, (sip_header_t *)request->sip_from) < 0 ||
		sip_add_dup(msg, sip, (sip_header_t *)request->sip_to) < 0 ||
		sip_add_dup(msg, sip, (sip_header_t *)request->sip_call_id) < 0 ||
		sip_add_dup(msg, sip, (sip_header_t *)request->sip_cseq) < 0)
		return -ENOMEM;
	return sip_message_addf(msg, "Max-Forwards", "%u", headers_hops_left(request));
}

static int identity_add(
	struct sip_stack *stack, msg_t *msg, const sip_t *request, registration_id id)
{
	su_home_t *home = msg_home(msg);
	char *preferred =
		address_uri(home, sip_message_header(home, request, "P-Preferred-Identity"));
	const char *identity = registration_assert(stack->config.registrations, id, preferred);

	return identity ? sip_message_addf(msg, "P-Asserted-Identity", "<%s>", identity) : -ENOENT;
}

int originate_decorate(struct sip_stack *stack, msg_t *msg, const sip_t *request,
	const struct registration_view *view)
{
	su_home_t *home = msg_home(msg);
	registration_id id = view->id;
	const char *service = sip_message_header(home, request, "P-Preferred-Service");
	int ret = 0;

	// The client's own Route never counts: where its requests go is said by the core (section 5.2.6.3.3).
	if (*view->service_route)
		ret = sip_message_add(msg, "Route", view->service_route);
	if (ret == 0 && *view->organization)
		ret = sip_message_add(msg, "Organization", view->organization);
	if (ret == 0 && service && strcmp(service, MMTEL) == 0)
		ret = sip_message_add(msg, "P-Asserted-Service", MMTEL);
	// Last, for it makes the view's strings stale.
	return ret < 0 ? ret : identity_add(stack, msg, request, id);
}
