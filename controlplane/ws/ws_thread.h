// SPDX-License-Identifier: Apache-2.0
// Inside of ws: what a thread owns, and its connections.
#pragma once

#include "ws_priv.h"

#include <pthread.h>
#include <uv.h>

struct lws;
struct lws_context;

// A place in the thread's table: the low half of a ws_conn names it.
struct ws_slot {
	struct ws_link *link; // the thread's
	uint32_t generation; // the thread's
	uint32_t next_free; // the thread's
	uint32_t open_generation; // the loop's: 0 none
	bool closing; // the loop's
	_Atomic size_t queued; // bytes of frames not yet written; loop adds, thread subtracts
};

enum ws_count {
	WS_COUNT_OPENED,
	WS_COUNT_CLOSED,
	WS_COUNT_IN,
	WS_COUNT_OUT,
	WS_COUNT_ORIGIN,
	WS_COUNT_PROTOCOL,
	WS_COUNT_LIMIT,
	WS_COUNT_SIZE,
	WS_COUNT_RATE,
	WS_COUNT_DEAD,
	WS_COUNT_IDLE,
	WS_COUNT_END
};

struct ws_listener {
	uv_poll_t poll;
	struct ws_thread *thread;
	int fd;
	bool paused; // no descriptors left: tried again on the next tick
};

struct ws_thread {
	struct ws_server *server;
	const struct ws_config *config;
	unsigned index;
	pthread_t id;
	bool initialised, started;
	uv_loop_t loop;
	uv_async_t wake;
	uv_timer_t tick;
	struct lws_context *context;
	void *ssl_ctx; // of lws, while the context is created
	struct ws_listener *listeners;
	unsigned listener_count;
	struct ws_link *links;
	struct ws_link *adopting;
	unsigned link_count;
	struct ws_slot *slots;
	uint32_t slot_count, slot_free;
	struct ws_channel up, down;
	_Atomic bool woken; // a wake is on its way
	_Atomic bool stop;
	bool stopping, blocked; // blocked: up is full, links are not read
	uint64_t stop_due_us;
	_Atomic uint64_t counts[WS_COUNT_END]; // the thread's; relaxed, read for metrics only
	uint8_t out[16384];
};

// Makes everything but the thread, which ws_thread_run starts. 0 or -errno, and a sentence in err.
int ws_thread_start(struct ws_thread *thread, char *err, size_t err_len);
int ws_thread_run(struct ws_thread *thread);
int ws_listeners_start(struct ws_thread *thread, char *err, size_t err_len);
void ws_listeners_close(struct ws_thread *thread); // in the loop
void ws_listeners_resume(struct ws_thread *thread); // those that ran out of descriptors
void ws_listeners_free(struct ws_thread *thread);
void ws_thread_stop(struct ws_thread *thread); // asks; ws_thread_fini joins
void ws_thread_fini(struct ws_thread *thread);
void ws_thread_wake(struct ws_thread *thread); // any thread
void ws_thread_tell(struct ws_thread *thread, struct ws_node *node); // to the loop; NULL is nothing
void ws_thread_count(struct ws_thread *thread, enum ws_count what);
void ws_server_signal(struct ws_server *server); // any thread: ws_fd becomes readable
struct ws_census *ws_server_census(struct ws_server *server);
// lws makes every vhost a client context, too, and frees only that of the last context in a process, unless one is
// provided.
void *ws_server_client_ssl_ctx(struct ws_server *server);

// One connection, its thread's.
enum ws_link_state { WS_LINK_HANDSHAKE, WS_LINK_OPEN, WS_LINK_CLOSING };
struct ws_link {
	struct ws_thread *thread;
	struct ws_link *next, **back;
	struct lws *wsi; // NULL once it is closed
	struct sockaddr_storage address;
	ws_conn conn; // 0 before the 101
	enum ws_link_state state;
	bool bound, paused;
	bool dead; // what the peer sends is no longer read as frames
	bool has_wsi, gone; // see link_adopt
	bool hangup; // close when all is written
	char *request;
	size_t request_len;
	struct ws_frames frames;
	struct ws_list out;
	uint64_t born_us, ping_us, close_us, rate_us;
	unsigned pings; // sent since the peer was heard
	unsigned own_frames; // queued by the thread itself: control frames, keep-alive answers
};
struct ws_link *ws_link_create(struct ws_thread *thread, const struct sockaddr_storage *address);
void ws_link_destroy(struct ws_link *link);
// Bytes of the peer. -1: close now.
int ws_link_read(struct ws_link *link, const uint8_t *bytes, size_t len);
// The socket takes bytes again. -1: close now.
int ws_link_write(struct ws_link *link);
struct ws_slot *ws_link_slot(const struct ws_link *link);
// The queue of a link: only what the loop has sent, which names the connection, counts against its limit.
void ws_node_free(struct ws_link *link, struct ws_node *node);
void ws_out_clear(struct ws_link *link);
void ws_out_append(struct ws_link *link, struct ws_node *node);
void ws_out_control(struct ws_link *link, uint8_t opcode, const void *bytes, size_t len);
// A command of the loop; owns the node.
void ws_link_command(struct ws_link *link, struct ws_node *node);
// Deadlines. -1: close now.
int ws_link_tick(struct ws_link *link, uint64_t now_us);
// Queues a Close and waits for the peer's; at_once drops what was queued.
void ws_link_close(struct ws_link *link, uint16_t code, const char *reason, bool at_once);

// Certificate and key are readable and belong together: 0, or -EINVAL and a sentence.
int ws_tls_check(const char *certificate, const char *private_key, char *err, size_t err_len);
// Versions, ALPN and tickets on an SSL_CTX of lws. The ticket key is shared by all threads.
void ws_tls_harden(void *ssl_ctx);
void *ws_tls_client_ctx(void);
void ws_tls_client_ctx_free(void *ssl_ctx);
