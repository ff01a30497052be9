// SPDX-License-Identifier: Apache-2.0
// W2 transactions: each state, each timer, lost connections (RFC 3261 section 17, RFC 6026).
#include "sip_message.h"
#include "sip_test_timers.h"
#include "w2.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LIFETIME_MS 32000

struct bench {
	struct test_clock clock;
	struct w2 *w2;
	char sent[4096]; // the last message sent
	unsigned sent_count;
	ws_conn sent_conn, gone;
	struct uas *uas;
	unsigned requests, acks, stray_acks, cancels, no_acks;
	int status; // of the last response told
	unsigned responses;
};

static struct bench bench;

static int on_send(void *arg, ws_conn conn, const char *data, size_t len)
{
	(void)arg;
	if (conn == bench.gone)
		return -107;
	snprintf(bench.sent, sizeof(bench.sent), "%.*s", (int)len, data);
	bench.sent_count++;
	bench.sent_conn = conn;
	return 0;
}

static void on_cancel(void *arg, msg_t *cancel)
{
	(void)arg;
	(void)cancel;
	bench.cancels++;
}

static void on_no_ack(void *arg)
{
	(void)arg;
	bench.no_acks++;
}

static const struct uas_user user = {.on_cancel = on_cancel, .on_no_ack = on_no_ack};

static void on_request(void *arg, struct uas *uas)
{
	(void)arg;
	bench.requests++;
	bench.uas = uas;
	uas->user = &user;
}

static void on_ack(void *arg, ws_conn conn, msg_t *ack)
{
	(void)arg;
	(void)conn;
	(void)ack;
	bench.stray_acks++;
}

static void on_response(void *arg, int status, msg_t *response)
{
	(void)arg;
	(void)response;
	bench.status = status;
	bench.responses++;
}

static int setup(void **state)
{
	(void)state;
	memset(&bench, 0, sizeof(bench));
	bench.w2 = w2_create(&(struct w2_config){
		.timers = test_timers(&bench.clock),
		.t1_ms = 500,
		.host = "gw.test",
		.send = on_send,
		.on_request = on_request,
		.on_ack = on_ack,
	});
	return bench.w2 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(w2_count(bench.w2), 0);
	assert_int_equal(test_clock_pending(&bench.clock), 0);
	w2_destroy(bench.w2);
	return 0;
}

static void receive(ws_conn conn, const char *text)
{
	msg_t *msg = msg_make(sip_default_mclass(), 0, text, (ssize_t)strlen(text));

	assert_non_null(msg);
	w2_receive(bench.w2, conn, msg);
}

static void receive_request(const char *method, const char *branch, const char *to_tag)
{
	char text[1024];

	snprintf(text, sizeof(text),
		"%s sip:bob@ims.test SIP/2.0\r\nVia: SIP/2.0/WSS x.invalid;branch=%s\r\n"
		"From: <sip:alice@ims.test>;tag=a\r\nTo: <sip:bob@ims.test>%s\r\nCall-ID: c\r\n"
		"CSeq: 7 %s\r\nContent-Length: 0\r\n\r\n",
		method, branch, to_tag, method);
	receive(1, text);
}

// An answer to the last request that was sent.
static void receive_response(ws_conn conn, int status, const char *method)
{
	char text[2048], via[256];
	const char *from = strstr(bench.sent, "Via: ");

	snprintf(via, sizeof(via), "%.*s", (int)strcspn(from, "\r"), from);
	snprintf(text, sizeof(text),
		"SIP/2.0 %d X\r\n%s\r\nFrom: <sip:gw@ims.test>;tag=g\r\nTo: "
		"<sip:alice@ims.test>;tag=w\r\n"
		"Call-ID: d\r\nCSeq: 3 %s\r\nContent-Length: 0\r\n\r\n",
		status, via, method);
	receive(conn, text);
}

static void respond(int status)
{
	assert_int_equal(uas_respond(bench.uas,
				 sip_message_response(bench.uas->request, status, NULL, "tag-b")),
		0);
}

static bool was_sent(const char *text)
{
	return strstr(bench.sent, text) != NULL;
}

static void request_is_answered_once(void **state)
{
	(void)state;
	receive_request("OPTIONS", "z9hG4bK1", "");
	assert_int_equal(bench.requests, 1);
	assert_int_equal(bench.sent_count, 0);
	receive_request("OPTIONS", "z9hG4bK1", "");
	assert_int_equal(bench.requests, 1);
	respond(200);
	assert_int_equal(bench.sent_conn, 1);
	assert_true(was_sent("SIP/2.0 200 OK\r\nVia: SIP/2.0/WSS x.invalid;branch=z9hG4bK1"));
	assert_true(was_sent("To: <sip:bob@ims.test>;tag=tag-b"));
	uas_release(bench.uas);
}

