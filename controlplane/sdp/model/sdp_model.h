// SPDX-License-Identifier: Apache-2.0
// The model of a description, parsed or under construction.
#pragma once

#include "sdp_value.h"

#define SDP_TEXT_MAX 16384
#define SDP_MAX_CANDIDATES 100
#define SDP_MAX_FINGERPRINTS 8
#define SDP_MAX_GROUPS 4
#define SDP_MID_URI "urn:ietf:params:rtp-hdrext:sdes:mid"

enum sdp_proto {
	SDP_PROTO_OTHER,
	SDP_PROTO_RTP_AVP,
	SDP_PROTO_RTP_AVPF,
	SDP_PROTO_RTP_SAVP,
	SDP_PROTO_RTP_SAVPF,
	SDP_PROTO_TLS_SAVP,
	SDP_PROTO_TLS_SAVPF
};
enum sdp_setup {
	SDP_SETUP_NONE,
	SDP_SETUP_ACTPASS,
	SDP_SETUP_ACTIVE,
	SDP_SETUP_PASSIVE,
	SDP_SETUP_HOLDCONN
};
enum { SDP_SEND = 1, SDP_RECV = 2 }; // bits of a direction

struct sdp_format {
	uint8_t pt;
	uint8_t channels;
	uint32_t clock_hz;
	const char *name; // NULL: no rtpmap and not a static payload type
	const char *fmtp; // may be NULL
};
struct sdp_feedback {
	int pt; // -1 = every payload type
	const char *value;
};
struct sdp_extmap {
	uint8_t id;
	const char *uri;
};
struct sdp_ssrc {
	uint32_t id;
	const char *cname; // may be NULL
};
struct sdp_group {
	unsigned count;
	const char *mids[SDP_MAX_SECTIONS];
};

// One m= section. The session level is parsed into one of these, too, and inherited at the end.
struct sdp_section {
	enum sdp_kind kind;
	const char *media, *proto_text, *fmt_text;
	enum sdp_proto proto;
	uint16_t port, rtcp_port; // rtcp_port 0 = no a=rtcp
	bool has_conn, conn_is_name;
	struct sdp_addr conn; // address only
	bool has_direction;
	uint8_t direction;
	unsigned format_count, feedback_count, extmap_count, ssrc_count;
	struct sdp_format *formats;
	struct sdp_feedback *feedbacks;
	struct sdp_extmap *extmaps;
	struct sdp_ssrc *ssrcs;
	const char *mid, *msid, *label, *content;
	bool bundle_only, rtcp_mux, rtcp_mux_only;
	uint16_t ptime_ms, maxptime_ms; // 0 = none
	int64_t as_kbps, tias_bps, rs_bps, rr_bps; // -1 = none

	// Attributes of the transport.
	const char *ice_ufrag, *ice_pwd, *tls_id;
	unsigned candidate_count;
	struct sdp_candidate *candidates;
	bool end_of_candidates;
	unsigned fingerprint_count;
	bool weak_fingerprint; // one was there with a hash that is refused
	struct sdp_fingerprint fingerprints[SDP_MAX_FINGERPRINTS];
	enum sdp_setup setup;
};

struct sdp_chunk;

struct sdp_session {
	struct sdp_chunk *chunks;
	const char *text;
	size_t text_len;
	uint64_t id, version;
	struct sdp_addr origin;
	bool ice_lite, ice2;
	struct sdp_section common;
	unsigned group_count, section_count, candidates_seen;
	struct sdp_group groups[SDP_MAX_GROUPS];
	struct sdp_section *sections[SDP_MAX_SECTIONS];
};
