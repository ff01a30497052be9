// SPDX-License-Identifier: Apache-2.0
// What passes between a browser and the core, both ways.
#include "header_policy.h"
#include "sip_message.h"

#include <sofia-sip/msg_header.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define START                                                                                      \
	"INVITE sip:bob@ims.test SIP/2.0\r\nVia: SIP/2.0/WSS x.invalid;branch=z9hG4bK1\r\n"        \
	"From: <sip:alice@ims.test>;tag=a\r\nTo: <sip:bob@ims.test>\r\nCall-ID: c\r\n"             \
	"CSeq: 7 INVITE\r\n"

static const struct {
	const char *header; // as received
	const char *to_core, *to_wic; // as sent on; NULL: not at all
} samples[] = {
	{"Subject: lunch", "Subject: lunch", "Subject: lunch"},
	{"X-Unknown: 1", "X-Unknown: 1", "X-Unknown: 1"},
	{"User-Agent: u", "User-Agent: u", "User-Agent: u"},
	{"Route: <sip:evil.test;lr>", NULL, NULL},
	{"Record-Route: <sip:core.test;lr>", NULL, NULL},
	{"Path: <sip:evil.test;lr>", NULL, NULL},
	{"Service-Route: <sip:orig@core.test;lr>", NULL, NULL},
	{"Authorization: Bearer secret", NULL, NULL},
	{"Proxy-Authorization: Digest username=\"a\", integrity-protected=\"yes\"",
		"Proxy-Authorization: Digest username=\"a\"", NULL},
	{"Authorization: Digest username=\"a\"", "Authorization: Digest username=\"a\"", NULL},
	{"WWW-Authenticate: Digest nonce=\"n\", ik=\"1\", ck=\"2\"", NULL,
		"WWW-Authenticate: Digest nonce=\"n\""},
	{"Proxy-Authenticate: Digest nonce=\"n\"", NULL, "Proxy-Authenticate: Digest nonce=\"n\""},
	{"Supported: 100rel, replaces, timer, precondition, gruu", "Supported: replaces, gruu",
		"Supported: replaces, gruu"},
	{"Supported: 100rel", NULL, NULL},
	{"Allow: INVITE, PRACK", NULL, NULL},
	{"Session-Expires: 1800", NULL, NULL},
	{"P-Asserted-Identity: <sip:eve@ims.test>", NULL,
		"P-Asserted-Identity: <sip:eve@ims.test>"},
	{"P-Preferred-Identity: <sip:alice@ims.test>", NULL, NULL},
	{"P-Charging-Vector: icid-value=\"x\"", NULL, NULL},
	{"P-Charging-Function-Addresses: ccf=\"aaa://x\"", NULL, NULL},
	{"P-Served-User: <sip:a@b>", NULL, NULL},
	{"P-Visited-Network-ID: \"x\"", NULL, NULL},
	{"P-Asserted-Service: urn:urn-7:x", NULL, NULL},
	{"P-Called-Party-ID: <sip:bob@ims.test>", NULL, "P-Called-Party-ID: <sip:bob@ims.test>"},
	{"P-Access-Network-Info: IEEE-802.11;network-provided", NULL, NULL},
	{"P-Access-Network-Info: IEEE-802.11;i-wlan-node-id=\"a,b\", X;network-provided",
		"P-Access-Network-Info: IEEE-802.11;i-wlan-node-id=\"a,b\"", NULL},
	{"History-Info: <sip:a@b>;index=1", NULL, "History-Info: <sip:a@b>;index=1"},
	{"Organization: bank", NULL, "Organization: bank"},
	{"Feature-Caps: *;+g.x", NULL, NULL},
	{"Resource-Priority: q735.0", NULL, NULL},
	{"Warning: 399 core7.internal \"x\"", "Warning: 399 core7.internal \"x\"",
		"Warning: 399 gateway \"x\""},
	{"Warning: 399 core7.internal \"a \\\"b\\\" c\"",
		"Warning: 399 core7.internal \"a \\\"b\\\" c\"", "Warning: 399 gateway \"a b c\""},
	{"Cellular-Network-Info: x", NULL, NULL},
	{"Reason: SIP;cause=200", "Reason: SIP;cause=200", "Reason: SIP;cause=200"},
	{"Privacy: none", "Privacy: none", "Privacy: none"},
};

