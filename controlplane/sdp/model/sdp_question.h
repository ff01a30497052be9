// SPDX-License-Identifier: Apache-2.0
// What is made of a description, and asked of it, file by file.
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

// sdp_direction.c
bool sdp_is_nowhere(const struct sdp_addr *addr); // 0.0.0.0 or ::
uint8_t sdp_direction_of(const struct sdp_section *section, enum sdp_side side);
uint8_t sdp_direction_flip(uint8_t direction);
uint8_t sdp_mid_ext_of(const struct sdp_section *section); // 0: none

// sdp_usable.c: NULL when the section can be used, otherwise the reason, a phrase.
const char *sdp_web_refusal(const struct sdp_session *session, unsigned i, bool is_answer);
// Only whether ICE and DTLS can be done with the attributes of this one section.
const char *sdp_transport_refusal(const struct sdp_section *transport, bool is_answer);
const char *sdp_ims_refusal(const struct sdp_section *section);
// The same, and a codec in common with both profiles.
const char *sdp_offer_refusal(const struct sdp_session *offer, unsigned i,
	const struct sdp_profile *from, const struct sdp_profile *to);

// The reason that is told when nothing is usable: the one of the most wanted section.
struct sdp_refusal {
	const char *reason;
	unsigned at; // 1-based section, 0 = none yet
	enum sdp_kind kind;
};
void sdp_refuse(struct sdp_refusal *refusal, unsigned i, enum sdp_kind kind, const char *reason);
int sdp_refused(const struct sdp_refusal *refusal, struct sdp_error *err); // -ENOTSUP
