// SPDX-License-Identifier: Apache-2.0
// Starts the ports, shares out the shards, and ties networks to ports.
#include "agw.h"
#include "eal_arguments.h"

#include <rte_common.h>

static void owners_fill(struct agw *agw)
{
	for (unsigned shard = 0; shard < SHARDS; shard++)
		agw->owners[shard] = (uint8_t)(shard % agw->config.worker_count);
}

static struct port_config port_config_of(const struct agw *agw, unsigned index)
{
	struct port_config config = {.name = agw->config.ports[index].name,
		.workers = agw->config.worker_count,
		.owners = agw->owners,
		.mbufs = agw->mbufs,
		.descriptors = agw->config.ports[index].descriptors,
		.mtu = 1500,
		.is_v6_only = true};

	for (unsigned i = 0; i < agw->networks.count; i++) {
		const struct network *network = &agw->config.networks.list[i];

		if (network->port_id != index)
			continue;
		config.mtu = RTE_MAX(config.mtu, network->mtu);
		for (unsigned k = 0; k < network->set_count; k++)
			config.is_v6_only = config.is_v6_only && !network->sets[k].has_v4;
	}
	return config;
}

static void networks_tie(struct agw *agw, unsigned index)
{
	struct rte_ether_addr groups[NETWORKS_MAX * (ADDRESS_SETS_MAX + 1)];
	const struct port *port = &agw->ports[index];
	unsigned count = 0;

	for (unsigned i = 0; i < agw->networks.count; i++) {
		struct network *network = &agw->networks.list[i];

		if (agw->config.networks.list[i].port_id != index)
			continue;
		network->port_id = port->id;
		network->mac = port->mac;
		count += resolver_groups(network, groups + count, RTE_DIM(groups) - count);
	}
	port_multicast_open(port, groups, count);
}

static void ports_fini(struct agw *agw)
{
	while (agw->port_count > 0)
		port_stop(&agw->ports[--agw->port_count]);
}

static int ports_init(struct agw *agw)
{
	char name[AGW_PATH_LEN];

	owners_fill(agw);
	for (unsigned i = 0; i < agw->config.port_count; i++) {
		struct port_config config = port_config_of(agw, i);
		int ret;

		device_name(name, agw->config.ports[i].device);
		config.device = name;
		ret = port_start(&agw->ports[i], &config);
		if (ret < 0) {
			ports_fini(agw);
			return ret;
		}
		agw->port_count++;
		networks_tie(agw, i);
	}
	return 0;
}

const struct agw_module ports_module = {.name = "ports", .init = ports_init, .fini = ports_fini};