static msg_t *message(const char *headers)
{
	char text[2048];
	int len = snprintf(text, sizeof(text), START "%s\r\n\r\n", headers);
	msg_t *msg = msg_make(sip_default_mclass(), 0, text, len);

	assert_non_null(msg);
	return msg;
}

// What passes of one header, with its line end; "" when nothing does.
static void passed(const char *header, enum header_way way, char *text, size_t room)
{
	static const char own[] = "From: <sip:g@ims.test>\r\nTo: <sip:w@ims.test>\r\n"
				  "Call-ID: c\r\nCSeq: 1 INVITE\r\n";
	msg_t *from = message(header), *to = sip_message_request("INVITE", "sip:x@y.test");
	const char *all, *at, *length;
	size_t len;

	assert_int_equal(msg_header_add_str(to, (msg_pub_t *)sip_object(to), own), 0);
	assert_int_equal(headers_pass(to, sip_object(from), way), 0);
	all = sip_message_text(to, &len);
	at = strstr(all, "CSeq: 1 INVITE\r\n") + strlen("CSeq: 1 INVITE\r\n");
	length = strstr(at, "Content-Length: 0\r\n");
	snprintf(text, room, "%.*s%s", (int)(length - at), at,
		length + strlen("Content-Length: 0\r\n"));
	text[strlen(text) - 2] = '\0'; // the blank line
	msg_destroy(from);
	msg_destroy(to);
}

static void check(const char *header, enum header_way way, const char *expected)
{
	char text[1024], line[1024] = "";

	if (expected)
		snprintf(line, sizeof(line), "%s\r\n", expected);
	passed(header, way, text, sizeof(text));
	if (strcmp(text, line) != 0)
		fail_msg("%s %s: '%s', expected '%s'", header,
			way == HEADERS_TO_CORE ? "to core" : "to WIC", text, line);
}

static void each_header_passes_where_it_may(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		check(samples[i].header, HEADERS_TO_CORE, samples[i].to_core);
		check(samples[i].header, HEADERS_TO_WIC, samples[i].to_wic);
	}
}

static void privacy_hides_the_identity(void **state)
{
	(void)state;
	check("Privacy: id\r\nP-Asserted-Identity: <sip:eve@ims.test>", HEADERS_TO_WIC,
		"Privacy: id");
}

static void unsupported_options_are_named(void **state)
{
	static const struct {
		const char *headers, *unsupported;
	} cases[] = {
		{"Require: 100rel", "100rel"},
		{"Require: outbound, precondition\r\nProxy-Require: sec-agree",
			"precondition, sec-agree"},
		{"Require: replaces", NULL},
		{"Supported: 100rel", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		msg_t *msg = message(cases[i].headers);
		char *got = headers_unsupported(msg_home(msg), sip_object(msg));

		if (cases[i].unsupported)
			assert_string_equal(got, cases[i].unsupported);
		else
			assert_null(got);
		msg_destroy(msg);
	}
}

static unsigned hops_after(const char *header)
{
	msg_t *msg = message(header);
	unsigned hops = headers_hops_left(sip_object(msg));

	msg_destroy(msg);
	return hops;
}

static void hops_are_counted(void **state)
{
	(void)state;
	assert_int_equal(hops_after("Max-Forwards: 0"), 0);
	assert_int_equal(hops_after("Max-Forwards: 2"), 1);
	assert_int_equal(hops_after("Max-Forwards: 255"), 70);
	assert_int_equal(hops_after("Subject: none"), 70);
}

static void contact_keeps_its_features(void **state)
{
	msg_t *msg = message("Contact: <sip:a@x.invalid>;expires=9;+g.x=\"a,b\";audio;reg-id=1");

	(void)state;
	assert_string_equal(headers_contact_features(msg_home(msg), sip_object(msg)->sip_contact),
		";+g.x=\"a,b\";audio");
	msg_destroy(msg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_header_passes_where_it_may),
		cmocka_unit_test(privacy_hides_the_identity),
		cmocka_unit_test(unsupported_options_are_named),
		cmocka_unit_test(hops_are_counted),
		cmocka_unit_test(contact_keeps_its_features),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
