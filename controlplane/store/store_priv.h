// SPDX-License-Identifier: Apache-2.0
// The store's inside: operations, their way through the thread, and what a backend must do.
#pragma once

#include "store.h"

#include <pthread.h>
#include <sys/queue.h>

#define STORE_PAGE 256 // records loaded at a time
#define STORE_BATCH 1024 // operations committed together at most

enum op_type { OP_PUT, OP_DEL, OP_LOAD };

struct row {
	struct store_record record; // key and value lie in bytes
	size_t size;
	uint8_t bytes[];
};

struct page {
	struct row *rows[STORE_PAGE];
	unsigned count; // fewer than STORE_PAGE: the last page
};

struct op {
	STAILQ_ENTRY(op)
	turn; // in the queue, a batch or the finished; whose list it is in, owns it
	LIST_ENTRY(op) all; // loop's
	enum op_type type;
	enum store_kind kind;
	bool is_durable;
	int status;
	struct store_done done; // loop's
	store_on_record *on_record; // loop's
	struct store_record record; // put: key and value lie in bytes; del, load: the key
	struct page *page; // load: the result
	size_t size; // of bytes
	uint8_t bytes[];
};
STAILQ_HEAD(op_list, op);
LIST_HEAD(op_all, op);

// Called by the store's thread only, but open. Redis, when several nodes share the load, is one
// more of these.
struct backend {
	int (*open)(void **db, const char *location, char *why, size_t why_len);
	void (*close)(void *db);
	// Puts and deletes, all or none; with is_durable on the disk before it returns. 0 or
	// -errno.
	int (*batch)(void *db, const struct op_list *ops, bool is_durable);
	// Records with keys after this one, "" for the first. 0 or -errno.
	int (*load)(void *db, enum store_kind kind, const char *after, struct page *page);
	// Removes what has expired by now. 0 or -errno.
	int (*expire)(void *db, int64_t now_s);
};
extern const struct backend backend_sqlite;

struct store {
	const struct backend *backend;
	void *db; // the thread's
	pthread_t thread;
	bool thread_is_started;
	int event_fd;
	// Loop's.
	struct op_all all;
	unsigned op_count, ops_max;
	size_t byte_count, bytes_max;
	// Under the lock.
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct op_list queue, finished;
	unsigned queued, durable_queued;
	bool is_stopping;
};

// store_thread.c
int thread_start(struct store *store);
void thread_stop(struct store *store); // after the queue is empty
void thread_submit(struct store *store, struct op *op);

// store.c
void page_clear(struct page *page);
