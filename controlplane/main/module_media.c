// SPDX-License-Identifier: Apache-2.0
// The media gateways: attached and kept attached; what they tell goes to the calls.
#include "cscf.h"
#include "log.h"

#include <errno.h>

#define TICK_MS 100 // iq_client_dispatch wants to be called so often

static void on_attached(int gateway, bool is_new, void *arg)
{
	const struct cscf *cscf = arg;

	log_info("media gateway %d is attached%s", gateway, is_new ? "" : " again");
	if (cscf->calls == NULL)
		return;
	if (is_new) // another process than before: the contexts of our calls died with the old one
		calls_on_media_lost(cscf->calls, (uint8_t)gateway);
	calls_on_media_attached(cscf->calls, (uint8_t)gateway);
}

static void on_lost(int gateway, void *arg)
{
	(void)arg;
	log_warn("media gateway %d is lost", gateway);
}

static void on_state(const struct iq_context_state *state, void *arg)
{
	const struct cscf *cscf = arg;

	if (cscf->calls != NULL)
		calls_on_media_state(cscf->calls, state);
}

static void on_dispatch(void *arg)
{
	iq_client_dispatch(arg);
}

static int media_init(struct cscf *cscf, char *why, size_t why_len)
{
	const struct iq_client_config config = {
		.paths = (const char *const *)cscf->config->media.gateways,
		.count = cscf->config->media.gateways_count,
		.on_attached = on_attached,
		.on_lost = on_lost,
		.on_state = on_state,
		.arg = cscf};

	(void)why;
	(void)why_len;
	cscf->iq = iq_client_create(&config);
	if (cscf->iq == NULL)
		return -errno;
	if (loop_watch(cscf, iq_client_fd(cscf->iq), on_dispatch, cscf->iq) < 0)
		return -EIO;
	return loop_every(cscf, TICK_MS, on_dispatch, cscf->iq);
}

static void media_fini(struct cscf *cscf)
{
	loop_forget(cscf, iq_client_fd(cscf->iq));
	iq_client_destroy(cscf->iq);
	cscf->iq = NULL;
}

const struct module module_media = {"media", media_init, media_fini};
