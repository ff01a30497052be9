// SPDX-License-Identifier: Apache-2.0
// The operator's door, where one is configured.
#include "admin.h"
#include "cscf.h"

#include <errno.h>

static void on_readable(void *arg)
{
	admin_dispatch(arg);
}

static void admin_fini(struct cscf *cscf)
{
	if (cscf->admin == NULL)
		return;
	loop_forget(cscf, admin_fd(cscf->admin));
	admin_stop(cscf->admin);
	cscf->admin = NULL;
}

static int admin_init(struct cscf *cscf, char *why, size_t why_len)
{
	const struct cscf_admin *in = &cscf->config->admin;
	struct admin_config config = {.path = in->endpoint.port == 0 ? in->listen : NULL,
		.address = in->endpoint.address,
		.port = in->endpoint.port,
		.token = in->token,
		.iq = cscf->iq,
		.calls = cscf->calls,
		.registrations = cscf->registrations,
		.sip = cscf->sip};

	int ret;

	if (in->listen == NULL)
		return 0;
	cscf->admin = admin_start(&config, why, why_len);
	if (cscf->admin == NULL)
		return -errno;
	ret = loop_watch(cscf, admin_fd(cscf->admin), on_readable, cscf->admin);
	if (ret < 0)
		admin_fini(cscf);
	return ret;
}

const struct module module_admin = {"admin", admin_init, admin_fini};
