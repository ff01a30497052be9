// SPDX-License-Identifier: Apache-2.0
// The core side of a description: plain RTP on its own ports.
#include "sdp_offer_priv.h"

#include <string.h>
#include <sys/socket.h>

// Where the peer named no bandwidth: the largest of the codecs (3GPP wants b=AS for QoS).
static int64_t default_kbps(const struct sdp_section *section, const struct sdp_profile *profile)
{
	int64_t kbps = -1;

	for (unsigned i = 0; i < section->format_count; i++) {
		const struct sdp_codec *codec =
			sdp_codec_find(profile, section->kind, &section->formats[i]);

		if (codec && codec->kbps != 0 && codec->kbps > kbps)
			kbps = codec->kbps;
	}
	// 20 more bytes of header in each of 50 packets a second.
	if (kbps > 0 && section->conn.family == AF_INET6)
		kbps += 8;
	return kbps;
}

void sdp_ims_dress(struct sdp_section *section, const struct sdp_build *in, unsigned i)
{
	const struct sdp_addr *addr = sdp_local_address(in, i);

	section->has_conn = true;
	section->conn = *addr;
	section->port = addr->port;
	if (addr->rtcp_port != 0 && addr->rtcp_port != addr->port + 1)
		section->rtcp_port = addr->rtcp_port;
	if (section->as_kbps < 0)
		section->as_kbps = default_kbps(section, in->profile);
	if (section->kind == SDP_AUDIO && section->ptime_ms == 0)
		section->ptime_ms = in->profile->ptime_ms;
}

static bool same_address(const struct sdp_addr *a, const struct sdp_addr *b)
{
	return a->family == b->family && memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

// One c= for all at session level; only a section that differs keeps its own.
void sdp_ims_connection(struct sdp_session *session)
{
	struct sdp_section *common = &session->common;

	for (unsigned i = 0; i < session->section_count; i++) {
		struct sdp_section *section = session->sections[i];

		if (section->has_conn && !common->has_conn) {
			common->has_conn = true;
			common->conn = section->conn;
		}
		if (section->has_conn && same_address(&section->conn, &common->conn) &&
			section->rtcp_port == 0)
			section->has_conn = false;
	}
}
