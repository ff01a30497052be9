// SPDX-License-Identifier: Apache-2.0
// What is taken from a browser and what is refused how (the cases of RFC 4475, in our own words, and RFC 7118).
#include "w2_accept.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define START "INVITE sip:bob@ims.test SIP/2.0\r\n"
#define VIA "Via: SIP/2.0/WSS x1.invalid;branch=z9hG4bK1\r\n"
#define FROM "From: <sip:alice@ims.test>;tag=a1\r\n"
#define TO "To: <sip:bob@ims.test>\r\n"
#define CALL_ID "Call-ID: c1@x1.invalid\r\n"
#define CSEQ "CSeq: 1 INVITE\r\n"
#define CONTACT "Contact: <sip:alice@x1.invalid;transport=ws>\r\n"
#define HEAD START VIA FROM TO CALL_ID CSEQ CONTACT "Max-Forwards: 70\r\n"
#define REST VIA FROM TO CALL_ID CSEQ
#define SDP_TYPE "Content-Type: application/sdp\r\n"

struct sample {
	const char *name, *text;
	enum w2_verdict verdict;
	int status; // W2_REFUSED
};

static const struct sample samples[] = {
	{"plain", HEAD "Content-Length: 0\r\n\r\n", W2_TAKEN},
	{"no Content-Length", HEAD "\r\n", W2_TAKEN},
	{"body, no Content-Length", HEAD SDP_TYPE "\r\nv=0\r\n", W2_TAKEN},
	{"body", HEAD SDP_TYPE "Content-Length: 5\r\n\r\nv=0\r\n", W2_TAKEN},
	{"CRLF before the start line", "\r\n\r\n" HEAD "\r\n", W2_TAKEN},
	{"keep-alive", "\r\n\r\n", W2_KEEPALIVE},
	{"pong", "\r\n", W2_DROPPED},
	{"empty", "", W2_DROPPED},
	{"compact forms, folds, odd case",
		"OPTIONS sip:bob@ims.test SIP/2.0\r\nv:\r\n SIP/2.0/WSS "
		"x1.invalid;branch=z9hG4bK1\r\n"
		"f : \"A \\\"q\\\" b\" <sip:alice@ims.test>;tag=a1\r\nt: <sip:bob@ims.test>\r\n"
		"i: c2\r\ncSeQ: 0009\r\n\tOPTIONS\r\nMAX-FORWARDS: 0068\r\nl: 0\r\n\r\n",
		W2_TAKEN},
	{"wide range of characters in the URI",
		"NEWMETHOD sip:1_unusual.URI~(to-be!sure)@ims.test "
		"SIP/2.0\r\n" VIA FROM TO CALL_ID "CSeq: 1 "
		"NEWMETHOD\r\n\r\n",
		W2_TAKEN},
	{"escaped NULs in the URI",
		"OPTIONS sip:null-%00-null@ims.test SIP/2.0\r\n" VIA FROM TO CALL_ID
		"CSeq: 1 OPTIONS\r\n\r\n",
		W2_TAKEN},
	{"no blank between name and <",
		START VIA "From: caller<sip:alice@ims.test>;tag=3\r\n" TO CALL_ID CSEQ "\r\n",
		W2_TAKEN},
	{"unknown headers and values", HEAD "UnknownHeader: ;;,,;;,;\r\n\r\n", W2_TAKEN},
	{"semicolons in the user part",
		"OPTIONS sip:user;par=u%40example.net@ims.test SIP/2.0\r\n" VIA FROM TO CALL_ID
		"CSeq: 1 OPTIONS\r\n\r\n",
		W2_TAKEN},
	{"response", "SIP/2.0 180 Ringing\r\n" REST "\r\n", W2_TAKEN},
	{"empty reason phrase", "SIP/2.0 100 \r\n" REST "\r\n", W2_TAKEN},
	{"unusual reason phrase", "SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe\r\n" REST "\r\n",
		W2_TAKEN},
	{"response behind response in a sipfrag",
		"NOTIFY sip:a@b.test SIP/2.0\r\n" VIA FROM TO CALL_ID
		"CSeq: 1 NOTIFY\r\nContent-Type: message/sipfrag\r\n\r\nSIP/2.0 200 OK\r\n",
		W2_TAKEN},

	{"two messages, with lengths",
		HEAD "Content-Length: 0\r\n\r\n" HEAD "Content-Length: 0\r\n\r\n", W2_REFUSED, 400},
	{"two messages, no lengths", HEAD "\r\n" HEAD "\r\n", W2_REFUSED, 400},
	{"two messages behind a body", HEAD SDP_TYPE "\r\nv=0\r\n" HEAD "\r\n", W2_REFUSED, 400},
	{"message behind a response", "SIP/2.0 200 OK\r\n" REST "\r\n" HEAD "\r\n", W2_DROPPED},
	{"two From", HEAD FROM "\r\n", W2_REFUSED, 400},
	{"two From, one compact", HEAD "f: <sip:eve@ims.test>;tag=e\r\n\r\n", W2_REFUSED, 400},
	{"two Call-ID", HEAD "i: other\r\n\r\n", W2_REFUSED, 400},
	{"two Content-Length", HEAD "Content-Length: 0\r\nl: 0\r\n\r\n", W2_REFUSED, 400},
	{"two From in a response", "SIP/2.0 200 OK\r\n" REST FROM "\r\n", W2_DROPPED},
	{"cut behind the headers", HEAD, W2_REFUSED, 400},
	{"cut in a header", HEAD "Content-Len", W2_REFUSED, 400},
	{"cut before CSeq is whole", START VIA FROM TO CALL_ID "CSeq: 1 INV", W2_FATAL},
	{"cut in the start line", "INVITE sip:bob@", W2_FATAL},
	{"cut response", "SIP/2.0 200 OK\r\n" VIA FROM, W2_DROPPED},
	{"Content-Length too large", HEAD "Content-Length: 9999\r\n\r\n", W2_REFUSED, 400},
	{"Content-Length too small", HEAD SDP_TYPE "Content-Length: 2\r\n\r\nv=0\r\n", W2_REFUSED,
		400},
	{"negative Content-Length", HEAD "Content-Length: -999\r\n\r\n", W2_REFUSED, 400},
	{"Content-Length of a response wrong",
		"SIP/2.0 200 OK\r\n" REST "Content-Length: 9\r\n\r\n", W2_DROPPED},
	{"body without a type", HEAD "Content-Length: 5\r\n\r\nv=0\r\n", W2_REFUSED, 400},
	{"CSeq overlarge", START VIA FROM TO CALL_ID "CSeq: 36893488147419103232 INVITE\r\n\r\n",
		W2_REFUSED, 400},
	{"Max-Forwards overlarge", START REST "Max-Forwards: 300\r\n\r\n", W2_REFUSED, 400},
	{"CSeq of another method", START VIA FROM TO CALL_ID "CSeq: 1 OPTIONS\r\n\r\n", W2_REFUSED,
		400},
	{"CSeq method in lower case", START VIA FROM TO CALL_ID "CSeq: 1 invite\r\n\r\n",
		W2_REFUSED, 400},
	{"unknown methods that differ",
		"NEWMETHOD sip:a@b.test SIP/2.0\r\n" VIA FROM TO CALL_ID "CSeq: 8 INVITE\r\n\r\n",
		W2_REFUSED, 400},
	{"unterminated quote in To",
		START VIA FROM "To: \"Mr. J. User <sip:bob@ims.test>\r\n" CALL_ID CSEQ "\r\n",
		W2_REFUSED, 400},
	{"URI in <>", "INVITE <sip:bob@ims.test> SIP/2.0\r\n" REST "\r\n", W2_REFUSED, 400},
	{"blank in the URI", "INVITE sip:bob@ims.test; lr SIP/2.0\r\n" REST "\r\n", W2_REFUSED,
		400},
	{"two blanks in the request line", "INVITE  sip:bob@ims.test SIP/2.0\r\n" REST "\r\n",
		W2_REFUSED, 400},
	{"blank behind the request line", "INVITE sip:bob@ims.test SIP/2.0 \r\n" REST "\r\n",
		W2_REFUSED, 400},
	{"unknown version", "INVITE sip:bob@ims.test SIP/7.0\r\n" REST "\r\n", W2_REFUSED, 505},
	{"older version", "INVITE sip:bob@ims.test SIP/1.0\r\n" REST "\r\n", W2_REFUSED, 505},
	{"status over 699", "SIP/2.0 4294967301 better not\r\n" REST "\r\n", W2_DROPPED},
	{"no Call-ID", START VIA FROM TO CSEQ "\r\n", W2_FATAL},
	{"nothing but a start line", START "\r\n", W2_FATAL},
	{"header without a colon", HEAD "NoColonHere\r\n\r\n", W2_REFUSED, 400},
	{"header without a name", HEAD ": x\r\n\r\n", W2_REFUSED, 400},
	{"bare LF in a header", HEAD "X-A: b\nX-C: d\r\n\r\n", W2_REFUSED, 400},
	{"bare CR in a header", HEAD "X-A: b\rc\r\n\r\n", W2_REFUSED, 400},
	{"ACK with a fault",
		"ACK sip:bob@ims.test SIP/2.0\r\n" VIA FROM FROM TO CALL_ID "CSeq: 1 ACK\r\n\r\n",
		W2_DROPPED},
	{"HTTP", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", W2_FATAL},
	{"noise", "\x01\x02\x03garbage", W2_FATAL},
	{"JSON", "{\"a\": 1}", W2_FATAL},
};

static void every_sample_has_its_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		const struct sample *sample = &samples[i];
		struct w2_acceptance got;

		w2_accept(sample->text, strlen(sample->text), &got);
		if (got.verdict != sample->verdict ||
			got.status * (got.verdict == W2_REFUSED) != sample->status)
			fail_msg("%s: verdict %d status %d (%s)", sample->name, got.verdict,
				got.status, got.why ? got.why : "");
		if (got.msg)
			msg_destroy(got.msg);
		free(got.response);
	}
}

