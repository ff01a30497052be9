// SPDX-License-Identifier: Apache-2.0
// The schema of the configuration file.
#include "config_yaml.h"

#include <cyaml/cyaml.h>

#define OPTIONAL CYAML_FLAG_OPTIONAL
#define TEXT(key, where, field, flags)                                                             \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | (flags), where, field, 1, AGW_PATH_LEN - 1)

static const cyaml_strval_t log_names[] = {{"error", LOG_LEVEL_ERROR}, {"warn", LOG_LEVEL_WARN},
	{"info", LOG_LEVEL_INFO}, {"debug", LOG_LEVEL_DEBUG}};
static const cyaml_strval_t role_names[] = {{"access", NETWORK_ACCESS}, {"core", NETWORK_CORE}};
static const cyaml_strval_t idle_names[] = {{"poll", 0}, {"sleep", 1}};
static const cyaml_strval_t ice_names[] = {{"full", 0}, {"lite", 1}};
static const cyaml_strval_t switch_names[] = {{"off", 0}, {"on", 1}};
static const cyaml_strval_t retention_names[] = {{"call", 0}, {"linger", 1}};

static const cyaml_schema_field_t port_fields[] = {
	CYAML_FIELD_STRING_PTR(
		"name", CYAML_FLAG_POINTER, struct yaml_port, name, 1, AGW_NAME_LEN - 1),
	TEXT("device", struct yaml_port, device, 0),
	CYAML_FIELD_UINT("descriptors", OPTIONAL, struct yaml_port, descriptors),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t port_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct yaml_port, port_fields)};

static const cyaml_schema_field_t udp_fields[] = {
	CYAML_FIELD_UINT("first", CYAML_FLAG_DEFAULT, struct yaml_udp_ports, first),
	CYAML_FIELD_UINT("last", CYAML_FLAG_DEFAULT, struct yaml_udp_ports, last),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t address_schema = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 63)};
static const cyaml_schema_field_t network_fields[] = {
	CYAML_FIELD_STRING_PTR(
		"name", CYAML_FLAG_POINTER, struct yaml_network, name, 1, AGW_NAME_LEN - 1),
	CYAML_FIELD_ENUM("role", CYAML_FLAG_STRICT, struct yaml_network, role, role_names,
		CYAML_ARRAY_LEN(role_names)),
	TEXT("port", struct yaml_network, port, 0),
	CYAML_FIELD_UINT("vlan", OPTIONAL, struct yaml_network, vlan),
	CYAML_FIELD_SEQUENCE("addresses", CYAML_FLAG_POINTER, struct yaml_network, addresses,
		&address_schema, 1, 2 * ADDRESS_SETS_MAX),
	TEXT("gateway_v4", struct yaml_network, gateway_v4, OPTIONAL),
	TEXT("gateway_v6", struct yaml_network, gateway_v6, OPTIONAL),
	CYAML_FIELD_UINT("mtu", OPTIONAL, struct yaml_network, mtu),
	CYAML_FIELD_UINT("dscp", OPTIONAL, struct yaml_network, dscp),
	CYAML_FIELD_MAPPING(
		"udp_ports", CYAML_FLAG_DEFAULT, struct yaml_network, udp_ports, udp_fields),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t network_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct yaml_network, network_fields)};

static const cyaml_schema_value_t core_schema = {CYAML_VALUE_UINT(CYAML_FLAG_DEFAULT, uint16_t)};
static const cyaml_schema_field_t worker_fields[] = {
	CYAML_FIELD_UINT("main_core", OPTIONAL, struct yaml_workers, main_core),
	CYAML_FIELD_SEQUENCE("cores", CYAML_FLAG_POINTER, struct yaml_workers, cores, &core_schema,
		1, WORKERS_MAX),
	CYAML_FIELD_END,
};
static const cyaml_schema_field_t memory_fields[] = {
	CYAML_FIELD_ENUM("hugepages", CYAML_FLAG_STRICT, struct yaml_memory, hugepages,
		switch_names, CYAML_ARRAY_LEN(switch_names)),
	CYAML_FIELD_UINT("size_mb", CYAML_FLAG_DEFAULT, struct yaml_memory, size_mb),
	CYAML_FIELD_END,
};
static const cyaml_schema_field_t iq_fields[] = {
	TEXT("socket", struct yaml_iq, socket, OPTIONAL),
	TEXT("user", struct yaml_iq, user, OPTIONAL),
	CYAML_FIELD_UINT("lease_s", OPTIONAL, struct yaml_iq, lease_s),
	CYAML_FIELD_END,
};
static const cyaml_schema_field_t dtls_fields[] = {
	TEXT("certificate", struct yaml_dtls, certificate, OPTIONAL),
	TEXT("private_key", struct yaml_dtls, private_key, OPTIONAL),
	CYAML_FIELD_UINT("threads", OPTIONAL, struct yaml_dtls, threads),
	CYAML_FIELD_ENUM("retention", CYAML_FLAG_STRICT | OPTIONAL, struct yaml_dtls, retention,
		retention_names, CYAML_ARRAY_LEN(retention_names)),
	CYAML_FIELD_UINT("linger_s", OPTIONAL, struct yaml_dtls, linger_s),
	CYAML_FIELD_END,
};
static const cyaml_schema_field_t root_fields[] = {
	CYAML_FIELD_ENUM("log", CYAML_FLAG_STRICT, struct yaml_root, log, log_names,
		CYAML_ARRAY_LEN(log_names)),
	CYAML_FIELD_UINT("gateway", OPTIONAL, struct yaml_root, gateway),
	CYAML_FIELD_SEQUENCE(
		"ports", CYAML_FLAG_POINTER, struct yaml_root, ports, &port_schema, 1, PORTS_MAX),
	CYAML_FIELD_SEQUENCE("networks", CYAML_FLAG_POINTER, struct yaml_root, networks,
		&network_schema, 1, NETWORKS_MAX),
	CYAML_FIELD_MAPPING(
		"workers", CYAML_FLAG_DEFAULT, struct yaml_root, workers, worker_fields),
	CYAML_FIELD_MAPPING("memory", CYAML_FLAG_DEFAULT, struct yaml_root, memory, memory_fields),
	CYAML_FIELD_ENUM("idle", CYAML_FLAG_STRICT, struct yaml_root, idle, idle_names,
		CYAML_ARRAY_LEN(idle_names)),
	CYAML_FIELD_UINT("contexts_max", OPTIONAL, struct yaml_root, contexts_max),
	CYAML_FIELD_MAPPING("iq", OPTIONAL, struct yaml_root, iq, iq_fields),
	CYAML_FIELD_MAPPING("dtls", OPTIONAL, struct yaml_root, dtls, dtls_fields),
	CYAML_FIELD_ENUM("ice", CYAML_FLAG_STRICT | OPTIONAL, struct yaml_root, ice, ice_names,
		CYAML_ARRAY_LEN(ice_names)),
	CYAML_FIELD_UINT("drain_s", OPTIONAL, struct yaml_root, drain_s),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t root_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct yaml_root, root_fields)};

const cyaml_schema_value_t *const config_yaml_schema = &root_schema;
