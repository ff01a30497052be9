// SPDX-License-Identifier: Apache-2.0
// Registration and calls through the stack, as the browser and the core see them.
#include "sip_test_bench.h"
#include "sip_test_rooms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SDP "Content-Type: application/sdp\r\n\r\nv=0\r\n"

static int registered(void **state)
{
	int ret = bench_setup(state);

	rooms.bound = true;
	return ret;
}

static void send_register(const char *more)
{
	from_wic("REGISTER sip:ims.test SIP/2.0\r\nVia: SIP/2.0/WSS x1.invalid;branch=z9hG4bKr1\r\n"
		 "Max-Forwards: 69\r\nFrom: <sip:alice@ims.test>;tag=r\r\nTo: "
		 "<sip:alice@ims.test>\r\n"
		 "Call-ID: reg1\r\nCSeq: 1 REGISTER\r\nSupported: path, gruu, outbound\r\n"
		 "Contact: <sip:alice@x1.invalid;transport=ws>;reg-id=1;"
		 "+sip.instance=\"<urn:uuid:1>\";expires=600\r\n%s\r\n",
		more);
}

static void register_is_relayed(void **state)
{
	const char *out;

	(void)state;
	send_register("Path: <sip:evil.test>\r\nP-Asserted-Identity: <sip:x@y>\r\n");
	assert_string_equal(rooms.asked_domain, "ims.test");
	assert_string_equal(rooms.asked_contact, "sip:alice@x1.invalid;transport=ws");
	assert_string_equal(rooms.asked_instance, "urn:uuid:1");
	assert_int_equal(rooms.asked.expires, 600);
	out = next_to_core();
	assert_true(starts(out, "REGISTER sip:ims.test SIP/2.0\r\n"));
	assert_true(starts(header(out, "Path"), "<sip:" TEST_TOKEN "@127.0.0.1:"));
	assert_non_null(strstr(header(out, "Path"), ";lr;ob>"));
	assert_string_equal(header(out, "Require"), "path");
	assert_string_equal(header(out, "Max-Forwards"), "68");
	assert_string_equal(header(out, "P-Visited-Network-ID"), "\"ims.test\"");
	assert_non_null(strstr(header(out, "P-Charging-Vector"), "orig-ioi=\"Type 1ims.test\""));
	assert_string_equal(header(out, "P-Access-Network-Info"), "IEEE-802.11;network-provided");
	assert_non_null(strstr(header(out, "Authorization"), "tls-pending"));
	assert_non_null(strstr(header(out, "Contact"), "+sip.instance=\"<urn:uuid:1>\""));
	assert_false(has_header(out, "P-Asserted-Identity"));

	from_core("%s",
		response_to(out, "401 Unauthorized", "c1",
			"WWW-Authenticate: Digest realm=\"ims.test\", nonce=\"n\", ck=\"00\", "
			"ik=\"11\", algorithm=MD5\r\n"));
	out = next_to_wic();
	assert_true(starts(out, "SIP/2.0 401 Unauthorized"));
	assert_non_null(strstr(header(out, "WWW-Authenticate"), "nonce=\"n\""));
	assert_null(strstr(header(out, "WWW-Authenticate"), "ck="));
	assert_null(strstr(header(out, "WWW-Authenticate"), "ik="));
	assert_int_equal(rooms.last_failed, 401);
}

static void accepted_register_binds(void **state)
{
	char more[1024];
	const char *out;

	(void)state;
	send_register("");
	out = next_to_core();
	snprintf(more, sizeof(more),
		"Contact: <sip:other@y.invalid;transport=ws>;expires=9, "
		"<sip:alice@x1.invalid;transport=ws>;expires=300\r\n"
		"Path: %s\r\nService-Route: <sip:orig@core.test;lr>\r\n"
		"P-Associated-URI: <sip:alice@ims.test>, <tel:+15550100>\r\n"
		"P-Charging-Vector: icid-value=\"a\";term-ioi=\"Type 1x\"\r\n"
		"P-Charging-Function-Addresses: ccf=\"aaa://cdf\"\r\n",
		header(out, "Path"));
	from_core("%s", response_to(out, "200 OK", "c1", more));
	out = next_to_wic();
	assert_true(starts(out, "SIP/2.0 200 OK"));
	assert_int_equal(rooms.granted, 300);
	assert_int_equal(rooms.bounds, 1);
	assert_string_equal(rooms.service_route, "<sip:orig@core.test;lr>");
	assert_string_equal(
		header(out, "P-Associated-URI"), "<sip:alice@ims.test>, <tel:+15550100>");
	assert_string_equal(header(out, "Service-Route"), "<sip:gw.ims.test;transport=ws;lr>");
	assert_false(has_header(out, "Path"));
	assert_false(has_header(out, "P-Charging-Vector"));
	assert_false(has_header(out, "P-Charging-Function-Addresses"));
}

