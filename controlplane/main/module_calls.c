// SPDX-License-Identifier: Apache-2.0
// The calls, between the legs of the SIP stack and the media gateways.
#include "clock.h"
#include "cscf.h"
#include "log.h"
#include "sdp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void on_record(const struct store_record *record, void *arg)
{
	const struct cscf *cscf = arg;
	int ret = calls_restore(cscf->calls, record);

	if (ret == 0)
		return;
	log_warn("call %s can't be restored: %s", record->key, strerror(-ret));
	if (ret != -EINVAL) {
		log_warn("its record is kept for another start");
		return;
	}
	if (store_del(cscf->store, STORE_DIALOG, record->key, NULL) < 0)
		log_warn("its record stays");
}

// Its gateway is missed until it is attached.
static void on_call(const struct call_info *info, void *arg)
{
	struct cscf *cscf = arg;

	cscf->media_lost_us[iq_handle_gateway(info->media)] = clock_now_us();
}

static void calls_fini(struct cscf *cscf)
{
	sip_stack_calls_set(cscf->sip, NULL);
	calls_destroy(cscf->calls);
	cscf->calls = NULL;
}

static int calls_init(struct cscf *cscf, char *why, size_t why_len)
{
	const struct cscf_media *media = &cscf->config->media;
	const struct calls_config config = {.iq = cscf->iq,
		.store = cscf->store,
		.web_profile = &sdp_profile_web,
		.ims_profile = &sdp_profile_ims,
		.park_time_ms = cscf->config->w2.park_time_ms,
		.orphan_time_ms = cscf->config->media.orphan_time_ms,
		.breakers = {media->breakers == CSCF_BREAKERS_OFF ? 0 : IQ_BREAKERS_ALL,
			media->breakers != CSCF_BREAKERS_OFF && media->core_breakers
				? IQ_BREAKERS_ALL
				: 0},
		.breaker_releases = media->breakers == CSCF_BREAKERS_RELEASE,
		.setup_timeout_ms = cscf->config->media.setup_timeout_ms,
		.bag_ref = sip_bag_ref,
		.bag_unref = sip_bag_unref,
		.timer_start = sip_timer_start,
		.timer_stop = sip_timer_stop,
		.loop = cscf->root,
		.leg_restore = sip_leg_restore,
		.legs = cscf->sip};
	int ret;

	cscf->calls = calls_create(&config);
	if (cscf->calls == NULL)
		return -errno;
	sip_stack_calls_set(cscf->sip, cscf->calls);
	ret = load_all(cscf, STORE_DIALOG, on_record);
	if (ret < 0) {
		snprintf(why, why_len, "the calls of before can't be read: %s", strerror(-ret));
		calls_fini(cscf);
		return ret;
	}
	if (calls_visit(cscf->calls, on_call, cscf) > 0)
		log_info("%u calls restored", calls_count(cscf->calls));
	return 0;
}

const struct module module_calls = {"calls", calls_init, calls_fini};
