// SPDX-License-Identifier: Apache-2.0
// What the files of this room call in each other, file by file.
#pragma once

#include "sdp_model.h"

// sdp_session.c: memory of one session, freed as a whole.
struct sdp_session *sdp_create(void);
void *sdp_alloc(struct sdp_session *session, size_t size); // zeroed, NULL on ENOMEM
char *sdp_dup(struct sdp_session *session, const char *text, size_t len);
// Room for one more item behind `count` items of `size`: the array (moved or not), or NULL.
void *sdp_grow(struct sdp_session *session, void *items, unsigned count, size_t size);
struct sdp_section *sdp_section_add(struct sdp_session *session);
int sdp_fail(struct sdp_error *err, int code, unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

// sdp_scan.c: pieces of a line. Numbers are plain decimal digits, at most max.
char *sdp_token(char **cursor);
int sdp_number(const char *text, uint64_t max, uint64_t *out);
bool sdp_is_token(const char *text); // RFC 8866 token
int sdp_address(const char *type, const char *text, struct sdp_addr *addr);

// sdp_attribute.c and sdp_transport.c: one a= line, already cut at its colon.
struct sdp_parser {
	struct sdp_session *session;
	struct sdp_section *section; // where attributes go now
	unsigned line;
	struct sdp_error *err;
};
typedef int (*sdp_attribute_fn)(struct sdp_parser *parser, char *value);
struct sdp_attribute {
	const char *name;
	sdp_attribute_fn parse;
	bool has_value;
};
int sdp_attribute_parse(struct sdp_parser *parser, char *line);
sdp_attribute_fn sdp_transport_attribute(const char *name, bool *has_value);
int sdp_bad(struct sdp_parser *parser, const char *sentence); // -EINVAL, at this line

// sdp_group.c
int sdp_group_of(const struct sdp_session *session, const char *mid); // -1 = none
const struct sdp_section *sdp_section_by_mid(const struct sdp_session *session, const char *mid);
// The section whose transport attributes rule for section i.
const struct sdp_section *sdp_transport_of(const struct sdp_session *session, unsigned i);
bool sdp_is_live(const struct sdp_section *section); // not rejected

// sdp_codec.c
const struct sdp_format *sdp_format_match(
	const struct sdp_section *section, const struct sdp_format *format);
const struct sdp_codec *sdp_codec_find(
	const struct sdp_profile *profile, enum sdp_kind kind, const struct sdp_format *format);
bool sdp_is_telephone_event(const struct sdp_format *format);
struct sdp_format *sdp_format_add(
	struct sdp_session *session, struct sdp_section *section, const struct sdp_format *format);
bool sdp_static_format(uint8_t pt, struct sdp_format *format);
// True when a format other than telephone-event is among the section's formats.
bool sdp_has_media_format(const struct sdp_section *section);

// sdp_payload.c: payload type numbers of an offer.
struct sdp_pt_pool {
	uint8_t owner[128]; // 0 = free, 1 = reserved by an earlier description, 2 = used now
};
// The number that we had for the codec, or the peer has, or the other leg's peer, else a free one.
int sdp_pt_choose(struct sdp_pt_pool *pool, const struct sdp_section *ours,
	const struct sdp_section *theirs, const struct sdp_format *format);
void sdp_pt_reserve(struct sdp_pt_pool *pool, const struct sdp_section *previous);

// sdp_usable.c: NULL when the section can be used, otherwise the reason, a phrase.
const char *sdp_web_refusal(const struct sdp_session *session, unsigned i, bool is_answer);
// Only whether ICE and DTLS can be done with the attributes of this one section.
const char *sdp_transport_refusal(const struct sdp_section *transport, bool is_answer);
const char *sdp_ims_refusal(const struct sdp_section *section);
// The same, and a codec in common with both profiles.
const char *sdp_offer_refusal(const struct sdp_session *offer, unsigned i,
	const struct sdp_profile *from, const struct sdp_profile *to);

// sdp_write.c: fixes the version of the o= line against previous and makes the text.
int sdp_finish(
	struct sdp_session *session, const struct sdp_session *previous, struct sdp_error *err);

// The reason that is told when nothing is usable: the one of the most wanted section.
struct sdp_refusal {
	const char *reason;
	unsigned at; // 1-based section, 0 = none yet
	enum sdp_kind kind;
};
void sdp_refuse(struct sdp_refusal *refusal, unsigned i, enum sdp_kind kind, const char *reason);
int sdp_refused(const struct sdp_refusal *refusal, struct sdp_error *err); // -ENOTSUP

// sdp_build.c: pieces of a description under construction. int: 0 or -ENOMEM.
bool sdp_is_nowhere(const struct sdp_addr *addr); // 0.0.0.0 or ::
uint8_t sdp_direction_of(const struct sdp_section *section, enum sdp_side side);
uint8_t sdp_direction_flip(uint8_t direction);
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
uint8_t sdp_mid_ext_of(const struct sdp_section *section);
void sdp_ims_dress(struct sdp_section *section, const struct sdp_build *in, unsigned i);
void sdp_ims_connection(struct sdp_session *session);
// sdp_bundle.c: groups of a web answer; clears accept[] where RFC 9143 leaves no other choice.
int sdp_bundle_answer(struct sdp_session *session, const struct sdp_build *in, bool *accept);
