// SPDX-License-Identifier: Apache-2.0
// Memfds and socket: seals, versions, layouts that lie, descriptors that don't come.
#include "iq.h"
#include "iq_abi.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static char why[256];

// A memfd with these bytes at its start, sealed or not.
static int memfd_with(const void *bytes, size_t len, size_t size, int seals)
{
	int fd = memfd_create("test", MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	assert_int_equal(pwrite(fd, bytes, len, 0), len);
	if (seals != 0)
		assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

static void region_refused(const struct iq_region_head *head, size_t size, const char *part)
{
	int fd = memfd_with(head, sizeof(*head), size, F_SEAL_SHRINK | F_SEAL_GROW);

	why[0] = '\0';
	assert_null(iq_region_map(fd, why, sizeof(why)));
	assert_int_equal(errno, EPROTO);
	assert_non_null(strstr(why, part));
	close(fd);
}

static void regions_that_lie(void **state)
{
	struct iq_region_head good = {.magic = IQ_MAGIC,
		.major = IQ_ABI_MAJOR,
		.minor = IQ_ABI_MINOR,
		.pair_count = 1,
		.total = sizeof(struct iq_region_layout),
		.pair_offset = {256}};
	struct iq_region_head h = good;

	(void)state;
	h.major = 7;
	h.minor = 9;
	region_refused(&h, good.total, "eims-agw speaks Iq 7.9, this side 2.0");
	h = good;
	h.magic++;
	region_refused(&h, good.total, "isn't Iq's");
	h = good;
	h.total++;
	region_refused(&h, good.total, "layout");
	h = good;
	h.pair_offset[0] = 320; // the pair would end past the memfd
	region_refused(&h, good.total, "layout");
	h.pair_offset[0] = UINT64_MAX - 63;
	region_refused(&h, good.total, "layout");
	h.pair_offset[0] = 0;
	region_refused(&h, good.total, "layout");
	h = good;
	h.pair_count = 0;
	region_refused(&h, good.total, "layout");
	h = good;
	h.total = 4096;
	region_refused(&h, 4096, "layout");
	h.total = 1ull << 40;
	region_refused(&h, 1ull << 40, "layout");
}

static void unsealed_memory_is_refused(void **state)
{
	struct iq_region *region = iq_region_create();
	char copy[256];
	int fd;

	(void)state;
	assert_int_equal(pread(iq_region_fd(region), copy, sizeof(copy), 0), sizeof(copy));
	fd = memfd_with(copy, sizeof(copy), sizeof(struct iq_region_layout), 0);
	assert_null(iq_region_map(fd, why, sizeof(why)));
	assert_int_equal(errno, EPROTO);
	assert_non_null(strstr(why, "sealed"));
	close(fd);
	// Ours can't be resized, and the seals stay.
	assert_int_equal(ftruncate(iq_region_fd(region), 4096), -1);
	assert_int_equal(fcntl(iq_region_fd(region), F_ADD_SEALS, F_SEAL_FUTURE_WRITE), -1);
	assert_int_equal(errno, EPERM);
	iq_region_destroy(region);
}

static void hello_of_another_version(void **state)
{
	struct iq_hello hello = {IQ_MAGIC, 3, 1, 4711};
	uint32_t pid = 0;
	int s[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s), 0);
	assert_int_equal(iq_hello_recv(s[0], &pid, why, sizeof(why)), -EAGAIN);
	assert_int_equal(send(s[1], &hello, sizeof(hello), 0), sizeof(hello));
	assert_int_equal(iq_hello_recv(s[0], &pid, why, sizeof(why)), -EPROTO);
	assert_non_null(strstr(why, "the controller speaks Iq 3.1, this side 2.0"));
	assert_int_equal(send(s[1], "GET /", 5, 0), 5);
	assert_int_equal(iq_hello_recv(s[0], &pid, why, sizeof(why)), -EPROTO);
	assert_int_equal(iq_hello_send(s[1]), 0);
	assert_int_equal(iq_hello_recv(s[0], &pid, why, sizeof(why)), 0);
	assert_int_equal(pid, getpid());
	close(s[1]);
	assert_int_equal(iq_hello_recv(s[0], &pid, why, sizeof(why)), -ECONNRESET);
	close(s[0]);
}

static void welcomes(void **state)
{
	struct iq_identity self = {.instance = 99, .gateway = 5}, peer = {0};
	struct iq_welcome bare = {.magic = IQ_MAGIC, .major = IQ_ABI_MAJOR};
	int s[2], fds[2] = {-1, -1};

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s), 0);
	assert_int_equal(iq_welcome_recv(s[1], &peer, fds, why, sizeof(why)), -EAGAIN);
	iq_welcome_refuse(s[0], -EBUSY, "taken");
	assert_int_equal(iq_welcome_recv(s[1], &peer, fds, why, sizeof(why)), -EBUSY);
	assert_string_equal(why, "taken");
	assert_int_equal(send(s[0], &bare, sizeof(bare), 0), sizeof(bare));
	assert_int_equal(iq_welcome_recv(s[1], &peer, fds, why, sizeof(why)), -EPROTO);
	bare.major = 8;
	assert_int_equal(send(s[0], &bare, sizeof(bare), 0), sizeof(bare));
	assert_int_equal(iq_welcome_recv(s[1], &peer, fds, why, sizeof(why)), -EPROTO);
	assert_non_null(strstr(why, "eims-agw speaks Iq 8.0, this side 2.0"));
	assert_int_equal(fds[0], -1);
	assert_int_equal(iq_welcome_send(s[0], &self, s[0], s[1]), 0);
	assert_int_equal(iq_welcome_recv(s[1], &peer, fds, why, sizeof(why)), 0);
	assert_int_equal(peer.instance, 99);
	assert_int_equal(peer.gateway, 5);
	assert_true(fds[0] >= 0 && fds[1] >= 0);
	close(fds[0]);
	close(fds[1]);
	close(s[0]);
	assert_int_equal(iq_welcome_recv(s[1], &peer, fds, why, sizeof(why)), -ECONNRESET);
	assert_false(iq_wake_drain(s[1]));
	close(s[1]);
}

static void sizes_of_commands(void **state)
{
	(void)state;
	assert_int_equal(iq_command_size(IQ_KEEPALIVE), 0);
	assert_int_equal(iq_reply_size(IQ_KEEPALIVE), sizeof(struct iq_capacity));
	assert_int_equal(iq_command_size(IQ_LEG_SET), sizeof(struct iq_leg_set));
	assert_int_equal(iq_command_size(0), -EOPNOTSUPP);
	assert_int_equal(iq_command_size(IQ_DRAIN + 1), -EOPNOTSUPP);
	assert_int_equal(iq_command_size(IQ_REPLY), -EOPNOTSUPP);
	assert_int_equal(iq_command_size(0xffff), -EOPNOTSUPP);
	assert_true(iq_command_changes(IQ_CONTEXT_DELETE));
	assert_false(iq_command_changes(IQ_AUDIT));
	assert_false(iq_command_changes(0xffff));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(regions_that_lie),
		cmocka_unit_test(unsealed_memory_is_refused),
		cmocka_unit_test(hello_of_another_version),
		cmocka_unit_test(welcomes),
		cmocka_unit_test(sizes_of_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
