// SPDX-License-Identifier: Apache-2.0
// Inside the admin room: a request on its way from the HTTP thread to the loop and back.
#pragma once

#include "admin.h"
#include "iq_msg.h"

#include <microhttpd.h>

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/queue.h>

#define TOKEN_MAX 512
#define PATH_MAX_BYTES 128
#define BODY_IGNORED_MAX 4096

// Who has it: the HTTP thread until it is submitted, the loop until it is answered, then the HTTP thread again.
struct ask {
	STAILQ_ENTRY(ask) turn; // of those submitted
	LIST_ENTRY(ask) open; // the loop's: not answered yet
	struct admin *admin;
	struct MHD_Connection *connection;
	char method[8], path[PATH_MAX_BYTES];
	size_t ignored; // bytes of a body, which nothing here wants
	bool is_submitted;
	json_t *list; // the loop's, while gateways are asked
	unsigned waiting; // gateways
	unsigned status;
	char *body; // JSON
};
STAILQ_HEAD(ask_queue, ask);
LIST_HEAD(ask_list, ask);

struct admin {
	struct admin_config config;
	char token[TOKEN_MAX]; // "": none
	struct MHD_Daemon *daemon;
	int event_fd;
	struct ask_list open;
	pthread_mutex_t lock;
	struct ask_queue submitted; // under the lock
	bool is_stopping; // under the lock
};

// door.c: sockets, and who may ask.
int door_listen(const struct admin_config *config, char *why, size_t why_len); // a socket or -errno
int door_token_read(struct admin *admin, char *why, size_t why_len);
unsigned door_verdict(const struct admin *admin, struct MHD_Connection *connection); // 0, 401, 403

// desk.c: from the HTTP thread to the loop and back.
enum MHD_Result desk_on_request(void *arg, struct MHD_Connection *connection, const char *path,
	const char *method, const char *version, const char *bytes, size_t *len, void **state);
void desk_on_completed(void *arg, struct MHD_Connection *connection, void **state,
	enum MHD_RequestTerminationCode code);
// Answers once; root is given away. The loop's.
void ask_answer(struct ask *ask, unsigned status, json_t *root);
void ask_refuse(struct ask *ask, unsigned status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

// text.c: a JSON string of bytes that may be no UTF-8, which jansson refuses: those are written as '?'; NULL is "".
json_t *json_text(const char *text);

// route.c
void ask_route(struct ask *ask);

// One file a subject. Each answers, now or later.
void status_answer(struct ask *ask);
void calls_answer(struct ask *ask);
void registrations_answer(struct ask *ask);
void contexts_list(struct ask *ask);
void context_show(struct ask *ask, iq_handle handle);
void context_delete(struct ask *ask, iq_handle handle);