static void refusal_carries_the_five_headers(void **state)
{
	static const char text[] = START VIA
		"Via: SIP/2.0/UDP core.test;branch=z9hG4bK2\r\n" FROM TO CALL_ID CSEQ FROM "\r\n";
	struct w2_acceptance got;

	(void)state;
	w2_accept(text, strlen(text), &got);
	assert_int_equal(got.verdict, W2_REFUSED);
	assert_string_equal(got.response,
		"SIP/2.0 400 Header Repeated\r\n" VIA
		"Via: SIP/2.0/UDP core.test;branch=z9hG4bK2\r\n" FROM
		"To: <sip:bob@ims.test>;tag=refused\r\n" CALL_ID CSEQ "Content-Length: 0\r\n\r\n");
	free(got.response);
}

static void nul_in_a_header_is_refused(void **state)
{
	char text[] = HEAD "X-A: a?b\r\n\r\n";
	struct w2_acceptance got;

	(void)state;
	*strchr(text, '?') = '\0';
	w2_accept(text, sizeof(text) - 1, &got);
	assert_int_equal(got.verdict, W2_REFUSED);
	assert_int_equal(got.status, 400);
	free(got.response);
}

static struct w2_acceptance with_padding(size_t line, unsigned lines)
{
	char *text = malloc(sizeof(HEAD) + lines * (line + 10) + 8);
	size_t len = (size_t)sprintf(text, "%s", HEAD);
	struct w2_acceptance got;

