// SPDX-License-Identifier: Apache-2.0
// What descriptions are made of, as plain values, and a description as its owner holds it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
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

// One description, parsed or built; immutable, owned by whoever received it from a function here.
struct sdp_session;

struct sdp_error {
	unsigned line; // 1-based line of the text, 0 when the fault is not in one line
	char text[160]; // a sentence for a log or a Warning header field
};

void sdp_destroy(struct sdp_session *session); // NULL is legal

// The description as text, NUL-terminated, owned by the session; *len (may be NULL) in bytes.
// Keeping this text is enough to have the session again after a restart: parse it.
const char *sdp_text(const struct sdp_session *session, size_t *len);
// Whether media is wanted at IPv6 addresses and at no IPv4 address.
bool sdp_is_ipv6_only(const struct sdp_session *session);
unsigned sdp_section_count(const struct sdp_session *session);

// What one side may use. Two presets; a deployment copies one and changes fields, then leaves it alone.
struct sdp_profile {
	const char *name;
	enum sdp_side side;
	const struct sdp_codec *codecs; // allow list in order of preference
	unsigned codec_count;
	bool bundle; // web: accept and offer BUNDLE
	bool avpf; // ims: offer RTP/AVPF instead of RTP/AVP
	bool ice_lite; // web: we are a lite agent
	enum sdp_role dtls_default; // web: our role where the offer leaves the choice (actpass)
	uint16_t ptime_ms; // ims: written when the other leg has none; 0 = omit
};
extern const struct sdp_profile sdp_profile_web, sdp_profile_ims;

// What has to be allocated before a description can be built on the other leg or answered on this one.
struct sdp_need {
	enum sdp_kind kind;
	bool usable; // false: the section will have port 0, allocate nothing
	bool rtcp_mux; // web: one port; otherwise RTP and RTCP ports. Always false on ims
	int bundle; // web: number of the group whose sections share one transport; -1: its own
};
struct sdp_needs {
	unsigned count;
	struct sdp_need sections[SDP_MAX_SECTIONS];
};

// Looks at an offer that came from one side: from = profile of that side, to = profile of the other.
// 0; -ENOTSUP when no section is usable (the caller answers 488, err says why), needs is filled anyway.
int sdp_needs_of(const struct sdp_session *offer, const struct sdp_profile *from,
	const struct sdp_profile *to, struct sdp_needs *needs, struct sdp_error *err);
