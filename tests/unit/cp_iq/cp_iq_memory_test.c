// SPDX-License-Identifier: Apache-2.0
// Every allocation of door and client fails in its turn: errors are told, nothing leaks or breaks.
#include "bench.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

void *__real_calloc(size_t count, size_t size);
void *__real_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);

static int left = -1; // allocations until one fails, -1: none does

static bool fails(void)
{
	if (left < 0)
		return false;
	if (left > 0) {
		left--;
		return false;
	}
	left = -1;
	return true;
}

void *__wrap_calloc(size_t count, size_t size)
{
	if (!fails())
		return __real_calloc(count, size);
	errno = ENOMEM;
	return NULL;
}

void *__wrap_malloc(size_t size)
{
	if (!fails())
		return __real_malloc(size);
	errno = ENOMEM;
	return NULL;
}

static void on_done(int32_t status, void *arg)
{
	(void)status;
	++*(int *)arg;
}

// Attach, a command, a state, an audit; whatever fails is tried again once memory is back.
static void everything(const char *socket)
{
	const char *paths[] = {socket};
	struct iq_client_config config = {.paths = paths, .count = 1, .retry_ms = 1};
	struct iq_context_state s = {.handle = iq_handle_make(1, 0, 1, 1), .version = 1};
	struct gateway gateway = {0};
	struct iq_client *c;
	int dones = 0, asked = 0;

	while (gateway_start(&gateway, socket, 1) < 0)
		gateway_stop(&gateway);
	while ((c = iq_client_create(&config)) == NULL)
		assert_int_equal(errno, ENOMEM);
	while (iq_door_event(gateway.door, IQ_CONTEXT_STATE, &s, sizeof(s)) < 0)
		;
	for (int i = 0; i < 3000 && dones == 0; i++) {
		if (asked == 0 && iq_client_audit(c, 1, NULL, on_done, &dones) == 0)
			asked = 1;
		iq_client_dispatch(c);
		gateway_poll(&gateway);
		usleep(asked ? 0 : 100);
	}
	assert_int_equal(dones, 1);
	for (int i = 0; i < 10; i++) {
		iq_client_dispatch(c);
		gateway_poll(&gateway);
	}
	assert_int_equal(iq_door_counts(gateway.door)->acknowledged, 1);
	iq_client_destroy(c);
	gateway_stop(&gateway);
}

static void each_allocation_fails(void **state)
{
	char folder[] = "/tmp/iq-test-XXXXXX", socket[64];
	int nth = 0;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(socket, sizeof(socket), "%s/iq.sock", folder);
	do {
		left = nth++;
		everything(socket);
	} while (left < 0);
	// The last run had more than it needed.
	left = -1;
	assert_true(nth > 8);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_allocation_fails)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
