// SPDX-License-Identifier: Apache-2.0
// The parts of reading a configuration.
#pragma once

#include "agw_config.h"

struct yaml_root;

struct config_reading {
	const char *path;
	struct yaml_root *root;
	char *reason; // AGW_REASON_LEN
};

// Writes "path:line: text" as the reason, line being that of the key or value named where. Always -EINVAL.
int config_refuse(const struct config_reading *reading, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

// Checks and takes the networks; the ports are taken already. 0 or -EINVAL.
int config_networks_take(struct agw_config *config, const struct config_reading *reading);
