// SPDX-License-Identifier: Apache-2.0
// The client with the real door: attach, commands, loss, repetition, timeouts, cancellation,
// states, capacity.
#include "bench.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void commands_and_replies(void **state)
{
	struct pollfd fd = {.fd = iq_client_fd(client), .events = POLLIN};

	(void)state;
	assert_int_equal(poll(&fd, 1, 0), 0);
	assert_int_equal(send_reserve(false, NULL), 0);
	gateway_poll(&gw[0]);
	assert_int_equal(poll(&fd, 1, 0), 1);
	turn();
	assert_int_equal(poll(&fd, 1, 0), 0);
	assert_int_equal(got.status, 0);
	assert_int_equal(iq_handle_gateway(got.local.handle), 1);
	assert_int_equal(strlen(got.local.ufrag), 11);
	assert_int_equal(send_ref(IQ_CONTEXT_GET, got.local.handle), 0);
	turn();
	assert_int_equal(got.status, 0);
	assert_int_equal(send_ref(IQ_CONTEXT_DELETE, got.local.handle), 0);
	turn();
	assert_int_equal(send_ref(IQ_CONTEXT_DELETE, got.local.handle), 0);
	turn();
	assert_int_equal(got.status, -ENOENT);
	assert_int_equal(got.replies, 4);
	assert_int_equal(gw[0].count, 0);
}

static void mistakes_are_refused(void **state)
{
	struct iq_client_config none = {0};
	struct iq_command command = {.gateway = 1, .type = IQ_REPLY};
	struct iq_state_ack ack = {0};

	(void)state;
	assert_null(iq_client_create(&none));
	assert_int_equal(iq_client_send(client, &command), -EINVAL);
	command.type = IQ_STATE_ACK;
	command.payload = &ack;
	assert_int_equal(iq_client_send(client, &command), -EINVAL);
	command.type = IQ_KEEPALIVE;
	command.gateway = 2;
	assert_int_equal(iq_client_send(client, &command), -ENOTCONN);
}

static void a_lost_session_fails_what_cant_be_repeated(void **state)
{
	(void)state;
	gw[0].is_silent = true;
	assert_int_equal(send_reserve(false, NULL), 0);
	gateway_poll(&gw[0]);
	session_cut();
	iq_client_dispatch(client);
	assert_int_equal(got.lost, 1);
	assert_int_equal(got.replies, 1);
	assert_int_equal(got.status, -ENOTCONN);
	assert_int_equal(send_reserve(true, NULL), -ENOTCONN);
	// The same gateway again: not new.
	gw[0].is_silent = false;
	turn_after(499999);
	assert_int_equal(got.attached, 1);
	turn_after(1);
	assert_int_equal(got.attached, 2);
	assert_int_equal(got.fresh, 1);
}

static void a_repeated_transaction_is_executed_once(void **state)
{
	(void)state;
	assert_int_equal(send_reserve(true, NULL), 0);
	gateway_poll(&gw[0]); // executed; its reply is in the ring
	assert_int_equal(gw[0].count, 1);
	session_cut();
	// The reply reached the ring before the end: one.
	iq_client_dispatch(client);
	assert_int_equal(got.replies, 1);
	// Now the reply is still to come when the session ends.
	gw[0].is_silent = true;
	turn_after(600000);
	assert_int_equal(send_reserve(true, NULL), 0);
	gateway_poll(&gw[0]);
	assert_int_equal(gw[0].executed[IQ_CONTEXT_RESERVE], 2);
	session_cut();
	iq_client_dispatch(client);
	assert_int_equal(got.replies, 1);
	gw[0].is_silent = false;
	turn_after(600000);
	assert_int_equal(iq_door_counts(gw[0].door)->repeated, 1);
	assert_int_equal(gw[0].executed[IQ_CONTEXT_RESERVE], 2);
	assert_int_equal(got.replies, 1);
	iq_door_reply(gw[0].door, gw[0].silent_txn, -ENOSPC, NULL, 0);
	turn();
	assert_int_equal(got.replies, 2);
	assert_int_equal(got.status, -ENOSPC);
}

static void a_restarted_gateway_is_new(void **state)
{
	(void)state;
	gw[0].is_silent = true;
	assert_int_equal(send_reserve(true, NULL), 0);
	gateway_poll(&gw[0]);
	gateway_stop(&gw[0]);
	turn_after(600000);
	assert_int_equal(got.lost, 1);
	assert_int_equal(got.replies, 0);
	gw[0].is_silent = false;
	assert_int_equal(gateway_start(&gw[0], path[0], 1), 0);
	turn_after(600000);
	assert_int_equal(got.fresh, 2);
	assert_int_equal(got.replies, 1);
	assert_int_equal(got.status, -ENOTCONN);
	assert_int_equal(gw[0].count, 0);
}

static void timeouts(void **state)
{
	struct iq_context_ref ref = {.handle = iq_handle_make(1, 0, 1, 1)};
	struct iq_command command = {.gateway = 1,
		.type = IQ_CONTEXT_GET,
		.timeout_ms = 200,
		.payload = &ref,
		.on_reply = on_reply};

	(void)state;
	gw[0].is_silent = true;
	assert_int_equal(iq_client_send(client, &command), 0);
	turn_after(199999);
	assert_int_equal(got.replies, 0);
	turn_after(60000);
	assert_int_equal(got.replies, 1);
	assert_int_equal(got.status, -ETIMEDOUT);
	// Its late reply is nobody's.
	iq_door_reply(gw[0].door, gw[0].silent_txn, -ENOENT, NULL, 0);
	turn();
	assert_int_equal(got.replies, 1);
}

