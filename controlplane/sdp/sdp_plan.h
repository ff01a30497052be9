// SPDX-License-Identifier: Apache-2.0
// The plain values that mediation hands to the media plane; included through sdp.h.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SDP_MAX_SECTIONS 32
#define SDP_MAX_PTS 32
#define SDP_MAX_SSRCS 16
#define SDP_UFRAG_MAX 257
#define SDP_PWD_MAX 257

enum sdp_side { SDP_WEB, SDP_IMS };
enum sdp_kind { SDP_AUDIO, SDP_VIDEO, SDP_OTHER };
// Our DTLS role: active = we send the ClientHello.
enum sdp_role { SDP_ROLE_AUTO, SDP_ROLE_ACTIVE, SDP_ROLE_PASSIVE };
enum sdp_hash { SDP_SHA256, SDP_SHA384, SDP_SHA512 };

enum sdp_change {
	SDP_CHANGE_ICE = 1, // new ufrag or pwd: ICE restart
	SDP_CHANGE_DTLS = 2, // fingerprint set or tls-id: a new association (RFC 8842)
	SDP_CHANGE_DIRECTION = 4, // hold, resume
	SDP_CHANGE_CODECS = 8, // formats or their parameters
	SDP_CHANGE_SECTIONS = 16, // added, rejected, re-used or bundled in another way
	SDP_CHANGE_ADDRESS = 32, // connection address or port (not counted when ICE rules)
	SDP_CHANGE_CANDIDATES = 64 // other ICE candidates under the same credentials
};

// An address with its RTP port and RTCP port (the same when muxed), host byte order.
struct sdp_addr {
	int family; // AF_INET, AF_INET6; 0 = none
	uint8_t ip[16]; // network order, the first 4 for AF_INET
	uint16_t port, rtcp_port;
};

struct sdp_codec {
	enum sdp_kind kind;
	const char *name; // as in rtpmap
	uint32_t clock_hz;
	uint8_t channels;
	uint8_t pt; // in offers made from defaults
	uint16_t kbps; // b=AS over IPv4, 0 = none
	const char *fmtp; // default parameters, NULL = none
	bool in_default; // part of offers made from defaults
	bool feedback_video; // nack pli and ccm fir are relayed for it
};

struct sdp_fingerprint {
	enum sdp_hash hash;
	uint8_t len;
	uint8_t bytes[64];
};

// A usable UDP candidate with a literal address; others are dropped by the parser.
struct sdp_candidate {
	struct sdp_addr addr; // rtcp_port unused
	uint32_t priority;
	uint8_t component; // 1 RTP, 2 RTCP
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