static void released_without_answer_is_500(void **state)
{
	(void)state;
	receive_request("OPTIONS", "z9hG4bK1", "");
	uas_release(bench.uas);
	assert_true(was_sent("SIP/2.0 500 "));
}

static void invite_gets_100_and_repeats_get_the_last(void **state)
{
	(void)state;
	receive_request("INVITE", "z9hG4bK1", "");
	assert_true(was_sent("SIP/2.0 100 "));
	respond(180);
	receive_request("INVITE", "z9hG4bK1", "");
	assert_int_equal(bench.sent_count, 3);
	assert_true(was_sent("SIP/2.0 180 "));
	respond(486);
	receive_request("ACK", "z9hG4bK1", ";tag=tag-b");
	assert_int_equal(bench.stray_acks, 0);
	assert_int_equal(w2_count(bench.w2), 0);
	uas_release(bench.uas);
}

static void failure_without_ack_ends_with_timer_h(void **state)
{
	(void)state;
	receive_request("INVITE", "z9hG4bK1", "");
	respond(603);
	uas_release(bench.uas);
	test_clock_advance(&bench.clock, LIFETIME_MS - 1);
	assert_int_equal(w2_count(bench.w2), 1);
	test_clock_advance(&bench.clock, 1);
	assert_int_equal(w2_count(bench.w2), 0);
	assert_int_equal(bench.no_acks, 0);
}

static void ack_of_2xx_goes_to_the_dialog(void **state)
{
	(void)state;
	receive_request("INVITE", "z9hG4bK1", "");
	respond(200);
	receive_request("INVITE", "z9hG4bK1", "");
	assert_true(was_sent("SIP/2.0 200 "));
	receive_request("ACK", "z9hG4bK2", ";tag=tag-b");
	assert_int_equal(bench.stray_acks, 1);
	uas_acked(bench.uas);
	uas_release(bench.uas);
	test_clock_advance(&bench.clock, LIFETIME_MS);
	assert_int_equal(bench.no_acks, 0);
}

static void missing_ack_is_told(void **state)
{
	(void)state;
	receive_request("INVITE", "z9hG4bK1", "");
	respond(200);
	test_clock_advance(&bench.clock, LIFETIME_MS);
	assert_int_equal(bench.no_acks, 1);
	uas_release(bench.uas);
}

static void cancel_gives_200_and_487(void **state)
{
	(void)state;
	receive_request("INVITE", "z9hG4bK1", "");
	bench.sent_count = 0;
	receive_request("CANCEL", "z9hG4bK1", "");
	assert_int_equal(bench.cancels, 1);
	assert_int_equal(bench.sent_count, 2);
	assert_true(was_sent("SIP/2.0 487 "));
	receive_request("CANCEL", "z9hG4bK1", "");
	assert_int_equal(bench.cancels, 1);
	assert_true(was_sent("SIP/2.0 200 "));
	receive_request("ACK", "z9hG4bK1", ";tag=x");
	uas_release(bench.uas);
}

static void cancel_of_nothing_is_481(void **state)
{
	(void)state;
	receive_request("CANCEL", "z9hG4bK9", "");
	assert_true(was_sent("SIP/2.0 481 "));
}

static void cancel_after_2xx_changes_nothing(void **state)
{
	(void)state;
	receive_request("INVITE", "z9hG4bK1", "");
	respond(200);
	receive_request("CANCEL", "z9hG4bK1", "");
	assert_true(was_sent("SIP/2.0 200 "));
	assert_true(was_sent("CSeq: 7 CANCEL"));
	assert_int_equal(bench.cancels, 0);
	uas_acked(bench.uas);
	uas_release(bench.uas);
}

static msg_t *request(const char *method)
{
	msg_t *msg = sip_message_request(method, "sip:alice@x.invalid;transport=ws");

	assert_int_equal(sip_message_add(msg, "From", "<sip:gw@ims.test>;tag=g"), 0);
	assert_int_equal(sip_message_add(msg, "To", "<sip:alice@ims.test>"), 0);
	assert_int_equal(sip_message_add(msg, "Call-ID", "d"), 0);
	assert_int_equal(sip_message_addf(msg, "CSeq", "3 %s", method), 0);
	return msg;
}

static struct uac *start(const char *method)
{
	return w2_sender(bench.w2)->send(
		w2_sender(bench.w2), 5, request(method), on_response, NULL);
}

static void client_gets_the_response(void **state)
{
	struct uac *uac = start("MESSAGE");

	(void)state;
	assert_int_equal(bench.sent_conn, 5);
	assert_true(was_sent("MESSAGE sip:alice@x.invalid;transport=ws SIP/2.0\r\n"));
	assert_true(was_sent("Via: SIP/2.0/WSS gw.test;branch=z9hG4bK"));
	// From another connection it is none of ours.
	receive_response(6, 200, "MESSAGE");
	assert_int_equal(w2_unmatched(bench.w2), 1);
	receive_response(5, 100, "MESSAGE");
	assert_int_equal(bench.responses, 0);
	receive_response(5, 202, "MESSAGE");
	assert_int_equal(bench.status, 202);
	receive_response(5, 202, "MESSAGE");
	assert_int_equal(bench.responses, 1);
	uac_release(uac);
}

