// SPDX-License-Identifier: Apache-2.0
// The rules of the configuration.
#pragma once

#include "wwsf_config.h"
#include "yaml_file.h"

// What the schema can't say. 0, or -EINVAL told by yaml_file_refuse().
int wwsf_config_check(const struct wwsf_config *config, struct yaml_file *file);
