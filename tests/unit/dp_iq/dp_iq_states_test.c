// SPDX-License-Identifier: Apache-2.0
// Level-triggered states: again after 2 s, again on attach, until their version is acknowledged.
#include "controller.h"
#include "iq_abi.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct iq_stats *stats;
static struct iq_door *door;
static struct executed done;
static struct controller c;

static int open_all(void **state)
{
	folder_make(state);
	stats = stats_make();
	door = door_make(stats);
	done = (struct executed){.answers = true};
	clock_hold();
	assert_int_equal(controller_attach(&c, door, &done), 0);
	return 0;
}

static int close_all(void **state)
{
	controller_leave(&c);
	iq_door_destroy(door);
	iq_stats_destroy(stats);
	return folder_remove(state);
}

static void poll_door(void)
{
	iq_door_poll(door, on_command, &done);
}

static void tell(iq_handle handle, uint32_t version, uint32_t changed)
{
	struct iq_context_state state = {.handle = handle, .version = version, .changed = changed};

	assert_int_equal(iq_door_event(door, IQ_CONTEXT_STATE, &state, sizeof(state)), 0);
}

static void expect(iq_handle handle, uint32_t version, uint32_t changed)
{
	_Alignas(8) uint8_t buf[IQ_PAYLOAD_MAX];
	const struct iq_context_state *state = (void *)buf;
	struct iq_header header;

	assert_int_equal(message_take(&c, &header, buf), 1);
	assert_int_equal(header.type, IQ_CONTEXT_STATE);
	assert_int_equal(header.txn, 0);
	assert_int_equal(state->handle, handle);
	assert_int_equal(state->version, version);
	assert_int_equal(state->changed, changed);
}

static void expect_nothing(void)
{
	uint8_t buf[IQ_PAYLOAD_MAX];
	struct iq_header header;

	assert_int_equal(message_take(&c, &header, buf), 0);
}

static void ack(iq_handle handle, uint32_t version)
{
	struct iq_state_ack payload = {.handle = handle, .version = version};
	static uint64_t txn = 1000;

	assert_int_equal(
		iq_send(iq_region_out(c.region), IQ_STATE_ACK, ++txn, &payload, sizeof(payload)),
		0);
	poll_door();
	assert_int_equal(reply_expect(&c, txn), 0);
}

static void again_until_acknowledged(void **state)
{
	(void)state;
	tell(5, 1, IQ_CHANGED_DTLS);
	poll_door();
	expect(5, 1, IQ_CHANGED_DTLS);
	clock_step(1900000);
	poll_door();
	expect_nothing();
	clock_step(100000);
	poll_door();
	expect(5, 1, IQ_CHANGED_DTLS);
	ack(5, 0); // of something older
	ack(6, 1); // of another
	clock_step(2000000);
	poll_door();
	expect(5, 1, IQ_CHANGED_DTLS);
	ack(5, 1);
	clock_step(9000000);
	poll_door();
	expect_nothing();
	assert_int_equal(iq_door_counts(door)->acknowledged, 1);
	assert_int_equal(done.count, 0);
}

static void a_newer_state_replaces_and_joins(void **state)
{
	(void)state;
	tell(5, 1, IQ_CHANGED_DTLS);
	poll_door();
	expect(5, 1, IQ_CHANGED_DTLS);
	tell(5, 2, IQ_CHANGED_CONSENT);
	poll_door();
	expect(5, 2, IQ_CHANGED_DTLS | IQ_CHANGED_CONSENT);
	ack(5, 1);
	clock_step(2000000);
	poll_door();
	expect(5, 2, IQ_CHANGED_DTLS | IQ_CHANGED_CONSENT);
	ack(5, 2);
	tell(5, 3, IQ_CHANGED_GONE);
	poll_door();
	expect(5, 3, IQ_CHANGED_GONE);
}

static void a_new_attach_hears_what_is_open(void **state)
{
	(void)state;
	for (uint32_t i = 1; i <= 3; i++)
		tell(i, i, IQ_CHANGED_ICE);
	poll_door();
	for (uint32_t i = 1; i <= 3; i++)
		expect(i, i, IQ_CHANGED_ICE);
	ack(2, 2);
	controller_leave(&c);
	poll_door();
	tell(4, 4, IQ_CHANGED_ICE); // while nobody is there
	assert_int_equal(controller_attach(&c, door, &done), 0);
	poll_door();
	expect(4, 4, IQ_CHANGED_ICE);
	expect(1, 1, IQ_CHANGED_ICE);
	expect(3, 3, IQ_CHANGED_ICE);
	expect_nothing();
}

// More states than the ring has room for: none is lost, the door never waits.
static void a_full_ring_keeps_them_dirty(void **state)
{
	struct iq_context_state extra = {.handle = 5000};
	bool seen[1001] = {false};
	_Alignas(8) uint8_t buf[IQ_PAYLOAD_MAX];
	struct iq_header header;
	unsigned count = 0;

	(void)state;
	for (uint32_t i = 1; i <= 1000; i++)
		tell(iq_handle_make(3, (uint8_t)(i % 128), i, 1), i, IQ_CHANGED_INACTIVE);
	assert_int_equal(iq_door_event(door, IQ_CONTEXT_STATE, &extra, sizeof(extra)), -ENOSPC);
	while (count < 1000) {
		poll_door();
		while (message_take(&c, &header, buf) == 1) {
			uint32_t version = ((struct iq_context_state *)buf)->version;

			assert_false(seen[version]);
			seen[version] = true;
			count++;
		}
	}
	assert_int_equal(iq_door_counts(door)->states, 1000);
	// Room again after an acknowledgement.
	ack(iq_handle_make(3, 7, 7, 1), 7);
	assert_int_equal(iq_door_event(door, IQ_CONTEXT_STATE, &extra, sizeof(extra)), 0);
}

static void capacity_is_sent_once(void **state)
{
	struct iq_capacity capacity = {.contexts = 1, .contexts_max = 9};
	_Alignas(8) uint8_t buf[IQ_PAYLOAD_MAX];
	struct iq_header header;

	(void)state;
	assert_int_equal(iq_door_event(door, IQ_CAPACITY, &capacity, sizeof(capacity)), 0);
	capacity.contexts = 2;
	assert_int_equal(iq_door_event(door, IQ_CAPACITY, &capacity, sizeof(capacity)), 0);
	poll_door();
	assert_int_equal(message_take(&c, &header, buf), 1);
	assert_int_equal(header.type, IQ_CAPACITY);
	assert_memory_equal(buf, &capacity, sizeof(capacity));
	poll_door();
	expect_nothing();
	assert_int_equal(iq_door_event(door, IQ_CAPACITY, &capacity, 3), -EINVAL);
	assert_int_equal(iq_door_event(door, IQ_REPLY, &capacity, sizeof(capacity)), -EINVAL);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_all, close_all)
	const struct CMUnitTest tests[] = {
		T(again_until_acknowledged),
		T(a_newer_state_replaces_and_joins),
		T(a_new_attach_hears_what_is_open),
		T(a_full_ring_keeps_them_dirty),
		T(capacity_is_sent_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
