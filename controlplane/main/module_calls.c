// SPDX-License-Identifier: Apache-2.0
// The calls, between the legs of the SIP stack and the media gateways.
#include "cscf.h"
#include "sdp.h"

#include <errno.h>

static int calls_init(struct cscf *cscf, char *why, size_t why_len)
{
	const struct calls_config config = {.iq = cscf->iq,
		.store = cscf->store,
		.web_profile = &sdp_profile_web,
		.ims_profile = &sdp_profile_ims,
		.park_time_ms = cscf->config->w2.park_time_ms,
		.orphan_time_ms = cscf->config->media.orphan_time_ms,
		.setup_timeout_ms = cscf->config->media.setup_timeout_ms,
		.bag_ref = sip_bag_ref,
		.bag_unref = sip_bag_unref,
		.timer_start = sip_timer_start,
		.timer_stop = sip_timer_stop,
		.loop = cscf->root};

	(void)why;
	(void)why_len;
	cscf->calls = calls_create(&config);
	if (cscf->calls == NULL)
		return -errno;
	sip_stack_calls_set(cscf->sip, cscf->calls);
	return 0;
}

static void calls_fini(struct cscf *cscf)
{
	sip_stack_calls_set(cscf->sip, NULL);
	calls_end_all(cscf->calls, 503, "the gateway stops");
	calls_destroy(cscf->calls);
	cscf->calls = NULL;
}

const struct module module_calls = {"calls", calls_init, calls_fini};
