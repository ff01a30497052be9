// SPDX-License-Identifier: Apache-2.0
// The store: what is put is loaded after a new start, in order, in pages; expiry, cancellation,
// bounds, sentences.
#include "clock.h"
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[48], path[64], why[512];
static struct store *store;
static int64_t wall_s = 1700000000;

static struct {
	unsigned dones, records;
	int status;
	char last_key[64];
	uint8_t last_value[64];
	struct store_record last;
} got;

static uint64_t real_us(void *arg)
{
	struct timespec ts;

	(void)arg;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static int64_t held_wall(void *arg)
{
	(void)arg;
	return __atomic_load_n(&wall_s, __ATOMIC_RELAXED);
}

static const struct clock_source held = {.now_us = real_us, .wall_s = held_wall};

static struct store *store_try(unsigned ops_max)
{
	struct store_config config = {.location = path, .ops_max = ops_max};

	why[0] = '\0';
	return store_open(&config, why, sizeof(why));
}

static int open_all(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/store-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/db", folder);
	clock_inject(&held);
	memset(&got, 0, sizeof(got));
	store = store_try(0);
	assert_non_null(store);
	return 0;
}

static int close_all(void **state)
{
	char file[80];

	(void)state;
	store_close(store);
	clock_inject(NULL);
	unlink(path);
	snprintf(file, sizeof(file), "%s-wal", path);
	unlink(file);
	return rmdir(folder);
}

static void reopen(void)
{
	store_close(store);
	store = store_try(0);
	assert_non_null(store);
}

static void on_done(int status, void *arg)
{
	(void)arg;
	got.dones++;
	got.status = status;
}

static void on_record(const struct store_record *record, void *arg)
{
	(void)arg;
	assert_true(strcmp(got.last_key, record->key) < 0);
	snprintf(got.last_key, sizeof(got.last_key), "%s", record->key);
	got.last = *record;
	memcpy(got.last_value, record->value, record->len < 64 ? record->len : 64);
	got.records++;
}

static void await(unsigned dones)
{
	struct pollfd fd = {.fd = store_fd(store), .events = POLLIN};

	for (int i = 0; i < 100 && got.dones < dones; i++) {
		poll(&fd, 1, 200);
		store_dispatch(store);
	}
	assert_int_equal(got.dones, dones);
}

static int put(enum store_kind kind, const char *key, const char *value, bool is_durable)
{
	struct store_record record = {
		.key = key, .version = 7, .value = value, .len = strlen(value)};
	struct store_done done = {.is_durable = is_durable, .on_done = on_done, .arg = &got};

	return store_put(store, kind, &record, &done);
}

static unsigned load(enum store_kind kind)
{
	struct store_done done = {.on_done = on_done, .arg = &got};

	got.records = 0;
	got.last_key[0] = '\0';
	assert_int_equal(store_load_all(store, kind, on_record, &done), 0);
	await(got.dones + 1);
	assert_int_equal(got.status, 0);
	return got.records;
}

static void records_survive(void **state)
{
	(void)state;
	assert_int_equal(put(STORE_DIALOG, "call-1", "first", true), 0);
	assert_int_equal(put(STORE_DIALOG, "call-1", "second", true), 0);
	assert_int_equal(put(STORE_REGISTRATION, "binding", "r", false), 0);
	await(3);
	assert_int_equal(got.status, 0);
	reopen();
	assert_int_equal(load(STORE_DIALOG), 1);
	assert_string_equal(got.last_key, "call-1");
	assert_int_equal(got.last.version, 7);
	assert_int_equal(got.last.len, 6);
	assert_memory_equal(got.last_value, "second", 6);
	assert_int_equal(load(STORE_REGISTRATION), 1);
	assert_int_equal(load(STORE_TOKEN_KEY), 0);
}

static void what_is_submitted_is_written_at_close(void **state)
{
	struct store_record record = {.key = "k", .value = "", .len = 0};

	(void)state;
	for (int i = 0; i < 3000; i++) {
		assert_int_equal(store_put(store, STORE_TOKEN_KEY, &record, NULL), 0);
		assert_int_equal(put(STORE_TOKEN_KEY, "l", "v", false), 0);
	}
	assert_int_equal(store_del(store, STORE_TOKEN_KEY, "l", NULL), 0);
	assert_int_equal(store_del(store, STORE_TOKEN_KEY, "never there", NULL), 0);
	reopen();
	assert_int_equal(got.dones, 0);
	assert_int_equal(load(STORE_TOKEN_KEY), 1);
	assert_string_equal(got.last_key, "k");
	assert_int_equal(got.last.len, 0);
}

static void order_is_kept(void **state)
{
	char value[16];

	(void)state;
	for (int i = 0; i < 3000; i++) {
		snprintf(value, sizeof(value), "%d", i);
		assert_int_equal(put(STORE_DIALOG, "one", value, i % 100 == 0), 0);
		if (i % 3 == 0)
			assert_int_equal(store_del(store, STORE_DIALOG, "one", NULL), 0);
	}
	// A load sees all that was submitted before.
	got.dones = 0;
	await(3000);
	assert_int_equal(load(STORE_DIALOG), 1);
	assert_memory_equal(got.last_value, "2999", 4);
}

static void many_come_in_pages(void **state)
{
	static const unsigned counts[] = {255, 256, 257, 1000};
	unsigned made = 0;
	char key[16];

	(void)state;
	for (int i = 0; i < 4; i++) {
		for (; made < counts[i]; made++) {
			snprintf(key, sizeof(key), "%06u", made);
			assert_int_equal(put(STORE_REGISTRATION, key, "v", false), 0);
		}
		got.dones = 0;
		store_cancel(store, &got);
		assert_int_equal(load(STORE_REGISTRATION), counts[i]);
	}
}

static void expired_records_are_not_loaded(void **state)
{
	struct store_record record = {.value = "x", .len = 1};
	struct stat before;

	(void)state;
	for (int i = 0; i < 10; i++) {
		char key[2] = {(char)('a' + i), '\0'};

		record.key = key;
		record.expires_s = wall_s + i * 10;
		assert_int_equal(store_put(store, STORE_REGISTRATION, &record, NULL), 0);
	}
	assert_int_equal(load(STORE_REGISTRATION), 9);
	__atomic_store_n(&wall_s, wall_s + 50, __ATOMIC_RELAXED);
	assert_int_equal(load(STORE_REGISTRATION), 4);
	assert_int_equal(got.last.expires_s, wall_s + 40);
	// At the next start they are gone for good.
	reopen();
	assert_int_equal(load(STORE_REGISTRATION), 4);
	store_close(store);
	store = NULL;
	__atomic_store_n(&wall_s, wall_s - 50, __ATOMIC_RELAXED);
	store = store_try(0);
	assert_int_equal(load(STORE_REGISTRATION), 4);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(before.st_mode & 0777, 0600);
}

static void a_cancelled_owner_hears_nothing(void **state)
{
	struct store_done done = {.on_done = on_done, .arg = &store};

	(void)state;
	assert_int_equal(put(STORE_DIALOG, "a", "v", true), 0);
	assert_int_equal(store_load_all(store, STORE_DIALOG, on_record, &done), 0);
	store_cancel(store, &got);
	store_cancel(store, &store);
	assert_int_equal(load(STORE_DIALOG), 1);
	assert_int_equal(got.dones, 1);
	assert_int_equal(got.records, 1);
}

static void bounds(void **state)
{
	struct store_config config = {.location = path, .ops_max = 10, .bytes_max = 1000};
	static char big[STORE_VALUE_MAX + 1], key[STORE_KEY_MAX + 2];
	struct store_record record = {.key = "k", .value = big, .len = sizeof(big)};
	int sent = 0;

	(void)state;
	memset(key, 'k', STORE_KEY_MAX + 1);
	assert_int_equal(store_put(store, STORE_DIALOG, &record, NULL), -EINVAL);
	record.len = STORE_VALUE_MAX;
	record.key = "";
	assert_int_equal(store_put(store, STORE_DIALOG, &record, NULL), -EINVAL);
	record.key = key;
	assert_int_equal(store_put(store, STORE_DIALOG, &record, NULL), -EINVAL);
	assert_int_equal(store_del(store, STORE_DIALOG, key, NULL), -EINVAL);
	key[STORE_KEY_MAX] = '\0';
	assert_int_equal(store_put(store, STORE_DIALOG, &record, NULL), 0);
	store_close(store);
	store = store_open(&config, why, sizeof(why));
	record.len = 1000;
	assert_int_equal(store_put(store, STORE_DIALOG, &record, NULL), -EAGAIN);
	// Completions that nobody takes count, too.
	while (put(STORE_DIALOG, "a", "v", true) == 0)
		sent++;
	assert_int_equal(sent, 10);
	await(10);
	assert_int_equal(put(STORE_DIALOG, "a", "v", true), 0);
	await(11);
}

static void one_process_at_a_time(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct store *second = store_try(0);

		_exit(second == NULL && errno == EBUSY &&
					strstr(why, "another process has the store") != NULL
				? 0
				: 1);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

static void refused(int err, const char *part)
{
	assert_null(store_try(0));
	assert_int_equal(errno, err);
	assert_non_null(strstr(why, path));
	assert_non_null(strstr(why, part));
}

static void sql(const char *text)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void foreign_and_newer_files_are_refused(void **state)
{
	(void)state;
	store_close(store);
	store = NULL;
	sql("PRAGMA user_version = 2");
	refused(EPROTO, "schema version 2, this program knows 1");
	sql("PRAGMA user_version = 1; PRAGMA application_id = 5");
	refused(EUCLEAN, "another program's database");
	unlink(path);
	sql("CREATE TABLE t (a)");
	refused(EUCLEAN, "another program's database");
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	refused(EISDIR, "can't be opened");
	rmdir(path);
	snprintf(path, sizeof(path), "%s/no/folder", folder);
	refused(ENOENT, "can't be opened: No such file");
	snprintf(path, sizeof(path), "%s/db", folder);
}

static void damaged_files_are_refused(void **state)
{
	char key[16];
	uint8_t garbage[3000];
	int fd;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		snprintf(key, sizeof(key), "%d", i);
		assert_int_equal(put(STORE_DIALOG, key, "some value of some length", false), 0);
	}
	store_close(store);
	store = NULL;
	memset(garbage, 0xa5, sizeof(garbage));
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, garbage, sizeof(garbage), 40000), sizeof(garbage));
	refused(EUCLEAN, "damaged");
	assert_int_equal(pwrite(fd, garbage, 100, 0), 100);
	refused(EUCLEAN, "damaged");
	assert_int_equal(ftruncate(fd, 50), 0);
	refused(EUCLEAN, "damaged");
	close(fd);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_all, close_all)
	const struct CMUnitTest tests[] = {
		T(records_survive),
		T(what_is_submitted_is_written_at_close),
		T(order_is_kept),
		T(many_come_in_pages),
		T(expired_records_are_not_loaded),
		T(a_cancelled_owner_hears_nothing),
		T(bounds),
		T(one_process_at_a_time),
		T(foreign_and_newer_files_are_refused),
		T(damaged_files_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
