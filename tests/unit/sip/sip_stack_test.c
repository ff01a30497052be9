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

// A value of any length comes through whole.
static void credentials_are_told_whole(void **state)
{
	(void)state;
	for (int len = 1; len < 700; len++) {
		char more[1024];

		snprintf(more, sizeof(more),
			"Authorization: Digest username=\"%0*d\", qop=auth, nc=00000001\r\n", len,
			0);
		rooms.refuse_status = 403;
		from_wic("REGISTER sip:ims.test SIP/2.0\r\n"
			 "Via: SIP/2.0/WSS x1.invalid;branch=z9hG4bKr%d\r\nFrom: "
			 "<sip:alice@ims.test>;tag=r\r\n"
			 "To: <sip:alice@ims.test>\r\nCall-ID: reg1\r\nCSeq: 1 REGISTER\r\n%s\r\n",
			len, more);
		assert_true(starts(next_to_wic(), "SIP/2.0 403"));
		more[strlen(more) - 2] = '\0';
		assert_string_equal(rooms.asked_authorization, more + strlen("Authorization: "));
	}
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

// The core hears that a token has run out; of a digest user only the user can say it.
static void ended_token_is_told(void **state)
{
	const char *const impus[] = {"sip:carol@ims.test"};
	struct registration_view view = {.id = 5,
		.scenario = REGISTRATION_WEB_AUTH,
		.impi = "carol@ims.test",
		.impus = impus,
		.impu_count = 1,
		.contact = "sip:c@x.invalid;transport=ws",
		.flow_token = "ft",
		.waf_id = "waf.test",
		.home_domain = "ims.test"};
	const struct registration_event event = {
		.type = REGISTRATION_GONE, .gone = REGISTRATION_GONE_TOKEN, .view = &view};
	const char *out;

	(void)state;
	sip_stack_on_registration(bench_stack, &event);
	out = next_to_core();
	assert_true(starts(out, "REGISTER sip:ims.test SIP/2.0\r\n"));
	assert_string_equal(header(out, "Contact"), "<sip:c@x.invalid;transport=ws>;expires=0");
	assert_string_equal(header(out, "To"), "<sip:carol@ims.test>");
	assert_string_equal(header(out, "Authorization"),
		"Digest username=\"carol@ims.test\", realm=\"ims.test\", nonce=\"\", "
		"uri=\"sip:ims.test\", "
		"response=\"\", integrity-protected=\"auth-done\", "
		"authorization-entity=\"waf.test\"");
	from_core("%s", response_to(out, "200 OK", "x", ""));
	view.scenario = REGISTRATION_IMS_AUTH;
	sip_stack_on_registration(bench_stack, &event);
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

static void stranger_is_forbidden(void **state)
{
	(void)state;
	from_stranger(CORE_INVITE, "Route: <sip:" TEST_TOKEN "@127.0.0.1;lr;ob>\r\n");
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
		bench_registered(NULL);
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

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, bench_registered, bench_teardown)
	const struct CMUnitTest tests[] = {
		T(register_is_relayed),
		T(credentials_are_told_whole),
		T(accepted_register_binds),
		T(refused_register_stays_here),
		T(ended_token_is_told),
		T(min_expires_passes),
		T(stranger_is_forbidden),
		T(refused_flows),
		T(parked_browser_is_430),
		T(message_is_relayed_both_ways),
		T(subscription_lives_on_both_sides),
		T(bad_requests_of_the_browser),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
