// SPDX-License-Identifier: Apache-2.0
// The store's thread: takes what waits, commits it as one group, hands it back.
#include "clock.h"
#include "log.h"
#include "store_priv.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#define LINGER_MS 20 // what isn't durable waits so long for company
#define EXPIRE_S 60 // between removals of what has expired

static void deadline_set(struct timespec *at, long ms)
{
	clock_gettime(CLOCK_MONOTONIC, at);
	at->tv_nsec += ms * 1000000;
	at->tv_sec += at->tv_nsec / 1000000000;
	at->tv_nsec %= 1000000000;
}

// Waits, under the lock, until there is a group worth a commit, or it is time to look for expired
// records.
static void group_await(struct store *store)
{
	struct timespec at;
	int ret = 0;

	deadline_set(&at, EXPIRE_S * 1000L);
	while (store->queued == 0 && !store->is_stopping && ret != ETIMEDOUT)
		ret = pthread_cond_timedwait(&store->work, &store->lock, &at);
	deadline_set(&at, LINGER_MS);
	ret = 0;
	while (store->queued > 0 && store->queued < STORE_BATCH && store->durable_queued == 0 &&
		!store->is_stopping && ret != ETIMEDOUT)
		ret = pthread_cond_timedwait(&store->work, &store->lock, &at);
}

// Takes, under the lock, the operations that go together: a load alone, or what is before the next
// load.
static bool group_take(struct store *store, struct op_list *group)
{
	bool is_durable = false;
	struct op *op;

	for (unsigned n = 0; n < STORE_BATCH && (op = STAILQ_FIRST(&store->queue)) != NULL; n++) {
		if (op->type == OP_LOAD && n > 0)
			break;
		STAILQ_REMOVE_HEAD(&store->queue, turn);
		STAILQ_INSERT_TAIL(group, op, turn);
		store->queued--;
		store->durable_queued -= op->is_durable;
		is_durable |= op->is_durable;
		if (op->type == OP_LOAD)
			break;
	}
	return is_durable;
}

static int group_run(struct store *store, struct op_list *group, bool is_durable)
{
	struct op *first = STAILQ_FIRST(group);
	int ret;

	if (first->type != OP_LOAD)
		return store->backend->batch(store->db, group, is_durable);
	ret = store->backend->load(store->db, first->kind, first->record.key, first->page);
	if (ret < 0)
		page_clear(first->page);
	return ret;
}

static void group_finish(struct store *store, struct op_list *group, int status)
{
	struct op *op;

	STAILQ_FOREACH (op, group, turn)
		op->status = status;
	pthread_mutex_lock(&store->lock);
	STAILQ_CONCAT(&store->finished, group);
	pthread_mutex_unlock(&store->lock);
	// Full counter: then it is readable.
	(void)eventfd_write(store->event_fd, 1);
}

// One line when it begins to fail, one when it works again.
static void failure_tell(int status, int *told)
{
	if (status == *told)
		return;
	if (status < 0)
		log_error("store: writing or reading fails: %s", strerror(-status));
	else
		log_info("store: works again");
	*told = status;
}

static void expired_remove(struct store *store, uint64_t *due_us)
{
	int ret;

	if (clock_now_us() < *due_us)
		return;
	*due_us = clock_now_us() + EXPIRE_S * UINT64_C(1000000);
	ret = store->backend->expire(store->db, clock_wall_s());
	if (ret < 0)
		log_warn("store: expired records can't be removed now: %s", strerror(-ret));
}

static void *thread_main(void *arg)
{
	struct op_list group = STAILQ_HEAD_INITIALIZER(group);
	struct store *store = arg;
	uint64_t expire_due_us = 0;
	bool is_durable, is_over = false;
	int told = 0, status;

	while (!is_over) {
		pthread_mutex_lock(&store->lock);
		group_await(store);
		is_durable = group_take(store, &group);
		is_over = store->is_stopping && STAILQ_EMPTY(&group);
		pthread_mutex_unlock(&store->lock);
		if (!STAILQ_EMPTY(&group)) {
			status = group_run(store, &group, is_durable);
			failure_tell(status, &told);
			group_finish(store, &group, status);
		}
		expired_remove(store, &expire_due_us);
	}
	return NULL;
}

int thread_start(struct store *store)
{
	sigset_t all, before;
	int ret;

	// Signals are the main thread's.
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = pthread_create(&store->thread, NULL, thread_main, store);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	store->thread_is_started = ret == 0;
	return -ret;
}

void thread_stop(struct store *store)
{
	if (!store->thread_is_started)
		return;
	pthread_mutex_lock(&store->lock);
	store->is_stopping = true;
	pthread_cond_signal(&store->work);
	pthread_mutex_unlock(&store->lock);
	pthread_join(store->thread, NULL);
	store->thread_is_started = false;
}

void thread_submit(struct store *store, struct op *op)
{
	pthread_mutex_lock(&store->lock);
	STAILQ_INSERT_TAIL(&store->queue, op, turn);
	store->queued++;
	store->durable_queued += op->is_durable;
	pthread_cond_signal(&store->work);
	pthread_mutex_unlock(&store->lock);
}
