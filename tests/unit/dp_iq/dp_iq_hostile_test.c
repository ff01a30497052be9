// SPDX-License-Identifier: Apache-2.0
// Controllers in processes of their own that write garbage into all shared memory, or kill
// themselves at every step: the door goes on, and the next controller is served.
#include "controller.h"
#include "iq_abi.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct iq_stats *stats;
static struct iq_door *door;
static struct executed done;

static int open_all(void **state)
{
	folder_make(state);
	stats = stats_make();
	door = door_make(stats);
	done = (struct executed){.answers = true};
	return 0;
}

static int close_all(void **state)
{
	iq_door_destroy(door);
	iq_stats_destroy(stats);
	return folder_remove(state);
}

static void poll_door(void)
{
	iq_door_poll(door, on_command, &done);
}

// A whole transaction and a state with its acknowledgement, for a controller that behaves.
static void door_still_serves(void)
{
	static uint64_t txn = 1u << 20;
	struct controller c;
	unsigned before;
	int ret;

	for (int i = 0; (ret = controller_attach(&c, door, &done)) == -EBUSY && i < 100; i++) {
		controller_leave(&c);
		usleep(1000);
	}
	assert_int_equal(ret, 0);
	before = done.count;
	assert_int_equal(command_send(&c, IQ_CONTEXT_RESERVE, ++txn, 0), 0);
	poll_door();
	assert_int_equal(done.count, before + 1);
	assert_int_equal(reply_expect(&c, txn), 0);
	controller_leave(&c);
	poll_door();
	assert_false(iq_door_is_attached(door));
}

static void run_child(void (*child)(int step), int step)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		alarm(30); // a child that hangs fails
		child(step);
		_exit(0);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		struct pollfd fd = {.fd = iq_door_fd(door), .events = POLLIN};

		poll(&fd, 1, 1);
		poll_door();
	}
	assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
	poll_door();
	assert_false(iq_door_is_attached(door));
	door_still_serves();
}

static void die(void)
{
	kill(getpid(), SIGKILL);
}

static void wait_readable(int sock)
{
	char byte;

	recv(sock, &byte, 1, MSG_PEEK);
}

static struct iq_region_layout *attach_raw(struct controller *c)
{
	int fds[2];

	if (controller_connect(c) < 0 || iq_hello_send(c->sock) < 0)
		_exit(9);
	wait_readable(c->sock);
	if (iq_welcome_recv(c->sock, &c->peer, fds, c->why, sizeof(c->why)) < 0)
		_exit(8);
	c->region = iq_region_map(fds[0], c->why, sizeof(c->why));
	iq_region_wake_set(c->region, c->sock);
	return mmap(NULL, sizeof(struct iq_region_layout), PROT_READ | PROT_WRITE, MAP_SHARED,
		fds[0], 0);
}

// A slot written by hand and published or not.
static void slot_write(struct iq_ring *ring, unsigned at, uint16_t part)
{
	ring->slots[at].txn = 4711;
	ring->slots[at].type = IQ_LEG_SET;
	ring->slots[at].len = sizeof(struct iq_leg_set);
	ring->slots[at].part = part;
}

#define STEPS 12

static void child_that_dies(int step)
{
	struct iq_region_layout *shared;
	struct iq_ring *ring;
	struct controller c;
	struct iq_header h;
	uint8_t buf[IQ_PAYLOAD_MAX];

	if (controller_connect(&c) < 0)
		_exit(9);
	if (step == 0)
		die(); // connected
	close(c.sock);
	controller_connect(&c);
	iq_hello_send(c.sock);
	if (step == 1)
		die(); // said hello
	wait_readable(c.sock);
	if (step == 2)
		die(); // was welcomed, didn't look
	close(c.sock);
	do
		controller_connect(&c);
	while (iq_hello_send(c.sock) < 0);
	close(c.sock);
	usleep(20000);
	shared = attach_raw(&c);
	ring = &shared->pair.command;
	iq_ring_sleep(iq_region_in(c.region));
	if (step == 3)
		die(); // mapped
	slot_write(ring, 0, 0);
	if (step == 4)
		die(); // first slot written
	for (uint16_t part = 1; part < 13; part++)
		slot_write(ring, part, part);
	if (step == 5)
		die(); // all slots written
	ring->head = 13;
	if (step == 6)
		die(); // published, nobody woken
	iq_wake(c.sock);
	if (step == 7)
		die(); // woken
	wait_readable(c.sock);
	usleep(2000);
	if (step == 8)
		die(); // the reply lies there
	iq_recv(iq_region_in(c.region), &h, buf, sizeof(buf));
	if (step == 9)
		die(); // reply taken
	shared->pair.event.asleep = 1;
	if (step == 10)
		die(); // asleep
	shared->pair.event.tail = 1;
	if (step == 11)
		die();
}

