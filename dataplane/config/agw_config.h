// SPDX-License-Identifier: Apache-2.0
// The configuration of eims-agw, read from YAML and checked.
#pragma once

#include "log.h"
#include "port.h"
#include "port_device.h"
#include "worker.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define AGW_NAME_LEN 16
#define AGW_PATH_LEN 256
#define AGW_REASON_LEN 512

struct agw_port_config {
	char name[AGW_NAME_LEN];
	char device[AGW_PATH_LEN]; // PCI address or vdev string
	uint16_t descriptors; // of each ring
};

struct agw_config {
	enum log_level log_level;
	uint8_t gateway; // id in context handles
	unsigned port_count;
	struct agw_port_config ports[PORTS_MAX];
	struct networks networks; // port_id is an index into ports here; no MACs yet
	unsigned main_core;
	unsigned worker_count;
	unsigned worker_cores[WORKERS_MAX];
	bool has_hugepages;
	unsigned memory_mb;
	bool may_sleep;
	uint32_t contexts_max;
	char iq_socket[AGW_PATH_LEN];
	uid_t iq_uid;
	uint32_t iq_lease_s;
	char certificate[AGW_PATH_LEN], private_key[AGW_PATH_LEN]; // "": made at start
	unsigned dtls_threads;
	bool dtls_retain_call;
	unsigned dtls_linger_s;
	bool ice_lite;
	unsigned drain_s; // at SIGTERM: how long calls may go on
};

// Reads and checks a file. 0; or -errno (-EINVAL: the file is wrong) with "file:line: what to change" in reason.
int agw_config_load(struct agw_config *config, const char *path, char reason[AGW_REASON_LEN]);
