// SPDX-License-Identifier: Apache-2.0
// Audits while contexts come and go, and replies that a gateway forges.
#include "bench.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct {
	unsigned seen[GATEWAY_CONTEXTS];
	unsigned entries, dones;
	int32_t status;
} walked;

static void on_entry(const struct iq_audit_entry *entry, void *arg)
{
	(void)arg;
	walked.seen[iq_handle_index(entry->handle)]++;
	walked.entries++;
}

static void on_done(int32_t status, void *arg)
{
	(void)arg;
	walked.dones++;
	walked.status = status;
}

// Deletes two contexts told already, the one under the cursor and two to come; adds one.
static void churn(struct gateway *gateway)
{
	static unsigned page;

	page = gateway->executed[IQ_AUDIT];
	if (page < 2)
		return;
	gateway_context_del(gateway, gateway->contexts[page]);
	gateway_context_del(gateway, gateway->contexts[(page - 1) * 64]);
	gateway_context_del(gateway, gateway->contexts[900 - page]);
	gateway_context_add(gateway);
}

static void an_audit_sees_all_that_stay(void **state)
{
	(void)state;
	memset(&walked, 0, sizeof(walked));
	for (int i = 0; i < 1000; i++)
		gateway_context_add(&gw[0]);
	gw[0].on_audit = churn;
	assert_int_equal(iq_client_audit(client, 1, on_entry, on_done, NULL), 0);
	for (int i = 0; i < 30 && walked.dones == 0; i++)
		turn();
	assert_int_equal(walked.dones, 1);
	assert_int_equal(walked.status, 0);
	assert_true(gw[0].executed[IQ_AUDIT] > 10);
	for (unsigned i = 1; i < GATEWAY_CONTEXTS; i++) {
		assert_true(walked.seen[i] <= 1);
		if (gw[0].contexts[i] != 0 && iq_handle_generation(gw[0].contexts[i]) <= 1000)
			assert_int_equal(walked.seen[i], 1);
	}
}

static void audits_end_with_session_or_owner(void **state)
{
	int owner;

	(void)state;
	memset(&walked, 0, sizeof(walked));
	assert_int_equal(iq_client_audit(client, 7, on_entry, on_done, NULL), -ENOTCONN);
	assert_int_equal(walked.dones, 0);
	gw[0].is_silent = true;
	assert_int_equal(iq_client_audit(client, 1, on_entry, on_done, NULL), 0);
	gateway_poll(&gw[0]);
	session_cut();
	turn();
	assert_int_equal(walked.dones, 1);
	assert_int_equal(walked.status, -ENOTCONN);
	gw[0].is_silent = false;
	turn_after(600000);
	gateway_context_add(&gw[0]);
	assert_int_equal(iq_client_audit(client, 1, on_entry, on_done, &owner), 0);
	iq_client_cancel(client, &owner);
	turn();
	assert_int_equal(walked.dones, 1);
	assert_int_equal(walked.entries, 0);
}

static void a_page_that_is_too_full_is_refused(void **state)
{
	struct iq_audit_page page = {.count = IQ_AUDIT_MAX + 1};

	(void)state;
	memset(&walked, 0, sizeof(walked));
	for (unsigned i = 0; i < IQ_AUDIT_MAX; i++)
		page.entries[i].handle = iq_handle_make(1, 0, i + 1, 1);
	gw[0].is_silent = true;
	assert_int_equal(iq_client_audit(client, 1, on_entry, on_done, NULL), 0);
	gateway_poll(&gw[0]);
	reply_forge(0, gw[0].silent_txn, sizeof(page), &page);
	turn();
	assert_int_equal(walked.dones, 1);
	assert_int_equal(walked.status, -EPROTO);
	assert_int_equal(walked.entries, 0);
}

static void no_gateway_answers_for_another(void **state)
{
	struct iq_context_local local = {.handle = iq_handle_make(2, 0, 1, 1), .streams = 1};
	uint64_t txn;

	(void)state;
	iq_client_destroy(client);
	memset(&got, 0, sizeof(got));
	gateway_poll(&gw[0]);
	assert_int_equal(gateway_start(&gw[1], path[1], 2), 0);
	client_make(2);
	turn();
	assert_int_equal(got.attached, 2);
	gw[0].is_silent = gw[1].is_silent = true;
	assert_int_equal(send_ref(IQ_CONTEXT_GET, iq_handle_make(1, 0, 1, 1)), 0);
	gateway_poll(&gw[0]);
	txn = gw[0].silent_txn;
	reply_forge(1, txn, sizeof(local), &local);
	turn();
	assert_int_equal(got.replies, 0);
	reply_forge(0, txn, 0, NULL);
	turn();
	assert_int_equal(got.replies, 1);
	assert_int_equal(got.status, -EPROTO);
}

static void a_payload_where_none_belongs(void **state)
{
	struct iq_streams_set streams = {.handle = iq_handle_make(1, 0, 1, 1)};
	struct iq_command command = {
		.gateway = 1, .type = IQ_STREAMS_SET, .payload = &streams, .on_reply = on_reply};

	(void)state;
	gw[0].is_silent = true;
	assert_int_equal(iq_client_send(client, &command), 0);
	gateway_poll(&gw[0]);
	reply_forge(0, gw[0].silent_txn, 8, "too much");
	turn();
	assert_int_equal(got.replies, 1);
	assert_int_equal(got.status, -EPROTO);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, bench_open, bench_close)
	const struct CMUnitTest tests[] = {
		T(an_audit_sees_all_that_stay),
		T(audits_end_with_session_or_owner),
		T(a_page_that_is_too_full_is_refused),
		T(no_gateway_answers_for_another),
		T(a_payload_where_none_belongs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
