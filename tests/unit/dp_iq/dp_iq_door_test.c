// SPDX-License-Identifier: Apache-2.0
// The door: who gets in, transactions once, errors, full rings, the lease.
#include "clock.h"
#include "controller.h"
#include "iq_abi.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct iq_stats *stats;
static struct iq_door *door;
static struct executed done;
static struct controller c;

static int open_all(void **state)
{
	folder_make(state);
	done = (struct executed){.answers = true};
	stats = stats_make();
	door = door_make(stats);
	assert_non_null(door);
	return 0;
}

static int close_all(void **state)
{
	if (c.region != NULL)
		controller_leave(&c);
	iq_door_destroy(door);
	iq_stats_destroy(stats);
	return folder_remove(state);
}

static int poll_door(void)
{
	return iq_door_poll(door, on_command, &done);
}

static bool door_is_ready(void)
{
	struct pollfd fd = {.fd = iq_door_fd(door), .events = POLLIN};

	return poll(&fd, 1, 0) == 1;
}

static void attach(void)
{
	assert_int_equal(controller_attach(&c, door, &done), 0);
}

static void a_command_wakes_and_is_answered(void **state)
{
	(void)state;
	attach();
	assert_int_equal(c.peer.gateway, 3);
	assert_string_equal(iq_stats_counter_name(c.stats, 1), "tx");
	assert_false(door_is_ready());
	assert_int_equal(command_send(&c, IQ_KEEPALIVE, 5, 0), 0);
	assert_true(door_is_ready());
	assert_int_equal(poll_door(), 1);
	assert_false(door_is_ready());
	assert_int_equal(done.last.type, IQ_KEEPALIVE);
	assert_int_equal(reply_expect(&c, 5), 0);
}

static void a_repetition_is_not_carried_out(void **state)
{
	(void)state;
	attach();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(command_send(&c, IQ_CONTEXT_RESERVE, 77, 0), 0);
		poll_door();
		assert_int_equal(reply_expect(&c, 77), 0);
	}
	assert_int_equal(done.count, 1);
	// Nor after a new attach.
	controller_leave(&c);
	poll_door();
	attach();
	assert_int_equal(command_send(&c, IQ_CONTEXT_RESERVE, 77, 0), 0);
	poll_door();
	assert_int_equal(reply_expect(&c, 77), 0);
	assert_int_equal(done.count, 1);
	assert_int_equal(iq_door_counts(door)->repeated, 3);
	// The id with another command is a mistake.
	assert_int_equal(command_send(&c, IQ_CONTEXT_DELETE, 77, 0), 0);
	poll_door();
	assert_int_equal(reply_expect(&c, 77), -EINVAL);
	assert_int_equal(done.count, 1);
}

static void a_late_answer_reaches_who_asked_last(void **state)
{
	struct iq_header h;
	uint8_t buf[IQ_PAYLOAD_MAX];

	(void)state;
	done.answers = false;
	attach();
	assert_int_equal(command_send(&c, IQ_LEG_SET, 8, 1), 0);
	assert_int_equal(command_send(&c, IQ_LEG_SET, 9, 1), 0);
	poll_door();
	controller_leave(&c);
	poll_door();
	attach();
	assert_int_equal(command_send(&c, IQ_LEG_SET, 8, 1), 0);
	poll_door();
	assert_int_equal(message_take(&c, &h, buf), 0);
	assert_int_equal(iq_door_reply(door, 8, -ENOENT, NULL, 0), 0);
	assert_int_equal(iq_door_reply(door, 9, 0, NULL, 0), 0);
	assert_int_equal(reply_expect(&c, 8), -ENOENT);
	// 9 wasn't asked for again in this session: kept, not sent.
	assert_int_equal(message_take(&c, &h, buf), 0);
	assert_int_equal(command_send(&c, IQ_LEG_SET, 9, 1), 0);
	poll_door();
	assert_int_equal(reply_expect(&c, 9), 0);
	assert_int_equal(done.count, 2);
}

static void replies_of_the_wrong_kind_are_refused(void **state)
{
	(void)state;
	done.answers = false;
	attach();
	assert_int_equal(iq_door_reply(door, 1, 0, NULL, 0), -ENOENT);
	assert_int_equal(command_send(&c, IQ_KEEPALIVE, 1, 0), 0);
	poll_door();
	assert_int_equal(iq_door_reply(door, 1, 0, "abc", 3), -EINVAL);
	assert_int_equal(iq_door_reply(door, 1, -EIO, "abc", 3), -EINVAL);
	assert_int_equal(iq_door_reply(door, 1, -EIO, NULL, 0), 0);
	assert_int_equal(iq_door_reply(door, 1, 0, NULL, 0), -ENOENT);
}

