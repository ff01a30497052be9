// SPDX-License-Identifier: Apache-2.0
// Pieces of a description under construction, the same on both sides.
#include "sdp_offer_priv.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

struct sdp_section *sdp_section_begin(struct sdp_session *session, const struct sdp_section *like)
{
	struct sdp_section *section = sdp_section_add(session);

	if (!section)
		return NULL;
	section->kind = like->kind;
	section->media = sdp_dup(session, like->media, strlen(like->media));
	return section->media ? section : NULL;
}

int sdp_section_reject(struct sdp_session *session, struct sdp_section *section, const char *proto,
	const char *fmt)
{
	section->format_count = 0;
	section->port = 0;
	section->proto_text = sdp_dup(session, proto, strlen(proto));
	section->fmt_text = sdp_dup(session, fmt, strcspn(fmt, " "));
	return section->proto_text && section->fmt_text ? 0 : -ENOMEM;
}

bool sdp_format_allowed(
	const struct sdp_build *in, enum sdp_kind kind, const struct sdp_format *format)
{
	return sdp_codec_find(in->profile, kind, format) &&
		(!in->other || sdp_codec_find(in->other, kind, format));
}

int sdp_format_copy(struct sdp_session *session, struct sdp_section *section,
	const struct sdp_format *format, unsigned pt)
{
	struct sdp_format copy = *format;

	copy.pt = (uint8_t)pt;
	copy.name = sdp_dup(session, format->name, strlen(format->name));
	if (!copy.name)
		return -ENOMEM;
	if (format->fmtp) {
		copy.fmtp = sdp_dup(session, format->fmtp, strlen(format->fmtp));
		if (!copy.fmtp)
			return -ENOMEM;
	}
	return sdp_format_add(session, section, &copy) ? 0 : -ENOMEM;
}

int sdp_carry_over(
	struct sdp_session *session, struct sdp_section *section, const struct sdp_section *source)
{
	section->as_kbps = source->as_kbps;
	section->tias_bps = source->tias_bps;
	section->ptime_ms = source->ptime_ms;
	section->maxptime_ms = source->maxptime_ms;
	if (source->label) {
		section->label = sdp_dup(session, source->label, strlen(source->label));
		if (!section->label)
			return -ENOMEM;
	}
	if (source->content) {
		section->content = sdp_dup(session, source->content, strlen(source->content));
		if (!section->content)
			return -ENOMEM;
	}
	return 0;
}

static bool feedback_is_offered(const struct sdp_section *section, int pt, const char *value)
{
	for (unsigned i = 0; i < section->feedback_count; i++) {
		const struct sdp_feedback *feedback = &section->feedbacks[i];

		if ((feedback->pt == -1 || feedback->pt == pt) &&
			strcmp(feedback->value, value) == 0)
			return true;
	}
	return false;
}

static int feedback_put(
	struct sdp_session *session, struct sdp_section *section, int pt, const char *value)
{
	struct sdp_feedback *items =
		sdp_grow(session, section->feedbacks, section->feedback_count, sizeof(*items));

	if (!items)
		return -ENOMEM;
	section->feedbacks = items;
	items[section->feedback_count++] = (struct sdp_feedback){.pt = pt, .value = value};
	return 0;
}

int sdp_feedback_add(struct sdp_session *session, struct sdp_section *section,
	const struct sdp_build *in, const struct sdp_section *offered)
{
	static const char *const relayed[] = {"ccm fir", "nack pli"};

	for (unsigned i = 0; i < section->format_count; i++) {
		const struct sdp_format *format = &section->formats[i];
		const struct sdp_codec *codec = sdp_codec_find(in->profile, section->kind, format);

		if (!codec || !codec->feedback_video)
			continue;
		for (unsigned r = 0; r < sizeof(relayed) / sizeof(relayed[0]); r++) {
			if (offered && !feedback_is_offered(offered, format->pt, relayed[r]))
				continue;
			if (feedback_put(session, section, format->pt, relayed[r]) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

void sdp_origin_set(struct sdp_session *session, const struct sdp_build *in)
{
	session->id = in->local->session_id;
	if (in->previous) {
		session->origin = in->previous->origin;
		return;
	}
	for (unsigned i = 0; i < session->section_count; i++) {
		const struct sdp_addr *addr = sdp_local_address(in, i);

		if (addr && sdp_is_live(session->sections[i])) {
			session->origin = *addr;
			return;
		}
	}
}

const struct sdp_addr *sdp_local_address(const struct sdp_build *in, unsigned i)
{
	const struct sdp_local_section *local = &in->local->sections[i];

	if (i >= in->local->count)
		return NULL;
	for (unsigned a = 0; a < 2; a++)
		if (local->addr[a].family != 0 && local->addr[a].port != 0)
			return &local->addr[a];
	return NULL;
}
