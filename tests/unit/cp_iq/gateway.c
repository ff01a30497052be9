// SPDX-License-Identifier: Apache-2.0
// A small gateway for tests of the client.
#include "gateway.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static uint8_t ids[16]; // id of each gateway, found by its door's place
static struct gateway *gateways[16];

static uint8_t id_of(const struct gateway *gateway)
{
	for (unsigned i = 0; i < 16; i++) {
		if (gateways[i] == gateway)
			return ids[i];
	}
	return 0;
}

int gateway_start(struct gateway *gateway, const char *path, uint8_t id)
{
	static const char *const names[] = {"rx", "tx"};
	struct iq_door_config config = {.path = path, .gateway = id, .uid = getuid()};

	gateway->stats = iq_stats_create(names, 2, 1);
	if (gateway->stats == NULL)
		return -errno;
	config.stats = gateway->stats;
	gateway->door = iq_door_create(&config);
	gateways[id % 16] = gateway;
	ids[id % 16] = id;
	return gateway->door != NULL ? 0 : -errno;
}

void gateway_stop(struct gateway *gateway)
{
	iq_door_destroy(gateway->door);
	iq_stats_destroy(gateway->stats);
	gateway->door = NULL;
	memset(gateway->contexts, 0, sizeof(gateway->contexts));
	gateway->count = 0;
}

iq_handle gateway_context_add(struct gateway *gateway)
{
	for (uint32_t i = 1; i < GATEWAY_CONTEXTS; i++) {
		if (gateway->contexts[i] != 0)
			continue;
		gateway->contexts[i] = iq_handle_make(
			id_of(gateway), (uint8_t)(i % 128), i, ++gateway->generation);
		gateway->count++;
		return gateway->contexts[i];
	}
	return 0;
}

static bool context_is_there(const struct gateway *gateway, iq_handle handle)
{
	uint32_t index = iq_handle_index(handle);

	return index < GATEWAY_CONTEXTS && handle != 0 && gateway->contexts[index] == handle;
}

void gateway_context_del(struct gateway *gateway, iq_handle handle)
{
	if (!context_is_there(gateway, handle))
		return;
	gateway->contexts[iq_handle_index(handle)] = 0;
	gateway->count--;
}

static void reserve(struct gateway *gateway, uint64_t txn)
{
	struct iq_context_local local = {.streams = 1, .access_transports = 1};

	local.handle = gateway_context_add(gateway);
	memset(local.ufrag, 'u', sizeof(local.ufrag)); // no NUL: the client must end it
	iq_door_reply(gateway->door, txn, local.handle != 0 ? 0 : -ENOSPC, &local,
		local.handle != 0 ? sizeof(local) : 0);
}

// The cursor is the handle last told, in the order of the indexes.
static void audit(struct gateway *gateway, uint64_t txn, const struct iq_audit *audit)
{
	struct iq_audit_page page = {0};
	uint32_t i = audit->cursor == 0 ? 1 : iq_handle_index(audit->cursor) + 1;

	if (gateway->on_audit != NULL)
		gateway->on_audit(gateway);
	for (; i < GATEWAY_CONTEXTS && page.count < IQ_AUDIT_MAX; i++) {
		if (gateway->contexts[i] != 0)
			page.entries[page.count++].handle = gateway->contexts[i];
	}
	if (page.count == IQ_AUDIT_MAX)
		page.cursor = page.entries[page.count - 1].handle;
	iq_door_reply(gateway->door, txn, 0, &page, sizeof(page));
}

static void context_ref(
	struct gateway *gateway, const struct iq_header *header, const struct iq_context_ref *ref)
{
	struct iq_context_state state = {.handle = ref->handle};

	if (!context_is_there(gateway, ref->handle)) {
		iq_door_reply(gateway->door, header->txn, -ENOENT, NULL, 0);
		return;
	}
	if (header->type == IQ_CONTEXT_DELETE)
		gateway_context_del(gateway, ref->handle);
	iq_door_reply(gateway->door, header->txn, 0, &state, sizeof(state));
}

static void keepalive(struct gateway *gateway, uint64_t txn)
{
	struct iq_capacity capacity = {.contexts = gateway->count,
		.contexts_max = GATEWAY_CONTEXTS,
		.draining = gateway->is_draining};

	iq_door_reply(gateway->door, txn, 0, &capacity, sizeof(capacity));
}

static void on_command(
	struct iq_door *door, const struct iq_header *header, const void *payload, void *arg)
{
	struct gateway *gateway = arg;

	gateway->executed[header->type]++;
	if (gateway->is_silent) {
		gateway->silent_txn = header->txn;
		return;
	}
	switch (header->type) {
	case IQ_CONTEXT_RESERVE:
		reserve(gateway, header->txn);
		break;
	case IQ_CONTEXT_DELETE:
	case IQ_CONTEXT_GET:
		context_ref(gateway, header, payload);
		break;
	case IQ_AUDIT:
		audit(gateway, header->txn, payload);
		break;
	case IQ_KEEPALIVE:
		keepalive(gateway, header->txn);
		break;
	default:
		iq_door_reply(door, header->txn, 0, NULL, 0);
	}
}

void gateway_poll(struct gateway *gateway)
{
	while (iq_door_poll(gateway->door, on_command, gateway) == IQ_DOOR_BURST)
		;
}
