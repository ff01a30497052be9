// SPDX-License-Identifier: Apache-2.0
// What a request needs and what becomes of it, without any word of the HTTP library.
#pragma once

#include "wwsf_config.h"
#include "wwsf_keys.h"
#include "wwsf_limiter.h"
#include "wwsf_page.h"
#include "wwsf_store.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

// Everything the handlers share. All but keys is fixed while requests run.
struct service {
	const struct wwsf_config *config;
	struct user_store *store;
	struct page *page;
	struct limiter *limiter;
	char nobody[PASSWORD_RECORD_MAX]; // verified for unknown users, so that they cost the same
	pthread_rwlock_t keys_lock;
	struct key_set *keys; // by keys_lock: replaced by service_keys_reload
};

// Opens store, page and keys of the configuration. 0 or -errno, the reason is logged. The
// configuration must outlive the service.
int service_init(struct service *service, const struct wwsf_config *config);
void service_fini(struct service *service);
// Reads the folder of keys again; on error the old ones stay. 0 or -errno.
int service_keys_reload(struct service *service);

// Strings may be NULL when the header isn't there; all are the caller's.
struct request {
	const char *method;
	const char *path;
	const char *host;
	const char *origin;
	const char *cookie;
	const char *content_type;
	const char *if_none_match;
	const char *body;
	size_t body_len;
	const struct sockaddr *peer;
};

#define REPLY_HEADERS_MAX 16
#define REPLY_VALUE_MAX 768

struct reply_header {
	const char *name;
	char value[REPLY_VALUE_MAX];
};

// body is for free() unless borrowed (then it outlives the service's last request).
struct reply {
	unsigned status;
	char *body;
	size_t len;
	bool borrowed;
	struct reply_header headers[REPLY_HEADERS_MAX];
	unsigned headers_count;
};

// Answers one request. Any thread.
void service_answer(struct service *service, const struct request *request, struct reply *reply);

void reply_header_add(struct reply *reply, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
// {"error": sentence} with the status.
void reply_error(struct reply *reply, unsigned status, const char *sentence);
// A JSON text, whose memory the reply takes; NULL makes a 500.
void reply_json(struct reply *reply, unsigned status, char *json);

// The site that the request was sent to: by its Host, else the first.
const struct wwsf_site *request_site(const struct service *service, const struct request *request);

// POST /login, /token and /logout.
void login_answer(struct service *service, const struct request *request, struct reply *reply);
void token_answer(struct service *service, const struct request *request, struct reply *reply);
void logout_answer(struct service *service, const struct request *request, struct reply *reply);
