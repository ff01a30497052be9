// SPDX-License-Identifier: Apache-2.0
// The other side writes garbage into every shared field: -EPROTO or a well-formed message, nothing
// else.
#include "iq.h"
#include "iq_abi.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

static struct iq_region *side;
static struct iq_region_layout *shared;
static uint8_t buf[IQ_PAYLOAD_MAX];
static struct iq_header header;

static int side_open(void **state)
{
	(void)state;
	side = iq_region_create();
	assert_non_null(side);
	shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, iq_region_fd(side), 0);
	return 0;
}

static int side_close(void **state)
{
	(void)state;
	munmap(shared, sizeof(*shared));
	iq_region_destroy(side);
	return 0;
}

static int take(void)
{
	return iq_recv(iq_region_in(side), &header, buf, sizeof(buf));
}

static int put(void)
{
	return iq_send(iq_region_out(side), IQ_CAPACITY, 0, "abcdefgh", 8);
}

static void slot_write(unsigned at, uint32_t len, uint16_t part)
{
	shared->pair.command.slots[at].len = len;
	shared->pair.command.slots[at].part = part;
	shared->pair.command.slots[at].txn = 7;
	shared->pair.command.slots[at].type = 1;
}

static void heads_out_of_range(void **state)
{
	static const uint32_t heads[] = {IQ_SLOTS + 1, 0x80000000u, 0xffffffffu, 1000};

	for (unsigned i = 0; i < 4; i++) {
		shared->pair.command.head = heads[i];
		assert_int_equal(take(), -EPROTO);
		// Mending it afterwards doesn't help.
		shared->pair.command.head = 0;
		assert_int_equal(take(), -EPROTO);
		side_close(state);
		side_open(state);
	}
}

static void head_that_goes_back(void **state)
{
	(void)state;
	shared->pair.command.head = 3;
	assert_int_equal(take(), 1); // an empty slot of zeros is a message without a payload
	shared->pair.command.head = 2;
	assert_int_equal(take(), -EPROTO);
}

static void tails_out_of_range(void **state)
{
	static const uint32_t tails[] = {1, IQ_SLOTS, 0x80000000u, 0xffffffffu};

	for (unsigned i = 0; i < 4; i++) {
		shared->pair.event.tail = tails[i];
		assert_int_equal(put(), -EPROTO);
		shared->pair.event.tail = 0;
		assert_int_equal(put(), -EPROTO);
		side_close(state);
		side_open(state);
	}
}

static void tail_that_goes_back(void **state)
{
	(void)state;
	assert_int_equal(put(), 0);
	assert_int_equal(put(), 0);
	shared->pair.event.tail = 2;
	assert_int_equal(put(), 0);
	shared->pair.event.tail = 1;
	assert_int_equal(put(), -EPROTO);
}

static void lengths_out_of_range(void **state)
{
	static const uint32_t lens[] = {IQ_PAYLOAD_MAX + 1, 0x7fffffffu, 0xffffffffu,
		IQ_SLOT_DATA + 1 /* only one slot was published */, IQ_PAYLOAD_MAX};

	for (unsigned i = 0; i < 5; i++) {
		slot_write(0, lens[i], 0);
		shared->pair.command.head = 1;
		assert_int_equal(take(), -EPROTO);
		side_close(state);
		side_open(state);
	}
}

// Sound in itself, but its second slot isn't published yet.
static void half_a_message(void **state)
{
	(void)state;
	slot_write(0, 2 * IQ_SLOT_DATA, 0);
	slot_write(1, 2 * IQ_SLOT_DATA, 1);
	shared->pair.command.head = 1;
	assert_int_equal(take(), -EPROTO);
}

// The first slot is fine, each field of the second is wrong in its turn.
static void continuations_that_differ(void **state)
{
	for (int field = 0; field < 4; field++) {
		struct iq_slot *second = &shared->pair.command.slots[1];

		slot_write(0, 2 * IQ_SLOT_DATA, 0);
		slot_write(1, 2 * IQ_SLOT_DATA, 1);
		if (field == 0)
			second->part = 0;
		else if (field == 1)
			second->len = 0xffffffffu;
		else if (field == 2)
			second->txn = 8;
		else
			second->type = 2;
		shared->pair.command.head = 2;
		assert_int_equal(take(), -EPROTO);
		side_close(state);
		side_open(state);
	}
}

static void first_slot_is_a_continuation(void **state)
{
	(void)state;
	slot_write(0, 10, 1);
	shared->pair.command.head = 1;
	assert_int_equal(take(), -EPROTO);
}

static void random_bytes_everywhere(void **state)
{
	uint32_t *words = (uint32_t *)&shared->pair;
	size_t count = sizeof(shared->pair) / 4;
	unsigned broken = 0;

	srandom(7);
	for (int round = 0; round < 60; round++) {
		words = (uint32_t *)&shared->pair;
		for (size_t i = 0; i < count; i++)
			words[i] = (uint32_t)random() << 1 ^ (uint32_t)random();
		// Half of the rounds with sound indexes, so that the garbage in the slots is
		// reached.
		if (round % 2) {
			shared->pair.command.head = IQ_SLOTS;
			shared->pair.event.tail = 0;
			for (unsigned i = 0; i < IQ_SLOTS; i++)
				shared->pair.command.slots[i].len &= 0x3fff;
		}
		for (int i = 0; i < 300; i++) {
			int ret = take();

			assert_true(ret == 0 || ret == 1 || ret == -EPROTO);
			broken += ret == -EPROTO;
			ret = put();
			assert_true(ret == 0 || ret == -EAGAIN || ret == -EPROTO);
			(void)iq_ring_sleep(iq_region_in(side));
		}
		side_close(state);
		side_open(state);
	}
	assert_true(broken > 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, side_open, side_close)
	const struct CMUnitTest tests[] = {
		T(heads_out_of_range),
		T(head_that_goes_back),
		T(tails_out_of_range),
		T(tail_that_goes_back),
		T(lengths_out_of_range),
		T(half_a_message),
		T(continuations_that_differ),
		T(first_slot_is_a_continuation),
		T(random_bytes_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
