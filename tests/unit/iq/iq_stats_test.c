// SPDX-License-Identifier: Apache-2.0
// The stats page: names, whole reads beside a writer in another process, a writer that died, a page
// that lies.
#include "iq.h"
#include "iq_abi.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNTERS 5
#define WORKERS 3

static const char *const names[COUNTERS] = {"rx_packets", "tx_packets", "drop_owner",
	"a_name_that_is_much_longer_than_what_the_page_has_room_for", "last"};
static char why[256];

static void names_and_values_arrive(void **state)
{
	struct iq_stats *page = iq_stats_create(names, COUNTERS, WORKERS);
	struct iq_stats *reader = iq_stats_map(iq_stats_fd(page), why, sizeof(why));
	uint64_t in[COUNTERS] = {1, 2, 3, 4, UINT64_MAX}, out[COUNTERS];

	(void)state;
	assert_non_null(reader);
	assert_int_equal(iq_stats_counters(reader), COUNTERS);
	assert_int_equal(iq_stats_workers(reader), WORKERS);
	assert_string_equal(iq_stats_counter_name(reader, 2), "drop_owner");
	assert_int_equal(strlen(iq_stats_counter_name(reader, 3)), IQ_STATS_NAME_LEN - 1);
	assert_null(iq_stats_counter_name(reader, COUNTERS));
	iq_stats_write(page, 2, in);
	assert_int_equal(iq_stats_read(reader, 2, out), 0);
	assert_memory_equal(in, out, sizeof(in));
	assert_int_equal(iq_stats_read(reader, 1, out), 0);
	assert_int_equal(out[4], 0);
	assert_int_equal(iq_stats_read(reader, WORKERS, out), -ENOENT);
	iq_stats_destroy(reader);
	iq_stats_destroy(page);
}

static void nobody_else_can_write(void **state)
{
	struct iq_stats *page = iq_stats_create(names, COUNTERS, WORKERS);
	int fd = iq_stats_fd(page);

	(void)state;
	assert_ptr_equal(mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	iq_stats_destroy(page);
	errno = 0;
	assert_null(iq_stats_create(names, 0, 1));
	assert_int_equal(errno, EINVAL);
}

#define MANY 800 // so that a write takes long enough to be met

static void writer_run(struct iq_stats *page)
{
	uint64_t v[MANY];

	for (uint64_t n = 1;; n++) {
		for (int i = 0; i < MANY; i++)
			v[i] = n;
		iq_stats_write(page, 0, v);
		// Room for readers, now and then.
		for (volatile int i = 0; i < (int)(n % 3) * 1000; i++)
			;
	}
}

static void reads_are_whole(void **state)
{
	static const char *many[MANY];
	uint64_t v[MANY], before = 0;
	struct iq_stats *page, *reader;
	int good = 0;
	pid_t pid;

	(void)state;
	for (int i = 0; i < MANY; i++)
		many[i] = "name";
	page = iq_stats_create(many, MANY, 1);
	reader = iq_stats_map(iq_stats_fd(page), why, sizeof(why));
	pid = fork();
	if (pid == 0)
		writer_run(page);
	while (good < 500) {
		int ret = iq_stats_read(reader, 0, v);

		assert_true(ret == 0 || ret == -EAGAIN);
		for (int i = 1; i < MANY && ret == 0; i++)
			assert_int_equal(v[i], v[0]);
		assert_true(ret != 0 || v[0] >= before);
		// Only reads beside a writer that runs.
		good += ret == 0 && v[0] > before;
		before = ret == 0 ? v[0] : before;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	iq_stats_destroy(reader);
	iq_stats_destroy(page);
}

// A page written by hand, to be what a broken writer would leave.
static int page_make(struct iq_stats_head *head, uint32_t sequence)
{
	struct iq_stats *page = iq_stats_create(names, COUNTERS, 1);
	uint8_t bytes[4096];
	int fd = memfd_create("test", MFD_ALLOW_SEALING);
	struct iq_stats_head good;
	ssize_t len = pread(iq_stats_fd(page), bytes, sizeof(bytes), 0);

	memcpy(&good, bytes, sizeof(good));
	if (head->magic == 0)
		*head = good;
	memcpy(bytes, head, sizeof(*head));
	memcpy(bytes + good.blocks_offset, &sequence, sizeof(sequence));
	assert_int_equal(write(fd, bytes, (size_t)len), len);
	fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
	iq_stats_destroy(page);
	return fd;
}

static void a_writer_died_in_mid_write(void **state)
{
	struct iq_stats_head head = {0};
	int fd = page_make(&head, 7);
	struct iq_stats *reader = iq_stats_map(fd, why, sizeof(why));
	uint64_t v[COUNTERS] = {42};

	(void)state;
	assert_non_null(reader);
	assert_int_equal(iq_stats_read(reader, 0, v), -EAGAIN);
	assert_int_equal(v[0], 42);
	iq_stats_destroy(reader);
	close(fd);
}

static void pages_that_lie(void **state)
{
	struct iq_stats_head good = {0}, h;

	(void)state;
	close(page_make(&good, 0));
	for (int field = 0; field < 9; field++) {
		int fd;

		h = good;
		h.magic += field == 0;
		h.major = (uint16_t)(h.major + (field == 1));
		h.counters += field == 2;
		h.workers += field == 3;
		h.names_offset += field == 4;
		h.blocks_offset = field == 5 ? 0xffffffc0u : h.blocks_offset;
		h.block_size += field == 6;
		h.total += field == 7;
		h.workers = field == 8 ? 0x80000001u : h.workers;
		fd = page_make(&h, 0);
		why[0] = '\0';
		assert_null(iq_stats_map(fd, why, sizeof(why)));
		assert_int_equal(errno, EPROTO);
		assert_non_null(
			strstr(why, field == 1 ? "speaks Iq 3.0, this side 2.0" : "differs"));
		close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_values_arrive),
		cmocka_unit_test(nobody_else_can_write),
		cmocka_unit_test(reads_are_whole),
		cmocka_unit_test(a_writer_died_in_mid_write),
		cmocka_unit_test(pages_that_lie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
