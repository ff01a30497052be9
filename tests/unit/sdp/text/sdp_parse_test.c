// SPDX-License-Identifier: Apache-2.0
// What the parser refuses, with the line and the sentence; what it ignores; its limits.
#include "sdp.h"
#include "sdp_model.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n"
#define AUDIO "m=audio 9 UDP/TLS/RTP/SAVPF 0 111\r\n"
#define HASH                                                                                       \
	"29:AF:CA:67:76:22:FB:44:DF:FA:E3:7A:15:57:A2:29:DD:89:F6:BF:3C:8A:BE:A4:85:E4:F2:80:F5:"  \
	"7B:AC"

struct refused {
	const char *text;
	unsigned line;
	const char *sentence;
};

static const struct refused cases[] = {
	{"", 0, "the description ends before v=, o=, s= and t= are there"},
	{"v=0\r\n", 1, "the description ends before v=, o=, s= and t= are there"},
	{"v=1\r\n", 1, "v= is not 0"},
	{"o=- 1 1 IN IP4 x\r\n", 1, "a description begins with v=, o= and s="},
	{"v=0\r\ns=-\r\n", 2, "a description begins with v=, o= and s="},
	{"v=0\r\no=- 1 1 IN IP4\r\n", 2, "o= has fewer than six fields"},
	{"v=0\r\no=- 1 1 IN IP4 a b\r\n", 2, "o= does not read as six fields with IN"},
	{"v=0\r\no=- x 1 IN IP4 a\r\n", 2, "o= has a session id or version that is not a number"},
	{"v=0\r\no=- 18446744073709551616 1 IN IP4 a\r\n", 2,
		"o= has a session id or version that is not a number"},
	{"v=0\r\no=- 1 1 IN IP4 a\r\ns=-\r\nm=audio 9 RTP/AVP 0\r\n", 4,
		"the description ends before v=, o=, s= and t= are there"},
	{HEAD "x=1\r\n", 5, "a line of this type has no place here"},
	{HEAD AUDIO "t=0 0\r\n", 6, "a line of this type has no place here"},
	{HEAD "hello\r\n", 5, "a line does not begin with a letter and ="},
	{HEAD "a=in\001active\r\n", 5, "a control byte is in the line"},
	{HEAD "a=in\ractive\r\n", 5, "a control byte is in the line"},
	{HEAD "\r\n" AUDIO, 6, "an empty line is within the description"},
	{HEAD "c=IN IP4\r\n", 5, "c= does not read as IN, type, address"},
	{HEAD "c=IN IP5 1.2.3.4\r\n", 5, "c= has an address type other than IP4 and IP6"},
	{HEAD "b=AS\r\n", 5, "b= has no colon"},
	{HEAD "b=AS:-1\r\n", 5, "b= has a bandwidth that is not a number"},
	{HEAD "m=audio 9 RTP/AVP\r\n", 5, "m= has fewer than four fields"},
	{HEAD "m=audio 65536 RTP/AVP 0\r\n", 5, "m= has a port that is not 0 to 65535"},
	{HEAD "m=audio 9/2 RTP/AVP 0\r\n", 5,
		"m= asks for several ports, which unicast does not have"},
	{HEAD "m=audio 9 RTP/AVP 128\r\n", 5, "m= has a payload type that is not 0 to 127"},
	{HEAD "m=audio 9 RTP/AVP 0 8 0\r\n", 5, "m= has a payload type twice"},
	{HEAD AUDIO "a=rtpmap:111\r\n", 6, "a=rtpmap does not read as payload type, name/clock"},
	{HEAD AUDIO "a=rtpmap:111 opus\r\n", 6,
		"a=rtpmap does not read as payload type, name/clock"},
	{HEAD AUDIO "a=rtpmap:111 opus/0\r\n", 6, "a=rtpmap has a wrong name or clock rate"},
	{HEAD AUDIO "a=rtpmap:111 opus/48000/0\r\n", 6, "a=rtpmap has a wrong number of channels"},
	{HEAD AUDIO "a=rtcp-fb:x nack\r\n", 6, "a=rtcp-fb has no payload type"},
	{HEAD AUDIO "a=extmap:0 urn:x\r\n", 6, "a=extmap has an id out of range"},
	{HEAD AUDIO "a=extmap:1\r\n", 6, "a=extmap does not read as id, URI"},
	{HEAD AUDIO "a=ssrc:4294967296 cname:x\r\n", 6, "a=ssrc has no 32-bit number"},
	{HEAD AUDIO "a=mid:a b\r\n", 6, "a=mid is not a token of at most 64 characters"},
	{HEAD "a=mid:a\r\n", 5, "a=mid stands at session level or twice in a section"},
	{HEAD AUDIO "a=mid:a\r\na=mid:b\r\n", 7,
		"a=mid stands at session level or twice in a section"},
	{HEAD AUDIO "a=mid:a\r\n" AUDIO "a=mid:a\r\n", 0, "two sections have the same a=mid"},
	{HEAD "a=group:BUNDLE 0 1\r\na=group:BUNDLE 2 1\r\n" AUDIO, 0,
		"a mid is in two BUNDLE groups"},
	{HEAD AUDIO "a=group:BUNDLE 0\r\n", 6,
		"a=group:BUNDLE within a section, or more than four"},
	{HEAD AUDIO "a=ptime:20ms\r\n", 6, "a=ptime or a=maxptime is not 0 to 1000 ms"},
	{HEAD AUDIO "a=ptime\r\n", 6,
		"an attribute lacks its value, or has one that it must not have"},
	{HEAD AUDIO "a=rtcp-mux:yes\r\n", 6,
		"an attribute lacks its value, or has one that it must not have"},
	{HEAD AUDIO "a=ice-ufrag:abc\r\n", 6, "a=ice-ufrag is not 4 to 256 ICE characters"},
	{HEAD AUDIO "a=ice-ufrag:ab-d\r\n", 6, "a=ice-ufrag is not 4 to 256 ICE characters"},
	{HEAD AUDIO "a=ice-pwd:short\r\n", 6, "a=ice-pwd is not 22 to 256 ICE characters"},
	{HEAD AUDIO "a=fingerprint:sha-256\r\n", 6,
		"a=fingerprint does not read as hash function, hash"},
	{HEAD AUDIO "a=fingerprint:sha-256 " HASH "\r\n", 6,
		"a=fingerprint has a hash of wrong length or digits"},
	{HEAD AUDIO "a=fingerprint:sha-256 " HASH ":AG\r\n", 6,
		"a=fingerprint has a hash of wrong length or digits"},
	{HEAD AUDIO "a=fingerprint:sha-384 " HASH ":A7\r\n", 6,
		"a=fingerprint has a hash of wrong length or digits"},
	{HEAD AUDIO "a=setup:both\r\n", 6, "a=setup has an unknown role"},
	{HEAD AUDIO "a=tls-id:a b\r\n", 6, "a=tls-id is not a token"},
	{HEAD AUDIO "a=rtcp:70000\r\n", 6, "a=rtcp has a port that is not 0 to 65535"},
};

