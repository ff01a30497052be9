// SPDX-License-Identifier: Apache-2.0
// A thread: its libuv loop, its libwebsockets context, its commands.
#include "clock.h"
#include "ws_thread.h"

#include <errno.h>
#include <libwebsockets.h>
#include <stdlib.h>

enum { CHANNEL_SIZE = 4096, COMMAND_BURST = 1024 };

void ws_thread_count(struct ws_thread *thread, enum ws_count what)
{
	atomic_fetch_add_explicit(&thread->counts[what], 1, memory_order_relaxed);
}

void ws_thread_wake(struct ws_thread *thread)
{
	if (!atomic_exchange(&thread->woken, true))
		uv_async_send(&thread->wake);
}

// Links that wait for room in the channel to the loop are read again.
static void links_resume(struct ws_thread *thread)
{
	thread->blocked = false;
	for (struct ws_link *link = thread->links; link != NULL; link = link->next) {
		if (link->paused && link->wsi != NULL)
			lws_rx_flow_control(link->wsi, 1);
		link->paused = false;
	}
}

void ws_thread_tell(struct ws_thread *thread, struct ws_node *node)
{
	if (node == NULL)
		return;
	ws_channel_put(&thread->up, node);
	if (thread->up.backlog.first != NULL)
		thread->blocked = true;
	ws_server_signal(thread->server);
}

static void link_kill(struct ws_link *link)
{
	if (link->wsi != NULL)
		lws_set_timeout(link->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
}

static void stopping_begin(struct ws_thread *thread)
{
	struct ws_link *next;

	thread->stopping = true;
	thread->stop_due_us = clock_now_us() + 1000000u;
	ws_listeners_close(thread);
	for (struct ws_link *link = thread->links; link != NULL; link = next) {
		next = link->next;
		if (link->state == WS_LINK_OPEN)
			ws_link_close(link, WS_CLOSE_GOING_AWAY, "going away", false);
		if (link->state == WS_LINK_CLOSING)
			link->hangup = true;
		else
			link_kill(link);
	}
	uv_timer_set_repeat(&thread->tick, 20);
	uv_timer_again(&thread->tick);
}

static void on_wake(uv_async_t *async)
{
	struct ws_thread *thread = async->data;
	struct ws_node *node = NULL;

	atomic_store(&thread->woken, false);
	for (unsigned i = 0; i < COMMAND_BURST; i++) {
		struct ws_slot *slot;

		node = ws_channel_take(&thread->down);
		if (node == NULL)
			break;
		slot = &thread->slots[node->conn & 0xffffff];
		if (slot->link != NULL && slot->link->conn == node->conn) {
			ws_link_command(slot->link, node);
			continue;
		}
		if (node->type == WS_NODE_SEND)
			atomic_fetch_sub_explicit(&slot->queued, node->len, memory_order_relaxed);
		free(node);
	}
	if (node != NULL)
		ws_thread_wake(thread);
	if (ws_channel_relieved(&thread->down))
		ws_server_signal(thread->server);
	if (thread->blocked && ws_channel_flush(&thread->up)) {
		links_resume(thread);
		ws_server_signal(thread->server);
	}
	if (atomic_load(&thread->stop) && !thread->stopping)
		stopping_begin(thread);
}

static void on_tick(uv_timer_t *timer)
{
	struct ws_thread *thread = timer->data;
	uint64_t now_us = clock_now_us();
	struct ws_link *next;

	for (struct ws_link *link = thread->links; link != NULL; link = next) {
		next = link->next;
		if (ws_link_tick(link, now_us) < 0 ||
			(thread->stopping && now_us > thread->stop_due_us))
			link_kill(link);
	}
	if (thread->stopping) {
		if (thread->link_count == 0 || now_us > thread->stop_due_us + 1000000u)
			uv_stop(&thread->loop);
		return;
	}
	ws_listeners_resume(thread);
}

static int on_lws(
	struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct ws_thread *thread;
	struct ws_link *link;

	if (reason == LWS_CALLBACK_WSI_CREATE) {
		thread = lws_context_user(lws_get_context(wsi));
		if (thread->adopting != NULL)
			thread->adopting->has_wsi = true;
		return 0;
	}
	if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS) {
		thread = lws_context_user(lws_get_context(wsi));
		thread->ssl_ctx = user;
		return 0;
	}
	link = reason == LWS_CALLBACK_RAW_ADOPT || reason == LWS_CALLBACK_RAW_RX ||
			reason == LWS_CALLBACK_RAW_WRITEABLE || reason == LWS_CALLBACK_RAW_CLOSE ||
			reason == LWS_CALLBACK_WSI_DESTROY
		? lws_get_opaque_user_data(wsi)
		: NULL;
	if (link == NULL)
		return 0;
	switch (reason) {
	case LWS_CALLBACK_RAW_ADOPT:
		link->wsi = wsi;
		return 0;
	case LWS_CALLBACK_RAW_RX:
		return ws_link_read(link, in, len);
	case LWS_CALLBACK_RAW_WRITEABLE:
		return ws_link_write(link);
	case LWS_CALLBACK_RAW_CLOSE:
		link->wsi = NULL;
		return 0;
	default: // LWS_CALLBACK_WSI_DESTROY
		link->wsi = NULL;
		link->gone = true;
		if (link->thread->adopting != link)
			ws_link_destroy(link);
		return 0;
	}
}

