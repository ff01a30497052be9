// SPDX-License-Identifier: Apache-2.0
// The ladder: what comes up, in this order.
#include "agw.h"
#include "log.h"

#include <rte_common.h>

static const struct agw_module *const modules[] = {
	&eal_module,
	&memory_module,
	&ports_module,
	&links_module,
	&media_module,
	&workers_module,
	&iq_module,
};

static void fini_down_from(struct agw *agw, unsigned count)
{
	while (count > 0) {
		const struct agw_module *module = modules[--count];

		if (module->fini != NULL)
			module->fini(agw);
	}
}

int modules_init(struct agw *agw)
{
	for (unsigned i = 0; i < RTE_DIM(modules); i++) {
		int ret = modules[i]->init == NULL ? 0 : modules[i]->init(agw);

		if (ret < 0) {
			log_error("can't start: %s", modules[i]->name);
			fini_down_from(agw, i);
			return ret;
		}
	}
	return 0;
}

void modules_fini(struct agw *agw)
{
	fini_down_from(agw, RTE_DIM(modules));
}

bool modules_turn(struct agw *agw, uint64_t now_us)
{
	bool was_busy = false;

	for (unsigned i = 0; i < RTE_DIM(modules); i++) {
		if (modules[i]->turn != NULL && modules[i]->turn(agw, now_us))
			was_busy = true;
	}
	return was_busy;
}
