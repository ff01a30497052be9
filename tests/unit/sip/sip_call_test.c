// SPDX-License-Identifier: Apache-2.0
// Calls through the stack, as the browser and the core see them.
#include "sip_test_bench.h"
#include "sip_test_rooms.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void invite_of_the_browser_reaches_the_core(void **state)
{
	const char *out;

	(void)state;
	send_wic_invite("P-Preferred-Identity: <tel:+15550100>\r\nSupported: 100rel, replaces\r\n"
			"P-Asserted-Identity: <sip:eve@ims.test>\r\nRoute: <sip:gw.ims.test;lr>\r\n"
			"Authorization: Bearer secret\r\nSubject: hello\r\n" SDP);
	out = next_to_core();
	assert_true(starts(out, "INVITE sip:bob@ims.test SIP/2.0\r\n"));
	assert_string_equal(header(out, "Call-ID"), "call1");
	assert_string_equal(header(out, "From"), "<sip:alice@ims.test>;tag=al");
	assert_string_equal(header(out, "CSeq"), "5 INVITE");
	assert_string_equal(header(out, "Max-Forwards"), "69");
	assert_string_equal(header(out, "P-Asserted-Identity"), "<tel:+15550100>");
	assert_string_equal(header(out, "Organization"), "shop.test");
	assert_string_equal(header(out, "Supported"), "replaces");
	assert_string_equal(header(out, "Subject"), "hello");
	assert_non_null(strstr(header(out, "P-Charging-Vector"), "icid-value="));
	assert_non_null(strstr(header(out, "Contact"), "@127.0.0.1:"));
	assert_non_null(strstr(header(out, "Contact"), ";+g.x=\"y\""));
	assert_false(has_header(out, "Authorization"));
	assert_false(has_header(out, "Route"));
	assert_null(strstr(out, "x1.invalid"));
	assert_non_null(strstr(out, "\r\n\r\nv=0\r\n"));

	assert_true(starts(next_to_wic(), "SIP/2.0 100 "));
	from_core("%s", response_to(out, "404 Not Found", "bo", ""));
	assert_true(starts(next_to_core(), "ACK sip:bob@ims.test SIP/2.0\r\n"));
	out = next_to_wic();
	assert_true(starts(out, "SIP/2.0 404 Not Found"));
	assert_string_equal(tag_of(out, "From"), "al");
}

static void call_from_the_browser(void **state)
{
	char core_contact[256];
	const char *out;

	(void)state;
	send_wic_invite(SDP);
	out = next_to_core();
	snprintf(core_contact, sizeof(core_contact), "%s", contact_uri(out));
	assert_true(starts(next_to_wic(), "SIP/2.0 100 "));
	from_core("%s",
		response_to(out, "180 Ringing", "bo",
			"Contact: <sip:bob@127.0.0.2:9>\r\nP-Asserted-Identity: "
			"<sip:bob@ims.test>\r\n"
			"Server: phone\r\nP-Charging-Vector: icid-value=\"z\"\r\n"));
	from_core("%s",
		response_to(out, "200 OK", "bo",
			"Contact: <sip:bob@127.0.0.2:9>;+sip.rendering=\"no\"\r\n"
			"Record-Route: <sip:127.0.0.2:9;lr>\r\n" SDP));
	out = next_to_wic();
	assert_true(starts(out, "SIP/2.0 180 Ringing"));
	assert_string_equal(tag_of(out, "To"), "bo");
	assert_string_equal(header(out, "P-Asserted-Identity"), "<sip:bob@ims.test>");
	assert_string_equal(header(out, "Server"), "phone");
	assert_false(has_header(out, "P-Charging-Vector"));
	out = next_to_wic();
	assert_true(starts(out, "SIP/2.0 200 OK"));
	assert_false(has_header(out, "Record-Route"));
	assert_non_null(strstr(header(out, "Contact"), "@gw.ims.test;transport=ws>"));
	assert_non_null(strstr(out, "\r\n\r\nv=0\r\n"));

	from_wic_in_dialog("ACK", 5, "\r\n");
	out = next_to_core();
	assert_true(starts(out, "ACK sip:bob@127.0.0.2:9 SIP/2.0\r\n"));
	assert_string_equal(header(out, "Route"), "<sip:127.0.0.2:9;lr>");
	assert_string_equal(header(out, "CSeq"), "5 ACK");

	from_core_in_dialog("BYE", core_contact, 1, "\r\n");
	assert_true(starts(next_to_core(), "SIP/2.0 200 OK"));
	out = next_to_wic();
	assert_true(starts(out, "BYE sip:alice@x1.invalid;transport=ws SIP/2.0\r\n"));
	assert_string_equal(header(out, "To"), "<sip:alice@ims.test>;tag=al");
	assert_string_equal(header(out, "From"), "<sip:bob@ims.test>;tag=bo");
	from_wic("%s", response_to(out, "200 OK", "", ""));
	assert_non_null(strstr(rooms.record, "remote_tag=bo\n"));
	assert_non_null(strstr(rooms.record, "\ntarget=sip:bob@127.0.0.2:"));
	assert_true(nothing_more());
}