static const struct lws_protocols protocols[] = {
	{.name = "w2", .callback = on_lws},
	{0},
};

static int context_create(struct ws_thread *thread)
{
	void *loops[] = {&thread->loop};
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.protocols = protocols,
		.vhost_name = "w2",
		.gid = (gid_t)-1,
		.uid = (uid_t)-1,
		.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
			LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS,
		.ssl_cert_filepath = thread->config->certificate,
		.ssl_private_key_filepath = thread->config->private_key,
		.ssl_cipher_list = "ECDHE+AESGCM:ECDHE+CHACHA20",
		.timeout_secs = WS_HANDSHAKE_S,
		.pt_serv_buf_size = sizeof(thread->out),
		.foreign_loops = loops,
		.provided_client_ssl_ctx = ws_server_client_ssl_ctx(thread->server),
		.user = thread,
	};

	thread->context = lws_create_context(&info);
	if (thread->context == NULL || thread->ssl_ctx == NULL)
		return -EIO;
	// Not earlier: lws sets an ALPN callback of its own behind its last callback.
	ws_tls_harden(thread->ssl_ctx);
	return 0;
}

static int slots_create(struct ws_thread *thread)
{
	thread->slot_count = thread->config->connections_max;
	thread->slots = calloc(thread->slot_count, sizeof(*thread->slots));
	if (thread->slots == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < thread->slot_count; i++)
		thread->slots[i].next_free = i + 1 < thread->slot_count ? i + 2 : 0;
	thread->slot_free = 1;
	return 0;
}

static void *thread_run(void *arg)
{
	struct ws_thread *thread = arg;

	uv_run(&thread->loop, UV_RUN_DEFAULT);
	return NULL;
}

int ws_thread_start(struct ws_thread *thread, char *err, size_t err_len)
{
	int ret;

	uv_loop_init(&thread->loop);
	uv_async_init(&thread->loop, &thread->wake, on_wake);
	uv_timer_init(&thread->loop, &thread->tick);
	thread->wake.data = thread->tick.data = thread;
	thread->initialised = true;
	ret = ws_channel_init(&thread->up, CHANNEL_SIZE);
	if (ret == 0)
		ret = ws_channel_init(&thread->down, CHANNEL_SIZE);
	if (ret == 0)
		ret = slots_create(thread);
	if (ret == 0)
		ret = context_create(thread);
	if (ret == 0)
		ret = ws_listeners_start(thread, err, err_len);
	if (ret == 0)
		uv_timer_start(&thread->tick, on_tick, 1000, 1000);
	return ret;
}

int ws_thread_run(struct ws_thread *thread)
{
	int ret = -pthread_create(&thread->id, NULL, thread_run, thread);

	thread->started = ret == 0;
	return ret;
}

void ws_thread_stop(struct ws_thread *thread)
{
	atomic_store(&thread->stop, true);
	if (thread->started)
		uv_async_send(&thread->wake);
}

static void loop_settle(struct ws_thread *thread)
{
	for (unsigned i = 0; i < 10000 && uv_run(&thread->loop, UV_RUN_NOWAIT) != 0; i++)
		;
}

void ws_thread_fini(struct ws_thread *thread)
{
	if (!thread->initialised)
		return;
	if (thread->started)
		pthread_join(thread->id, NULL);
	ws_listeners_close(thread);
	uv_close((uv_handle_t *)&thread->wake, NULL);
	uv_close((uv_handle_t *)&thread->tick, NULL);
	// With a loop of ours lws wants to be destroyed, to see its handles closed, and to be destroyed again.
	if (thread->context != NULL) {
		lws_context_destroy(thread->context);
		loop_settle(thread);
		lws_context_destroy(thread->context);
	}
	loop_settle(thread);
	uv_loop_close(&thread->loop);
	ws_listeners_free(thread);
	free(thread->slots);
	ws_channel_fini(&thread->up);
	ws_channel_fini(&thread->down);
}
