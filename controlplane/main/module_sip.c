// SPDX-License-Identifier: Apache-2.0
// The SIP stack: transactions, legs; its doors are opened later.
#include "cscf.h"

#include <errno.h>

static int sip_init(struct cscf *cscf, char *why, size_t why_len)
{
	const struct cscf_config *in = cscf->config;
	struct sip_config config = {.root = cscf->root,
		.registrations = cscf->registrations,
		.core = in->mw.core,
		.peers = (const char *const *)in->mw.peers,
		.peer_count = in->mw.peers_count,
		.home_domain = in->home.domains[0],
		.host = in->w2.host,
		.ioi = in->home.ioi,
		.access_network = in->home.access_network,
		.families_access = IQ_FAMILY_V4 | IQ_FAMILY_V6,
		.families_core = IQ_FAMILY_V4 | IQ_FAMILY_V6};

	cscf->sip = sip_stack_create(&config, why, why_len);
	return cscf->sip == NULL ? -errno : 0;
}

static void sip_fini(struct cscf *cscf)
{
	sip_stack_destroy(cscf->sip);
	cscf->sip = NULL;
}

const struct module module_sip = {"sip", sip_init, sip_fini};
