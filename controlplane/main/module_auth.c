// SPDX-License-Identifier: Apache-2.0
// The checks of bearer tokens.
#include "auth.h"
#include "cscf.h"

#include <errno.h>

static void on_readable(void *arg)
{
	auth_dispatch(arg);
}

static int auth_init(struct cscf *cscf, char *why, size_t why_len)
{
	const struct auth_config config = {.config = cscf->config};

	(void)why;
	(void)why_len;
	cscf->auth = auth_create(&config);
	if (cscf->auth == NULL)
		return -errno;
	return loop_watch(cscf, auth_fd(cscf->auth), on_readable, cscf->auth);
}

static void auth_fini(struct cscf *cscf)
{
	loop_forget(cscf, auth_fd(cscf->auth));
	auth_destroy(cscf->auth);
	cscf->auth = NULL;
}

const struct module module_auth = {"auth", auth_init, auth_fini};
