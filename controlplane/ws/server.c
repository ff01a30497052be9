// SPDX-License-Identifier: Apache-2.0
// The event loop's side of W2: starts the threads, sends to them, delivers what they tell.
#include "log.h"
#include "ws_thread.h"

#include <errno.h>
#include <libwebsockets.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { DISPATCH_BURST = 256, QUEUE_MESSAGES = 4 };

struct ws_server {
	struct ws_config config;
	struct ws_census *census;
	void *client_ssl_ctx; // never used: see ws_server_client_ssl_ctx
	int fd;
	_Atomic bool signalled;
	unsigned next; // thread to be served first
	size_t queue_max; // bytes of one connection
	struct ws_thread *threads;
};

void ws_server_signal(struct ws_server *server)
{
	uint64_t one = 1;

	if (!atomic_exchange(&server->signalled, true) && write(server->fd, &one, sizeof(one)) < 0)
		log_error("w2: eventfd: %s", strerror(errno));
}

struct ws_census *ws_server_census(struct ws_server *server)
{
	return server->census;
}

void *ws_server_client_ssl_ctx(struct ws_server *server)
{
	return server->client_ssl_ctx;
}

static void on_lws_log(int level, const char *line)
{
	log_line(level == LLL_ERR ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, "lws: %.*s",
		(int)strcspn(line, "\n"), line);
}

// Signals are the main thread's: the others start with all of them blocked.
static int threads_run(struct ws_server *server)
{
	sigset_t all, before;
	int ret = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 0; i < server->config.threads && ret == 0; i++)
		ret = ws_thread_run(&server->threads[i]);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return ret;
}

static int server_start(struct ws_server *server, char *err, size_t err_len)
{
	const struct ws_config *config = &server->config;
	int ret;

	ret = ws_tls_check(config->certificate, config->private_key, err, err_len);
	if (ret < 0)
		return ret;
	server->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	server->census =
		ws_census_create(config->connections_max, config->connections_per_address_max);
	server->threads = calloc(config->threads, sizeof(*server->threads));
	server->client_ssl_ctx = ws_tls_client_ctx();
	if (server->fd < 0 || server->census == NULL || server->threads == NULL ||
		server->client_ssl_ctx == NULL)
		return -ENOMEM;
	lws_set_log_level(LLL_ERR | LLL_WARN, on_lws_log);
	// All contexts first, in this thread: creating one writes globals that the others read.
	for (unsigned i = 0; i < config->threads; i++) {
		server->threads[i].server = server;
		server->threads[i].config = config;
		server->threads[i].index = i;
		ret = ws_thread_start(&server->threads[i], err, err_len);
		if (ret < 0)
			return ret;
	}
	return threads_run(server);
}

static bool config_is_sane(const struct ws_config *config)
{
	return config->listen_count > 0 && config->threads > 0 && config->threads <= 255 &&
		config->connections_max > 0 && config->connections_max <= 0xffffff &&
		config->connections_per_address_max > 0 && config->message_max > 0 &&
		config->messages_per_s > 0 && config->messages_per_s <= 1000000 &&
		config->ping_interval_s > 0 && config->idle_unbound_s > 0;
}

struct ws_server *ws_start(const struct ws_config *config, char *err, size_t err_len)
{
	struct ws_server *server;
	int ret = -EINVAL;

	snprintf(err, err_len, "a limit of w2 is zero or too large");
	server = config_is_sane(config) ? calloc(1, sizeof(*server)) : NULL;
	if (server == NULL) {
		errno = EINVAL;
		return NULL;
	}
	err[0] = '\0';
	server->config = *config;
	server->queue_max = (size_t)config->message_max * QUEUE_MESSAGES;
	server->fd = -1;
	ret = server_start(server, err, err_len);
	if (ret == 0)
		return server;
	if (err[0] == '\0')
		snprintf(err, err_len, "w2: %s", strerror(-ret));
	ws_stop(server);
	errno = -ret;
	return NULL;
}

void ws_stop(struct ws_server *server)
{
	if (server == NULL)
		return;
	for (unsigned i = 0; server->threads != NULL && i < server->config.threads; i++)
		ws_thread_stop(&server->threads[i]);
	for (unsigned i = 0; server->threads != NULL && i < server->config.threads; i++)
		ws_thread_fini(&server->threads[i]);
	free(server->threads);
	ws_census_destroy(server->census);
	ws_tls_client_ctx_free(server->client_ssl_ctx);
	if (server->fd >= 0)
		close(server->fd);
	free(server);
}

int ws_fd(const struct ws_server *server)
{
	return server->fd;
}

static struct ws_slot *slot_of(struct ws_server *server, ws_conn conn, struct ws_thread **thread)
{
	unsigned index = conn >> 24 & 0xff;
	uint32_t slot = conn & 0xffffff;

	if (conn == 0 || index >= server->config.threads ||
		slot >= server->threads[index].slot_count)
		return NULL;
	*thread = &server->threads[index];
	return &(*thread)->slots[slot];
}

static void node_deliver(
	struct ws_server *server, struct ws_node *node, ws_on_event on_event, void *arg)
{
	struct ws_event event = {.conn = node->conn};
	struct ws_thread *thread;
	struct ws_slot *slot = slot_of(server, node->conn, &thread);

