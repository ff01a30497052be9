// SPDX-License-Identifier: Apache-2.0
// The commands: what they carry, what their replies carry, which of them change anything.
#include "iq.h"

#include <errno.h>

struct command_form {
	uint32_t size, reply_size;
	bool changes;
};

static const struct command_form forms[] = {
	[IQ_CONTEXT_RESERVE] = {sizeof(struct iq_context_reserve), sizeof(struct iq_context_local),
		true},
	[IQ_LEG_SET] = {sizeof(struct iq_leg_set), 0, true},
	[IQ_STREAMS_SET] = {sizeof(struct iq_streams_set), 0, true},
	[IQ_CANDIDATES_ADD] = {sizeof(struct iq_candidates_add), 0, true},
	[IQ_CONTEXT_DELETE] = {sizeof(struct iq_context_ref), sizeof(struct iq_context_state),
		true},
	[IQ_CONTEXT_GET] = {sizeof(struct iq_context_ref), sizeof(struct iq_context_state), false},
	[IQ_AUDIT] = {sizeof(struct iq_audit), sizeof(struct iq_audit_page), false},
	[IQ_STATE_ACK] = {sizeof(struct iq_state_ack), 0, false},
	[IQ_KEEPALIVE] = {0, sizeof(struct iq_capacity), false},
	[IQ_DRAIN] = {sizeof(struct iq_drain), 0, true},
};

static const struct command_form *form_find(uint16_t type)
{
	if (type < IQ_CONTEXT_RESERVE || type >= sizeof(forms) / sizeof(forms[0]))
		return NULL;
	return &forms[type];
}

int iq_command_size(uint16_t type)
{
	const struct command_form *form = form_find(type);

	return form != NULL ? (int)form->size : -EOPNOTSUPP;
}

int iq_reply_size(uint16_t type)
{
	const struct command_form *form = form_find(type);

	return form != NULL ? (int)form->reply_size : -EOPNOTSUPP;
}

bool iq_command_changes(uint16_t type)
{
	const struct command_form *form = form_find(type);

	return form != NULL && form->changes;
}
