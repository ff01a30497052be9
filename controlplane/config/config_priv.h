// SPDX-License-Identifier: Apache-2.0
// Inside of config: checks.
#pragma once

#include "cscf_config.h"
#include "yaml_file.h"

struct config_check {
	struct cscf_config *config;
	struct yaml_file *file;
};
// Fills in what isn't said, and refuses what can't be. 0, -ENOMEM, or -EINVAL, told by yaml_file_refuse().
int config_check_all(struct config_check *check);

// "203.0.113.1:8444" or "[fd00:203::1]:8444". 0 or -EINVAL.
int config_endpoint_parse(const char *text, struct cscf_endpoint *endpoint);