static void refused_with_a_sentence(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sdp_session *session = NULL;
		struct sdp_error err = {.line = 99};

		assert_int_equal(
			sdp_read(cases[i].text, strlen(cases[i].text), &session, &err), -EINVAL);
		assert_string_equal(err.text, cases[i].sentence);
		assert_int_equal(err.line, cases[i].line);
		assert_null(session);
	}
}

static void ignored_or_accepted(void **state)
{
	static const char *const texts[] = {
		HEAD,
		HEAD "\r\n\r\n",
		"v=0\no=- 1 1 IN IP4 host.test\ns=-\nt=0 0\nm=audio 9 RTP/AVP 0",
		HEAD "a=unknown\r\na=unknown:with value\r\n" AUDIO "a=x\r\n",
		HEAD AUDIO "a=rtpmap:99 opus/48000/2\r\na=fmtp:99 x=1\r\n",
		HEAD AUDIO "a=candidate:what\r\na=candidate:1 1 quic 1 1.2.3.4 1 typ host\r\n",
		HEAD AUDIO "a=fingerprint:sha-1 00:11\r\na=fingerprint:token xyz\r\n",
		HEAD "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=fmtp:x y\r\n",
		HEAD "m=message 7000 TCP/MSRP *\r\na=path:msrp://x:7000/y;tcp\r\n",
		HEAD "c=IN IP4 224.2.1.1/127\r\nc=IN IP4 host.test\r\n" AUDIO,
		HEAD AUDIO "i=a title\r\nk=clear:x\r\na=extmap:4096 urn:x\r\n",
		HEAD "b=X-YZ:128\r\nb=CT:1\r\nr=7d 1h 0 25h\r\nz=0 0\r\n" AUDIO,
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct sdp_session *session = NULL;
		struct sdp_error err = {0};
		int ret = sdp_read(texts[i], strlen(texts[i]), &session, &err);

		if (ret != 0)
			print_error("%u: line %u: %s\n", i, err.line, err.text);
		assert_int_equal(ret, 0);
		assert_string_equal(sdp_text(session, NULL), texts[i]);
		sdp_destroy(session);
	}
}

// HEAD and n times a line.
static int parse_repeated(const char *first, const char *line, unsigned n, struct sdp_error *err)
{
	char *text = calloc(1, 65536);
	struct sdp_session *session = NULL;
	size_t len = (size_t)sprintf(text, "%s%s", HEAD, first);
	int ret;

	for (unsigned i = 0; i < n; i++)
		len += (size_t)sprintf(text + len, "%s", line);
	ret = sdp_read(text, len, &session, err);
	sdp_destroy(session);
	free(text);
	return ret;
}

