// SPDX-License-Identifier: Apache-2.0
// A stack between a browser, played by function calls, and a core, played by UDP and TCP sockets on loopback.
#pragma once

#include "sip.h"

#include <stdbool.h>

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
