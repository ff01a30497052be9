// SPDX-License-Identifier: Apache-2.0
// What the gateway says is checked before anybody acts on it: lengths, handles, counts, ends of
// strings.
#include "client_priv.h"

#include <errno.h>
#include <string.h>

#define END(text) ((text)[sizeof(text) - 1] = '\0')

static bool handle_is_of(const struct link *link, iq_handle handle)
{
	return handle != 0 && iq_handle_gateway(handle) == link->peer.gateway;
}

static int local_check(const struct link *link, struct iq_context_local *local)
{
	END(local->ufrag);
	END(local->pwd);
	END(local->cname);
	if (!handle_is_of(link, local->handle) || local->streams == 0 ||
		local->streams > IQ_STREAMS_MAX || local->access_transports > local->streams)
		return -EPROTO;
	return 0;
}

static int page_check(const struct link *link, struct iq_audit_page *page)
{
	if (page->count > IQ_AUDIT_MAX)
		return -EPROTO;
	for (uint32_t i = 0; i < page->count; i++) {
		END(page->entries[i].ref);
		if (!handle_is_of(link, page->entries[i].handle))
			return -EPROTO;
	}
	return 0;
}

static int state_struct_check(const struct link *link, struct iq_context_state *state)
{
	END(state->ref);
	return handle_is_of(link, state->handle) ? 0 : -EPROTO;
}

static int payload_check(const struct link *link, uint16_t type, void *payload)
{
	switch (type) {
	case IQ_CONTEXT_RESERVE:
		return local_check(link, payload);
	case IQ_CONTEXT_GET:
	case IQ_CONTEXT_DELETE:
		return state_struct_check(link, payload);
	case IQ_AUDIT:
		return page_check(link, payload);
	default:
		return 0;
	}
}

int reply_check(const struct request *request, const struct iq_header *header, uint8_t *message)
{
	struct iq_reply reply;

	if (header->len < sizeof(reply))
		return -EPROTO;
	memcpy(&reply, message, sizeof(reply));
	if (reply.len != header->len - sizeof(reply) || reply.status > 0 || reply.status < -4095)
		return -EPROTO;
	if (reply.status < 0)
		return reply.status;
	if (reply.len != (uint32_t)iq_reply_size(request->type))
		return -EPROTO;
	return payload_check(request->link, request->type, message + sizeof(reply));
}

int state_check(const struct link *link, const struct iq_header *header, uint8_t *message)
{
	if (header->len != sizeof(struct iq_context_state))
		return -EPROTO;
	return state_struct_check(link, (struct iq_context_state *)message);
}
