// SPDX-License-Identifier: Apache-2.0
// Receive-side scaling by shard, in the best way that a device has.
#pragma once

#include "port_device.h"

#include <rte_ethdev.h>

#define RSS_KEY_MAX 64

struct port_rss {
	enum port_steering way; // to be tried
	uint64_t types;
	uint16_t reta_size;
	uint8_t key_len;
	uint8_t key[RSS_KEY_MAX];
};

// Chooses a way and puts it into the configuration, which keeps a pointer to the key. A device that has none is no error.
void port_rss_choose(struct port_rss *rss, struct rte_eth_conf *conf,
	const struct port_config *config, const struct rte_eth_dev_info *info);

// On the started device: rules where they are needed, and the table of buckets. What works.
enum port_steering port_rss_start(
	const struct port_rss *rss, const struct port *port, const struct port_config *config);
