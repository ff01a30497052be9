// SPDX-License-Identifier: Apache-2.0
// The channel between two threads: order, no loss, backlog when the ring is full; and the census of addresses.
#include "ws_priv.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { COUNT = 20000 };

static void *producer_run(void *arg)
{
	struct ws_channel *channel = arg;

	for (uint64_t i = 1; i <= COUNT; i++)
		ws_channel_put(channel, ws_node_create(WS_NODE_MESSAGE, i, NULL, 0));
	while (!ws_channel_flush(channel))
		sched_yield();
	return NULL;
}

static void test_two_threads(void **state)
{
	struct ws_channel channel = {0};
	pthread_t producer;

	(void)state;
	assert_int_equal(ws_channel_init(&channel, 16), 0);
	assert_int_equal(pthread_create(&producer, NULL, producer_run, &channel), 0);
	for (uint64_t i = 1; i <= COUNT; i++) {
		struct ws_node *node = ws_channel_take(&channel);

		while (node == NULL) {
			sched_yield();
			node = ws_channel_take(&channel);
		}
		assert_int_equal(node->conn, i);
		free(node);
	}
	pthread_join(producer, NULL);
	assert_null(ws_channel_take(&channel));
	ws_channel_fini(&channel);
}

static void test_starved(void **state)
{
	struct ws_channel channel = {0};

	(void)state;
	assert_int_equal(ws_channel_init(&channel, 2), 0);
	for (uint64_t i = 1; i <= 3; i++)
		ws_channel_put(&channel, ws_node_create(WS_NODE_MESSAGE, i, NULL, 0));
	assert_false(ws_channel_flush(&channel));
	free(ws_channel_take(&channel));
	assert_true(ws_channel_relieved(&channel));
	assert_false(ws_channel_relieved(&channel));
	assert_true(ws_channel_flush(&channel));
	ws_channel_fini(&channel); // frees the two that are left
}

static struct sockaddr_storage address_of(const char *text)
{
	struct sockaddr_storage address = {0};
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address;
	struct sockaddr_in *v4 = (struct sockaddr_in *)&address;

	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		address.ss_family = AF_INET;
	} else {
		assert_int_equal(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
		address.ss_family = AF_INET6;
	}
	return address;
}

static void test_census(void **state)
{
	struct ws_census *census = ws_census_create(4, 2);
	struct sockaddr_storage a = address_of("203.0.113.2"), b = address_of("203.0.113.3"),
				c = address_of("fd00:203::2"), d = address_of("fd00:203::3"),
				e = address_of("fd00:203:0:1::3");

	(void)state;
	assert_true(ws_census_enter(census, &a));
	assert_true(ws_census_enter(census, &a));
	assert_false(ws_census_enter(census, &a)); // of one address
	assert_true(ws_census_enter(census, &c));
	assert_true(ws_census_enter(census, &d));
	assert_false(ws_census_enter(census, &b)); // in all
	ws_census_leave(census, &a);
	assert_false(ws_census_enter(census, &c)); // of one /64
	assert_true(ws_census_enter(census, &e));
	ws_census_leave(census, &a);
	assert_true(ws_census_enter(census, &b));
	ws_census_destroy(census);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_threads),
		cmocka_unit_test(test_starved),
		cmocka_unit_test(test_census),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
