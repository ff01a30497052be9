// SPDX-License-Identifier: Apache-2.0
// The ring against a slow oracle: a plain queue; random sizes, wrap of slots and of indexes, full,
// wake-ups.
#include "iq.h"
#include "iq_abi.h"
#include "iq_priv.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define QUEUE 512

struct sides {
	struct iq_region *gateway, *controller;
	struct iq_region_layout *shared; // a third mapping, to look inside
	int socks[2]; // of the gateway, of the controller
};

static int sides_open(void **state)
{
	struct sides *s = calloc(1, sizeof(*s));
	char why[256];

	s->gateway = iq_region_create();
	assert_non_null(s->gateway);
	s->controller = iq_region_map(iq_region_fd(s->gateway), why, sizeof(why));
	assert_non_null(s->controller);
	s->shared = mmap(NULL, sizeof(*s->shared), PROT_READ | PROT_WRITE, MAP_SHARED,
		iq_region_fd(s->gateway), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s->socks), 0);
	iq_region_wake_set(s->gateway, s->socks[0]);
	iq_region_wake_set(s->controller, s->socks[1]);
	*state = s;
	return 0;
}

static int sides_close(void **state)
{
	struct sides *s = *state;

	munmap(s->shared, sizeof(*s->shared));
	iq_region_destroy(s->controller);
	iq_region_destroy(s->gateway);
	close(s->socks[0]);
	close(s->socks[1]);
	free(s);
	return 0;
}

static uint32_t seed = 12345;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static uint32_t length_draw(void)
{
	switch (draw(6)) {
	case 0:
		return 0;
	case 1:
		return IQ_SLOT_DATA * draw(IQ_PARTS_MAX);
	case 2:
		return IQ_PAYLOAD_MAX - draw(2);
	case 3:
		return draw(IQ_PAYLOAD_MAX + 1);
	default:
		return draw(2 * IQ_SLOT_DATA);
	}
}

