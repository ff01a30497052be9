// SPDX-License-Identifier: Apache-2.0
// SDP offer/answer between a browser (WebRTC) and the IMS: pure functions, any thread, no I/O.
#pragma once

#include "sdp_plan.h"

#include <stddef.h>
#include <stdint.h>

// One description, parsed or built; immutable, owned by whoever received it from a function here.
struct sdp_session;

struct sdp_error {
	unsigned line; // 1-based line of the text, 0 when the fault is not in one line
	char text[160]; // a sentence for a log or a Warning header field
};

// Parses at most 16 KiB of text, 32 sections, 100 candidates (RFC 8866 and the attributes of RFC 8829
// and 3GPP that mediation needs; other attributes are ignored). 0, -EINVAL with err filled, -ENOMEM.
int sdp_read(const char *text, size_t len, struct sdp_session **out, struct sdp_error *err);
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

// What the media gateway allocated for the side that is written, a section each. Sections that share a
// transport repeat its values. An ims section uses the first address that has a family.
struct sdp_local_section {
	struct sdp_addr addr[2]; // web: host candidates, one a family; family 0 = none
	char ice_ufrag[SDP_UFRAG_MAX], ice_pwd[SDP_PWD_MAX];
	uint32_t ssrc; // web: announced as the SSRC that we send; 0 = do not announce
};
struct sdp_local {
	uint64_t session_id; // o= line: random, the same for the life of the dialog (< 2^63)
	const char *cname; // web: RTCP CNAME and stream id, a token
	struct sdp_fingerprint fingerprint;
	enum sdp_role
		role; // web answers: AUTO, or the role already held (kept for the association's life)
	unsigned count;
	struct sdp_local_section sections[SDP_MAX_SECTIONS];
};

// Input of the four operations. `remote` is what the other leg's peer said; NULL makes an offer from
// the previous description or the profile. `offer`, for answers: what is answered, on the leg being
// written; for offers: what the peer of that leg said last, NULL before that (its payload types are
// kept). `previous` is what we last sent on that leg, NULL the first time: it keeps payload types, mids
// and the version of the o= line (+1 only when the text changes).
struct sdp_build {
	const struct sdp_profile *profile; // of the side being written
	const struct sdp_profile *other; // of the other leg's side
	const struct sdp_session *remote, *offer, *previous;
	const struct sdp_local *local;
	bool video; // offers made from the profile: with a video section too
	// Answers: remote is the last offer of the other leg's peer, who is not asked again (a browser
	// need not hear of a phone's new address).
	bool remote_is_offer;
};

// Each builds a description that the caller destroys. m-line count and order follow the source;
// sections that cannot be used have port 0. 0; -ENOTSUP: nothing usable, err holds the sentence for a
// 488; -EINVAL: the inputs do not belong together (for instance fewer m-lines than before); -ENOMEM.
// An answer that rejects every section is -ENOTSUP too. RFC 3264, 8829, 9143, 8842.
int sdp_ims_offer(const struct sdp_build *in, struct sdp_session **out, struct sdp_error *err);
int sdp_web_answer(const struct sdp_build *in, struct sdp_session **out, struct sdp_error *err);
int sdp_web_offer(const struct sdp_build *in, struct sdp_session **out, struct sdp_error *err);
int sdp_ims_answer(const struct sdp_build *in, struct sdp_session **out, struct sdp_error *err);

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
