// SPDX-License-Identifier: Apache-2.0
// The commands on the user store: user add, del, list.
#pragma once

#include "wwsf_config.h"

// Runs the words behind "user". Returns the exit status: 0, 1 when it failed, 2 for wrong words; the
// reason is on standard error.
int cli_user(const struct wwsf_config *config, int count, char *const words[]);