static void malformed_commands_never_reach_the_handler(void **state)
{
	struct iq_ring_end *out;

	(void)state;
	attach();
	out = iq_region_out(c.region);
	assert_int_equal(iq_send(out, IQ_LEG_SET, 1, "short", 5), 0);
	assert_int_equal(iq_send(out, 0, 2, NULL, 0), 0);
	assert_int_equal(iq_send(out, IQ_REPLY, 3, NULL, 0), 0);
	assert_int_equal(iq_send(out, 0xffff, 4, NULL, 0), 0);
	assert_int_equal(poll_door(), 4);
	assert_int_equal(reply_expect(&c, 1), -EINVAL);
	for (uint64_t txn = 2; txn <= 4; txn++)
		assert_int_equal(reply_expect(&c, txn), -EOPNOTSUPP);
	assert_int_equal(done.count, 0);
	assert_int_equal(iq_door_counts(door)->invalid, 4);
}

static void one_controller_at_a_time(void **state)
{
	struct controller second;
	char pid[32];

	(void)state;
	attach();
	assert_int_equal(controller_attach(&second, door, &done), -EBUSY);
	snprintf(pid, sizeof(pid), "process id %d is attached", getpid());
	assert_non_null(strstr(second.why, pid));
	controller_leave(&second);
	// The first one's work goes on.
	assert_int_equal(command_send(&c, IQ_KEEPALIVE, 1, 0), 0);
	poll_door();
	assert_int_equal(reply_expect(&c, 1), 0);
	// Its last words count, then the next one is let in.
	assert_int_equal(command_send(&c, IQ_CONTEXT_DELETE, 2, 0), 0);
	controller_leave(&c);
	attach();
	assert_int_equal(done.last.txn, 2);
	assert_int_equal(iq_door_counts(door)->attached, 2);
}

static void another_version_hears_both(void **state)
{
	struct iq_hello hello = {IQ_MAGIC, IQ_ABI_MAJOR + 1, 4, 1};
	struct iq_welcome welcome;

	(void)state;
	assert_int_equal(controller_connect(&c), 0);
	assert_int_equal(send(c.sock, &hello, sizeof(hello), 0), sizeof(hello));
	poll_door();
	assert_int_equal(recv(c.sock, &welcome, sizeof(welcome), MSG_DONTWAIT), sizeof(welcome));
	assert_int_equal(welcome.status, -EPROTO);
	assert_non_null(strstr(welcome.text, "the controller speaks Iq 3.4, this side 2.0"));
	assert_int_equal(recv(c.sock, &welcome, sizeof(welcome), MSG_DONTWAIT), 0);
	close(c.sock);
}

static void silence_is_not_a_hello(void **state)
{
	struct controller mute[6];
	char byte;

	(void)state;
	clock_hold();
	for (int i = 0; i < 4; i++)
		assert_int_equal(controller_connect(&mute[i]), 0);
	poll_door();
	assert_int_equal(controller_connect(&mute[4]), 0);
	poll_door();
	assert_int_equal(
		iq_welcome_recv(mute[4].sock, &c.peer, (int[2]){0}, c.why, sizeof(c.why)), -EBUSY);
	clock_step(2100000);
	poll_door();
	for (int i = 0; i < 5; i++) {
		assert_int_equal(recv(mute[i].sock, &byte, 1, MSG_DONTWAIT), 0);
		close(mute[i].sock);
	}
	c.region = NULL;
	attach();
}

static void strangers_hear_who_may(void **state)
{
	struct controller stranger;
	int status = 0;
	pid_t pid;

	(void)state;
	if (getuid() != 0) {
		print_message("not root: can't become a stranger\n");
		skip();
	}
	assert_int_equal(chmod(test_path, 0777), 0);
	test_path[strlen(test_path) - 8] = '\0';
	assert_int_equal(chmod(test_path, 0755), 0);
	test_path[strlen(test_path)] = '/';
	pid = fork();
	if (pid == 0) {
		int ret;

		if (setuid(65534) < 0 || controller_connect(&stranger) < 0)
			_exit(1);
		// The refusal may be quicker than the hello.
		ret = iq_hello_send(stranger.sock);
		if (ret < 0 && ret != -EPIPE)
			_exit(1);
		recv(stranger.sock, stranger.why, 1, MSG_PEEK);
		if (iq_welcome_recv(stranger.sock, &stranger.peer, (int[2]){0}, stranger.why,
			    256) != -EPERM)
			_exit(2);
		_exit(strstr(stranger.why, "user 65534 may not control this gateway") ? 0 : 3);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		struct pollfd fd = {.fd = iq_door_fd(door), .events = POLLIN};

		poll(&fd, 1, 1);
		poll_door();
	}
	assert_int_equal(status, 0);
	assert_int_equal(iq_door_counts(door)->refused, 1);
}