	if (node->type == WS_NODE_OPENED) {
		slot->open_generation = (uint32_t)(node->conn >> 32);
		slot->closing = false;
		event.type = WS_OPENED;
		event.origin = (const char *)node->bytes;
		event.peer = event.origin + strlen(event.origin) + 1;
		event.peer_port = node->value;
	} else if (node->type == WS_NODE_MESSAGE) {
		event.type = WS_MESSAGE;
		event.data = (const char *)node->bytes;
		event.len = node->len;
	} else {
		slot->open_generation = 0;
		event.type = WS_CLOSED;
	}
	on_event(&event, arg);
	free(node);
}

void ws_dispatch(struct ws_server *server, ws_on_event on_event, void *arg)
{
	unsigned threads = server->config.threads;
	uint64_t count;
	bool more = false;

	if (read(server->fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		log_error("w2: eventfd: %s", strerror(errno));
	atomic_store(&server->signalled, false);
	for (unsigned i = 0; i < threads; i++) {
		struct ws_thread *thread = &server->threads[(server->next + i) % threads];
		struct ws_node *node = NULL;

		for (unsigned n = 0; n < DISPATCH_BURST / threads + 1; n++) {
			node = ws_channel_take(&thread->up);
			if (node == NULL)
				break;
			node_deliver(server, node, on_event, arg);
		}
		more |= node != NULL;
		if (ws_channel_relieved(&thread->up))
			ws_thread_wake(thread);
		if (thread->down.backlog.first != NULL && ws_channel_flush(&thread->down))
			ws_thread_wake(thread);
	}
	server->next++;
	if (more)
		ws_server_signal(server);
}

// The slot of a connection that is open and not being closed.
static struct ws_slot *slot_open(struct ws_server *server, ws_conn conn, struct ws_thread **thread)
{
	struct ws_slot *slot = slot_of(server, conn, thread);

	if (slot == NULL || slot->open_generation != (uint32_t)(conn >> 32) || slot->closing)
		return NULL;
	return slot;
}

static int command_send(struct ws_thread *thread, struct ws_node *node)
{
	if (node == NULL)
		return -ENOMEM;
	ws_channel_put(&thread->down, node);
	ws_thread_wake(thread);
	return 0;
}

static void close_send(
	struct ws_server *server, ws_conn conn, uint16_t code, const char *reason, bool at_once)
{
	struct ws_thread *thread;
	struct ws_slot *slot = slot_open(server, conn, &thread);
	struct ws_node *node;

	if (slot == NULL)
		return;
	node = ws_node_create(WS_NODE_CLOSE, conn, reason, strlen(reason));
	if (node == NULL)
		return;
	node->value = code;
	node->at_once = at_once;
	slot->closing = true;
	command_send(thread, node);
}

int ws_send(struct ws_server *server, ws_conn conn, const char *data, size_t len)
{
	struct ws_thread *thread;
	struct ws_slot *slot = slot_open(server, conn, &thread);
	bool text = ws_utf8_valid((const uint8_t *)data, len);
	struct ws_node *node;

	if (slot == NULL)
		return -ENOTCONN;
	if (atomic_load_explicit(&slot->queued, memory_order_relaxed) + len > server->queue_max) {
		close_send(server, conn, WS_CLOSE_POLICY, "reading too slowly", true);
		return -ENOBUFS;
	}
	node = ws_node_frame(conn, text ? 1 : 2, data, len);
	if (node == NULL)
		return -ENOMEM;
	atomic_fetch_add_explicit(&slot->queued, node->len, memory_order_relaxed);
	return command_send(thread, node);
}

void ws_close(struct ws_server *server, ws_conn conn, uint16_t code, const char *reason)
{
	close_send(server, conn, code, reason, false);
}

void ws_bound(struct ws_server *server, ws_conn conn)
{
	struct ws_thread *thread;

	if (slot_open(server, conn, &thread) != NULL)
		command_send(thread, ws_node_create(WS_NODE_BOUND, conn, NULL, 0));
}

void ws_counters_get(const struct ws_server *server, struct ws_counters *out)
{
	uint64_t sums[WS_COUNT_END] = {0};

	for (unsigned i = 0; i < server->config.threads; i++) {
		for (unsigned what = 0; what < WS_COUNT_END; what++)
			sums[what] += atomic_load_explicit(
				&server->threads[i].counts[what], memory_order_relaxed);
	}
	*out = (struct ws_counters){
		.opened = sums[WS_COUNT_OPENED],
		.closed = sums[WS_COUNT_CLOSED],
		.messages_in = sums[WS_COUNT_IN],
		.messages_out = sums[WS_COUNT_OUT],
		.refused_origin = sums[WS_COUNT_ORIGIN],
		.refused_protocol = sums[WS_COUNT_PROTOCOL],
		.refused_limit = sums[WS_COUNT_LIMIT],
		.closed_size = sums[WS_COUNT_SIZE],
		.closed_rate = sums[WS_COUNT_RATE],
		.closed_dead = sums[WS_COUNT_DEAD],
		.closed_idle = sums[WS_COUNT_IDLE],
	};
}
