// SPDX-License-Identifier: Apache-2.0
// Listeners of a thread: every thread has its own on every address (SO_REUSEPORT), the kernel shares out connections.
#include "log.h"
#include "ws_thread.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libwebsockets.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ACCEPT_BURST = 64 };

static void link_adopt(struct ws_thread *thread, int fd, const struct sockaddr_storage *address)
{
	lws_adopt_desc_t desc = {
		.vh = lws_get_vhost_by_name(thread->context, "w2"),
		.type = LWS_ADOPT_SOCKET | LWS_ADOPT_ALLOW_SSL,
		.fd.sockfd = fd,
		.vh_prot_name = "w2",
	};
	struct ws_link *link = ws_link_create(thread, address);
	struct lws *wsi;

	if (link == NULL) {
		ws_census_leave(ws_server_census(thread->server), address);
		close(fd);
		return;
	}
	desc.opaque = link;
	// A failure closes the socket; a wsi that was made ends in here, later, or (no memory) never was.
	thread->adopting = link;
	wsi = lws_adopt_descriptor_vhost_via_info(&desc);
	thread->adopting = NULL;
	if (wsi == NULL && (link->gone || !link->has_wsi))
		ws_link_destroy(link);
}

static void on_acceptable(uv_poll_t *poll, int status, int events)
{
	struct ws_listener *listener = poll->data;
	struct ws_thread *thread = listener->thread;
	int on = 1;

	(void)status;
	(void)events;
	for (unsigned i = 0; i < ACCEPT_BURST; i++) {
		struct sockaddr_storage address;
		socklen_t len = sizeof(address);
		int fd = accept4(listener->fd, (struct sockaddr *)&address, &len,
			SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) {
			log_warn("w2: accept: %s; trying again in a second", strerror(errno));
			listener->paused = true;
			uv_poll_stop(poll);
		}
		if (fd < 0)
			return;
		if (!ws_census_enter(ws_server_census(thread->server), &address)) {
			ws_thread_count(thread, WS_COUNT_LIMIT);
			close(fd);
			continue;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		link_adopt(thread, fd, &address);
	}
}

static int listener_open(const struct ws_listen *listen_at)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(listen_at->port)};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(listen_at->port)};
	bool is_v4 = inet_pton(AF_INET, listen_at->address, &v4.sin_addr) == 1;
	int on = 1, fd;

	if (!is_v4 && inet_pton(AF_INET6, listen_at->address, &v6.sin6_addr) != 1)
		return -EINVAL;
	fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0 ||
		(!is_v4 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) ||
		bind(fd, is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
			is_v4 ? sizeof(v4) : sizeof(v6)) < 0 ||
		listen(fd, 1024) < 0) {
		int ret = -errno;

		close(fd);
		return ret;
	}
	return fd;
}

int ws_listeners_start(struct ws_thread *thread, char *err, size_t err_len)
{
	const struct ws_config *config = thread->config;

	thread->listeners = calloc(config->listen_count, sizeof(*thread->listeners));
	if (thread->listeners == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < config->listen_count; i++) {
		struct ws_listener *listener = &thread->listeners[i];

		listener->thread = thread;
		listener->fd = listener_open(&config->listens[i]);
		if (listener->fd < 0) {
			snprintf(err, err_len, "listen %s port %u: %s", config->listens[i].address,
				config->listens[i].port, strerror(-listener->fd));
			return listener->fd;
		}
		uv_poll_init(&thread->loop, &listener->poll, listener->fd);
		listener->poll.data = listener;
		thread->listener_count++;
		uv_poll_start(&listener->poll, UV_READABLE, on_acceptable);
	}
	return 0;
}

void ws_listeners_close(struct ws_thread *thread)
{
	for (unsigned i = 0; i < thread->listener_count; i++) {
		uv_handle_t *handle = (uv_handle_t *)&thread->listeners[i].poll;

		if (!uv_is_closing(handle))
			uv_close(handle, NULL);
	}
}

void ws_listeners_resume(struct ws_thread *thread)
{
	for (unsigned i = 0; i < thread->listener_count; i++) {
		struct ws_listener *listener = &thread->listeners[i];

		if (listener->paused)
			uv_poll_start(&listener->poll, UV_READABLE, on_acceptable);
		listener->paused = false;
	}
}

void ws_listeners_free(struct ws_thread *thread)
{
	for (unsigned i = 0; i < thread->listener_count; i++)
		close(thread->listeners[i].fd);
	free(thread->listeners);
}