static void a_stale_socket_is_replaced(void **state)
{
	char kept[80];
	int fd;

	(void)state;
	errno = 0;
	assert_null(door_make(stats));
	assert_int_equal(errno, EADDRINUSE);
	// As after kill -9: the file is there and nobody listens.
	snprintf(kept, sizeof(kept), "%s.kept", test_path);
	assert_int_equal(rename(test_path, kept), 0);
	iq_door_destroy(door);
	assert_int_equal(rename(kept, test_path), 0);
	door = door_make(stats);
	assert_non_null(door);
	iq_door_destroy(door);
	fd = open(test_path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	door = door_make(stats);
	assert_null(door);
	assert_int_equal(errno, EEXIST);
}

static void without_answers_commands_wait(void **state)
{
	unsigned sent = 0;

	(void)state;
	done.answers = false;
	attach();
	for (int i = 0; i < 100; i++) {
		while (command_send(&c, IQ_CANDIDATES_ADD, sent + 1, 1) == 0)
			sent++;
		poll_door();
	}
	assert_int_equal(done.count, 512);
	assert_int_equal(sent, 512 + IQ_SLOTS);
	done.answers = true;
	for (uint64_t txn = 1; txn <= 512; txn++)
		iq_door_reply(door, txn, 0, NULL, 0);
	for (uint64_t txn = 1; txn <= sent; txn++) {
		poll_door();
		assert_int_equal(reply_expect(&c, txn), 0);
	}
	assert_int_equal(done.count, sent);
}

static void unread_replies_are_not_forgotten(void **state)
{
	uint64_t sent = 0;

	(void)state;
	attach();
	for (int i = 0; i < 50; i++) {
		while (command_send(&c, IQ_CONTEXT_GET, sent + 1, 1) == 0)
			sent++;
		poll_door();
	}
	assert_true(sent > 512);
	for (uint64_t txn = 1; txn <= sent; txn++) {
		poll_door();
		assert_int_equal(reply_expect(&c, txn), 0);
	}
	assert_int_equal(done.count, sent);
}

static void who_reads_no_replies_is_let_go(void **state)
{
	(void)state;
	clock_hold();
	attach();
	for (uint64_t txn = 1; txn <= 2000; txn++) {
		(void)command_send(&c, IQ_CONTEXT_GET, txn, 1);
		poll_door();
	}
	assert_true(iq_door_is_attached(door));
	clock_step(9000000);
	poll_door();
	assert_true(iq_door_is_attached(door));
	clock_step(1100000);
	poll_door();
	assert_false(iq_door_is_attached(door));
}

static void the_lease_runs_without_a_controller(void **state)
{
	uint64_t gone;

	(void)state;
	clock_hold();
	assert_false(iq_door_lease_is_over(door));
	assert_true(iq_door_gone_since_us(door) > 0);
	attach();
	assert_int_equal(iq_door_gone_since_us(door), 0);
	clock_step(1000000000);
	assert_false(iq_door_lease_is_over(door));
	controller_leave(&c);
	poll_door();
	gone = iq_door_gone_since_us(door);
	assert_int_equal(gone, clock_now_us());
	clock_step(59999999);
	assert_false(iq_door_lease_is_over(door));
	clock_step(1);
	assert_true(iq_door_lease_is_over(door));
	attach();
	assert_false(iq_door_lease_is_over(door));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_all, close_all)
	const struct CMUnitTest tests[] = {
		T(a_command_wakes_and_is_answered),
		T(a_repetition_is_not_carried_out),
		T(a_late_answer_reaches_who_asked_last),
		T(replies_of_the_wrong_kind_are_refused),
		T(malformed_commands_never_reach_the_handler),
		T(one_controller_at_a_time),
		T(another_version_hears_both),
		T(silence_is_not_a_hello),
		T(strangers_hear_who_may),
		T(a_stale_socket_is_replaced),
		T(without_answers_commands_wait),
		T(unread_replies_are_not_forgotten),
		T(who_reads_no_replies_is_let_go),
		T(the_lease_runs_without_a_controller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
