// SPDX-License-Identifier: Apache-2.0
// Which way of steering a device gets, and that its table sends each shard to its worker.
#include "port.h"
#include "port_rss.h"

#include <rte_eal.h>
#include <rte_thash.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WORKERS 3

static struct rte_mempool *pool;
static uint8_t owners[SHARDS];

static int eal_up(void **state)
{
	char *arguments[] = {"test", "--no-huge", "-m64", "--no-pci", "--no-shconf",
		"--no-telemetry", "-l0", "--log-level=4", "--vdev=net_null0", "--vdev=net_null1"};

	(void)state;
	if (rte_eal_init(RTE_DIM(arguments), arguments) < 0)
		return -1;
	pool = rte_pktmbuf_pool_create("mbufs", 8191, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	srand(3);
	for (unsigned shard = 0; shard < SHARDS; shard++)
		owners[shard] = (uint8_t)(rand() % WORKERS);
	return pool == NULL ? -1 : 0;
}

static struct port_config config_of(unsigned workers)
{
	static struct rte_mempool *pools[WORKERS];

	for (unsigned i = 0; i < WORKERS; i++)
		pools[i] = pool;
	return (struct port_config){.name = "null",
		.device = "net_null0",
		.workers = workers,
		.owners = owners,
		.mbufs = pools,
		.mtu = 1500};
}

// net_null has a table and a key like a real device: each port's hash must lead to its shard's worker.
static void a_device_with_a_table(void **state)
{
	struct port_config config = config_of(WORKERS);
	struct rte_eth_rss_reta_entry64 reta[2] = {{.mask = UINT64_MAX}, {.mask = UINT64_MAX}};
	uint8_t key[40];
	struct rte_eth_rss_conf conf = {.rss_key = key, .rss_key_len = sizeof(key)};
	struct port port;

	(void)state;
	assert_int_equal(port_start(&port, &config), 0);
	assert_int_equal(port.steering, STEER_KEY);
	assert_int_equal(rte_eth_dev_rss_reta_query(port.id, reta, 2 * RTE_ETH_RETA_GROUP_SIZE), 0);
	assert_int_equal(rte_eth_dev_rss_hash_conf_get(port.id, &conf), 0);
	for (unsigned number = 0; number < 65536; number++) {
		uint32_t tuple[RTE_THASH_V4_L4_LEN] = {
			(uint32_t)rand(), (uint32_t)rand(), (uint32_t)rand() << 16 | number};
		uint32_t bucket = rte_softrss(tuple, RTE_THASH_V4_L4_LEN, key) % SHARDS;

		assert_int_equal(reta[bucket / 64].reta[bucket % 64],
			owners[shard_of_port((uint16_t)number)]);
	}
	port_stop(&port);
}

struct device {
	uint64_t types;
	uint16_t reta_size;
	uint8_t key_size;
	enum port_steering way;
};

#define UDP (RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_NONFRAG_IPV6_UDP)

static void the_way_of_a_device(void **state)
{
	static const struct device devices[] = {
		{UDP | RTE_ETH_RSS_L4_DST_ONLY, 512, 40, STEER_PORT}, // mlx5
		{UDP, 512, 52, STEER_FLOW}, // ice, i40e
		{UDP, 128, 40, STEER_KEY},
		{0, 128, 40, STEER_NONE}, // virtio
		{UDP, 64, 40, STEER_NONE}, // ixgbe VF: fewer buckets than shards
		{UDP, 2048, 40, STEER_NONE},
		{UDP, 128, 100, STEER_NONE},
	};
	struct port_config config = config_of(WORKERS);

	(void)state;
	for (unsigned i = 0; i < RTE_DIM(devices); i++) {
		struct rte_eth_dev_info info = {.flow_type_rss_offloads = devices[i].types,
			.reta_size = devices[i].reta_size,
			.hash_key_size = devices[i].key_size};
		struct rte_eth_conf conf = {0};
		struct port_rss rss = {0};

		port_rss_choose(&rss, &conf, &config, &info);
		assert_int_equal(rss.way, devices[i].way);
		assert_int_equal(conf.rxmode.mq_mode == RTE_ETH_MQ_RX_RSS, rss.way != STEER_NONE);
		assert_int_equal((conf.rx_adv_conf.rss_conf.rss_hf & RTE_ETH_RSS_L4_DST_ONLY) != 0,
			rss.way == STEER_PORT);
		assert_non_null(port_steering_name(rss.way));
	}
}

// A device that promises rules and has none isn't called steered.
static void rules_that_are_refused(void **state)
{
	struct port_config config = config_of(WORKERS);
	struct port_rss rss = {.way = STEER_FLOW, .reta_size = SHARDS, .key_len = 40};
	struct port port;

	(void)state;
	config.device = "net_null1";
	assert_int_equal(port_start(&port, &config), 0);
	assert_int_equal(port_rss_start(&rss, &port, &config), STEER_NONE);
	port_stop(&port);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_with_a_table),
		cmocka_unit_test(rules_that_are_refused),
		cmocka_unit_test(the_way_of_a_device),
	};

	return cmocka_run_group_tests(tests, eal_up, NULL);
}