static void limits(void **state)
{
	static const char candidate[] = "a=candidate:1 1 udp 99 192.0.2.1 5000 typ host\r\n";
	static const char fingerprint[] = "a=fingerprint:sha-256 " HASH ":A7\r\n";
	struct sdp_error err;

	(void)state;
	assert_int_equal(parse_repeated("", AUDIO, 32, &err), 0);
	assert_int_equal(parse_repeated("", AUDIO, 33, &err), -EINVAL);
	assert_string_equal(err.text, "more than 32 m= lines");
	assert_int_equal(err.line, 37);
	assert_int_equal(parse_repeated(AUDIO, candidate, 100, &err), 0);
	assert_int_equal(parse_repeated(AUDIO, candidate, 101, &err), -EINVAL);
	assert_string_equal(err.text, "more than 100 candidates");
	assert_int_equal(parse_repeated(AUDIO, fingerprint, 8, &err), 0);
	assert_int_equal(parse_repeated(AUDIO, fingerprint, 9, &err), -EINVAL);
	assert_string_equal(err.text, "more than 8 fingerprints in one place");
	assert_int_equal(parse_repeated("", "a=x\r\n", (16384 - strlen(HEAD)) / 5, &err), 0);
	assert_int_equal(parse_repeated("", "a=x\r\n", 3277, &err), -EINVAL);
	assert_string_equal(err.text, "the description is longer than 16 KiB");
}

static void model_of_a_section(void **state)
{
	static const char text[] =
		HEAD "m=audio 5000 RTP/AVP 9 96\r\nc=IN IP6 2001:db8::1\r\nb=RS:0\r\nb=RR:800\r\n"
		     "a=rtpmap:96 AMR-WB/16000\r\na=fmtp:96 "
		     "octet-align=1\r\na=rtcp:5003\r\na=recvonly\r\n"
		     "a=candidate:a 2 UDP 7 2001:db8::2 6000 typ relay raddr ::1 rport 9\r\n"
		     "a=fingerprint:SHA-512 " HASH ":A7:" HASH
		     ":A7\r\na=ssrc:1 cname:x\r\na=ssrc:1 msid:y z\r\n";
	struct sdp_session *session = NULL;
	struct sdp_error err;
	struct sdp_section *section;

	(void)state;
	assert_int_equal(sdp_read(text, strlen(text), &session, &err), 0);
	assert_int_equal(sdp_section_count(session), 1);
	section = session->sections[0];
	assert_int_equal(section->kind, SDP_AUDIO);
	assert_int_equal(section->port, 5000);
	assert_int_equal(section->rtcp_port, 5003);
	assert_int_equal(section->direction, SDP_RECV);
	assert_int_equal(section->rs_bps, 0);
	assert_int_equal(section->rr_bps, 800);
	assert_int_equal(section->as_kbps, -1);
	assert_int_equal(section->conn.ip[0], 0x20);
	assert_int_equal(section->format_count, 2);
	assert_string_equal(section->formats[0].name, "G722");
	assert_string_equal(section->formats[1].fmtp, "octet-align=1");
	assert_int_equal(section->formats[1].clock_hz, 16000);
	assert_int_equal(section->candidate_count, 1);
	assert_int_equal(section->candidates[0].component, 2);
	assert_int_equal(section->candidates[0].addr.port, 6000);
	assert_int_equal(section->fingerprint_count, 1);
	assert_int_equal(section->fingerprints[0].hash, SDP_SHA512);
	assert_int_equal(section->fingerprints[0].bytes[63], 0xa7);
	assert_int_equal(section->ssrc_count, 1);
	sdp_destroy(session);
}

static void families(void **state)
{
	static const struct {
		const char *text;
		bool is_ipv6_only;
	} texts[] = {
		{HEAD "m=audio 9 RTP/AVP 0\r\nc=IN IP6 2001:db8::1\r\n", true},
		{"v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=c=IN IP4\r\nc=IN IP6 2001:db8::1\r\nt=0 "
		 "0\r\n"
		 "m=audio 9 RTP/AVP 0\r\n",
			true},
		{HEAD "m=audio 9 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\n", false},
		{HEAD "m=audio 9 RTP/AVP 0\r\nc=IN IP6 2001:db8::1\r\n"
		      "m=video 0 RTP/AVP 99\r\nc=IN IP4 0.0.0.0\r\n",
			true},
		{HEAD "m=audio 9 RTP/AVP 0\r\nc=IN IP6 2001:db8::1\r\n"
		      "m=video 9 RTP/AVP 99\r\nc=IN IP4 192.0.2.1\r\n",
			false},
		{HEAD, false},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct sdp_session *session = NULL;
		struct sdp_error err;

		assert_int_equal(sdp_read(texts[i].text, strlen(texts[i].text), &session, &err), 0);
		assert_int_equal(sdp_is_ipv6_only(session), texts[i].is_ipv6_only);
		sdp_destroy(session);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_with_a_sentence),
		cmocka_unit_test(ignored_or_accepted),
		cmocka_unit_test(limits),
		cmocka_unit_test(model_of_a_section),
		cmocka_unit_test(families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
