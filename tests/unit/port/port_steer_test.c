// SPDX-License-Identifier: Apache-2.0
// The steering key against DPDK's own Toeplitz hash: every port finds the bucket of its shard, whatever the rest is.
#include "port.h"
#include "port_device.h"

#include <rte_thash.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void every_port(bool v6)
{
	uint32_t words = v6 ? RTE_THASH_V6_L4_LEN : RTE_THASH_V4_L4_LEN;
	uint32_t tuple[RTE_THASH_V6_L4_LEN];
	uint8_t key[40];

	srand(2);
	port_steer_key(key, v6);
	for (unsigned port = 0; port < 65536; port++) {
		uint32_t hash;

		for (unsigned i = 0; i < words; i++)
			tuple[i] = (uint32_t)rand();
		// The last word is source port and destination port.
		tuple[words - 1] = (tuple[words - 1] & 0xffff0000) | port;
		hash = rte_softrss(tuple, words, key);
		assert_int_equal(hash % SHARDS, port_steer_bucket(shard_of_port((uint16_t)port)));
	}
}

static void v4_ports(void **state)
{
	(void)state;
	every_port(false);
}

static void v6_ports(void **state)
{
	(void)state;
	every_port(true);
}

// The destination port alone is hashed, wherever a device has it in its input: with the key for any of them.
static void any_device(void **state)
{
	uint8_t key[52];

	(void)state;
	port_steer_key_any(key, sizeof(key));
	for (unsigned port = 0; port < 65536; port++) {
		for (unsigned word = 0; word < RTE_THASH_V6_L4_LEN; word++) {
			uint32_t tuple[RTE_THASH_V6_L4_LEN] = {0};
			uint32_t bucket = port_steer_bucket(shard_of_port((uint16_t)port));

			tuple[word] = port;
			assert_int_equal(
				rte_softrss(tuple, RTE_THASH_V6_L4_LEN, key) % SHARDS, bucket);
			tuple[word] = port << 16;
			assert_int_equal(
				rte_softrss(tuple, RTE_THASH_V6_L4_LEN, key) % SHARDS, bucket);
		}
	}
}

static void buckets_are_a_permutation(void **state)
{
	bool seen[SHARDS] = {false};

	(void)state;
	for (unsigned shard = 0; shard < SHARDS; shard++) {
		uint8_t bucket = port_steer_bucket((uint8_t)shard);

		assert_true(bucket < SHARDS);
		assert_false(seen[bucket]);
		seen[bucket] = true;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(v4_ports),
		cmocka_unit_test(v6_ports),
		cmocka_unit_test(any_device),
		cmocka_unit_test(buckets_are_a_permutation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
