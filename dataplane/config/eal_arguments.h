// SPDX-License-Identifier: Apache-2.0
// The command line that DPDK's EAL wants, made from the configuration.
#pragma once

#include "agw_config.h"

#define EAL_ARGUMENTS_MAX (24 + 2 * PORTS_MAX)
#define EAL_TEXT_MAX 8192

struct eal_arguments {
	int count;
	char *pointers[EAL_ARGUMENTS_MAX + 1]; // into text
	size_t text_len;
	char text[EAL_TEXT_MAX];
};

// 0 or -ENOSPC.
int eal_arguments_write(struct eal_arguments *arguments, const struct agw_config *config);

// Whether a device string is a PCI address (0000:3b:02.0); else it is a vdev.
bool device_is_pci(const char *device);

// The name by which DPDK knows the device: a PCI address, or a vdev string up to its first comma.
void device_name(char name[AGW_PATH_LEN], const char *device);
