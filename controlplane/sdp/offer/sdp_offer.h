// SPDX-License-Identifier: Apache-2.0
// Offers and answers for one leg, made from what the other leg said.
#pragma once

#include "sdp_value.h"

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
