// SPDX-License-Identifier: Apache-2.0
// Requests: kept with their payload from iq_client_send to reply, timeout or loss, each completed
// once.
#include "client_priv.h"
#include "clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define EXPIRY_US 50000u // timeouts are looked at so often
#define ORPHAN_US 30000000u // a late reply to a reservation is awaited so long

static struct request_bucket *bucket_of(struct iq_client *client, uint64_t txn)
{
	return &client->buckets[txn % CLIENT_BUCKETS];
}

static struct request_list *list_of(struct request *request)
{
	return request->is_sent ? &request->link->sent : &request->link->unsent;
}

int request_add(struct link *link, const struct iq_command *command)
{
	struct iq_client *client = link->client;
	uint32_t len = (uint32_t)iq_command_size(command->type);
	uint32_t timeout_ms = command->timeout_ms != 0 ? command->timeout_ms : CLIENT_TIMEOUT_MS;
	struct request *request;

	if (client->request_count >= CLIENT_REQUESTS_MAX)
		return -EAGAIN;
	request = calloc(1, sizeof(*request) + len);
	if (request == NULL)
		return -ENOMEM;
	request->link = link;
	request->txn = client->next_txn++;
	request->deadline_us = clock_now_us() + timeout_ms * UINT64_C(1000);
	request->type = command->type;
	request->is_repeatable = command->is_repeatable;
	request->on_reply = command->on_reply;
	request->arg = command->arg;
	request->len = len;
	if (len > 0)
		memcpy(request->payload, command->payload, len);
	LIST_INSERT_HEAD(bucket_of(client, request->txn), request, bucket);
	TAILQ_INSERT_TAIL(&link->unsent, request, turn);
	client->request_count++;
	return 0;
}

// Takes the request out of everything but memory.
static void request_unlink(struct request *request)
{
	TAILQ_REMOVE(list_of(request), request, turn);
	LIST_REMOVE(request, bucket);
	request->link->client->request_count--;
}

static void request_wipe(struct request *request)
{
	// Payloads hold keys and passwords.
	explicit_bzero(request->payload, request->len);
	free(request);
}

void request_free(struct request *request)
{
	request_unlink(request);
	request_wipe(request);
}

static void request_complete(struct request *request, int32_t status, const void *payload)
{
	request_unlink(request);
	if (request->on_reply != NULL)
		request->on_reply(status, payload, request->arg);
	request_wipe(request);
}

void requests_flush(struct link *link)
{
	struct request *request;
	int ret;

	while (link->state == LINK_UP && (request = TAILQ_FIRST(&link->unsent)) != NULL) {
		ret = iq_send(iq_region_out(link->region), request->type, request->txn,
			request->payload, request->len);
		if (ret == -EAGAIN)
			return;
		if (ret < 0) {
			link->is_broken = true;
			client_kick(link->client);
			return;
		}
		TAILQ_REMOVE(&link->unsent, request, turn);
		request->is_sent = request->was_sent = true;
		TAILQ_INSERT_TAIL(&link->sent, request, turn);
	}
}

static bool makes_a_context(const struct request *request)
{
	return request->type == IQ_CONTEXT_RESERVE &&
		((const struct iq_context_reserve *)request->payload)->handle == 0;
}

static void request_orphan(struct request *request)
{
	request->on_reply = NULL;
	request->is_orphan = makes_a_context(request);
}

// The owner hears of the timeout; a reservation stays to see whether it made a context after all.
static void request_expire(struct request *request, uint64_t now_us)
{
	iq_on_reply *on_reply = request->on_reply;
	void *arg = request->arg;

	if (request->is_orphan || !request->was_sent || !makes_a_context(request)) {
		request_complete(request, -ETIMEDOUT, NULL);
		return;
	}
	request_orphan(request);
	request->deadline_us = now_us + ORPHAN_US;
	if (on_reply != NULL)
		on_reply(-ETIMEDOUT, NULL, arg);
}

// Callbacks may add requests at the tail and orphan others, but never remove one: next stays good.
static void list_expire(struct request_list *list, uint64_t now_us)
{
	struct request *request, *next;

	for (request = TAILQ_FIRST(list); request != NULL; request = next) {
		next = TAILQ_NEXT(request, turn);
		if (now_us >= request->deadline_us)
			request_expire(request, now_us);
	}
}

void requests_expire(struct iq_client *client)
{
	uint64_t now_us = clock_now_us();

	if (now_us < client->expiry_due_us)
		return;
	client->expiry_due_us = now_us + EXPIRY_US;
	for (unsigned i = 0; i < client->config.count; i++) {
		list_expire(&client->links[i].sent, now_us);
		list_expire(&client->links[i].unsent, now_us);
	}
}

static void list_fail(struct request_list *list, int32_t status, bool repeatable_too)
{
	struct request *request, *next;

	for (request = TAILQ_FIRST(list); request != NULL; request = next) {
		next = TAILQ_NEXT(request, turn);
		if (repeatable_too || !request->is_repeatable)
			request_complete(request, status, NULL);
	}
}

void requests_fail(struct link *link, int32_t status)
{
	list_fail(&link->sent, status, true);
	list_fail(&link->unsent, status, true);
}

void requests_requeue(struct link *link)
{
	struct request *request;

	list_fail(&link->sent, -ENOTCONN, false);
	list_fail(&link->unsent, -ENOTCONN, false);
	// The order of sending stays.
	while ((request = TAILQ_LAST(&link->sent, request_list)) != NULL) {
		TAILQ_REMOVE(&link->sent, request, turn);
		request->is_sent = false;
		TAILQ_INSERT_HEAD(&link->unsent, request, turn);
	}
}

void requests_orphan(struct iq_client *client, const void *arg)
{
	struct request *request;

	for (unsigned i = 0; i < CLIENT_BUCKETS; i++) {
		LIST_FOREACH (request, &client->buckets[i], bucket) {
			if (request->on_reply != NULL && request->arg == arg)
				request_orphan(request);
		}
	}
}

static struct request *request_find(const struct link *link, uint64_t txn)
{
	struct request *request;

	LIST_FOREACH (request, bucket_of(link->client, txn), bucket) {
		// Only what this gateway was sent, so that no gateway answers for another.
		if (request->txn == txn && request->link == link && request->is_sent)
			return request;
	}
	return NULL;
}

static void orphan_delete(struct link *link, const struct iq_context_local *local)
{
	struct iq_context_ref ref = {.handle = local->handle};
	struct iq_command command = {
		.type = IQ_CONTEXT_DELETE,
		.is_repeatable = true,
		.timeout_ms = ORPHAN_US / 1000,
		.payload = &ref,
	};

	// What can't be sent now is found by the next audit.
	(void)request_add(link, &command);
}

void reply_take(struct link *link, const struct iq_header *header)
{
	uint8_t *message = link->client->message;
	const uint8_t *payload = message + sizeof(struct iq_reply);
	struct request *request = request_find(link, header->txn);
	int ret;

	// Unknown: an acknowledgement's reply, or one that came too late.
	if (request == NULL)
		return;
	ret = reply_check(request, header, message);
	if (ret == 0 && request->is_orphan)
		orphan_delete(link, (const struct iq_context_local *)payload);
	request_complete(
		request, ret, ret == 0 && header->len > sizeof(struct iq_reply) ? payload : NULL);
}
