// SPDX-License-Identifier: Apache-2.0
// W2 and Mw begin to listen: whatever comes in finds the registrations and calls of before.
#include "cscf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void on_readable(void *arg)
{
	const struct cscf *cscf = arg;

	ws_dispatch(cscf->ws, sip_stack_on_ws, cscf->sip);
}

static int w2_start(struct cscf *cscf, char *why, size_t why_len)
{
	const struct cscf_w2 *w2 = &cscf->config->w2;
	struct ws_listen *listens = calloc(w2->listens_count, sizeof(*listens));
	struct ws_config config = {.listens = listens,
		.listen_count = w2->listens_count,
		.certificate = w2->certificate,
		.private_key = w2->private_key,
		.origins = cscf->config->origins,
		.origin_count = cscf->config->origins_count,
		.allow_no_origin = w2->allow_no_origin,
		.threads = w2->threads,
		.connections_max = w2->connections_max,
		.connections_per_address_max = w2->connections_per_address,
		.message_max = w2->message_max,
		.messages_per_s = w2->messages_per_s,
		.ping_interval_s = w2->ping_s,
		.idle_unbound_s = w2->idle_unbound_s};

	if (listens == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < w2->listens_count; i++) {
		memcpy(listens[i].address, w2->endpoints[i].address, sizeof(listens[i].address));
		listens[i].port = w2->endpoints[i].port;
	}
	cscf->ws = ws_start(&config, why, why_len);
	free(listens);
	return cscf->ws == NULL ? -errno : loop_watch(cscf, ws_fd(cscf->ws), on_readable, cscf);
}

static int mw_open(struct cscf *cscf, char *why, size_t why_len)
{
	const struct cscf_mw *mw = &cscf->config->mw;
	struct sip_listen *listens = calloc(mw->listens_count, sizeof(*listens));
	const struct sip_doors doors = {
		.ws = cscf->ws, .listens = listens, .listen_count = mw->listens_count};
	int ret;

	if (listens == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < mw->listens_count; i++) {
		memcpy(listens[i].address, mw->endpoints[i].address, sizeof(listens[i].address));
		listens[i].port = mw->endpoints[i].port;
	}
	ret = sip_stack_open(cscf->sip, &doors, why, why_len);
	free(listens);
	return ret;
}

static void doors_fini(struct cscf *cscf)
{
	if (cscf->ws == NULL)
		return;
	sip_stack_close(cscf->sip);
	loop_forget(cscf, ws_fd(cscf->ws));
	ws_stop(cscf->ws);
	cscf->ws = NULL;
}

static int doors_init(struct cscf *cscf, char *why, size_t why_len)
{
	int ret = w2_start(cscf, why, why_len);

	if (ret == 0)
		ret = mw_open(cscf, why, why_len);
	if (ret < 0)
		doors_fini(cscf);
	return ret;
}

const struct module module_doors = {"doors", doors_init, doors_fini};