static void cancel_of_the_browser(void **state)
{
	const char *out;
	char invite[8192];

	(void)state;
	send_wic_invite(SDP);
	snprintf(invite, sizeof(invite), "%s", next_to_core());
	assert_true(starts(next_to_wic(), "SIP/2.0 100 "));
	from_core("%s", response_to(invite, "180 Ringing", "bo", ""));
	assert_true(starts(next_to_wic(), "SIP/2.0 180 "));
	from_wic("CANCEL sip:bob@ims.test SIP/2.0\r\n"
		 "Via: SIP/2.0/WSS x1.invalid;branch=z9hG4bKi1\r\nFrom: "
		 "<sip:alice@ims.test>;tag=al\r\n"
		 "To: <sip:bob@ims.test>\r\nCall-ID: call1\r\nCSeq: 5 CANCEL\r\n\r\n");
	assert_true(starts(next_to_wic(), "SIP/2.0 200 OK"));
	assert_true(starts(next_to_wic(), "SIP/2.0 487 "));
	out = next_to_core();
	assert_true(starts(out, "CANCEL sip:bob@ims.test SIP/2.0\r\n"));
	from_core("%s", response_to(out, "200 OK", "bo", ""));
	from_core("%s", response_to(invite, "487 Request Terminated", "bo", ""));
	assert_true(starts(next_to_core(), "ACK "));
	assert_true(nothing_more());
}

static void answer_that_crossed_a_cancel_is_ended(void **state)
{
	char invite[8192];

	(void)state;
	send_wic_invite(SDP);
	snprintf(invite, sizeof(invite), "%s", next_to_core());
	next_to_wic();
	from_core("%s", response_to(invite, "180 Ringing", "bo", ""));
	next_to_wic();
	from_wic("CANCEL sip:bob@ims.test SIP/2.0\r\n"
		 "Via: SIP/2.0/WSS x1.invalid;branch=z9hG4bKi1\r\nFrom: "
		 "<sip:alice@ims.test>;tag=al\r\n"
		 "To: <sip:bob@ims.test>\r\nCall-ID: call1\r\nCSeq: 5 CANCEL\r\n\r\n");
	assert_true(starts(next_to_core(), "CANCEL "));
	from_core("%s",
		response_to(invite, "200 OK", "bo",
			"Contact: <sip:127.0.0.2:9>\r\n"
			"Record-Route: <sip:127.0.0.2:9;lr>\r\n" SDP));
	for (int acks = 0, byes = 0; acks == 0 || byes == 0;) {
		const char *out = next_to_core();

		acks += starts(out, "ACK sip:127.0.0.2:9 ");
		byes += starts(out, "BYE sip:127.0.0.2:9 ");
	}
}

