// SPDX-License-Identifier: Apache-2.0
// kill -9 in the middle of a storm of commits: what was acknowledged is there, nothing is half
// there; and a disk or a memory that is full: -errno, nothing stored, and it works again
// afterwards.
#include "store.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define KEYS 50

static char folder[48], path[64], why[512];
static struct store *store;

static void store_start(void)
{
	struct store_config config = {.location = path};

	store = store_open(&config, why, sizeof(why));
	if (store == NULL)
		print_error("%s\n", why);
	assert_non_null(store);
}

static int folder_make(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/store-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/db", folder);
	return 0;
}

static int folder_remove(void **state)
{
	char file[80];

	(void)state;
	store_close(store);
	store = NULL;
	unlink(path);
	snprintf(file, sizeof(file), "%s-wal", path);
	unlink(file);
	return rmdir(folder);
}

static void turn(void)
{
	struct pollfd fd = {.fd = store_fd(store), .events = POLLIN};

	poll(&fd, 1, 100);
	store_dispatch(store);
}

// What the child tells the parent when a put is durable.
struct told {
	uint32_t key, number;
};

struct child_put {
	struct told told;
	int pipe;
};

static void on_durable(int status, void *arg)
{
	struct child_put *put = arg;

	if (status != 0 || write(put->pipe, &put->told, sizeof(put->told)) < 0)
		_exit(3);
	free(put);
}

// A value says its number over and over, so that a mixture shows.
static void value_fill(uint32_t *words, uint32_t number)
{
	for (int i = 0; i < 100; i++)
		words[i] = number;
}

static void child_storm(int pipe, uint32_t from)
{
	struct store_done done = {.is_durable = true, .on_done = on_durable};
	uint32_t words[100];
	char key[16];

	for (uint32_t n = from;; n++) {
		struct store_record record = {.key = key, .value = words, .len = sizeof(words)};
		struct child_put *put = malloc(sizeof(*put));

		*put = (struct child_put){.told = {n % KEYS, n}, .pipe = pipe};
		snprintf(key, sizeof(key), "%02u", n % KEYS);
		value_fill(words, n);
		done.arg = put;
		if (store_put(store, STORE_DIALOG, &record, &done) < 0)
			_exit(4);
		if (n % 7 == 0)
			store_dispatch(store);
	}
}

static uint32_t acked[KEYS], found[KEYS];
static bool load_is_done;

static void on_found(const struct store_record *record, void *arg)
{
	const uint8_t *bytes = record->value;
	uint32_t word, first;

	(void)arg;
	assert_int_equal(record->len, 400);
	memcpy(&first, bytes, 4);
	for (int i = 1; i < 100; i++) {
		memcpy(&word, bytes + 4 * i, 4);
		assert_int_equal(word, first);
	}
	assert_int_equal(first % KEYS, strtoul(record->key, NULL, 10));
	found[first % KEYS] = first;
}

static void on_loaded(int status, void *arg)
{
	(void)arg;
	assert_int_equal(status, 0);
	load_is_done = true;
}

static void reload_and_compare(void)
{
	struct store_done done = {.on_done = on_loaded};

	memset(found, 0, sizeof(found));
	store_start();
	load_is_done = false;
	assert_int_equal(store_load_all(store, STORE_DIALOG, on_found, &done), 0);
	while (!load_is_done)
		turn();
	for (int i = 0; i < KEYS; i++)
		assert_true(found[i] >= acked[i]);
	store_close(store);
	store = NULL;
}

static uint32_t storm(uint32_t from, useconds_t us)
{
	struct told told;
	int fds[2];
	uint32_t last = from;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		store_start();
		child_storm(fds[1], from);
	}
	close(fds[1]);
	// From the first acknowledgement on, any moment may be the last.
	for (bool is_killed = false; read(fds[0], &told, sizeof(told)) == (ssize_t)sizeof(told);) {
		assert_true(told.number > acked[told.key]);
		acked[told.key] = last = told.number;
		if (!is_killed) {
			usleep(us);
			kill(pid, SIGKILL);
			is_killed = true;
		}
	}
	waitpid(pid, NULL, 0);
	close(fds[0]);
	return last;
}

static void killed_in_a_storm(void **state)
{
	uint32_t last = 0;

	(void)state;
	srandom(11);
	for (int round = 0; round < 15; round++) {
		uint32_t before = last;

		last = storm(last + 100000, (useconds_t)(random() % 40000));
		assert_true(last > before);
		reload_and_compare();
	}
}