	for (unsigned i = 0; i < lines; i++)
		len += (size_t)sprintf(text + len, "X-P: %0*d\r\n", (int)line, 0);
	len += (size_t)sprintf(text + len, "\r\n");
	w2_accept(text, len, &got);
	free(text);
	if (got.msg)
		msg_destroy(got.msg);
	free(got.response);
	return got;
}

static void limits_hold(void **state)
{
	(void)state;
	assert_int_equal(with_padding(8192 - 5, 1).verdict, W2_TAKEN);
	assert_int_equal(with_padding(8193 - 5, 1).status, 400);
	assert_int_equal(with_padding(4, 128 - 7).verdict, W2_TAKEN);
	assert_int_equal(with_padding(4, 129 - 7).status, 400);
}

static void long_sdp_is_413(void **state)
{
	static char text[sizeof(HEAD) + 20000];
	struct w2_acceptance got;
	size_t len = (size_t)sprintf(text, "%s%s\r\n", HEAD, SDP_TYPE);

	(void)state;
	memset(text + len, 'a', W2_SDP_MAX + 1);
	w2_accept(text, len + W2_SDP_MAX + 1, &got);
	assert_int_equal(got.status, 413);
	free(got.response);
}

// Every prefix and every one-byte change of a good message is judged without a fault of ours (ASan watches).
static void damaged_messages_do_no_harm(void **state)
{
	static const char good[] = HEAD SDP_TYPE "Content-Length: 5\r\n\r\nv=0\r\n";
	static const char bytes[] = {0, '\r', '\n', ' ', ':', '<', '"', (char)0xff};
	struct w2_acceptance got;
	char text[sizeof(good)];

	(void)state;
	for (size_t i = 0; i < (sizeof(good) - 1) * (sizeof(bytes) + 1); i++) {
		size_t at = i / (sizeof(bytes) + 1), which = i % (sizeof(bytes) + 1);
		size_t len = which == sizeof(bytes) ? at : sizeof(good) - 1;

		memcpy(text, good, sizeof(good));
		if (which < sizeof(bytes))
			text[at] = bytes[which];
		w2_accept(text, len, &got);
		if (which == sizeof(bytes))
			assert_int_not_equal(got.verdict, W2_TAKEN);
		if (got.msg)
			msg_destroy(got.msg);
		free(got.response);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sample_has_its_verdict),
		cmocka_unit_test(refusal_carries_the_five_headers),
		cmocka_unit_test(nul_in_a_header_is_refused),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(long_sdp_is_413),
		cmocka_unit_test(damaged_messages_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
