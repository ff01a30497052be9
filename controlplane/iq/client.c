// SPDX-License-Identifier: Apache-2.0
// The client as its users see it.
#include "client_priv.h"
#include "clock.h"
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

static int link_path_set(struct link *link, const char *path)
{
	if (strlen(path) >= sizeof(link->addr.sun_path)) {
		log_error("iq: the path %s has more than %zu characters: configure a shorter one",
			path, sizeof(link->addr.sun_path) - 1);
		return -EINVAL;
	}
	link->addr.sun_family = AF_UNIX;
	snprintf(link->addr.sun_path, sizeof(link->addr.sun_path), "%s", path);
	return 0;
}

static int client_open(struct iq_client *client)
{
	struct epoll_event event = {.events = EPOLLIN};

	client->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	client->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (client->epoll_fd < 0 || client->kick_fd < 0 ||
		epoll_ctl(client->epoll_fd, EPOLL_CTL_ADD, client->kick_fd, &event) < 0)
		return -errno;
	// Ids of another run mustn't meet ours in the gateway's memory of transactions.
	if (getrandom(&client->next_txn, sizeof(client->next_txn), 0) < 0)
		return -errno;
	return 0;
}

static void client_init(struct iq_client *client, const struct iq_client_config *config)
{
	client->config = *config;
	if (config->retry_ms == 0)
		client->config.retry_ms = 500;
	if (config->keepalive_ms == 0)
		client->config.keepalive_ms = 1000;
	client->epoll_fd = client->kick_fd = -1;
	LIST_INIT(&client->walks);
	for (unsigned i = 0; i < CLIENT_BUCKETS; i++)
		LIST_INIT(&client->buckets[i]);
	for (unsigned i = 0; i < IQ_GATEWAYS_MAX; i++)
		link_init(&client->links[i], client);
}

struct iq_client *iq_client_create(const struct iq_client_config *config)
{
	struct iq_client *client;
	int ret = 0;

	if (config->count == 0 || config->count > IQ_GATEWAYS_MAX) {
		errno = EINVAL;
		return NULL;
	}
	client = calloc(1, sizeof(*client));
	if (client == NULL)
		return NULL;
	client_init(client, config);
	for (unsigned i = 0; i < config->count && ret == 0; i++)
		ret = link_path_set(&client->links[i], config->paths[i]);
	client->config.paths = NULL; // the caller's memory; the links have copies
	if (ret == 0)
		ret = client_open(client);
	if (ret == 0) {
		client_kick(client);
		return client;
	}
	iq_client_destroy(client);
	errno = -ret;
	return NULL;
}

static void requests_free(struct request_list *list)
{
	struct request *request;

	while ((request = TAILQ_FIRST(list)) != NULL)
		request_free(request);
}

void iq_client_destroy(struct iq_client *client)
{
	if (client == NULL)
		return;
	for (unsigned i = 0; i < client->config.count; i++) {
		requests_free(&client->links[i].sent);
		requests_free(&client->links[i].unsent);
		link_close(&client->links[i]);
	}
	walks_free(client);
	if (client->epoll_fd >= 0)
		close(client->epoll_fd);
	if (client->kick_fd >= 0)
		close(client->kick_fd);
	explicit_bzero(client->message, sizeof(client->message));
	free(client);
}

int iq_client_fd(const struct iq_client *client)
{
	return client->epoll_fd;
}

void client_kick(struct iq_client *client)
{
	// The only failure is a full counter: then the kick is there.
	(void)eventfd_write(client->kick_fd, 1);
}

void iq_client_dispatch(struct iq_client *client)
{
	eventfd_t count;

	client->is_dispatching = true;
	// Empty is as good as read.
	(void)eventfd_read(client->kick_fd, &count);
	for (unsigned i = 0; i < client->config.count; i++)
		link_run(&client->links[i]);
	// After the replies that are there: a loop that was held up is no timeout.
	requests_expire(client);
	// A callback of one gateway's may have commanded another.
	for (unsigned i = 0; i < client->config.count; i++)
		requests_flush(&client->links[i]);
	client->is_dispatching = false;
}

struct link *client_link_find(const struct iq_client *client, int gateway)
{
	for (unsigned i = 0; i < client->config.count; i++) {
		const struct link *link = &client->links[i];

		if (link->state == LINK_UP && link->peer.gateway == gateway)
			return (struct link *)link;
	}
	return NULL;
}

int iq_client_send(struct iq_client *client, const struct iq_command *command)
{
	int gateway = command->gateway;
	struct link *link;
	int ret;

	if (iq_command_size(command->type) < 0 || command->type == IQ_STATE_ACK)
		return -EINVAL;
	if (gateway == IQ_GATEWAY_ANY)
		gateway = iq_client_pick(client);
	link = client_link_find(client, gateway);
	if (link == NULL)
		return -ENOTCONN;
	ret = request_add(link, command);
	// Dispatch sends what its callbacks ask for when they are through with the lists.
	if (ret == 0 && !client->is_dispatching)
		requests_flush(link);
	return ret;
}

void iq_client_cancel(struct iq_client *client, const void *arg)
{
	requests_orphan(client, arg);
	walks_orphan(client, arg);
}

static uint32_t room_permille(const struct link *link)
{
	const struct iq_capacity *c = &link->capacity;

	if (!link->capacity_is_known)
		return 1;
	if (c->draining || c->contexts >= c->contexts_max)
		return 0;
	return 1 + (uint32_t)((uint64_t)(c->contexts_max - c->contexts) * 999 / c->contexts_max);
}

int iq_client_pick(const struct iq_client *client)
{
	int best = -ENOTCONN;
	uint32_t best_room = 0;

	for (unsigned i = 0; i < client->config.count; i++) {
		const struct link *link = &client->links[i];
		uint32_t room = link->state == LINK_UP ? room_permille(link) : 0;

		if (room > best_room) {
			best_room = room;
			best = link->peer.gateway;
		}
	}
	return best;
}

const struct iq_capacity *iq_client_capacity(const struct iq_client *client, int gateway)
{
	const struct link *link = client_link_find(client, gateway);

	return link != NULL && link->capacity_is_known ? &link->capacity : NULL;
}

const struct iq_stats *iq_client_stats(const struct iq_client *client, int gateway)
{
	const struct link *link = client_link_find(client, gateway);

	return link != NULL ? link->stats : NULL;
}

void iq_client_visit(const struct iq_client *client,
	void (*on_gateway)(const struct iq_gateway *gateway, void *arg), void *arg)
{
	for (unsigned i = 0; i < client->config.count; i++) {
		const struct link *link = &client->links[i];
		const struct iq_gateway gateway = {.path = link->addr.sun_path,
			.id = link->state == LINK_UP ? link->peer.gateway : -1};

		on_gateway(&gateway, arg);
	}
}
