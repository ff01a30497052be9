// SPDX-License-Identifier: Apache-2.0
// Descriptions that the calls of the tests exchange.
#include "call_world.h"

#define WEB_HEAD(version)                                                                          \
	"v=0\r\no=- 3280975381203998091 " version                                                  \
	" IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"

#define FINGERPRINT                                                                                \
	"a=fingerprint:sha-256 29:AF:CA:67:76:22:FB:44:DF:FA:E3:7A:15:57:A2:29:DD:89:F6:BF:3C:8A:" \
	"BE:A4:85:E4:F2:80:F5:7B:AC:A7\r\n"
#define WEB(version, ufrag, direction, setup)                                                      \
	WEB_HEAD(version)                                                                          \
	"m=audio 9 UDP/TLS/RTP/SAVPF 111 8 126\r\n"                                                \
	"c=IN IP4 0.0.0.0\r\n"                                                                     \
	"a=candidate:1 1 udp 2122194687 203.0.113.2 35911 typ host\r\n"                            \
	"a=ice-ufrag:" ufrag "\r\na=ice-pwd:qQzxz3QoMTT3OeU/Fbcx7q+A\r\n" FINGERPRINT              \
	"a=setup:" setup "\r\na=mid:0\r\na=" direction "\r\na=rtcp-mux\r\n"                        \
	"a=rtpmap:111 opus/48000/2\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:126 "                       \
	"telephone-event/8000\r\n"                                                                 \
	"a=ssrc:3973798127 cname:x\r\n"

const char web_offer[] = WEB("2", "OWHF", "sendrecv", "actpass");
const char web_offer_restart[] = WEB("3", "NEWu", "sendrecv", "actpass");
const char web_offer_hold[] = WEB("3", "OWHF", "sendonly", "actpass");
const char web_answer[] = WEB("2", "ANSW", "sendrecv", "active");

const char web_offer_data_only[] =
	"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
	"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n"
	"a=ice-ufrag:OWHF\r\na=ice-pwd:qQzxz3QoMTT3OeU/Fbcx7q+A\r\n" FINGERPRINT
	"a=setup:actpass\r\na=mid:0\r\na=sctp-port:5000\r\n";

#define IMS(version, port, direction)                                                              \
	"v=0\r\no=bob 11 " version                                                                 \
	" IN IP4 198.51.100.3\r\ns=call\r\nc=IN IP4 198.51.100.3\r\nt=0 0\r\n"                     \
	"m=audio " port " RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\n"                               \
	"a=rtpmap:101 telephone-event/8000\r\na=" direction "\r\n"

const char ims_offer[] = IMS("12", "12340", "sendrecv");
const char ims_answer[] = IMS("12", "12340", "sendrecv");
const char ims_answer_moved[] = IMS("13", "12350", "sendrecv");
