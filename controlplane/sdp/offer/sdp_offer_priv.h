// SPDX-License-Identifier: Apache-2.0
// What the files of this room call in each other, file by file.
#pragma once

#include "sdp_offer.h"
#include "sdp_question.h"
#include "sdp_text.h"

// sdp_payload.c: payload type numbers of an offer.
struct sdp_pt_pool {
	uint8_t owner[128]; // 0 = free, 1 = reserved by an earlier description, 2 = used now
};
// The number that we had for the codec, or the peer has, or the other leg's peer, else a free one.
int sdp_pt_choose(struct sdp_pt_pool *pool, const struct sdp_section *ours,
	const struct sdp_section *theirs, const struct sdp_format *format);
void sdp_pt_reserve(struct sdp_pt_pool *pool, const struct sdp_section *previous);

// sdp_build.c: pieces of a description under construction. int: 0 or -ENOMEM.
struct sdp_section *sdp_section_begin(struct sdp_session *session, const struct sdp_section *like);
int sdp_section_reject(struct sdp_session *session, struct sdp_section *section, const char *proto,
	const char *fmt);
// True when both profiles of the build allow the format.
bool sdp_format_allowed(
	const struct sdp_build *in, enum sdp_kind kind, const struct sdp_format *format);
int sdp_format_copy(struct sdp_session *session, struct sdp_section *section,
	const struct sdp_format *format, unsigned pt);
// Bandwidth, packet times, label and content travel from leg to leg.
int sdp_carry_over(
	struct sdp_session *session, struct sdp_section *section, const struct sdp_section *source);
// nack pli and ccm fir for the video formats; offered (may be NULL) limits them to what it names.
int sdp_feedback_add(struct sdp_session *session, struct sdp_section *section,
	const struct sdp_build *in, const struct sdp_section *offered);
void sdp_origin_set(struct sdp_session *session, const struct sdp_build *in);

// sdp_default.c: a description to mediate from where no peer has spoken yet.
struct sdp_session *sdp_default_source(const struct sdp_profile *profile, bool video);

// sdp_web.c, sdp_ims.c: what the gateway allocated goes into a section.
const struct sdp_addr *sdp_local_address(const struct sdp_build *in, unsigned i);
struct sdp_web_dress {
	const struct sdp_local_section *transport; // of the section or of its bundle
	enum sdp_setup setup;
	unsigned index;
	uint8_t mid_ext; // 0 = none
	bool rtcp_mux, hidden_port;
};
int sdp_web_dress(struct sdp_session *session, struct sdp_section *section,
	const struct sdp_build *in, const struct sdp_web_dress *dress);
void sdp_ims_dress(struct sdp_section *section, const struct sdp_build *in, unsigned i);
void sdp_ims_connection(struct sdp_session *session);
// sdp_bundle.c: groups of a web answer; clears accept[] where RFC 9143 leaves no other choice.
int sdp_bundle_answer(struct sdp_session *session, const struct sdp_build *in, bool *accept);
