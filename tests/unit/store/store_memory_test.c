// SPDX-License-Identifier: Apache-2.0
// Every allocation of the store fails in its turn: -ENOMEM is told, nothing leaks, the next try works.
#include "store.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

static int left = -1; // allocations until one fails, -1: none does; of both threads

void *__wrap_calloc(size_t count, size_t size)
{
	int now = __atomic_load_n(&left, __ATOMIC_RELAXED);

	if (now >= 0)
		__atomic_store_n(&left, now - 1, __ATOMIC_RELAXED);
	if (now != 0)
		return __real_calloc(count, size);
	errno = ENOMEM;
	return NULL;
}

static struct store *store;
static bool is_done;
static int done_status;
static unsigned records;

static void on_done(int status, void *arg)
{
	(void)arg;
	is_done = true;
	done_status = status;
}

static void on_record(const struct store_record *record, void *arg)
{
	(void)arg;
	assert_string_equal(record->key, "k");
	records++;
}

static int await(void)
{
	struct pollfd fd = {.fd = store_fd(store), .events = POLLIN};

	for (is_done = false; !is_done;) {
		poll(&fd, 1, 100);
		store_dispatch(store);
	}
	return done_status;
}

static void everything(const char *path)
{
	struct store_config config = {.location = path};
	struct store_record record = {.key = "k", .value = "v", .len = 1};
	struct store_done done = {.is_durable = true, .on_done = on_done};
	char why[256];
	int ret;

	while ((store = store_open(&config, why, sizeof(why))) == NULL)
		assert_int_equal(errno, ENOMEM);
	while ((ret = store_put(store, STORE_DIALOG, &record, &done)) < 0)
		assert_int_equal(ret, -ENOMEM);
	assert_int_equal(await(), 0);
	do {
		records = 0;
		while ((ret = store_load_all(store, STORE_DIALOG, on_record, &done)) < 0)
			assert_int_equal(ret, -ENOMEM);
		ret = await();
		assert_true(ret == 0 || ret == -ENOMEM);
	} while (ret < 0);
	assert_int_equal(records, 1);
	store_close(store);
}

static void each_allocation_fails(void **state)
{
	char folder[] = "/tmp/store-test-XXXXXX", path[64];
	int nth = 0;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/db", folder);
	do {
		left = nth++;
		everything(path);
	} while (left < 0);
	left = -1;
	assert_true(nth > 5);
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_allocation_fails)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
