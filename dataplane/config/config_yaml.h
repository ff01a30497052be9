// SPDX-License-Identifier: Apache-2.0
// The configuration file as libcyaml reads it: types are right, values not yet checked.
#pragma once

#include "agw_config.h"

#include <stdint.h>

struct yaml_port {
	char *name, *device;
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

// Reads a file: the root, to be given back to config_yaml_free(), or NULL with the reason.
struct yaml_root *config_yaml_load(const char *path, char reason[AGW_REASON_LEN]);
void config_yaml_free(struct yaml_root *root);

// The line of a key or value, named by keys and indices such as "networks/0/addresses/1"; 0 when it isn't there.
unsigned config_line_find(const char *path, const char *where);