static int put_status;
static bool put_is_done;

static void on_put(int status, void *arg)
{
	(void)arg;
	put_status = status;
	put_is_done = true;
}

static int put_and_wait(const char *key, size_t len)
{
	static uint8_t value[STORE_VALUE_MAX];
	struct store_record record = {.key = key, .value = value, .len = len};
	struct store_done done = {.is_durable = true, .on_done = on_put};

	put_is_done = false;
	assert_int_equal(store_put(store, STORE_TOKEN_KEY, &record, &done), 0);
	while (!put_is_done)
		turn();
	return put_status;
}

static unsigned flushes;

// SQLite's calls come here first: the linker takes the program's function before the C library's.
int fdatasync(int fd)
{
	__atomic_add_fetch(&flushes, 1, __ATOMIC_RELAXED);
	return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
	__atomic_add_fetch(&flushes, 1, __ATOMIC_RELAXED);
	return (int)syscall(SYS_fsync, fd);
}

static void on_written_behind(int status, void *arg)
{
	assert_int_equal(status, 0);
	++*(unsigned *)arg;
}

// Only the durable are flushed, and before they are told.
static void flushed_before_told(void **state)
{
	struct store_record record = {.key = "behind", .value = "v", .len = 1};
	unsigned before, dones = 0;
	struct store_done behind = {.on_done = on_written_behind, .arg = &dones};

	(void)state;
	store_start();
	assert_int_equal(put_and_wait("first", 10), 0);
	before = __atomic_load_n(&flushes, __ATOMIC_RELAXED);
	assert_true(before > 0);
	assert_int_equal(store_put(store, STORE_TOKEN_KEY, &record, &behind), 0);
	while (dones == 0)
		turn();
	assert_int_equal(__atomic_load_n(&flushes, __ATOMIC_RELAXED), before);
	for (unsigned i = 1; i <= 10; i++) {
		assert_int_equal(put_and_wait("again", 10), 0);
		assert_true(__atomic_load_n(&flushes, __ATOMIC_RELAXED) >= before + i);
	}
}

static unsigned loaded;

static void on_counted(const struct store_record *record, void *arg)
{
	(void)record, (void)arg;
	loaded++;
}

static unsigned count_all(void)
{
	struct store_done done = {.on_done = on_loaded};

	loaded = 0;
	load_is_done = false;
	assert_int_equal(store_load_all(store, STORE_TOKEN_KEY, on_counted, &done), 0);
	while (!load_is_done)
		turn();
	return loaded;
}

// A file-size limit stands for a full disk: the kernel refuses the write.
static void a_full_disk(void **state)
{
	struct rlimit before, tight;
	char key[16];
	unsigned good = 0;
	int ret = 0;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	store_start();
	getrlimit(RLIMIT_FSIZE, &before);
	tight = before;
	tight.rlim_cur = 1u << 20;
	setrlimit(RLIMIT_FSIZE, &tight);
	for (int i = 0; i < 100 && ret == 0; i++) {
		snprintf(key, sizeof(key), "%d", i);
		ret = put_and_wait(key, STORE_VALUE_MAX);
		good += ret == 0;
	}
	setrlimit(RLIMIT_FSIZE, &before);
	assert_true(ret == -ENOSPC || ret == -EIO);
	assert_true(good > 0);
	assert_int_equal(count_all(), good);
	assert_int_equal(put_and_wait("after", STORE_VALUE_MAX), 0);
	assert_int_equal(count_all(), good + 1);
	store_close(store);
	store_start();
	assert_int_equal(count_all(), good + 1);
}

static void no_memory(void **state)
{
	sqlite3_int64 before;

	(void)state;
	store_start();
	assert_int_equal(put_and_wait("before", 100), 0);
	before = sqlite3_hard_heap_limit64(sqlite3_memory_used() + 1000);
	assert_int_equal(put_and_wait("lost", STORE_VALUE_MAX), -ENOMEM);
	sqlite3_hard_heap_limit64(before);
	assert_int_equal(put_and_wait("after", STORE_VALUE_MAX), 0);
	assert_int_equal(count_all(), 2);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, folder_make, folder_remove)
	const struct CMUnitTest tests[] = {
		T(killed_in_a_storm),
		T(flushed_before_told),
		T(a_full_disk),
		T(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
