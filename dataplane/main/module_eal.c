// SPDX-License-Identifier: Apache-2.0
// Brings up DPDK's environment from the configuration: cores, memory, devices.
#include "agw.h"
#include "eal_arguments.h"
#include "log.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>

#include <string.h>

static int eal_init(struct agw *agw)
{
	struct eal_arguments arguments;
	int ret = eal_arguments_write(&arguments, &agw->config);

	if (ret < 0) {
		log_error("dpdk: the configuration makes too many EAL arguments");
		return ret;
	}
	rte_log_set_global_level(RTE_LOG_WARNING);
	ret = rte_eal_init(arguments.count, arguments.pointers);
	if (ret < 0) {
		log_error("dpdk: %s (huge pages? root? a device that doesn't exist?)",
			rte_strerror(rte_errno));
		return -rte_errno;
	}
	return 0;
}

static void eal_fini(struct agw *agw)
{
	(void)agw;
	rte_eal_cleanup();
}

const struct agw_module eal_module = {.name = "dpdk", .init = eal_init, .fini = eal_fini};
