// SPDX-License-Identifier: Apache-2.0
// The configuration file as libcyaml reads it: types are right, values not yet checked.
#pragma once

#include "agw_config.h"

#include <stdint.h>

struct cyaml_schema_value;

struct yaml_port {
	char *name, *device;
	uint32_t descriptors;
};

struct yaml_udp_ports {
	uint16_t first, last;
};

struct yaml_network {
	char *name, *port, *gateway_v4, *gateway_v6;
	int role; // network_role
	uint16_t vlan, mtu;
	uint8_t dscp;
	struct yaml_udp_ports udp_ports;
	char **addresses;
	unsigned addresses_count;
};

struct yaml_workers {
	uint16_t main_core;
	uint16_t *cores;
	unsigned cores_count;
};

struct yaml_memory {
	int hugepages; // 1: on
	uint32_t size_mb;
};

struct yaml_iq {
	char *socket, *user;
	uint32_t lease_s;
};

struct yaml_dtls {
	char *certificate, *private_key;
	uint16_t threads;
	int retention; // 0: call, 1: linger
	uint32_t linger_s;
};

struct yaml_root {
	int log, idle, ice;
	uint8_t gateway;
	struct yaml_port *ports;
	unsigned ports_count;
	struct yaml_network *networks;
	unsigned networks_count;
	struct yaml_workers workers;
	struct yaml_memory memory;
	struct yaml_iq iq;
	struct yaml_dtls dtls;
	uint32_t contexts_max, drain_s;
};

// Of a struct yaml_root.
extern const struct cyaml_schema_value *const config_yaml_schema;
