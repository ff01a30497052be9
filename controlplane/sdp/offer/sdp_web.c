// SPDX-License-Identifier: Apache-2.0
// The browser's side of a description: ICE, DTLS, rtcp-mux, source and stream identification.
#include "sdp_offer_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

// RFC 8445 section 5.1.2.1, host candidates; the first address is the preferred one.
static struct sdp_candidate host_candidate(
	const struct sdp_addr *addr, unsigned order, uint8_t component)
{
	struct sdp_candidate candidate = {.addr = *addr, .component = component};

	candidate.addr.port = component == 1 ? addr->port : addr->rtcp_port;
	candidate.priority = (126u << 24) + ((65535u - order) << 8) + (256u - component);
	return candidate;
}

static int add_candidates(struct sdp_session *session, struct sdp_section *section,
	const struct sdp_local_section *local)
{
	struct sdp_candidate *items = sdp_alloc(session, 4 * sizeof(*items));

	if (!items)
		return -ENOMEM;
	section->candidates = items;
	for (unsigned a = 0; a < 2; a++) {
		const struct sdp_addr *addr = &local->addr[a];

		if (addr->family == 0)
			continue;
		items[section->candidate_count++] = host_candidate(addr, a, 1);
		if (!section->rtcp_mux && addr->rtcp_port != 0)
			items[section->candidate_count++] = host_candidate(addr, a, 2);
	}
	section->end_of_candidates = true;
	return 0;
}

static int add_identity(struct sdp_session *session, struct sdp_section *section,
	const struct sdp_build *in, const struct sdp_web_dress *dress)
{
	uint32_t ssrc = in->local->sections[dress->index].ssrc;
	const char *cname = in->local->cname;
	char msid[160];

	if (dress->mid_ext != 0) {
		section->extmaps = sdp_alloc(session, sizeof(*section->extmaps));
		if (!section->extmaps)
			return -ENOMEM;
		*section->extmaps = (struct sdp_extmap){.id = dress->mid_ext, .uri = SDP_MID_URI};
		section->extmap_count = 1;
	}
	if (!cname || !(section->direction & SDP_SEND))
		return 0;
	snprintf(msid, sizeof(msid), "%.64s %.64s-%u", cname, cname, dress->index);
	section->msid = sdp_dup(session, msid, strlen(msid));
	if (!section->msid || ssrc == 0)
		return section->msid ? 0 : -ENOMEM;
	section->ssrcs = sdp_alloc(session, sizeof(*section->ssrcs));
	if (!section->ssrcs)
		return -ENOMEM;
	section->ssrcs->id = ssrc;
	section->ssrcs->cname = sdp_dup(session, cname, strlen(cname));
	section->ssrc_count = 1;
	return section->ssrcs->cname ? 0 : -ENOMEM;
}

int sdp_web_dress(struct sdp_session *session, struct sdp_section *section,
	const struct sdp_build *in, const struct sdp_web_dress *dress)
{
	const struct sdp_local_section *local = dress->transport;
	const struct sdp_addr *addr = &local->addr[local->addr[0].family == 0];

	section->has_conn = true;
	section->conn = *addr;
	section->port = dress->hidden_port ? 0 : addr->port;
	section->bundle_only = dress->hidden_port;
	section->rtcp_mux = dress->rtcp_mux;
	section->rtcp_port = dress->rtcp_mux ? 0 : addr->rtcp_port;
	section->setup = dress->setup;
	section->fingerprints[0] = in->local->fingerprint;
	section->fingerprint_count = 1;
	section->ice_ufrag = sdp_dup(session, local->ice_ufrag, strlen(local->ice_ufrag));
	section->ice_pwd = sdp_dup(session, local->ice_pwd, strlen(local->ice_pwd));
	if (!section->ice_ufrag || !section->ice_pwd)
		return -ENOMEM;
	if (add_candidates(session, section, local) < 0)
		return -ENOMEM;
	return add_identity(session, section, in, dress);
}
