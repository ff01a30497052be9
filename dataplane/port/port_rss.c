// SPDX-License-Identifier: Apache-2.0
// Receive-side scaling by shard, in the best way that a device has.
#include "port_rss.h"

#include "log.h"
#include "port.h"

#include <rte_flow.h>

#include <errno.h>
#include <string.h>

#define RETA_MAX 512
#define UDP_TYPES (RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_NONFRAG_IPV6_UDP)

const char *port_steering_name(enum port_steering steering)
{
	static const char *const names[] = {
		[STEER_NONE] = "hand-over",
		[STEER_KEY] = "RSS with a key of one bit",
		[STEER_PORT] = "RSS of the destination port",
		[STEER_FLOW] = "rte_flow rules for RSS of the destination port",
	};

	return names[steering];
}

void port_rss_choose(struct port_rss *rss, struct rte_eth_conf *conf,
	const struct port_config *config, const struct rte_eth_dev_info *info)
{
	uint64_t types = info->flow_type_rss_offloads & UDP_TYPES;
	uint8_t key_len = info->hash_key_size != 0 ? info->hash_key_size : 40; // 0: it doesn't say

	if (types == 0 || info->reta_size < SHARDS || info->reta_size > RETA_MAX || key_len < 40 ||
		key_len > RSS_KEY_MAX)
		return;
	rss->reta_size = info->reta_size;
	rss->key_len = key_len;
	port_steer_key_any(rss->key, rss->key_len);
	if ((info->flow_type_rss_offloads & RTE_ETH_RSS_L4_DST_ONLY) != 0) {
		rss->way = STEER_PORT;
		types |= RTE_ETH_RSS_L4_DST_ONLY;
	} else if (rss->key_len == 40) {
		rss->way = STEER_KEY;
		port_steer_key(rss->key, config->is_v6_only);
	} else {
		// Intel's: longer keys, another order of the input, no such type for the whole device.
		rss->way = STEER_FLOW;
	}
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf->rx_adv_conf.rss_conf.rss_key = rss->key;
	conf->rx_adv_conf.rss_conf.rss_key_len = rss->key_len;
	conf->rx_adv_conf.rss_conf.rss_hf = rss->types = types;
}

// Points each bucket at the queue of its shard's worker.
static int reta_fill(
	const struct port_rss *rss, const struct port *port, const struct port_config *config)
{
	struct rte_eth_rss_reta_entry64 reta[RETA_MAX / RTE_ETH_RETA_GROUP_SIZE] = {0};
	uint16_t queue_of[SHARDS];

	for (unsigned shard = 0; shard < SHARDS; shard++)
		queue_of[port_steer_bucket((uint8_t)shard)] =
			config->owners[shard] % port->rx_queues;
	for (unsigned i = 0; i < rss->reta_size; i++) {
		reta[i / RTE_ETH_RETA_GROUP_SIZE].mask = UINT64_MAX;
		reta[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE] =
			queue_of[i % SHARDS];
	}
	return rte_eth_dev_rss_reta_update(port->id, reta, rss->reta_size);
}

// A rule that takes nothing but the destination port of UDP into the device's hash. Key and queues are the device's own:
// ice and i40e refuse others here.
static int rule_add(const struct port *port, enum rte_flow_item_type ip, uint64_t type)
{
	const struct rte_flow_attr attr = {.ingress = 1};
	const struct rte_flow_item pattern[] = {{.type = RTE_FLOW_ITEM_TYPE_ETH}, {.type = ip},
		{.type = RTE_FLOW_ITEM_TYPE_UDP}, {.type = RTE_FLOW_ITEM_TYPE_END}};
	const struct rte_flow_action_rss rss = {.types = type | RTE_ETH_RSS_L4_DST_ONLY};
	const struct rte_flow_action actions[] = {{.type = RTE_FLOW_ACTION_TYPE_RSS, .conf = &rss},
		{.type = RTE_FLOW_ACTION_TYPE_END}};
	struct rte_flow_error error = {0};

	if (rte_flow_create(port->id, &attr, pattern, actions, &error) != NULL)
		return 0;
	log_debug("port %u: no rte_flow rule for RSS: %s", port->id,
		error.message != NULL ? error.message : "no reason given");
	return -ENOTSUP;
}

static bool key_is_set(const struct port_rss *rss, const struct port *port)
{
	uint8_t key[RSS_KEY_MAX] = {0};
	struct rte_eth_rss_conf conf = {.rss_key = key, .rss_key_len = rss->key_len};

	return rte_eth_dev_rss_hash_conf_get(port->id, &conf) == 0 &&
		memcmp(key, rss->key, rss->key_len) == 0;
}

// Some devices take the key only once they run, and some lose it to a rule.
static bool key_holds(const struct port_rss *rss, const struct port *port)
{
	uint8_t key[RSS_KEY_MAX];
	struct rte_eth_rss_conf conf = {
		.rss_key = key, .rss_key_len = rss->key_len, .rss_hf = rss->types};

	if (key_is_set(rss, port))
		return true;
	memcpy(key, rss->key, sizeof(key));
	return rte_eth_dev_rss_hash_update(port->id, &conf) == 0 && key_is_set(rss, port);
}

static int rules_add(const struct port *port)
{
	struct rte_flow_error error;
	int ret = rule_add(port, RTE_FLOW_ITEM_TYPE_IPV4, RTE_ETH_RSS_NONFRAG_IPV4_UDP);

	if (ret == 0)
		ret = rule_add(port, RTE_FLOW_ITEM_TYPE_IPV6, RTE_ETH_RSS_NONFRAG_IPV6_UDP);
	if (ret < 0)
		rte_flow_flush(port->id, &error);
	return ret;
}

enum port_steering port_rss_start(
	const struct port_rss *rss, const struct port *port, const struct port_config *config)
{
	if (rss->way == STEER_NONE || reta_fill(rss, port, config) < 0)
		return STEER_NONE;
	if (rss->way == STEER_FLOW && rules_add(port) < 0)
		return STEER_NONE;
	return key_holds(rss, port) ? rss->way : STEER_NONE;
}
