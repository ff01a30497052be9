// SPDX-License-Identifier: Apache-2.0
// The SIP stack: Mw sockets, W2 transactions, legs.
#include "cscf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int sip_init(struct cscf *cscf, char *why, size_t why_len)
{
	const struct cscf_config *in = cscf->config;
	struct sip_listen *listens = calloc(in->mw.listens_count, sizeof(*listens));
	struct sip_config config = {.root = cscf->root,
		.ws = cscf->ws,
		.registrations = cscf->registrations,
		.listens = listens,
		.listen_count = in->mw.listens_count,
		.core = in->mw.core,
		.peers = (const char *const *)in->mw.peers,
		.peer_count = in->mw.peers_count,
		.home_domain = in->home.domains[0],
		.host = in->w2.host,
		.ioi = in->home.ioi,
		.access_network = in->home.access_network,
		.families_access = IQ_FAMILY_V4 | IQ_FAMILY_V6,
		.families_core = IQ_FAMILY_V4 | IQ_FAMILY_V6};

	if (listens == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < in->mw.listens_count; i++) {
		memcpy(listens[i].address, in->mw.endpoints[i].address, sizeof(listens[i].address));
		listens[i].port = in->mw.endpoints[i].port;
	}
	cscf->sip = sip_stack_create(&config, why, why_len);
	free(listens);
	return cscf->sip == NULL ? -errno : 0;
}

static void sip_fini(struct cscf *cscf)
{
	sip_stack_destroy(cscf->sip);
	cscf->sip = NULL;
}

const struct module module_sip = {"sip", sip_init, sip_fini};
