// SPDX-License-Identifier: Apache-2.0
// W2: secure WebSockets of browsers (RFC 6455, RFC 7118), served by threads of their own.
//
// The threads own TLS, framing, the Origin check, limits and pings; whole messages cross to the event loop.
// Every function here is for the event loop's thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct ws_server;

// A connection, never reused while the process lives; 0 is none.
typedef uint64_t ws_conn;

struct ws_listen {
	char address[64]; // IPv4 or IPv6, without brackets
	uint16_t port;
};

struct ws_config {
	const struct ws_listen *listens;
	unsigned listen_count;
	const char *certificate, *private_key; // PEM files
	const char *const *origins; // exact scheme://host[:port] texts (RFC 6454)
	unsigned origin_count;
	int allow_no_origin; // clients that are not browsers
	unsigned threads;
	unsigned connections_max, connections_per_address_max;
	unsigned message_max; // bytes; over it: close 1009
	unsigned messages_per_s; // of one connection, short bursts allowed; over it: close 1008
	unsigned ping_interval_s; // two unanswered: dead
	unsigned idle_unbound_s; // closed (1008) when ws_bound() was not called in this time
};

enum ws_event_type { WS_OPENED, WS_MESSAGE, WS_CLOSED };

struct ws_event {
	enum ws_event_type type;
	ws_conn conn;
	const char *origin; // WS_OPENED: "" when the client sent none
	const char *peer; // WS_OPENED: address text
	uint16_t peer_port; // WS_OPENED
	const char
		*data; // WS_MESSAGE: one whole message, not NUL-terminated; gone after the callback
	size_t len;
};

typedef void (*ws_on_event)(const struct ws_event *event, void *arg);

// Starts the threads. Of what config points to, only the origins are read later: they must stay until ws_stop. NULL with
// errno, and a sentence in err: certificate unreadable, address in use ...
struct ws_server *ws_start(const struct ws_config *config, char *err, size_t err_len);

// Closes everything with 1001 and joins the threads. ws_stop(NULL) is legal.
void ws_stop(struct ws_server *server);

// Readable when ws_dispatch() has work.
int ws_fd(const struct ws_server *server);

// Delivers what has arrived, at most a bounded number of events a call. WS_CLOSED is the last event of a connection
// and comes also after ws_close().
void ws_dispatch(struct ws_server *server, ws_on_event on_event, void *arg);

// Queues one message (copied); text when it is valid UTF-8, else binary. -ENOTCONN when the connection is gone,
// -ENOBUFS when its queue is full (the connection is then closed with 1008).
int ws_send(struct ws_server *server, ws_conn conn, const char *data, size_t len);

// Closes with a code of RFC 6455 section 7.4 after what is queued was sent.
void ws_close(struct ws_server *server, ws_conn conn, uint16_t code, const char *reason);

// The connection carries a registration: the idle limit no longer holds.
void ws_bound(struct ws_server *server, ws_conn conn);

// Named counters for metrics: handshakes refused by reason, messages, closes by code.
struct ws_counters {
	uint64_t opened, closed, messages_in, messages_out;
	uint64_t refused_origin, refused_protocol, refused_limit, closed_size, closed_rate,
		closed_dead, closed_idle;
};
void ws_counters_get(const struct ws_server *server, struct ws_counters *out);