static void call_to_the_browser(void **state)
{
	char invite[8192], ok[8192];
	const char *out;

	(void)state;
	from_core(CORE_INVITE, "Route: <sip:" TEST_TOKEN "@127.0.0.1;lr;ob>\r\n");
	snprintf(invite, sizeof(invite), "%s", next_to_wic());
	assert_true(starts(invite, "INVITE sip:alice@x1.invalid;transport=ws SIP/2.0\r\n"));
	assert_string_equal(header(invite, "P-Called-Party-ID"), "<tel:+15550100>");
	assert_string_equal(header(invite, "P-Asserted-Identity"), "<sip:bob@ims.test>");
	assert_string_equal(header(invite, "From"), "\"Bob\" <sip:bob@ims.test>;tag=bo");
	assert_string_equal(header(invite, "Call-ID"), "call2");
	assert_false(has_header(invite, "Record-Route"));
	assert_false(has_header(invite, "P-Served-User"));
	assert_false(has_header(invite, "P-Charging-Vector"));
	assert_null(strstr(invite, "127.0.0.2"));

	from_wic("%s",
		response_to(invite, "200 OK", "al",
			"Contact: <sip:alice@x1.invalid;transport=ws>\r\n" SDP));
	snprintf(ok, sizeof(ok), "%s", next_to_core());
	assert_true(starts(ok, "SIP/2.0 200 OK"));
	assert_string_equal(tag_of(ok, "To"), "al");
	assert_string_equal(header(ok, "Record-Route"), "<sip:127.0.0.2:9;lr>");
	assert_string_equal(header(ok, "P-Asserted-Identity"), "<tel:+15550100>");
	assert_non_null(strstr(header(ok, "P-Charging-Vector"), "icid-value=\"q\""));
	assert_non_null(strstr(header(ok, "P-Charging-Vector"), "term-ioi=\"Type 1ims.test\""));

	from_core("ACK %s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:9;rport;branch=z9hG4bKc2\r\n"
		  "From: <sip:bob@ims.test>;tag=bo\r\nTo: <sip:alice@ims.test>;tag=al\r\n"
		  "Call-ID: call2\r\nCSeq: 11 ACK\r\nContent-Length: 0\r\n\r\n",
		contact_uri(ok));
	assert_true(starts(next_to_wic(), "ACK sip:alice@x1.invalid;transport=ws SIP/2.0\r\n"));

	from_wic("BYE %s SIP/2.0\r\nVia: SIP/2.0/WSS x1.invalid;branch=z9hG4bKb1\r\n"
		 "From: <sip:alice@ims.test>;tag=al\r\nTo: <sip:bob@ims.test>;tag=bo\r\n"
		 "Call-ID: call2\r\nCSeq: 1 BYE\r\n\r\n",
		contact_uri(invite));
	assert_true(starts(next_to_wic(), "SIP/2.0 200 OK"));
	out = next_to_core();
	assert_true(starts(out, "BYE sip:bob@127.0.0.2:9 SIP/2.0\r\n"));
	from_core("%s", response_to(out, "200 OK", "", ""));
	assert_true(nothing_more());
}

static void cancel_of_the_core(void **state)
{
	char invite[8192];
	const char *out;

	(void)state;
	from_core(CORE_INVITE, "Route: <sip:" TEST_TOKEN "@127.0.0.1;lr;ob>\r\n");
	snprintf(invite, sizeof(invite), "%s", next_to_wic());
	from_wic("%s", response_to(invite, "180 Ringing", "al", ""));
	assert_true(starts(next_to_core(), "SIP/2.0 180 "));
	from_core("CANCEL sip:alice@x1.invalid;transport=ws SIP/2.0\r\n"
		  "Via: SIP/2.0/UDP 127.0.0.2:9;rport;branch=z9hG4bKc1\r\n"
		  "From: \"Bob\" <sip:bob@ims.test>;tag=bo\r\nTo: <sip:alice@ims.test>\r\n"
		  "Call-ID: call2\r\nCSeq: 11 CANCEL\r\n\r\n");
	assert_true(starts(next_to_core(), "SIP/2.0 200 "));
	out = next_to_core();
	assert_true(starts(out, "SIP/2.0 487 "));
	assert_string_equal(tag_of(out, "To"), "al");
	out = next_to_wic();
	assert_true(starts(out, "CANCEL sip:alice@x1.invalid;transport=ws SIP/2.0\r\n"));
	from_wic("%s", response_to(out, "200 OK", "al", ""));
	from_wic("%s", response_to(invite, "487 Request Terminated", "al", ""));
	assert_true(starts(next_to_wic(), "ACK "));
}

