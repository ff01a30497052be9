// SPDX-License-Identifier: Apache-2.0
// The rooms around the stack, as small as a test needs them: one browser, its binding, calls that pass everything on.
#pragma once

#include "sip.h"

#include <stdbool.h>

#define TEST_CONN 77
#define TEST_TOKEN "flow-token-of-alice"

struct test_rooms {
	char to_wic[16][8192]; // what ws_send() got
	unsigned to_wic_count, to_wic_read;
	unsigned closes, bounds;
	bool bound; // the connection has a binding
	bool parked;
	char contact[256];
	char service_route[256]; // of the last accepted REGISTER, or as a test sets it
	uint32_t granted;
	int last_failed; // status given to registration_failed()
	struct registration_request asked; // pointers are stale
	char asked_domain[128], asked_contact[256], asked_instance[128];
	char asked_authorization[1024];
	int refuse_status; // of the next decision; 0: relay
	unsigned starts, ends, failures, parks; // of calls
	unsigned calls_live;
	char record[4096]; // of leg B at its end
	char records[2][4096]; // of both
};

extern struct test_rooms rooms;

struct registrations;
extern struct registrations *const test_registrations;
extern struct calls *const test_calls;
extern struct ws_server *const test_ws;

void test_rooms_reset(void);
// A call whose legs are made again out of rooms.records; the first failure, or 0.
int test_call_restore(struct sip_stack *stack);
