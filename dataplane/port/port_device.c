// SPDX-License-Identifier: Apache-2.0
// Starts and stops DPDK ports.
#include "port_device.h"

#include "log.h"
#include "port.h"
#include "port_rss.h"

#include <rte_ethdev.h>

#include <errno.h>
#include <string.h>

static uint64_t tx_offloads(struct port *port, const struct rte_eth_dev_info *info)
{
	uint64_t offloads = 0;

	port->tx_udp_cksum = info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
	port->tx_ipv4_cksum = info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM;
	if (port->tx_udp_cksum)
		offloads |= RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
	if (port->tx_ipv4_cksum)
		offloads |= RTE_ETH_TX_OFFLOAD_IPV4_CKSUM;
	return offloads;
}

static int queues_setup(struct port *port, const struct port_config *config)
{
	uint16_t rx_count = config->descriptors != 0 ? config->descriptors : PORT_DESCRIPTORS;
	uint16_t tx_count = rx_count;
	int socket = rte_eth_dev_socket_id(port->id);
	int ret = rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &rx_count, &tx_count);

	for (uint16_t q = 0; ret == 0 && q < port->rx_queues; q++)
		ret = rte_eth_rx_queue_setup(
			port->id, q, rx_count, (unsigned)socket, NULL, config->mbufs[q]);
	for (uint16_t q = 0; ret == 0 && q < port->tx_queues; q++)
		ret = rte_eth_tx_queue_setup(port->id, q, tx_count, (unsigned)socket, NULL);
	return ret;
}

static int queues_count(
	struct port *port, const struct port_config *config, const struct rte_eth_dev_info *info)
{
	if (info->max_tx_queues < config->workers) {
		log_error("port %s (%s): it has %u transmit queues, the %u workers need one each"
			  " (vdevs: ask for more in the device string, such as qpairs=%u)",
			config->name, config->device, info->max_tx_queues, config->workers,
			config->workers);
		return -ENOSPC;
	}
	port->tx_queues = (uint16_t)config->workers;
	port->rx_queues = (uint16_t)RTE_MIN(config->workers, info->max_rx_queues);
	if (port->rx_queues == 0) {
		log_error("port %s (%s): no receive queue", config->name, config->device);
		return -ENOSPC;
	}
	return 0;
}

static int device_configure(struct port *port, const struct port_config *config)
{
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf = {0};
	struct port_rss rss = {0};
	int ret;

	ret = rte_eth_dev_info_get(port->id, &info);
	if (ret == 0)
		ret = queues_count(port, config, &info);
	if (ret < 0)
		return ret;
	conf.txmode.offloads = tx_offloads(port, &info);
	conf.rxmode.offloads = info.rx_offload_capa &
		(RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM);
	if (port->rx_queues > 1)
		port_rss_choose(&rss, &conf, config, &info);
	ret = rte_eth_dev_configure(port->id, port->rx_queues, port->tx_queues, &conf);
	if (ret == 0)
		ret = queues_setup(port, config);
	if (ret < 0)
		return ret;
	// Some devices have a fixed MTU and take any frame.
	ret = rte_eth_dev_set_mtu(port->id, config->mtu);
	if (ret < 0 && ret != -ENOTSUP && config->mtu > 1500)
		return ret;
	ret = rte_eth_dev_start(port->id);
	if (ret == 0)
		port->steering = port_rss_start(&rss, port, config);
	return ret;
}

int port_start(struct port *port, const struct port_config *config)
{
	struct port started = {0};
	int ret = rte_eth_dev_get_port_by_name(config->device, &started.id);

	if (ret < 0) {
		log_error("port %s: no DPDK device %s", config->name, config->device);
		return -ENODEV;
	}
	ret = device_configure(&started, config);
	if (ret == 0)
		ret = rte_eth_macaddr_get(started.id, &started.mac);
	if (ret < 0) {
		log_error("port %s (%s): can't start: %s", config->name, config->device,
			strerror(-ret));
		return ret;
	}
	*port = started;
	log_info("port %s (%s): " RTE_ETHER_ADDR_PRT_FMT
		 ", %u queues, UDP checksums by %s, packets find their worker by %s",
		config->name, config->device, RTE_ETHER_ADDR_BYTES(&port->mac), port->rx_queues,
		port->tx_udp_cksum ? "the device" : "software", port_steering_name(port->steering));
	return 0;
}

void port_stop(struct port *port)
{
	int ret = rte_eth_dev_stop(port->id);

	if (ret < 0)
		log_warn("port %u: stop: %s", port->id, strerror(-ret));
	ret = rte_eth_dev_close(port->id);
	if (ret < 0)
		log_warn("port %u: close: %s", port->id, strerror(-ret));
}

void port_multicast_open(
	const struct port *port, struct rte_ether_addr *groups, unsigned group_count)
{
	if (group_count == 0)
		return;
	if (rte_eth_dev_set_mc_addr_list(port->id, groups, group_count) == 0)
		return;
	if (rte_eth_allmulticast_enable(port->id) == 0)
		return;
	if (rte_eth_promiscuous_enable(port->id) == 0)
		return;
	// Devices without filters hear everything anyway.
	log_debug("port %u: no multicast filter to open", port->id);
}