static void payload_fill(uint8_t *bytes, uint32_t len, uint64_t txn)
{
	for (uint32_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(txn * 31 + i * 7 + (i >> 8));
}

struct oracle {
	uint64_t txn[QUEUE];
	uint32_t len[QUEUE];
	unsigned first, count, slots;
};

static unsigned slots_of(uint32_t len)
{
	unsigned n = 1;

	while (len > IQ_SLOT_DATA) {
		len -= IQ_SLOT_DATA;
		n++;
	}
	return n;
}

static void send_one(struct iq_ring_end *out, struct oracle *o, uint64_t txn)
{
	static uint8_t bytes[IQ_PAYLOAD_MAX];
	uint32_t len = length_draw();
	bool fits = o->slots + slots_of(len) <= IQ_SLOTS;
	unsigned at = (o->first + o->count) % QUEUE;

	payload_fill(bytes, len, txn);
	assert_int_equal(
		iq_send(out, (uint16_t)(txn & 0xffff), txn, bytes, len), fits ? 0 : -EAGAIN);
	if (!fits)
		return;
	o->txn[at] = txn;
	o->len[at] = len;
	o->count++;
	o->slots += slots_of(len);
}

static void recv_one(struct iq_ring_end *in, struct oracle *o)
{
	static uint8_t bytes[IQ_PAYLOAD_MAX], want[IQ_PAYLOAD_MAX];
	struct iq_header h;

	if (o->count == 0) {
		assert_int_equal(iq_recv(in, &h, bytes, sizeof(bytes)), 0);
		return;
	}
	if (o->len[o->first] > 0)
		assert_int_equal(iq_recv(in, &h, bytes, o->len[o->first] - 1), -EMSGSIZE);
	assert_int_equal(iq_recv(in, &h, bytes, sizeof(bytes)), 1);
	assert_int_equal(h.txn, o->txn[o->first]);
	assert_int_equal(h.len, o->len[o->first]);
	assert_int_equal(h.type, (uint16_t)(h.txn & 0xffff));
	payload_fill(want, h.len, h.txn);
	assert_memory_equal(bytes, want, h.len);
	o->slots -= slots_of(h.len);
	o->first = (o->first + 1) % QUEUE;
	o->count--;
}

static void ring_walk(struct iq_ring_end *out, struct iq_ring_end *in, int steps)
{
	struct oracle o = {0};

	for (int i = 1; i <= steps; i++) {
		// Phases in which the ring fills up and phases in which it empties.
		if (draw(100) < (i / 500 % 2 ? 65u : 40u))
			send_one(out, &o, (uint64_t)i);
		else
			recv_one(in, &o);
	}
	while (o.count > 0)
		recv_one(in, &o);
}

static void both_rings_agree_with_a_queue(void **state)
{
	struct sides *s = *state;

	ring_walk(iq_region_out(s->controller), iq_region_in(s->gateway), 20000);
	ring_walk(iq_region_out(s->gateway), iq_region_in(s->controller), 20000);
}

static void indexes_wrap_at_2_to_32(void **state)
{
	struct sides *s = *state;
	struct iq_ring_end *out = iq_region_out(s->controller), *in = iq_region_in(s->gateway);

	out->own = out->peer = in->own = in->peer = UINT32_MAX - 700;
	s->shared->pair.command.head = s->shared->pair.command.tail = UINT32_MAX - 700;
	ring_walk(out, in, 3000);
	assert_true(in->own < UINT32_MAX - 700);
}

static void slots_are_wiped(void **state)
{
	struct sides *s = *state;
	const uint8_t *bytes = (void *)s->shared->pair.command.slots;

	ring_walk(iq_region_out(s->controller), iq_region_in(s->gateway), 2000);
	for (size_t i = 0; i < sizeof(s->shared->pair.command.slots); i++)
		assert_int_equal(bytes[i], 0);
}

static void too_long_is_refused(void **state)
{
	struct sides *s = *state;
	static uint8_t bytes[IQ_PAYLOAD_MAX + 1];

	assert_int_equal(iq_send(iq_region_out(s->gateway), 1, 1, bytes, sizeof(bytes)), -EMSGSIZE);
	assert_int_equal(s->shared->pair.event.head, 0);
}

static int wakes(int sock)
{
	char byte;
	int n = 0;

	while (recv(sock, &byte, 1, MSG_DONTWAIT) == 1)
		n++;
	return n;
}

static void only_a_sleeper_is_woken(void **state)
{
	struct sides *s = *state;
	struct iq_ring_end *out = iq_region_out(s->gateway), *in = iq_region_in(s->controller);
	struct iq_header h;
	char buf[16];

	assert_int_equal(iq_send(out, 1, 1, "x", 1), 0);
	assert_int_equal(wakes(s->socks[1]), 0);
	assert_false(iq_ring_sleep(in));
	assert_int_equal(iq_recv(in, &h, buf, sizeof(buf)), 1);
	assert_true(iq_ring_sleep(in));
	assert_int_equal(iq_send(out, 1, 2, "x", 1), 0);
	assert_int_equal(iq_send(out, 1, 3, "x", 1), 0);
	assert_int_equal(wakes(s->socks[1]), 1);
}

// Takes one message, sleeping until it comes; false when no wake-up came for long.
static bool message_await(struct iq_ring_end *in, int sock, struct iq_header *h)
{
	struct pollfd fd = {.fd = sock, .events = POLLIN};
	uint8_t buf[16];

	for (;;) {
		if (iq_recv(in, h, buf, sizeof(buf)) == 1)
			return true;
		if (iq_ring_sleep(in) && poll(&fd, 1, 10000) != 1)
			return false;
		if (!iq_wake_drain(sock))
			return false;
	}
}

static void child_echo(struct sides *s)
{
	struct iq_header h;

	alarm(60);
	while (message_await(iq_region_in(s->controller), s->socks[1], &h)) {
		while (iq_send(iq_region_out(s->controller), h.type, h.txn, "echo", 4) == -EAGAIN)
			;
		if (h.txn == 0)
			_exit(0);
	}
	_exit(1);
}

// Two processes that sleep for each other: a wake-up that gets lost stops both.
static void no_wake_up_is_lost(void **state)
{
	struct sides *s = *state;
	struct iq_header h;
	int status;
	pid_t pid = fork();

	if (pid == 0)
		child_echo(s);
	for (uint64_t left = 4000; left > 0; left--) {
		assert_int_equal(iq_send(iq_region_out(s->gateway), 1, left - 1, "ping", 4), 0);
		// Sometimes at once, sometimes when the other one is about to sleep.
		for (volatile uint32_t i = draw(300); i > 0; i--)
			;
		assert_true(message_await(iq_region_in(s->gateway), s->socks[0], &h));
		assert_int_equal(h.txn, left - 1);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

static void a_starved_producer_is_woken_once(void **state)
{
	struct sides *s = *state;
	struct iq_ring_end *out = iq_region_out(s->controller), *in = iq_region_in(s->gateway);
	struct iq_header h;
	char buf[16];

	while (iq_send(out, 1, 1, "x", 1) == 0)
		;
	for (int i = 0; i < IQ_SLOTS; i++)
		assert_int_equal(iq_recv(in, &h, buf, sizeof(buf)), 1);
	assert_int_equal(wakes(s->socks[1]), 1);
	assert_int_equal(wakes(s->socks[0]), 0);
}

static void a_full_socket_blocks_nobody(void **state)
{
	struct sides *s = *state;

	for (int i = 0; i < 100000; i++)
		iq_wake(s->socks[0]);
	assert_true(wakes(s->socks[1]) > 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, sides_open, sides_close)
	const struct CMUnitTest tests[] = {
		T(both_rings_agree_with_a_queue),
		T(indexes_wrap_at_2_to_32),
		T(slots_are_wiped),
		T(too_long_is_refused),
		T(only_a_sleeper_is_woken),
		T(no_wake_up_is_lost),
		T(a_starved_producer_is_woken_once),
		T(a_full_socket_blocks_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
