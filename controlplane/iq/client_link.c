// SPDX-License-Identifier: Apache-2.0
// A link to one gateway: attempt, greeting, session, loss; and again.
#include "client_priv.h"
#include "clock.h"
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define GREETING_US 2000000u
#define BURST 256 // messages taken from a gateway before others have their turn

void link_init(struct link *link, struct iq_client *client)
{
	link->client = client;
	link->sock = -1;
	TAILQ_INIT(&link->unsent);
	TAILQ_INIT(&link->sent);
}

void link_close(struct link *link)
{
	if (link->sock >= 0)
		close(link->sock);
	link->sock = -1;
	link->state = LINK_DOWN;
	link->is_broken = false;
	link->capacity_is_known = false;
	link->due_us = clock_now_us() + link->client->config.retry_ms * UINT64_C(1000);
	iq_region_destroy(link->region);
	iq_stats_destroy(link->stats);
	link->region = NULL;
	link->stats = NULL;
}

void link_lost(struct link *link, const char *why)
{
	const struct iq_client_config *config = &link->client->config;

	log_warn("iq: gateway %u at %s lost: %s", link->peer.gateway, link->addr.sun_path, why);
	link_close(link);
	link->failure_is_told = false;
	requests_requeue(link);
	if (config->on_lost != NULL)
		config->on_lost(link->peer.gateway, config->arg);
}

// An attempt failed: told once, then again only after a session.
static void attempt_fail(struct link *link, const char *why)
{
	if (!link->failure_is_told)
		log_warn("iq: can't attach to %s: %s; trying on", link->addr.sun_path, why);
	link->failure_is_told = true;
	link_close(link);
}

static void link_connect(struct link *link)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP};
	int ret;

	link->sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (link->sock < 0 ||
		connect(link->sock, (struct sockaddr *)&link->addr, sizeof(link->addr)) < 0 ||
		epoll_ctl(link->client->epoll_fd, EPOLL_CTL_ADD, link->sock, &event) < 0) {
		attempt_fail(link, strerror(errno));
		return;
	}
	ret = iq_hello_send(link->sock);
	// A gateway that refuses before it reads has left its sentence.
	if (ret < 0 && ret != -EPIPE) {
		attempt_fail(link, strerror(-ret));
		return;
	}
	link->state = LINK_GREETING;
	link->due_us = clock_now_us() + GREETING_US;
}

static bool gateway_is_double(const struct link *link, uint8_t gateway)
{
	const struct link *other = client_link_find(link->client, gateway);

	return other != NULL && other != link;
}

static int link_map(struct link *link, const int fds[2], char *why, size_t why_len)
{
	snprintf(why, why_len, "no memory for the rings");
	link->region = iq_region_map(fds[0], why, why_len);
	if (link->region == NULL)
		return -errno;
	link->stats = iq_stats_map(fds[1], why, why_len);
	if (link->stats == NULL)
		return -errno;
	iq_region_wake_set(link->region, link->sock);
	return 0;
}

static void link_up(struct link *link, const struct iq_identity *peer)
{
	const struct iq_client_config *config = &link->client->config;
	bool is_new = !link->was_up || link->peer.instance != peer->instance;

	// What was meant for a gateway that is no more finds nothing to act on. Before the link is
	// up, so that no callback adds to what is failing.
	if (is_new)
		requests_fail(link, -ENOTCONN);
	link->peer = *peer;
	link->state = LINK_UP;
	link->was_up = true;
	link->due_us = clock_now_us();
	log_info("iq: attached to gateway %u at %s", peer->gateway, link->addr.sun_path);
	if (config->on_attached != NULL)
		config->on_attached(peer->gateway, is_new, config->arg);
}

