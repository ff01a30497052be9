// SPDX-License-Identifier: Apache-2.0
// The flat record of a confirmed call: what another process needs to go on with it.
#include "call_priv.h"
#include "clock.h"
#include "hex.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define RECORD_MAX 32768

struct text {
	char bytes[RECORD_MAX];
	size_t len;
	bool full;
};

static void text_add(struct text *text, const char *name, const char *value)
{
	int n = snprintf(text->bytes + text->len, sizeof(text->bytes) - text->len, "[%s %zu]\n%s\n",
		name, strlen(value), value);

	if (n < 0 || (size_t)n >= sizeof(text->bytes) - text->len)
		text->full = true;
	else
		text->len += (size_t)n;
}

static void leg_add(
	struct text *text, const struct call *call, enum call_side side, const char *name)
{
	static _Thread_local char record[RECORD_MAX / 4];
	const struct call_leg *leg = &call->legs[side];
	struct call_bag *answer = side == CALL_A ? call->answer_bag : NULL;
	int n = leg->ops->record(leg->leg, answer, record, sizeof(record) - 1);

	if (n < 0) {
		text->full = true;
		return;
	}
	record[n] = '\0';
	text_add(text, name, record);
}

static void sdp_add(struct text *text, const struct sdp_session *sdp, const char *name)
{
	if (sdp != NULL)
		text_add(text, name, sdp_text(sdp, NULL));
}

// Whether the last thing a side has said was an offer, once the exchange is in force.
static bool will_have_offered(const struct call *call, enum call_side side)
{
	const struct exchange *x = &call->exchange;

	if (x->offer != NULL && side == x->from)
		return true;
	return x->answer != NULL && side != x->from ? false : call->remote_was_offer[side];
}

static void head_add(struct text *text, const struct call *call)
{
	uint64_t age_us = clock_now_us() - call->started_us;
	char head[320];

	snprintf(head, sizeof(head),
		"web=%u media=%016" PRIx64 " role=%u sections=%u families=%u,%u offers=%d,%d "
		"session=%" PRIu64 ",%" PRIu64 " started=%" PRId64 " setup=%" PRIu64,
		call->web, call->media, call->role, call->sections, call->families[0],
		call->families[1], will_have_offered(call, CALL_A), will_have_offered(call, CALL_B),
		call->session_id[0], call->session_id[1],
		clock_wall_s() - (int64_t)(age_us / 1000000),
		(call->up_us != 0 ? call->up_us - call->started_us : age_us) / 1000);
	text_add(text, "call", head);
}

static void hex_add(struct text *text, const char *name, const void *bytes, size_t len)
{
	char hex[2 * sizeof(struct iq_context_local) + 1];

	hex_write(hex, bytes, len);
	text_add(text, name, hex);
	explicit_bzero(hex, sizeof(hex));
}

static void call_write(struct call *call, struct text *text)
{
	const struct exchange *x = &call->exchange;
	enum call_side from = x->from, to = other_side(from);

	head_add(text, call);
	hex_add(text, "transports", call->transport_of, sizeof(call->transport_of));
	hex_add(text, "audio", &call->audio_sections, sizeof(call->audio_sections));
	hex_add(text, "local media", &call->local_media, sizeof(call->local_media));
	leg_add(text, call, CALL_A, "leg a");
	leg_add(text, call, CALL_B, "leg b");
	sdp_add(text, x->offer != NULL ? x->offer : call->remote[from],
		from == CALL_A ? "remote a" : "remote b");
	sdp_add(text, x->reply != NULL ? x->reply : call->local[from],
		from == CALL_A ? "local a" : "local b");
	sdp_add(text, x->answer != NULL ? x->answer : call->remote[to],
		to == CALL_A ? "remote a" : "remote b");
	sdp_add(text, x->forward != NULL ? x->forward : call->local[to],
		to == CALL_A ? "local a" : "local b");
}

int record_put(struct call *call, store_on_done *on_done)
{
	static _Thread_local struct text text;
	const struct store_done done = {.is_durable = true, .on_done = on_done, .arg = call};
	struct store_record record = {
		.key = call->id, .version = CALL_RECORD_VERSION, .value = text.bytes};
	int ret = -ENOSPC;

	text.len = 0;
	text.full = false;
	if (call->calls->config.store == NULL)
		return -ENOSYS;
	call_write(call, &text);
	record.len = text.len;
	if (!text.full)
		ret = store_put(call->calls->config.store, STORE_DIALOG, &record,
			on_done != NULL ? &done : NULL);
	explicit_bzero(text.bytes, sizeof(text.bytes)); // holds the ICE password
	return ret;
}

void record_del(struct call *call)
{
	// Best effort: a record without a call is removed at the next start, when its dialog is asked for.
	if (call->calls->config.store != NULL)
		(void)store_del(call->calls->config.store, STORE_DIALOG, call->id, NULL);
}
