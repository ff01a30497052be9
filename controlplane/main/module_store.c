// SPDX-License-Identifier: Apache-2.0
// The store, and what registrations leave in it.
#include "cscf.h"

#include <errno.h>

static void on_readable(void *arg)
{
	store_dispatch(arg);
}

static int store_init(struct cscf *cscf, char *why, size_t why_len)
{
	const struct store_config config = {.location = cscf->config->store};

	cscf->store = store_open(&config, why, why_len);
	if (cscf->store == NULL)
		return -errno;
	return loop_watch(cscf, store_fd(cscf->store), on_readable, cscf->store);
}

static void store_fini(struct cscf *cscf)
{
	loop_forget(cscf, store_fd(cscf->store));
	store_close(cscf->store);
	cscf->store = NULL;
}

const struct module module_store = {"store", store_init, store_fini};
