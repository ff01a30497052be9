// SPDX-License-Identifier: Apache-2.0
// What the media plane must be told, and what is new in a description.
#pragma once

#include "sdp_value.h"

enum sdp_change {
	SDP_CHANGE_ICE = 1, // new ufrag or pwd: ICE restart
	SDP_CHANGE_DTLS = 2, // fingerprint set or tls-id: a new association (RFC 8842)
	SDP_CHANGE_DIRECTION = 4, // hold, resume
	SDP_CHANGE_CODECS = 8, // formats or their parameters
	SDP_CHANGE_SECTIONS = 16, // added, rejected, re-used or bundled in another way
	SDP_CHANGE_ADDRESS = 32, // connection address or port (not counted when ICE rules)
	SDP_CHANGE_CANDIDATES = 64 // other ICE candidates under the same credentials
};

// What a peer understands of RTCP, as a set.
enum sdp_rtcp {
	SDP_RTCP_AVPF = 1, // feedback at any time
	SDP_RTCP_NACK = 2,
	SDP_RTCP_PLI = 4,
	SDP_RTCP_FIR = 8,
	SDP_RTCP_NONE = 16 // it sends none: b=RS:0 and b=RR:0
};

// Same codec on both legs. rx = payload type in our description (what the peer sends to us), tx = in the
// peer's (what we send to it). They differ only when a peer answers with other numbers than we offered.
struct sdp_pt {
	uint8_t web_rx, web_tx, ims_rx, ims_tx;
	uint32_t clock_hz;
	uint8_t channels;
	bool telephone_event;
	const char *name;
};

struct sdp_plan_section {
	enum sdp_kind kind;
	bool enabled; // accepted by both peers; when false nothing below but kind is meaningful
	unsigned web_rtcp, ims_rtcp; // enum sdp_rtcp
	bool to_ims, to_web; // media may flow browser -> phone, phone -> browser
	bool renegotiate; // the browser's first choice has no place on the ims leg: re-offer to it
	unsigned pt_count;
	struct sdp_pt pts[SDP_MAX_PTS];

	// Core side.
	struct sdp_addr ims_local, ims_remote; // remote family 0: on hold by c=0.0.0.0
	int64_t rs_bps, rr_bps; // b=RS, b=RR of the phone, -1 = not given

	// Access side. Sections with the same bundle number (not -1) share one transport; the transport's
	// values are repeated in each of them.
	const char *mid; // "" when none
	uint8_t mid_ext; // extmap id of urn:ietf:params:rtp-hdrext:sdes:mid, 0 = not negotiated
	int bundle;
	bool rtcp_mux;
	unsigned ssrc_count;
	uint32_t ssrcs[SDP_MAX_SSRCS]; // announced by the browser
	const char *ice_ufrag, *ice_pwd;
	bool ice_lite;
	bool end_of_candidates;
	unsigned candidate_count;
	const struct sdp_candidate *candidates;
	unsigned fingerprint_count;
	const struct sdp_fingerprint *fingerprints; // any one must match
	enum sdp_role role; // ours; AUTO until an answer fixes it
};

struct sdp_plan {
	unsigned count;
	struct sdp_plan_section sections[SDP_MAX_SECTIONS];
};

// What differs between two descriptions of the same peer, as a set of enum sdp_change. before may be
// NULL (everything that is there counts as changed). SDP_CHANGE_ICE alone needs no word to the other leg.
unsigned sdp_changes(const struct sdp_session *before, const struct sdp_session *after);

// The four descriptions in force. A remote one may be NULL while its answer is awaited.
struct sdp_pair {
	const struct sdp_session *web_local, *web_remote, *ims_local, *ims_remote;
};

// Derives what the media plane must be told. plan borrows strings and arrays from the descriptions and
// must not outlive them. 0, or -EINVAL when section counts contradict each other (err says which).
int sdp_media_plan(const struct sdp_pair *pair, struct sdp_plan *plan, struct sdp_error *err);
