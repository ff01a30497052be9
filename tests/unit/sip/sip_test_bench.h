// SPDX-License-Identifier: Apache-2.0
// A stack between a browser, played by function calls, and a core, played by UDP and TCP sockets on loopback.
#pragma once

#include "sip.h"

#include <stdbool.h>
#include <stddef.h>

int bench_setup(void **state);
int bench_teardown(void **state);

extern struct sip_stack *bench_stack;
extern unsigned bench_port; // of the stack on 127.0.0.1

// What the stack sends next, waited for; the test fails when it doesn't come. "" is never returned.
const char *next_to_wic(void);
const char *next_to_core(void);
const char *next_to_core_by_tcp(void);
bool nothing_more(void); // to either side

void from_wic(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void from_core(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void from_stranger(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
const char *next_to_stranger(void);

// A response to the message, with its Via, From, To, Call-ID, CSeq and Record-Route; tag: To tag to add, or "".
// more: further lines, each with its line end, and perhaps a blank line and a body.
const char *response_to(const char *request, const char *status, const char *tag, const char *more);
// The value of a header of a message, in a buffer of its own (eight in turn); fails the test when it is absent.
const char *header(const char *message, const char *name);
bool has_header(const char *message, const char *name);
const char *request_uri(const char *message);
const char *contact_uri(const char *message);
const char *tag_of(const char *message, const char *name);
bool starts(const char *message, const char *start);

#define SDP "Content-Type: application/sdp\r\n\r\nv=0\r\n"
#define CORE_INVITE                                                                                \
	"INVITE sip:alice@x1.invalid;transport=ws SIP/2.0\r\n"                                     \
	"Via: SIP/2.0/UDP 127.0.0.2:9;rport;branch=z9hG4bKc1\r\n"                                  \
	"Record-Route: <sip:127.0.0.2:9;lr>\r\n%s"                                                 \
	"Max-Forwards: 66\r\nFrom: \"Bob\" <sip:bob@ims.test>;tag=bo\r\n"                          \
	"To: <sip:alice@ims.test>\r\nCall-ID: call2\r\nCSeq: 11 INVITE\r\n"                        \
	"Contact: <sip:bob@127.0.0.2:9>\r\nP-Called-Party-ID: <tel:+15550100>\r\n"                 \
	"P-Asserted-Identity: <sip:bob@ims.test>\r\nP-Served-User: <sip:x@y>\r\n"                  \
	"P-Charging-Vector: icid-value=\"q\";orig-ioi=\"Type 1s\"\r\n" SDP

// The pieces of a call between alice (browser, tag al) and bob (core, tag bo).
int bench_registered(void **state);
void send_wic_invite(const char *more);
// A call from the browser up to the 200; what the browser got last is returned.
const char *wic_call_answered(char *core_contact, size_t room);
void from_core_in_dialog(const char *method, const char *uri, unsigned cseq, const char *more);
void from_wic_in_dialog(const char *method, unsigned cseq, const char *more);
void hang_up(const char *core_contact);