static void a_late_reservation_is_deleted(void **state)
{
	struct iq_context_local local = {.streams = 1};

	(void)state;
	gw[0].is_silent = true;
	assert_int_equal(send_reserve(false, NULL), 0);
	turn();
	turn_after(3100000);
	assert_int_equal(got.status, -ETIMEDOUT);
	gw[0].is_silent = false;
	local.handle = gateway_context_add(&gw[0]);
	// The keepalives that were swallowed are not the reservation.
	for (uint64_t txn = gw[0].silent_txn - 8; txn <= gw[0].silent_txn; txn++)
		iq_door_reply(gw[0].door, txn, 0, &local, sizeof(local));
	turn();
	assert_int_equal(got.replies, 1);
	assert_int_equal(gw[0].executed[IQ_CONTEXT_DELETE], 1);
	assert_int_equal(gw[0].count, 0);
}

static void a_cancelled_owner_hears_nothing(void **state)
{
	int owner, other;

	(void)state;
	assert_int_equal(send_reserve(false, &owner), 0);
	assert_int_equal(send_reserve(false, &other), 0);
	iq_client_cancel(client, &owner);
	turn();
	turn();
	assert_int_equal(got.replies, 1);
	assert_int_equal(gw[0].executed[IQ_CONTEXT_DELETE], 1);
	assert_int_equal(gw[0].count, 1);
}

static void a_silent_gateway_is_lost(void **state)
{
	(void)state;
	turn_after(1000000);
	gw[0].is_silent = true;
	for (int i = 0; i < 5; i++)
		turn_after(1000000);
	assert_int_equal(got.lost, 0);
	turn_after(1000000);
	assert_int_equal(got.lost, 1);
}

static void states_are_acknowledged(void **state)
{
	struct iq_context_state s = {.handle = iq_handle_make(1, 0, 1, 1), .version = 4};

	(void)state;
	assert_int_equal(iq_door_event(gw[0].door, IQ_CONTEXT_STATE, &s, sizeof(s)), 0);
	turn();
	assert_int_equal(got.states, 1);
	assert_int_equal(got.version, 4);
	assert_int_equal(iq_door_counts(gw[0].door)->acknowledged, 1);
	turn_after(5000000);
	assert_int_equal(got.states, 1);
	// Told and cut before the acknowledgement: told again after the attach.
	s.version = 5;
	assert_int_equal(iq_door_event(gw[0].door, IQ_CONTEXT_STATE, &s, sizeof(s)), 0);
	gateway_poll(&gw[0]);
	session_cut();
	iq_client_dispatch(client);
	assert_int_equal(got.states, 2);
	turn_after(600000);
	assert_int_equal(got.states, 3);
	assert_int_equal(got.version, 5);
	assert_int_equal(iq_door_counts(gw[0].door)->acknowledged, 2);
}

static void the_emptier_gateway_is_picked(void **state)
{
	(void)state;
	iq_client_destroy(client);
	memset(&got, 0, sizeof(got));
	gateway_poll(&gw[0]);
	assert_int_equal(gateway_start(&gw[1], path[1], 2), 0);
	client_make(2);
	turn();
	assert_int_equal(got.attached, 2);
	for (int i = 0; i < 100; i++)
		gateway_context_add(&gw[0]);
	turn_after(1000000);
	turn();
	assert_int_equal(iq_client_capacity(client, 1)->contexts, 100);
	assert_int_equal(iq_client_pick(client), 2);
	gw[1].is_draining = true;
	turn_after(1000000);
	turn();
	assert_int_equal(iq_client_pick(client), 1);
	assert_string_equal(iq_stats_counter_name(iq_client_stats(client, 2), 0), "rx");
	assert_null(iq_client_stats(client, 3));
	gateway_stop(&gw[0]);
	turn();
	assert_int_equal(got.lost, 1);
	assert_int_equal(got.gateway, 1);
	assert_int_equal(iq_client_pick(client), -ENOTCONN);
}

static void one_id_is_one_gateway(void **state)
{
	(void)state;
	iq_client_destroy(client);
	memset(&got, 0, sizeof(got));
	gateway_poll(&gw[0]);
	assert_int_equal(gateway_start(&gw[1], path[1], 1), 0);
	client_make(2);
	turn();
	turn_after(600000);
	assert_int_equal(got.attached, 1);
}

static void more_commands_than_slots(void **state)
{
	struct iq_leg_set leg = {.handle = iq_handle_make(1, 0, 1, 1)};
	struct iq_command command = {
		.gateway = 1, .type = IQ_LEG_SET, .payload = &leg, .on_reply = on_reply};

	(void)state;
	for (int i = 0; i < 500; i++)
		assert_int_equal(iq_client_send(client, &command), 0);
	for (int i = 0; i < 50 && got.replies < 500; i++)
		turn();
	assert_int_equal(got.replies, 500);
	assert_int_equal(gw[0].executed[IQ_LEG_SET], 500);
	// Until there are too many.
	for (int i = 0; i < 16384; i++)
		assert_int_equal(iq_client_send(client, &command), 0);
	assert_int_equal(iq_client_send(client, &command), -EAGAIN);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, bench_open, bench_close)
	const struct CMUnitTest tests[] = {
		T(commands_and_replies),
		T(mistakes_are_refused),
		T(a_lost_session_fails_what_cant_be_repeated),
		T(a_repeated_transaction_is_executed_once),
		T(a_restarted_gateway_is_new),
		T(timeouts),
		T(a_late_reservation_is_deleted),
		T(a_cancelled_owner_hears_nothing),
		T(a_silent_gateway_is_lost),
		T(states_are_acknowledged),
		T(the_emptier_gateway_is_picked),
		T(one_id_is_one_gateway),
		T(more_commands_than_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
