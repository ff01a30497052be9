// SPDX-License-Identifier: Apache-2.0
// Which sections of a peer's description can be used, and the reason where one cannot.
#include "sdp_question.h"

#include <errno.h>
#include <string.h>

const char *sdp_transport_refusal(const struct sdp_section *transport, bool is_answer)
{
	if (!transport->ice_ufrag || !transport->ice_pwd)
		return "a=ice-ufrag or a=ice-pwd is missing, WebRTC media needs ICE";
	if (transport->fingerprint_count == 0)
		return transport->weak_fingerprint
			? "its fingerprints use hashes that are refused (SHA-256, 384 or 512 "
			  "needed)"
			: "a=fingerprint is missing, WebRTC media needs DTLS";
	if (transport->setup == SDP_SETUP_HOLDCONN)
		return "a=setup:holdconn makes no DTLS association";
	if (is_answer && transport->setup == SDP_SETUP_ACTPASS)
		return "a=setup:actpass in an answer leaves the DTLS role open";
	return NULL;
}

static bool web_proto(enum sdp_proto proto)
{
	return proto == SDP_PROTO_TLS_SAVPF || proto == SDP_PROTO_TLS_SAVP ||
		proto == SDP_PROTO_RTP_SAVPF;
}

const char *sdp_web_refusal(const struct sdp_session *session, unsigned i, bool is_answer)
{
	const struct sdp_section *section = session->sections[i];
	const struct sdp_section *transport = sdp_transport_of(session, i);

	if (section->kind == SDP_OTHER)
		return "only audio and video are supported";
	if (!sdp_is_live(section))
		return "its port is 0";
	if (!web_proto(section->proto))
		return "its transport is not DTLS-SRTP";
	if (section->port == 0 && transport == section)
		return "it is bundle-only without a bundle to be in";
	// Our own offers are rtcp-mux-only: there is no second port to fall back to.
	if (is_answer && !section->rtcp_mux && !transport->rtcp_mux)
		return "it answers without a=rtcp-mux";
	return sdp_transport_refusal(transport, is_answer);
}

const char *sdp_ims_refusal(const struct sdp_section *section)
{
	if (section->kind == SDP_OTHER)
		return "only audio and video are supported";
	if (section->port == 0)
		return "its port is 0";
	if (section->proto != SDP_PROTO_RTP_AVP && section->proto != SDP_PROTO_RTP_AVPF)
		return "its transport is not RTP/AVP or RTP/AVPF";
	if (!section->has_conn || section->conn_is_name)
		return "its c= line has no usable address";
	return NULL;
}

static const char *codec_refusal(const struct sdp_section *section, const struct sdp_profile *from,
	const struct sdp_profile *to)
{
	for (unsigned i = 0; i < section->format_count; i++) {
		const struct sdp_format *format = &section->formats[i];

		if (!sdp_is_telephone_event(format) &&
			sdp_codec_find(from, section->kind, format) &&
			sdp_codec_find(to, section->kind, format))
			return NULL;
	}
	return "it has no codec that the other side may use";
}

const char *sdp_offer_refusal(const struct sdp_session *offer, unsigned i,
	const struct sdp_profile *from, const struct sdp_profile *to)
{
	const char *reason = from->side == SDP_WEB ? sdp_web_refusal(offer, i, false)
						   : sdp_ims_refusal(offer->sections[i]);

	if (!reason && from->side == SDP_WEB && offer->sections[i]->bundle_only && !from->bundle)
		reason = "it is bundle-only and bundling is switched off";
	return reason ? reason : codec_refusal(offer->sections[i], from, to);
}

void sdp_refuse(struct sdp_refusal *refusal, unsigned i, enum sdp_kind kind, const char *reason)
{
	if (refusal->at == 0 || kind < refusal->kind)
		*refusal = (struct sdp_refusal){.reason = reason, .at = i + 1, .kind = kind};
}

int sdp_refused(const struct sdp_refusal *refusal, struct sdp_error *err)
{
	if (refusal->at == 0)
		return sdp_fail(err, -ENOTSUP, 0, "no usable media: there is no m= line");
	return sdp_fail(
		err, -ENOTSUP, 0, "no usable media: section %u: %s", refusal->at, refusal->reason);
}

int sdp_needs_of(const struct sdp_session *offer, const struct sdp_profile *from,
	const struct sdp_profile *to, struct sdp_needs *needs, struct sdp_error *err)
{
	bool web = from->side == SDP_WEB, any = false;
	struct sdp_refusal refusal = {0};

	memset(needs, 0, sizeof(*needs));
	needs->count = offer->section_count;
	for (unsigned i = 0; i < offer->section_count; i++) {
		const struct sdp_section *section = offer->sections[i];
		const char *reason = sdp_offer_refusal(offer, i, from, to);
		struct sdp_need *need = &needs->sections[i];

		need->kind = section->kind;
		need->usable = !reason;
		need->rtcp_mux = web && sdp_transport_of(offer, i)->rtcp_mux;
		need->bundle = web && from->bundle ? sdp_group_of(offer, section->mid) : -1;
		any |= !reason;
		if (reason)
			sdp_refuse(&refusal, i, section->kind, reason);
	}
	return any ? 0 : sdp_refused(&refusal, err);
}