static void link_greet(struct link *link)
{
	struct iq_identity peer;
	char why[256] = "it left without a word";
	int fds[2];
	int ret = iq_welcome_recv(link->sock, &peer, fds, why, sizeof(why));

	if (ret == -EAGAIN && clock_now_us() < link->due_us)
		return;
	if (ret == -EAGAIN)
		snprintf(why, sizeof(why), "it doesn't answer");
	if (ret < 0) {
		attempt_fail(link, why);
		return;
	}
	if (gateway_is_double(link, peer.gateway)) {
		snprintf(why, sizeof(why), "gateway id %u is attached already: give each its own",
			peer.gateway);
		ret = -EEXIST;
	} else {
		ret = link_map(link, fds, why, sizeof(why));
	}
	close(fds[0]);
	close(fds[1]);
	if (ret < 0)
		attempt_fail(link, why);
	else
		link_up(link, &peer);
}

static void on_keepalive(int32_t status, const void *payload, void *arg)
{
	struct link *link = arg;

	if (link->state != LINK_UP)
		return;
	if (status == 0) {
		memcpy(&link->capacity, payload, sizeof(link->capacity));
		link->capacity_is_known = true;
	} else if (status == -ETIMEDOUT) {
		link->is_broken = true;
	}
}

static void keepalive_send(struct link *link)
{
	uint32_t period_ms = link->client->config.keepalive_ms;
	struct iq_command command = {
		.type = IQ_KEEPALIVE,
		.timeout_ms = CLIENT_KEEPALIVES * period_ms,
		.on_reply = on_keepalive,
		.arg = link,
	};

	if (clock_now_us() < link->due_us)
		return;
	link->due_us = clock_now_us() + period_ms * UINT64_C(1000);
	// Without memory there is none this time.
	(void)request_add(link, &command);
}

static void state_take(struct link *link, const struct iq_header *header)
{
	const struct iq_client_config *config = &link->client->config;
	const struct iq_context_state *state = (const void *)link->client->message;
	struct iq_state_ack ack;

	if (state_check(link, header, link->client->message) < 0) {
		link->is_broken = true;
		return;
	}
	ack = (struct iq_state_ack){.handle = state->handle, .version = state->version};
	if (config->on_state != NULL)
		config->on_state(state, config->arg);
	// Without room for it the state comes again.
	(void)iq_send(iq_region_out(link->region), IQ_STATE_ACK, link->client->next_txn++, &ack,
		sizeof(ack));
}

static void message_take(struct link *link, const struct iq_header *header)
{
	switch (header->type) {
	case IQ_REPLY:
		reply_take(link, header);
		break;
	case IQ_CONTEXT_STATE:
		state_take(link, header);
		break;
	case IQ_CAPACITY:
		if (header->len == sizeof(link->capacity)) {
			memcpy(&link->capacity, link->client->message, sizeof(link->capacity));
			link->capacity_is_known = true;
		}
		break;
	default:
		break; // of a newer minor version
	}
}

// Takes what is there; true when the ring is empty and the gateway knows that we sleep.
static bool messages_take(struct link *link)
{
	struct iq_client *client = link->client;
	struct iq_ring_end *in = iq_region_in(link->region);
	struct iq_header header;
	int ret;

	for (int i = 0; i < BURST && !link->is_broken; i++) {
		ret = iq_recv(in, &header, client->message, sizeof(client->message));
		if (ret < 0)
			link->is_broken = true;
		if (ret == 0 && iq_ring_sleep(in))
			return true;
		if (ret == 1) {
			message_take(link, &header);
			explicit_bzero(client->message, header.len);
		}
	}
	return false;
}

static void session_run(struct link *link)
{
	// What the gateway said before it left counts.
	bool is_alive = iq_wake_drain(link->sock);
	bool is_empty = messages_take(link);

	if (link->is_broken || !is_alive) {
		link_lost(link,
			is_alive ? "it broke the protocol or doesn't answer" : "its socket closed");
		return;
	}
	if (!is_empty)
		client_kick(link->client);
	keepalive_send(link);
}

void link_run(struct link *link)
{
	if (link->state == LINK_DOWN && clock_now_us() >= link->due_us)
		link_connect(link);
	if (link->state == LINK_GREETING)
		link_greet(link);
	if (link->state == LINK_UP)
		session_run(link);
	requests_flush(link);
}