static void info_is_relayed(void **state)
{
	char core_contact[256];
	const char *out;

	(void)state;
	wic_call_answered(core_contact, sizeof(core_contact));
	from_wic_in_dialog("ACK", 5, "\r\n");
	next_to_core();
	from_wic_in_dialog("INFO", 6,
		"Info-Package: dtmf\r\nContent-Type: application/dtmf-relay\r\n\r\nSignal=5\r\n");
	out = next_to_core();
	assert_true(starts(out, "INFO sip:bob@127.0.0.2:9 SIP/2.0\r\n"));
	assert_string_equal(header(out, "Content-Type"), "application/dtmf-relay");
	assert_string_equal(header(out, "Info-Package"), "dtmf");
	assert_non_null(strstr(out, "\r\n\r\nSignal=5\r\n"));
	from_core("%s", response_to(out, "469 Bad Info Package", "", "Recv-Info: x\r\n"));
	out = next_to_wic();
	assert_true(starts(out, "SIP/2.0 469 Bad Info Package"));
	assert_string_equal(header(out, "Recv-Info"), "x");
	hang_up(core_contact);
}

static void reinvite_and_its_glare(void **state)
{
	char core_contact[256], invite[8192];
	const char *out;

	(void)state;
	wic_call_answered(core_contact, sizeof(core_contact));
	from_wic_in_dialog("ACK", 5, "\r\n");
	next_to_core();
	from_wic_in_dialog("INVITE", 6, "Contact: <sip:alice@x2.invalid;transport=ws>\r\n" SDP);
	assert_true(starts(next_to_wic(), "SIP/2.0 100 "));
	snprintf(invite, sizeof(invite), "%s", next_to_core());
	assert_true(starts(invite, "INVITE sip:bob@127.0.0.2:9 SIP/2.0\r\n"));
	assert_string_equal(tag_of(invite, "To"), "bo");
	from_core_in_dialog("INVITE", core_contact, 2, "Contact: <sip:bob@127.0.0.2:9>\r\n" SDP);
	out = next_to_core();
	assert_true(starts(out, "SIP/2.0 491 "));
	from_core("ACK %s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:9;rport;branch=z9hG4bKd2INVITE\r\n"
		  "From: <sip:bob@ims.test>;tag=bo\r\nTo: <sip:alice@ims.test>;tag=al\r\n"
		  "Call-ID: call1\r\nCSeq: 2 ACK\r\n\r\n",
		core_contact);
	from_core(
		"%s", response_to(invite, "200 OK", "", "Contact: <sip:bob2@127.0.0.2:9>\r\n" SDP));
	out = next_to_wic();
	assert_true(starts(out, "SIP/2.0 200 OK"));
	assert_string_equal(header(out, "CSeq"), "6 INVITE");
	from_wic_in_dialog("ACK", 6, "\r\n");
	assert_true(starts(next_to_core(), "ACK sip:bob2@127.0.0.2:9 SIP/2.0\r\n"));
	from_core_in_dialog("BYE", core_contact, 90, "\r\n");
	assert_true(starts(next_to_core(), "SIP/2.0 200 OK"));
	assert_true(starts(next_to_wic(), "BYE sip:alice@x2.invalid;transport=ws SIP/2.0\r\n"));
}

static void long_request_goes_by_tcp(void **state)
{
	static char sdp[2000];
	const char *out;

	(void)state;
	snprintf(sdp, sizeof(sdp), "Content-Type: application/sdp\r\n\r\nv=0\r\ns=%01500d\r\n", 0);
	send_wic_invite(sdp);
	out = next_to_core_by_tcp();
	assert_true(starts(out, "INVITE sip:bob@ims.test SIP/2.0\r\nVia: SIP/2.0/TCP "));
	next_to_wic();
	from_core("%s", response_to(out, "486 Busy Here", "bo", ""));
	assert_true(starts(next_to_wic(), "SIP/2.0 486 "));
}