static void dies_at_every_step(void **state)
{
	(void)state;
	for (int step = 0; step < STEPS; step++)
		run_child(child_that_dies, step);
	// Steps 6 to 11 published the command; the door knew its id from step 6 on.
	assert_int_equal(iq_door_counts(door)->repeated, STEPS - 7);
}

// Kills itself while the two sides are in full swing: every moment is possible.
static void child_in_full_swing(int step)
{
	struct controller c;
	struct iq_header h;
	uint8_t buf[IQ_PAYLOAD_MAX];

	attach_raw(&c);
	srandom((unsigned)step);
	for (long left = 200 + random() % 2000; left > 0; left--) {
		command_send(&c, random() % 2 ? IQ_LEG_SET : IQ_KEEPALIVE,
			(uint64_t)step << 32 | (uint64_t)left, 1);
		if (random() % 2)
			iq_recv(iq_region_in(c.region), &h, buf, sizeof(buf));
	}
	die();
}

static void dies_in_full_swing(void **state)
{
	(void)state;
	for (int step = 1; step <= 20; step++)
		run_child(child_in_full_swing, step);
}

// Every 32-bit word outside the slots' data in turn, with a few values, beside honest traffic.
static void child_that_spoils_fields(int step)
{
	static const uint32_t values[] = {0xffffffffu, 0x80000000u, 1, 257, 0};
	struct controller c;
	struct iq_region_layout *shared = attach_raw(&c);
	uint32_t *words = (uint32_t *)shared;
	size_t word = (size_t)step;
	struct iq_header h;
	uint8_t buf[IQ_PAYLOAD_MAX];

	for (unsigned i = 0; i < 5; i++) {
		command_send(&c, IQ_LEG_SET, random(), 1);
		words[word] = values[i];
		iq_wake(c.sock);
		usleep(200);
		iq_recv(iq_region_in(c.region), &h, buf, sizeof(buf));
		words[word] ^= values[i];
		iq_wake(c.sock);
	}
}

static void spoils_each_field(void **state)
{
	size_t pair = offsetof(struct iq_region_layout, pair) / 4;
	size_t event = pair + offsetof(struct iq_pair, event) / 4;
	size_t slot = offsetof(struct iq_ring, slots) / 4;

	(void)state;
	for (size_t i = 0; i < 8; i++)
		run_child(child_that_spoils_fields, (int)i); // the region's head
	for (size_t i = 0; i < 2; i++) {
		run_child(child_that_spoils_fields, (int)(pair + i)); // head, starved
		run_child(child_that_spoils_fields, (int)(pair + 16 + i)); // tail, asleep
		run_child(child_that_spoils_fields, (int)(event + i));
		run_child(child_that_spoils_fields, (int)(event + 16 + i));
	}
	for (size_t i = 0; i < 5; i++)
		run_child(child_that_spoils_fields, (int)(pair + slot + i)); // a slot's header
	run_child(child_that_spoils_fields, (int)(pair + slot + 256 + 2)); // a continuation's
	assert_true(iq_door_counts(door)->spoiled > 0);
}

static void child_that_writes_garbage(int step)
{
	struct controller c;
	struct iq_region_layout *shared = attach_raw(&c);
	uint8_t *bytes = (uint8_t *)&shared->pair;

	srandom((unsigned)step);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof(shared->pair); i++)
			bytes[i] = (uint8_t)random();
		if (step % 2) {
			shared->pair.command.head = (uint32_t)(random() % 300);
			shared->pair.event.tail = 0;
		}
		iq_wake(c.sock);
	}
	send(c.sock, bytes, 1000, MSG_DONTWAIT | MSG_NOSIGNAL);
	usleep(1000);
}

static void writes_garbage_everywhere(void **state)
{
	(void)state;
	for (int step = 0; step < 12; step++)
		run_child(child_that_writes_garbage, step);
	assert_true(iq_door_counts(door)->spoiled > 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_all, close_all)
	const struct CMUnitTest tests[] = {
		T(dies_at_every_step),
		T(dies_in_full_swing),
		T(spoils_each_field),
		T(writes_garbage_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
