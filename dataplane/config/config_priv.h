// SPDX-License-Identifier: Apache-2.0
// The parts of reading a configuration.
#pragma once

#include "agw_config.h"
#include "yaml_file.h"

struct yaml_root;

struct config_reading {
	struct yaml_file *file;
	struct yaml_root *root;
};

// Checks and takes the networks; the ports are taken already. 0 or -EINVAL.
int config_networks_take(struct agw_config *config, const struct config_reading *reading);
