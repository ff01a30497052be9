// SPDX-License-Identifier: Apache-2.0
// The loop's side of the store: operations in, completions out.
#include "store_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define OPS_MAX 65536
#define BYTES_MAX (64u << 20)

static void store_init(struct store *store, const struct store_config *config)
{
	pthread_condattr_t attr;

	store->backend = &backend_sqlite;
	store->event_fd = -1;
	store->ops_max = config->ops_max != 0 ? config->ops_max : OPS_MAX;
	store->bytes_max = config->bytes_max != 0 ? config->bytes_max : BYTES_MAX;
	LIST_INIT(&store->all);
	STAILQ_INIT(&store->queue);
	STAILQ_INIT(&store->finished);
	pthread_mutex_init(&store->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&store->work, &attr);
	pthread_condattr_destroy(&attr);
}

struct store *store_open(const struct store_config *config, char *why, size_t why_len)
{
	struct store *store = calloc(1, sizeof(*store));
	int ret;

	if (store == NULL)
		return NULL;
	store_init(store, config);
	ret = store->backend->open(&store->db, config->location, why, why_len);
	if (ret < 0)
		goto err;
	store->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ret = store->event_fd < 0 ? -errno : thread_start(store);
	if (ret < 0) {
		snprintf(why, why_len, "the store's thread can't be started: %s", strerror(-ret));
		goto err;
	}
	return store;
err:
	store_close(store);
	errno = -ret;
	return NULL;
}

void page_clear(struct page *page)
{
	for (unsigned i = 0; i < page->count; i++) {
		explicit_bzero(page->rows[i]->bytes, page->rows[i]->size);
		free(page->rows[i]);
	}
	page->count = 0;
}

static void op_free(struct store *store, struct op *op)
{
	LIST_REMOVE(op, all);
	store->op_count--;
	store->byte_count -= op->size;
	if (op->page != NULL)
		page_clear(op->page);
	free(op->page);
	// Values hold keys.
	explicit_bzero(op->bytes, op->size);
	free(op);
}

void store_close(struct store *store)
{
	struct op *op;

	if (store == NULL)
		return;
	thread_stop(store);
	if (store->db != NULL)
		store->backend->close(store->db);
	while ((op = LIST_FIRST(&store->all)) != NULL)
		op_free(store, op);
	if (store->event_fd >= 0)
		close(store->event_fd);
	pthread_cond_destroy(&store->work);
	pthread_mutex_destroy(&store->lock);
	free(store);
}

int store_fd(const struct store *store)
{
	return store->event_fd;
}

// An operation with room for size bytes, or NULL with errno.
static struct op *op_make(
	struct store *store, enum op_type type, size_t size, const struct store_done *done)
{
	struct op *op;

	if (store->op_count >= store->ops_max || size > store->bytes_max - store->byte_count) {
		errno = EAGAIN;
		return NULL;
	}
	op = calloc(1, sizeof(*op) + size);
	if (op == NULL)
		return NULL;
	op->type = type;
	op->size = size;
	if (done != NULL)
		op->done = *done;
	op->is_durable = op->done.is_durable;
	LIST_INSERT_HEAD(&store->all, op, all);
	store->op_count++;
	store->byte_count += size;
	return op;
}

static bool key_is_good(const char *key)
{
	size_t len = strnlen(key, STORE_KEY_MAX + 1);

	return len > 0 && len <= STORE_KEY_MAX;
}

int store_put(struct store *store, enum store_kind kind, const struct store_record *record,
	const struct store_done *done)
{
	size_t key_size;
	struct op *op;

	if (!key_is_good(record->key) || record->len > STORE_VALUE_MAX)
		return -EINVAL;
	key_size = strlen(record->key) + 1;
	op = op_make(store, OP_PUT, key_size + record->len, done);
	if (op == NULL)
		return -errno;
	memcpy(op->bytes, record->key, key_size);
	if (record->len > 0)
		memcpy(op->bytes + key_size, record->value, record->len);
	op->kind = kind;
	op->record = *record;
	op->record.key = (const char *)op->bytes;
	op->record.value = op->bytes + key_size;
	thread_submit(store, op);
	return 0;
}

int store_del(
	struct store *store, enum store_kind kind, const char *key, const struct store_done *done)
{
	struct op *op;

	if (!key_is_good(key))
		return -EINVAL;
	op = op_make(store, OP_DEL, strlen(key) + 1, done);
	if (op == NULL)
		return -errno;
	memcpy(op->bytes, key, op->size);
	op->kind = kind;
	op->record.key = (const char *)op->bytes;
	thread_submit(store, op);
	return 0;
}

int store_load_all(struct store *store, enum store_kind kind, store_on_record *on_record,
	const struct store_done *done)
{
	// Room for the key after which the next page begins.
	struct op *op = op_make(store, OP_LOAD, STORE_KEY_MAX + 1, done);

	if (op == NULL)
		return -errno;
	op->page = calloc(1, sizeof(*op->page));
	if (op->page == NULL) {
		op_free(store, op);
		return -ENOMEM;
	}
	op->kind = kind;
	op->on_record = on_record;
	op->record.key = (const char *)op->bytes;
	thread_submit(store, op);
	return 0;
}

void store_cancel(struct store *store, const void *arg)
{
	struct op *op;

	LIST_FOREACH (op, &store->all, all) {
		if (op->done.arg == arg) {
			op->done.on_done = NULL;
			op->on_record = NULL;
		}
	}
}

// Hands out a page; true when another one was asked for.
static bool page_deliver(struct store *store, struct op *op)
{
	struct page *page = op->page;
	bool is_last = page->count < STORE_PAGE;

	// The callback may cancel the load.
	for (unsigned i = 0; i < page->count && op->on_record != NULL; i++)
		op->on_record(&page->rows[i]->record, op->done.arg);
	if (is_last || op->on_record == NULL)
		return false;
	snprintf((char *)op->bytes, op->size, "%s", page->rows[page->count - 1]->record.key);
	page_clear(page);
	thread_submit(store, op);
	return true;
}

static void op_complete(struct store *store, struct op *op)
{
	if (op->type == OP_LOAD && op->status == 0 && page_deliver(store, op))
		return;
	if (op->done.on_done != NULL)
		op->done.on_done(op->status, op->done.arg);
	op_free(store, op);
}

void store_dispatch(struct store *store)
{
	struct op_list finished = STAILQ_HEAD_INITIALIZER(finished);
	eventfd_t count;
	struct op *op;

	// Empty is as good as read.
	(void)eventfd_read(store->event_fd, &count);
	pthread_mutex_lock(&store->lock);
	STAILQ_CONCAT(&finished, &store->finished);
	pthread_mutex_unlock(&store->lock);
	while ((op = STAILQ_FIRST(&finished)) != NULL) {
		STAILQ_REMOVE_HEAD(&finished, turn);
		op_complete(store, op);
	}
}