static void lost_binding_ends_its_calls(void **state)
{
	char core_contact[256];
	struct registration_view view = {.id = 5};

	(void)state;
	wic_call_answered(core_contact, sizeof(core_contact));
	from_wic_in_dialog("ACK", 5, "\r\n");
	next_to_core();
	sip_stack_on_registration(bench_stack,
		&(struct registration_event){.type = REGISTRATION_PARKED, .view = &view});
	assert_int_equal(rooms.parks, 1);
	rooms.parked = true;
	sip_stack_on_registration(bench_stack,
		&(struct registration_event){
			.type = REGISTRATION_GONE, .gone = REGISTRATION_GONE_CORE, .view = &view});
	assert_int_equal(rooms.failures, 1);
	assert_true(starts(next_to_core(), "BYE sip:bob@127.0.0.2:9 SIP/2.0\r\n"));
}

static void forked_call_goes_to_who_answers(void **state)
{
	char invite[8192];
	const char *out;

	(void)state;
	send_wic_invite(SDP);
	snprintf(invite, sizeof(invite), "%s", next_to_core());
	next_to_wic();
	from_core("%s",
		response_to(invite, "180 Ringing", "f1", "Contact: <sip:f1@127.0.0.2:9>\r\n"));
	from_core("%s",
		response_to(invite, "180 Ringing", "f2", "Contact: <sip:f2@127.0.0.2:9>\r\n"));
	assert_string_equal(tag_of(next_to_wic(), "To"), "f1");
	assert_string_equal(tag_of(next_to_wic(), "To"), "f1");
	from_core(
		"%s", response_to(invite, "200 OK", "f2", "Contact: <sip:f2@127.0.0.2:9>\r\n" SDP));
	out = next_to_wic();
	assert_true(starts(out, "SIP/2.0 200 OK"));
	assert_string_equal(tag_of(out, "To"), "f1");
	from_wic("ACK sip:x@gw.ims.test;transport=ws SIP/2.0\r\n"
		 "Via: SIP/2.0/WSS x1.invalid;branch=z9hG4bKk1\r\nFrom: "
		 "<sip:alice@ims.test>;tag=al\r\n"
		 "To: <sip:bob@ims.test>;tag=f1\r\nCall-ID: call1\r\nCSeq: 5 ACK\r\n\r\n");
	out = next_to_core();
	assert_true(starts(out, "ACK sip:f2@127.0.0.2:9 SIP/2.0\r\n"));
	assert_string_equal(tag_of(out, "To"), "f2");
	// The other callee was late: its 2xx is acknowledged and ended.
	from_core(
		"%s", response_to(invite, "200 OK", "f1", "Contact: <sip:f1@127.0.0.2:9>\r\n" SDP));
	for (int acks = 0, byes = 0; acks == 0 || byes == 0;) {
		out = next_to_core();
		acks += starts(out, "ACK sip:f1@127.0.0.2:9 ");
		byes += starts(out, "BYE sip:f1@127.0.0.2:9 ");
	}
	from_wic("BYE sip:x@gw.ims.test;transport=ws SIP/2.0\r\n"
		 "Via: SIP/2.0/WSS x1.invalid;branch=z9hG4bKk2\r\nFrom: "
		 "<sip:alice@ims.test>;tag=al\r\n"
		 "To: <sip:bob@ims.test>;tag=f1\r\nCall-ID: call1\r\nCSeq: 6 BYE\r\n\r\n");
	do {
		out = next_to_core();
	} while (!starts(out, "BYE sip:f2@127.0.0.2:9 "));
	assert_string_equal(tag_of(out, "To"), "f2");
}

static void offerless_invite_is_answered_in_its_ack(void **state)
{
	char core_contact[256];
	const char *out;

	(void)state;
	send_wic_invite("\r\n");
	out = next_to_core();
	assert_false(has_header(out, "Content-Type"));
	snprintf(core_contact, sizeof(core_contact), "%s", contact_uri(out));
	next_to_wic();
	from_core("%s", response_to(out, "200 OK", "bo", "Contact: <sip:bob@127.0.0.2:9>\r\n" SDP));
	assert_non_null(strstr(next_to_wic(), "\r\n\r\nv=0\r\n"));
	from_wic_in_dialog("ACK", 5, SDP);
	out = next_to_core();
	assert_true(starts(out, "ACK sip:bob@127.0.0.2:9 "));
	assert_non_null(strstr(out, "\r\n\r\nv=0\r\n"));
	hang_up(core_contact);
}

