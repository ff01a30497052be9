// SPDX-License-Identifier: Apache-2.0
// The media gateways: attached and kept attached; what they tell goes to the calls.
#include "clock.h"
#include "cscf.h"
#include "log.h"

#include <errno.h>

#define TICK_MS 100 // iq_client_dispatch wants to be called so often
// A gateway that is lost may be there still, with our calls; after so long they end.
#define LOST_US 5000000

static void on_attached(int gateway, bool is_new, void *arg)
{
	struct cscf *cscf = arg;

	bool was_seen = cscf->media_seen[(uint8_t)gateway];

	cscf->media_lost_us[(uint8_t)gateway] = 0;
	cscf->media_seen[(uint8_t)gateway] = true;
	log_info("media gateway %d is attached%s", gateway, is_new ? "" : " again");
	if (cscf->calls == NULL)
		return;
	// Another process than before: the contexts of our calls died with the old one. Of calls that were restored the
	// audit knows.
	if (is_new && was_seen)
		calls_on_media_lost(cscf->calls, (uint8_t)gateway);
	calls_on_media_attached(cscf->calls, (uint8_t)gateway);
}

static void on_lost(int gateway, void *arg)
{
	struct cscf *cscf = arg;

	cscf->media_lost_us[(uint8_t)gateway] = clock_now_us();
	log_warn("media gateway %d is lost", gateway);
}

static void lost_check(struct cscf *cscf)
{
	uint64_t now_us = clock_now_us();

	for (unsigned i = 0; i <= UINT8_MAX; i++) {
		if (cscf->media_lost_us[i] == 0 || now_us - cscf->media_lost_us[i] < LOST_US)
			continue;
		cscf->media_lost_us[i] = 0;
		log_warn("media gateway %u stays away: its calls end", i);
		if (cscf->calls != NULL)
			calls_on_media_lost(cscf->calls, (uint8_t)i);
	}
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

static void on_tick(void *arg)
{
	struct cscf *cscf = arg;

	iq_client_dispatch(cscf->iq);
	lost_check(cscf);
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
	return loop_every(cscf, TICK_MS, on_tick, cscf);
}

static void media_fini(struct cscf *cscf)
{
	loop_forget(cscf, iq_client_fd(cscf->iq));
	iq_client_destroy(cscf->iq);
	cscf->iq = NULL;
}

const struct module module_media = {"media", media_init, media_fini};
