// SPDX-License-Identifier: Apache-2.0
// Tells the core of bindings that ended here: a token ran out, a browser did not come back.
#include "register.h"

#include <stdio.h>

static int withdrawal_fill(
	struct sip_stack *stack, msg_t *msg, const struct registration_view *view)
{
	char name[SIP_TAG_LEN];
	int ret;

	sip_token_make(name);
	ret = sip_message_addf(msg, "From", "<%s>;tag=%s", view->impus[0], name);
	if (ret == 0)
		ret = sip_message_addf(msg, "To", "<%s>", view->impus[0]);
	if (ret == 0)
		ret = sip_message_addf(msg, "Call-ID", "%s-%s", name, stack->config.host);
	if (ret == 0)
		ret = sip_message_add(msg, "CSeq", "1 REGISTER");
	if (ret == 0)
		ret = sip_message_add(msg, "Max-Forwards", "70");
	if (ret == 0)
		ret = sip_message_addf(msg, "Contact", "<%s>;expires=0", view->contact);
	if (ret == 0)
		ret = register_path_add(stack, msg, sip_object(msg), view->flow_token);
	if (ret == 0)
		ret = register_network_add(stack, msg, view->home_domain);
	if (ret == 0)
		ret = sip_message_addf(msg, "Authorization",
			"Digest username=\"%s\", realm=\"%s\", nonce=\"\", uri=\"sip:%s\", "
			"response=\"\", "
			"integrity-protected=\"auth-done\"%s%s%s",
			view->impi, view->home_domain, view->home_domain,
			*view->waf_id ? ", authorization-entity=\"" : "", view->waf_id,
			*view->waf_id ? "\"" : "");
	return ret;
}

void register_withdraw(struct sip_stack *stack, const struct registration_view *view)
{
	struct sip_sender *sender = mw_sender(stack->mw);
	char uri[256];
	struct uac *uac = NULL;
	msg_t *msg;

	// For a digest user only the user can say it; the core learns it by 430 or by expiry.
	if (view->scenario != REGISTRATION_WEB_AUTH || view->impu_count == 0)
		return;
	snprintf(uri, sizeof(uri), "sip:%s", view->home_domain);
	msg = sip_message_request("REGISTER", uri);
	if (msg && withdrawal_fill(stack, msg, view) == 0)
		uac = sender->send(sender, 0, msg, NULL, NULL);
	else
		msg_destroy(msg);
	if (uac)
		uac_release(uac);
}
