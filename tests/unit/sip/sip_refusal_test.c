// SPDX-License-Identifier: Apache-2.0
// What a refusal of one side tells the other: challenges, where else to try, when, and why.
#include "sip_test_bench.h"
#include "sip_test_rooms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *invite_refused(const char *status, const char *headers)
{
	const char *out;

	send_wic_invite(SDP);
	out = next_to_core();
	assert_true(starts(next_to_wic(), "SIP/2.0 100 "));
	from_core("%s", response_to(out, status, "bo", headers));
	assert_true(starts(next_to_core(), "ACK "));
	return next_to_wic();
}

static void challenge_reaches_the_browser_and_its_answer_the_core(void **state)
{
	const char *out;

	(void)state;
	out = invite_refused("407 Proxy Authentication Required",
		"Proxy-Authenticate: Digest realm=\"ims.test\", nonce=\"n1\", ik=\"00\"\r\n");
	assert_true(starts(out, "SIP/2.0 407 Proxy Authentication Required\r\n"));
	assert_non_null(strstr(header(out, "Proxy-Authenticate"), "nonce=\"n1\""));
	assert_null(strstr(out, "ik="));
	from_wic("ACK sip:bob@ims.test SIP/2.0\r\nVia: SIP/2.0/WSS x1.invalid;branch=z9hG4bKi1\r\n"
		 "From: <sip:alice@ims.test>;tag=al\r\nTo: <sip:bob@ims.test>;tag=%s\r\n"
		 "Call-ID: call1\r\nCSeq: 5 ACK\r\n\r\n",
		tag_of(out, "To"));
	// The same call again, now with credentials.
	from_wic("INVITE sip:bob@ims.test SIP/2.0\r\n"
		 "Via: SIP/2.0/WSS x1.invalid;branch=z9hG4bKi2\r\n"
		 "From: <sip:alice@ims.test>;tag=al\r\nTo: <sip:bob@ims.test>\r\nCall-ID: call1\r\n"
		 "CSeq: 6 INVITE\r\nContact: <sip:alice@x1.invalid;transport=ws>\r\n"
		 "Proxy-Authorization: Digest username=\"a\", response=\"r\", "
		 "integrity-protected=\"yes\"\r\n" SDP);
	out = next_to_core();
	assert_true(starts(out, "INVITE sip:bob@ims.test SIP/2.0\r\n"));
	assert_non_null(strstr(header(out, "Proxy-Authorization"), "response=\"r\""));
	assert_null(strstr(out, "integrity-protected"));
	assert_true(starts(next_to_wic(), "SIP/2.0 100 "));
	from_core("%s", response_to(out, "404 Not Found", "bo", ""));
	assert_true(starts(next_to_wic(), "SIP/2.0 404 "));
}

static void reasons_reach_the_browser(void **state)
{
	const char *out;

	(void)state;
	out = invite_refused("486 Busy Here",
		"Retry-After: 30\r\nReason: Q.850;cause=17\r\nWarning: 399 core7.internal "
		"\"busy\"\r\n");
	assert_string_equal(header(out, "Retry-After"), "30");
	assert_string_equal(header(out, "Reason"), "Q.850;cause=17");
	assert_non_null(strstr(header(out, "Warning"), "\"busy\""));
	assert_null(strstr(out, "core7"));
}

static void redirection_names_the_place(void **state)
{
	const char *out;

	(void)state;
	out = invite_refused("302 Moved Temporarily",
		"Contact: <sip:carol@ims.test>;q=0.9, <sip:dora@ims.test>;q=0.5\r\n");
	assert_true(starts(out, "SIP/2.0 302 Moved Temporarily\r\n"));
	assert_non_null(strstr(out, "<sip:carol@ims.test>;q=0.9"));
	assert_non_null(strstr(out, "<sip:dora@ims.test>;q=0.5"));
}

static void no_contact_without_redirection(void **state)
{
	(void)state;
	assert_false(has_header(
		invite_refused("404 Not Found", "Contact: <sip:secret@core7.internal>\r\n"),
		"Contact"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, bench_registered, bench_teardown)
	const struct CMUnitTest tests[] = {
		T(challenge_reaches_the_browser_and_its_answer_the_core),
		T(reasons_reach_the_browser),
		T(redirection_names_the_place),
		T(no_contact_without_redirection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