static void refused_register_stays_here(void **state)
{
	const char *out;

	(void)state;
	rooms.refuse_status = 401;
	send_register("");
	out = next_to_wic();
	assert_true(starts(out, "SIP/2.0 401 No"));
	assert_string_equal(header(out, "WWW-Authenticate"), "Bearer realm=\"ims.test\"");
	assert_true(nothing_more());
}

static void min_expires_passes(void **state)
{
	const char *out;

	(void)state;
	send_register("");
	out = next_to_core();
	from_core("%s", response_to(out, "423 Interval Too Brief", "c", "Min-Expires: 60\r\n"));
	assert_string_equal(header(next_to_wic(), "Min-Expires"), "60");
	assert_int_equal(rooms.last_failed, 423);
}

static void send_wic_invite(const char *more)
{
	from_wic("INVITE sip:bob@ims.test SIP/2.0\r\nVia: SIP/2.0/WSS "
		 "x1.invalid;branch=z9hG4bKi1\r\n"
		 "Max-Forwards: 70\r\nFrom: <sip:alice@ims.test>;tag=al\r\nTo: "
		 "<sip:bob@ims.test>\r\n"
		 "Call-ID: call1\r\nCSeq: 5 INVITE\r\n"
		 "Contact: <sip:alice@x1.invalid;transport=ws>;+g.x=\"y\"\r\n%s",
		more);
}

// A call from the browser up to the 200; what the browser got last is returned.
static const char *wic_call_answered(char *core_contact, size_t room)
{
	const char *out;

	send_wic_invite(SDP);
	out = next_to_core();
	snprintf(core_contact, room, "%s", contact_uri(out));
	assert_true(starts(next_to_wic(), "SIP/2.0 100 "));
	from_core("%s",
		response_to(out, "200 OK", "bo",
			"Contact: <sip:bob@127.0.0.2:9>\r\nRecord-Route: "
			"<sip:127.0.0.2:9;lr>\r\n" SDP));
	return next_to_wic();
}

static void from_core_in_dialog(
	const char *method, const char *uri, unsigned cseq, const char *more)
{
	from_core("%s %s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:9;rport;branch=z9hG4bKd%u%s\r\n"
		  "Max-Forwards: 70\r\nFrom: <sip:bob@ims.test>;tag=bo\r\n"
		  "To: <sip:alice@ims.test>;tag=al\r\nCall-ID: call1\r\nCSeq: %u %s\r\n%s",
		method, uri, cseq, method, cseq, method, more);
}

static void from_wic_in_dialog(const char *method, unsigned cseq, const char *more)
{
	from_wic("%s sip:x@gw.ims.test;transport=ws SIP/2.0\r\n"
		 "Via: SIP/2.0/WSS x1.invalid;branch=z9hG4bKw%u%s\r\nMax-Forwards: 70\r\n"
		 "From: <sip:alice@ims.test>;tag=al\r\nTo: <sip:bob@ims.test>;tag=bo\r\n"
		 "Call-ID: call1\r\nCSeq: %u %s\r\n%s",
		method, cseq, method, cseq, method, more);
}

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

#define CORE_INVITE                                                                                \
	"INVITE sip:alice@x1.invalid;transport=ws SIP/2.0\r\n"                                     \
	"Via: SIP/2.0/UDP 127.0.0.2:9;rport;branch=z9hG4bKc1\r\n"                                  \
	"Record-Route: <sip:127.0.0.2:9;lr>\r\n%s"                                                 \
	"Max-Forwards: 66\r\nFrom: \"Bob\" <sip:bob@ims.test>;tag=bo\r\n"                          \
	"To: <sip:alice@ims.test>\r\nCall-ID: call2\r\nCSeq: 11 INVITE\r\n"                        \
	"Contact: <sip:bob@127.0.0.2:9>\r\nP-Called-Party-ID: <tel:+15550100>\r\n"                 \
	"P-Asserted-Identity: <sip:bob@ims.test>\r\nP-Served-User: <sip:x@y>\r\n"                  \
	"P-Charging-Vector: icid-value=\"q\";orig-ioi=\"Type 1s\"\r\n" SDP

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

