// SPDX-License-Identifier: Apache-2.0
// Answers to Binding requests (RFC 8489 sections 6.3, 9.1.3; RFC 8445 section 7.3).
#include "ice_parts.h"

#include <string.h>

#define REPLY_MAX 160
#define ERROR_PERIOD_MS 100 // unauthenticated errors of one transport
#define ERROR_BURST 10

static void reply_begin(struct wire_stun_writer *w, uint8_t buf[REPLY_MAX],
	enum wire_stun_class class, const struct wire_stun *msg)
{
	wire_stun_begin(w, buf, REPLY_MAX);
	wire_stun_header(w, class, msg->method, msg->txid);
}

void ice_reply_success(struct ice_run *run, const struct ice_tuple *to, const struct wire_stun *msg,
	const struct ice_hmac *hmac)
{
	struct wire_addr mapped = {.port = to->remote_port, .len = to->family == 6 ? 16 : 4};
	struct wire_stun_writer w;
	uint8_t buf[REPLY_MAX];
	int len;

	memcpy(mapped.bytes, to->remote_ip, mapped.len);
	reply_begin(&w, buf, WIRE_STUN_SUCCESS, msg);
	wire_stun_add_xor_mapped(&w, &mapped);
	len = ice_message_end(&w, hmac);
	if (len > 0)
		run->env->send(run->env->arg, to, buf, (uint16_t)len);
}

static const char *reason_of(unsigned code)
{
	switch (code) {
	case 400:
		return "Bad Request";
	case 401:
		return "Unauthenticated";
	case 420:
		return "Unknown Attribute";
	default:
		return "Role Conflict";
	}
}

void ice_reply_error(struct ice_run *run, const struct ice_tuple *to, const struct wire_stun *msg,
	const struct ice_hmac *hmac, unsigned code)
{
	struct wire_stun_writer w;
	uint8_t buf[REPLY_MAX];
	int len;

	reply_begin(&w, buf, WIRE_STUN_ERROR, msg);
	wire_stun_add_error(&w, code, reason_of(code));
	if (code == 420)
		wire_stun_add_unknown(&w, msg->unknown, msg->unknown_count);
	len = ice_message_end(&w, hmac);
	if (len <= 0)
		return;
	// Whoever is not known gets no more than it sent, and seldom: its address may be a victim's. Half of what the worker
	// has for strangers is kept for those who know a name.
	if (hmac == NULL &&
		(len > msg->len ||
			!ice_budget_take(&run->a->error_budget, run->env->now_us, ERROR_PERIOD_MS,
				ERROR_BURST) ||
			!ice_strangers_take(run->env, ICE_STRANGERS_BURST / 2)))
		return;
	run->env->send(run->env->arg, to, buf, (uint16_t)len);
}
