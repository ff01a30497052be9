// SPDX-License-Identifier: Apache-2.0
// Messages made by hand.
#include "ice_craft.h"

#include <stdio.h>
#include <string.h>

struct craft craft_request(struct rig *rig, unsigned n, bool use_candidate, char username[64])
{
	const struct ice_start *us = &rig->nodes[n].start, *peer = &rig->nodes[!n].start;
	struct craft craft = {.class = WIRE_STUN_REQUEST,
		.username = username,
		.password = us->pwd,
		.role = rig->nodes[n].agent.controlling ? WIRE_STUN_CONTROLLED
							: WIRE_STUN_CONTROLLING,
		.tiebreaker = 5,
		.priority = ice_priority(IQ_CANDIDATE_PRFLX, 0, 0),
		.use_candidate = use_candidate};
	uint64_t txid = rig_random(rig);

	snprintf(username, 64, "%s:%s", us->ufrag, peer->ufrag);
	memcpy(craft.txid, &txid, sizeof(txid));
	return craft;
}

uint16_t craft_write(const struct craft *craft, uint8_t bytes[512])
{
	struct ice_hmac hmac;
	struct wire_stun_writer w;
	int len;

	wire_stun_begin(&w, bytes, 512);
	wire_stun_header(&w, craft->class, WIRE_STUN_BINDING, craft->txid);
	if (craft->username != NULL)
		wire_stun_add_username(&w, craft->username, strlen(craft->username));
	if (craft->priority != 0)
		wire_stun_add_priority(&w, craft->priority);
	if (craft->role != WIRE_STUN_ROLE_NONE)
		wire_stun_add_role(&w, craft->role, craft->tiebreaker);
	if (craft->use_candidate)
		wire_stun_add_use_candidate(&w);
	if (craft->error != 0)
		wire_stun_add_error(&w, craft->error, "Some Reason");
	if (craft->mapped)
		wire_stun_add_xor_mapped(&w, &(struct wire_addr){.len = 4, .port = 1});
	if (craft->unknown) {
		memcpy(w.data + w.len, (uint8_t[]){0x00, 0x30, 0, 0}, 4);
		w.len += 4;
	}
	if (craft->password == NULL)
		len = craft->no_fingerprint ? wire_stun_finish(&w) : ice_message_end(&w, NULL);
	else
		ice_hmac_init(&hmac, craft->password), len = ice_message_end(&w, &hmac);
	assert_true(len > 0);
	if (craft->no_fingerprint && craft->password != NULL) {
		len -= 8; // the length in the header stays covered by the integrity only
		bytes[2] = (uint8_t)((len - 20) >> 8);
		bytes[3] = (uint8_t)(len - 20);
	}
	return (uint16_t)len;
}

enum ice_verdict craft_send(
	struct rig *rig, unsigned n, const struct craft *craft, const struct ice_tuple *from)
{
	struct rig_node *node = &rig->nodes[n];
	struct ice_env env = rig_env(node);
	struct ice_result result;
	uint8_t bytes[512];
	uint16_t len = craft_write(craft, bytes);

	result = ice_input(&node->agent, &node->view, from, bytes, len, &env);
	node->changed |= result.changed;
	return result.verdict;
}

static bool on_packet(
	struct rig *rig, unsigned from, struct ice_tuple *to, uint8_t *bytes, uint16_t *len)
{
	struct seen *seen = rig->arg;

	(void)from;
	seen->count++;
	seen->to = *to;
	seen->len = *len;
	memcpy(seen->bytes, bytes, *len);
	assert_int_equal(wire_stun_parse(&seen->msg, seen->bytes, *len), 0);
	seen->errors += seen->msg.class == WIRE_STUN_ERROR;
	assert_true(seen->msg.has_fingerprint);
	return false;
}

void craft_watch(struct rig *rig, struct seen *seen)
{
	memset(seen, 0, sizeof(*seen));
	rig->arg = seen;
	rig->on_packet = on_packet;
}

enum ice_verdict craft_answer(struct rig *rig, unsigned n, const struct seen *seen, unsigned error)
{
	struct craft craft = {.class = error != 0 ? WIRE_STUN_ERROR : WIRE_STUN_SUCCESS,
		.password = rig->nodes[!n].start.pwd,
		.error = error,
		.mapped = error == 0};

	memcpy(craft.txid, seen->msg.txid, sizeof(craft.txid));
	return craft_send(rig, n, &craft, &seen->to);
}

void craft_pass(struct rig *rig, unsigned n, struct seen *seen, const struct ice_tuple *from,
	bool use_candidate)
{
	struct craft craft;
	char name[64];

	craft = craft_request(rig, n, use_candidate, name);
	assert_int_equal(craft_send(rig, n, &craft, from), ICE_OK);
	for (unsigned i = 0; i < 36; i++) { // no two requests within one step
		rig_run(rig, 10000);
		if (seen->msg.class == WIRE_STUN_REQUEST && ice_tuple_equal(&seen->to, from))
			craft_answer(rig, n, seen, 0);
	}
}