static void silence_is_408(void **state)
{
	struct uac *uac = start("MESSAGE");

	(void)state;
	test_clock_advance(&bench.clock, LIFETIME_MS);
	assert_int_equal(bench.status, 408);
	uac_release(uac);
}

static void ringing_may_last(void **state)
{
	struct uac *uac = start("INVITE");

	(void)state;
	receive_response(5, 180, "INVITE");
	test_clock_advance(&bench.clock, 10 * LIFETIME_MS);
	assert_int_equal(bench.status, 180);
	receive_response(5, 486, "INVITE");
	assert_int_equal(bench.status, 486);
	assert_true(was_sent("ACK sip:alice@x.invalid;transport=ws SIP/2.0"));
	assert_true(was_sent("To: <sip:alice@ims.test>;tag=w"));
	uac_release(uac);
}

static void unreachable_browser_is_503(void **state)
{
	struct uac *uac;

	(void)state;
	bench.gone = 5;
	uac = start("INVITE");
	assert_int_equal(bench.responses, 0);
	test_clock_advance(&bench.clock, 1);
	assert_int_equal(bench.status, 503);
	uac_release(uac);
}

static void lost_connection_is_503(void **state)
{
	struct uac *uac = start("INVITE");

	(void)state;
	receive_response(5, 180, "INVITE");
	w2_closed(bench.w2, 4);
	w2_closed(bench.w2, 5);
	test_clock_advance(&bench.clock, 1);
	assert_int_equal(bench.status, 503);
	uac_release(uac);
}

static void repeated_2xx_is_acked_again(void **state)
{
	struct uac *uac = start("INVITE");
	char invite[4096];

	(void)state;
	strcpy(invite, bench.sent);
	receive_response(5, 200, "INVITE");
	assert_int_equal(bench.status, 200);
	assert_int_equal(uac_ack(uac, request("ACK"), 5), 0);
	assert_true(was_sent("ACK sip:alice@x.invalid"));
	bench.sent_count = 0;
	strcpy(bench.sent, invite);
	receive_response(5, 200, "INVITE");
	assert_int_equal(bench.sent_count, 1);
	assert_true(was_sent("ACK sip:alice@x.invalid"));
	assert_int_equal(bench.responses, 1);
	uac_release(uac);
	test_clock_advance(&bench.clock, LIFETIME_MS);
}

static void cancel_waits_for_a_provisional_response(void **state)
{
	struct uac *uac = start("INVITE");
	char invite[4096];

	(void)state;
	strcpy(invite, bench.sent);
	assert_int_equal(uac_cancel(uac, "SIP;cause=200"), 0);
	assert_false(was_sent("CANCEL sip:"));
	receive_response(5, 100, "INVITE");
	assert_true(was_sent("CANCEL sip:alice@x.invalid;transport=ws SIP/2.0"));
	assert_true(was_sent("CSeq: 3 CANCEL"));
	assert_true(was_sent("Reason: SIP;cause=200"));
	receive_response(5, 200, "CANCEL");
	assert_int_equal(bench.responses, 0);
	strcpy(bench.sent, invite);
	receive_response(5, 487, "INVITE");
	assert_int_equal(bench.status, 487);
	uac_release(uac);
}

static void cancelled_but_never_answered_is_given_up(void **state)
{
	struct uac *uac = start("INVITE");

	(void)state;
	receive_response(5, 180, "INVITE");
	uac_cancel(uac, NULL);
	test_clock_advance(&bench.clock, LIFETIME_MS);
	assert_int_equal(bench.status, 487);
	uac_release(uac);
}

static void destroy_frees_what_is_open(void **state)
{
	(void)state;
	receive_request("INVITE", "z9hG4bK1", "");
	start("INVITE");
	w2_destroy(bench.w2);
	assert_int_equal(test_clock_pending(&bench.clock), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(request_is_answered_once),
		T(released_without_answer_is_500),
		T(invite_gets_100_and_repeats_get_the_last),
		T(failure_without_ack_ends_with_timer_h),
		T(ack_of_2xx_goes_to_the_dialog),
		T(missing_ack_is_told),
		T(cancel_gives_200_and_487),
		T(cancel_of_nothing_is_481),
		T(cancel_after_2xx_changes_nothing),
		T(client_gets_the_response),
		T(silence_is_408),
		T(ringing_may_last),
		T(unreachable_browser_is_503),
		T(lost_connection_is_503),
		T(repeated_2xx_is_acked_again),
		T(cancel_waits_for_a_provisional_response),
		T(cancelled_but_never_answered_is_given_up),
		cmocka_unit_test_setup(destroy_frees_what_is_open, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