static void stranger_is_forbidden(void **state)
{
	(void)state;
	from_stranger(CORE_INVITE, "Route: <sip:" TEST_TOKEN "@127.0.0.1;lr;ob>\r\n");
	assert_true(starts(next_to_stranger(), "SIP/2.0 100 "));
	assert_true(starts(next_to_stranger(), "SIP/2.0 403 "));
	assert_int_equal(rooms.starts, 0);
}

static void refused_flows(void **state)
{
	static const struct {
		const char *route, *status;
	} cases[] = {
		{"Route: <sip:stale@127.0.0.1;lr>\r\n", "SIP/2.0 430 Flow Failed"},
		{"Route: <sip:forged@127.0.0.1;lr>\r\n", "SIP/2.0 403 "},
		{"", "SIP/2.0 404 "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bench_teardown(NULL);
		registered(NULL);
		from_core(CORE_INVITE, cases[i].route);
		assert_true(starts(next_to_core(), cases[i].status));
	}
}

static void parked_browser_is_430(void **state)
{
	(void)state;
	rooms.parked = true;
	from_core(CORE_INVITE, "Route: <sip:" TEST_TOKEN "@127.0.0.1;lr;ob>\r\n");
	assert_true(starts(next_to_core(), "SIP/2.0 430 "));
}

static void hang_up(const char *core_contact)
{
	from_core_in_dialog("BYE", core_contact, 90, "\r\n");
	assert_true(starts(next_to_core(), "SIP/2.0 200 OK"));
	assert_true(starts(next_to_wic(), "BYE "));
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

static void message_is_relayed_both_ways(void **state)
{
	const char *out;

	(void)state;
	from_wic("MESSAGE sip:bob@ims.test SIP/2.0\r\nVia: SIP/2.0/WSS "
		 "x1.invalid;branch=z9hG4bKm1\r\n"
		 "From: <sip:alice@ims.test>;tag=m\r\nTo: <sip:bob@ims.test>\r\nCall-ID: m1\r\n"
		 "CSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\n\r\nhello");
	out = next_to_core();
	assert_true(starts(out, "MESSAGE sip:bob@ims.test SIP/2.0\r\n"));
	assert_string_equal(header(out, "P-Asserted-Identity"), "<sip:alice@ims.test>");
	assert_non_null(strstr(out, "\r\n\r\nhello"));
	from_core("%s", response_to(out, "202 Accepted", "x", ""));
	assert_true(starts(next_to_wic(), "SIP/2.0 202 Accepted"));

	from_core("MESSAGE sip:alice@x1.invalid SIP/2.0\r\n"
		  "Via: SIP/2.0/UDP 127.0.0.2:9;rport;branch=z9hG4bKm2\r\n"
		  "Route: <sip:" TEST_TOKEN "@127.0.0.1;lr>\r\n"
		  "From: <sip:bob@ims.test>;tag=m\r\nTo: <sip:alice@ims.test>\r\nCall-ID: m2\r\n"
		  "CSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nho");
	out = next_to_wic();
	assert_true(starts(out, "MESSAGE sip:alice@x1.invalid;transport=ws SIP/2.0\r\n"));
	from_wic("%s", response_to(out, "200 OK", "y", ""));
	assert_true(starts(next_to_core(), "SIP/2.0 200 OK"));
}

static void subscription_lives_on_both_sides(void **state)
{
	char core_contact[256];
	const char *out;

	(void)state;
	from_wic("SUBSCRIBE sip:bob@ims.test SIP/2.0\r\nVia: SIP/2.0/WSS "
		 "x1.invalid;branch=z9hG4bKs1\r\n"
		 "From: <sip:alice@ims.test>;tag=al\r\nTo: <sip:bob@ims.test>\r\nCall-ID: call1\r\n"
		 "CSeq: 1 SUBSCRIBE\r\nContact: <sip:alice@x1.invalid;transport=ws>\r\n"
		 "Event: presence\r\nExpires: 100\r\n\r\n");
	out = next_to_core();
	assert_string_equal(header(out, "Event"), "presence");
	snprintf(core_contact, sizeof(core_contact), "%s", contact_uri(out));
	from_core("%s",
		response_to(out, "200 OK", "bo",
			"Expires: 100\r\nContact: <sip:bob@127.0.0.2:9>\r\n"
			"Record-Route: <sip:127.0.0.2:9;lr>\r\n"));
	out = next_to_wic();
	assert_true(starts(out, "SIP/2.0 200 OK"));
	assert_non_null(strstr(header(out, "Contact"), "@gw.ims.test;transport=ws>"));
	from_core_in_dialog("NOTIFY", core_contact, 1,
		"Event: presence\r\nSubscription-State: active;expires=99\r\n"
		"Contact: <sip:bob@127.0.0.2:9>\r\nContent-Length: 0\r\n\r\n");
	out = next_to_wic();
	assert_true(starts(out, "NOTIFY sip:alice@x1.invalid;transport=ws SIP/2.0\r\n"));
	assert_string_equal(header(out, "From"), "<sip:bob@ims.test>;tag=bo");
	from_wic("%s", response_to(out, "200 OK", "", ""));
	assert_true(starts(next_to_core(), "SIP/2.0 200 OK"));
	from_wic_in_dialog("SUBSCRIBE", 2,
		"Event: presence\r\nExpires: 0\r\nContact: "
		"<sip:alice@x1.invalid;transport=ws>\r\n\r\n");
	out = next_to_core();
	assert_true(starts(out, "SUBSCRIBE sip:bob@127.0.0.2:9 SIP/2.0\r\n"));
	from_core("%s", response_to(out, "200 OK", "", "Expires: 0\r\n"));
	assert_true(starts(next_to_wic(), "SIP/2.0 200 OK"));
	from_core_in_dialog("NOTIFY", core_contact, 2,
		"Event: presence\r\nSubscription-State: terminated\r\nContent-Length: 0\r\n\r\n");
	from_wic("%s", response_to(next_to_wic(), "200 OK", "", ""));
	assert_true(starts(next_to_core(), "SIP/2.0 200 OK"));
	from_core_in_dialog("NOTIFY", core_contact, 3, "Event: presence\r\n\r\n");
	assert_true(starts(next_to_core(), "SIP/2.0 481 "));
}

static void bad_requests_of_the_browser(void **state)
{
	static const struct {
		const char *uri, *more, *status;
	} cases[] = {
		{"sip:bob@ims.test", "Require: 100rel\r\n", "SIP/2.0 420 "},
		{"sip:bob@ims.test", "Require: precondition\r\n", "SIP/2.0 420 "},
		{"sip:bob@ims.test", "Max-Forwards: 0\r\n", "SIP/2.0 483 "},
		{"mailto:bob@ims.test", "", "SIP/2.0 416 "},
		{"urn:service:sos", "", "SIP/2.0 403 "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		from_wic("MESSAGE %s SIP/2.0\r\nVia: SIP/2.0/WSS x1.invalid;branch=z9hG4bKq%zu\r\n"
			 "From: <sip:alice@ims.test>;tag=m\r\nTo: <sip:bob@ims.test>\r\nCall-ID: "
			 "m1\r\n"
			 "CSeq: 1 MESSAGE\r\n%s\r\n",
			cases[i].uri, i, cases[i].more);
		if (!starts(next_to_wic(), cases[i].status))
			fail_msg("%s %s: %s", cases[i].uri, cases[i].more, rooms.to_wic[0]);
	}
	from_wic_in_dialog("BYE", 1, "\r\n");
	assert_true(starts(next_to_wic(), "SIP/2.0 481 "));
	rooms.bound = false;
	send_wic_invite("\r\n");
	next_to_wic();
	assert_true(starts(next_to_wic(), "SIP/2.0 403 "));
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

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, registered, bench_teardown)
	const struct CMUnitTest tests[] = {
		T(register_is_relayed),
		T(accepted_register_binds),
		T(refused_register_stays_here),
		T(min_expires_passes),
		T(invite_of_the_browser_reaches_the_core),
		T(call_from_the_browser),
		T(cancel_of_the_browser),
		T(answer_that_crossed_a_cancel_is_ended),
		T(call_to_the_browser),
		T(cancel_of_the_core),
		T(stranger_is_forbidden),
		T(refused_flows),
		T(parked_browser_is_430),
		T(info_is_relayed),
		T(reinvite_and_its_glare),
		T(message_is_relayed_both_ways),
		T(subscription_lives_on_both_sides),
		T(bad_requests_of_the_browser),
		T(long_request_goes_by_tcp),
		T(lost_binding_ends_its_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
