// SPDX-License-Identifier: Apache-2.0
// The message ring: order, wrapping, fullness, wiping; two threads.
#include "message_ring.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SIZE 1024

// Message n: its length and bytes follow from n.
static uint32_t len_of(unsigned n)
{
	return n * 37 % 400;
}

static void fill(uint8_t *bytes, unsigned n)
{
	for (uint32_t i = 0; i < len_of(n); i++)
		bytes[i] = (uint8_t)(n + i);
}

static const uint8_t *take(struct message_ring *ring, unsigned n)
{
	uint8_t want[512];
	uint32_t len;
	uint8_t *got = message_ring_peek(ring, &len);

	assert_non_null(got);
	assert_int_equal((uintptr_t)got % 8, 0);
	assert_int_equal(len, len_of(n));
	fill(want, n);
	assert_memory_equal(got, want, len);
	message_ring_pop(ring);
	return got;
}

static void take_wiped(struct message_ring *ring, unsigned n)
{
	const uint8_t *got = take(ring, n);

	for (uint32_t i = 0; i < len_of(n); i++)
		assert_int_equal(got[i], 0);
}

static void order_and_wrapping(void **state)
{
	struct message_ring ring;
	unsigned in = 0, out = 0;
	uint8_t bytes[512];
	uint32_t len;

	(void)state;
	assert_int_equal(message_ring_init(&ring, SIZE), 0);
	srand(4);
	while (out < 5000) {
		fill(bytes, in);
		if (rand() % 2 && message_ring_put(&ring, bytes, len_of(in)))
			in++;
		else if (out < in)
			take_wiped(&ring, out++);
		else
			assert_null(message_ring_peek(&ring, &len));
	}
	message_ring_fini(&ring);
}

static void full_and_too_long(void **state)
{
	struct message_ring ring;
	uint8_t bytes[SIZE] = {0};
	unsigned count = 0;

	(void)state;
	assert_int_equal(message_ring_init(&ring, SIZE), 0);
	assert_false(message_ring_put(&ring, bytes, SIZE / 2 - 7));
	// The longest fits wherever the ring stands.
	for (unsigned i = 0; i < 200; i++) {
		uint32_t len = i % 2 ? SIZE / 2 - 8 : i;

		assert_true(message_ring_put(&ring, bytes, len));
		assert_non_null(message_ring_peek(&ring, &len));
		message_ring_pop(&ring);
	}
	while (message_ring_put(&ring, bytes, 120))
		count++;
	assert_int_equal(count, SIZE / 128);
	message_ring_pop(&ring);
	assert_true(message_ring_put(&ring, bytes, 120));
	assert_false(message_ring_put(&ring, bytes, 0));
	message_ring_fini(&ring);
}

static void *producer(void *arg)
{
	uint8_t bytes[512];

	for (unsigned n = 0; n < 20000; n++) {
		fill(bytes, n);
		while (!message_ring_put(arg, bytes, len_of(n)))
			sched_yield();
	}
	return NULL;
}

static void two_threads(void **state)
{
	struct message_ring ring;
	pthread_t thread;

	(void)state;
	assert_int_equal(message_ring_init(&ring, SIZE), 0);
	assert_int_equal(pthread_create(&thread, NULL, producer, &ring), 0);
	for (unsigned n = 0; n < 20000; n++) {
		uint32_t len;

		while (message_ring_peek(&ring, &len) == NULL)
			sched_yield();
		take(&ring, n);
	}
	pthread_join(thread, NULL);
	message_ring_fini(&ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_and_wrapping),
		cmocka_unit_test(full_and_too_long),
		cmocka_unit_test(two_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