static void update_is_an_offer(void **state)
{
	char core_contact[256];
	const char *out;

	(void)state;
	wic_call_answered(core_contact, sizeof(core_contact));
	from_wic_in_dialog("ACK", 5, "\r\n");
	next_to_core();
	// Without a description it only moves the target.
	from_core_in_dialog("UPDATE", core_contact, 2, "Contact: <sip:bob3@127.0.0.2:9>\r\n\r\n");
	assert_true(starts(next_to_core(), "SIP/2.0 200 OK"));
	from_core_in_dialog("UPDATE", core_contact, 3, "Contact: <sip:bob3@127.0.0.2:9>\r\n" SDP);
	out = next_to_wic();
	assert_true(starts(out, "INVITE sip:alice@x1.invalid;transport=ws SIP/2.0\r\n"));
	from_wic("%s", response_to(out, "488 Not Acceptable Here", "", ""));
	out = next_to_core();
	assert_true(starts(out, "SIP/2.0 488 "));
	assert_string_equal(header(out, "CSeq"), "3 UPDATE");
	from_core_in_dialog("UPDATE", core_contact, 1, "\r\n");
	assert_true(starts(next_to_core(), "SIP/2.0 500 "));
	assert_true(starts(next_to_wic(), "ACK "));
	hang_up(core_contact);
}

static void same_invite_again_is_482(void **state)
{
	const char *out;

	(void)state;
	send_wic_invite(SDP);
	out = next_to_core();
	next_to_wic();
	from_wic("INVITE sip:bob@ims.test SIP/2.0\r\nVia: SIP/2.0/WSS "
		 "x1.invalid;branch=z9hG4bKi2\r\n"
		 "From: <sip:alice@ims.test>;tag=al\r\nTo: <sip:bob@ims.test>\r\nCall-ID: call1\r\n"
		 "CSeq: 5 INVITE\r\nContact: <sip:alice@x1.invalid;transport=ws>\r\n\r\n");
	assert_true(starts(next_to_wic(), "SIP/2.0 100 "));
	assert_true(starts(next_to_wic(), "SIP/2.0 482 "));
	from_core("%s", response_to(out, "486 Busy Here", "bo", ""));
	assert_true(starts(next_to_wic(), "SIP/2.0 486 "));
}

static void bye_waits_for_the_ack(void **state)
{
	char core_contact[256];

	(void)state;
	wic_call_answered(core_contact, sizeof(core_contact));
	from_core_in_dialog("BYE", core_contact, 1, "\r\n");
	assert_true(starts(next_to_core(), "SIP/2.0 200 OK"));
	// The callee's side of this dialog is ours: no BYE before the ACK (RFC 3261 section 15).
	assert_true(nothing_more());
	from_wic_in_dialog("ACK", 5, "\r\n");
	assert_true(starts(next_to_wic(), "BYE sip:alice@x1.invalid;transport=ws "));
}

// A call up to its end, for the records of its legs.
static void call_recorded(char *core_contact, size_t room)
{
	wic_call_answered(core_contact, room);
	from_wic_in_dialog("ACK", 5, "\r\n");
	next_to_core();
	hang_up(core_contact);
}

static void legs_are_made_again(void **state)
{
	char core_contact[256];
	const char *out;

	(void)state;
	call_recorded(core_contact, sizeof(core_contact));
	assert_int_equal(test_call_restore(bench_stack), 0);
	from_core_in_dialog("BYE", core_contact, 200, "\r\n");
	assert_true(starts(next_to_core(), "SIP/2.0 200 OK"));
	out = next_to_wic();
	assert_true(starts(out, "BYE sip:alice@x1.invalid;transport=ws SIP/2.0\r\n"));
	assert_string_equal(header(out, "To"), "<sip:alice@ims.test>;tag=al");
	assert_string_equal(header(out, "From"), "<sip:bob@ims.test>;tag=bo");
	assert_true(strtoul(header(out, "CSeq"), NULL, 10) > 65536);

	assert_int_equal(test_call_restore(bench_stack), 0);
	from_wic_in_dialog("BYE", 300, "\r\n");
	assert_true(starts(next_to_wic(), "SIP/2.0 200 OK"));
	out = next_to_core();
	assert_true(starts(out, "BYE sip:bob@127.0.0.2:9 SIP/2.0\r\n"));
	assert_string_equal(header(out, "Route"), "<sip:127.0.0.2:9;lr>");
	assert_non_null(strstr(header(out, "P-Charging-Vector"), "icid-value="));
	assert_true(nothing_more());
}

static void useless_leg_records(void **state)
{
	char core_contact[256], whole[4096];

	(void)state;
	call_recorded(core_contact, sizeof(core_contact));
	snprintf(whole, sizeof(whole), "%s", rooms.records[CALL_A]);
	for (size_t len = 0; len + 40 < strlen(whole); len += 11) {
		snprintf(rooms.records[CALL_A], len + 1, "%s", whole);
		assert_int_equal(test_call_restore(bench_stack), -EINVAL);
	}
	snprintf(rooms.records[CALL_A], sizeof(whole), "%s", rooms.records[CALL_B]);
	assert_int_equal(test_call_restore(bench_stack), -EEXIST);
	assert_true(starts(next_to_core(), "BYE ")); // of the one leg that was there for a moment
}

static void who_is_away_hears_of_the_end_later(void **state)
{
	char core_contact[256];
	struct registration_view view = {.id = 5};
	const struct registration_event resumed = {.type = REGISTRATION_RESUMED, .view = &view};

	(void)state;
	wic_call_answered(core_contact, sizeof(core_contact));
	from_wic_in_dialog("ACK", 5, "\r\n");
	next_to_core();
	rooms.parked = true;
	from_core_in_dialog("BYE", core_contact, 90, "\r\n");
	assert_true(starts(next_to_core(), "SIP/2.0 200 OK"));
	assert_true(nothing_more());
	rooms.parked = false;
	sip_stack_on_registration(bench_stack, &resumed);
	assert_true(starts(next_to_wic(), "BYE sip:alice@x1.invalid;transport=ws "));
	sip_stack_on_registration(bench_stack, &resumed);
	assert_true(nothing_more());
}

static void who_never_returns_is_owed_nothing(void **state)
{
	char core_contact[256];
	struct registration_view view = {.id = 5};
	struct sip_counters counters;

	(void)state;
	wic_call_answered(core_contact, sizeof(core_contact));
	from_wic_in_dialog("ACK", 5, "\r\n");
	next_to_core();
	rooms.parked = true;
	from_core_in_dialog("BYE", core_contact, 90, "\r\n");
	next_to_core();
	sip_counters_get(bench_stack, &counters);
	assert_int_equal(counters.legs, 1);
	sip_stack_on_registration(bench_stack,
		&(struct registration_event){
			.type = REGISTRATION_GONE, .gone = REGISTRATION_GONE_CORE, .view = &view});
	sip_counters_get(bench_stack, &counters);
	assert_int_equal(counters.legs, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, bench_registered, bench_teardown)
	const struct CMUnitTest tests[] = {
		T(invite_of_the_browser_reaches_the_core),
		T(call_from_the_browser),
		T(cancel_of_the_browser),
		T(answer_that_crossed_a_cancel_is_ended),
		T(call_to_the_browser),
		T(cancel_of_the_core),
		T(info_is_relayed),
		T(reinvite_and_its_glare),
		T(long_request_goes_by_tcp),
		T(lost_binding_ends_its_calls),
		T(forked_call_goes_to_who_answers),
		T(offerless_invite_is_answered_in_its_ack),
		T(update_is_an_offer),
		T(same_invite_again_is_482),
		T(bye_waits_for_the_ack),
		T(legs_are_made_again),
		T(useless_leg_records),
		T(who_is_away_hears_of_the_end_later),
		T(who_never_returns_is_owed_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
