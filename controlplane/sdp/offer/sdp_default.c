// SPDX-License-Identifier: Apache-2.0
// Offers without a peer's words to start from: the profile's own codecs (offerless INVITE).
#include "sdp_offer_priv.h"

static int default_section(
	struct sdp_session *session, const struct sdp_profile *profile, enum sdp_kind kind)
{
	struct sdp_section *section = sdp_section_add(session);

	if (!section)
		return -1;
	section->kind = kind;
	section->media = kind == SDP_AUDIO ? "audio" : "video";
	section->port = 9;
	for (unsigned i = 0; i < profile->codec_count; i++) {
		const struct sdp_codec *codec = &profile->codecs[i];
		struct sdp_format format = {.pt = codec->pt,
			.channels = codec->channels,
			.clock_hz = codec->clock_hz,
			.name = codec->name,
			.fmtp = codec->fmtp};

		if (codec->kind != kind || !codec->in_default)
			continue;
		if (!sdp_format_add(session, section, &format))
			return -1;
	}
	return 0;
}

struct sdp_session *sdp_default_source(const struct sdp_profile *profile, bool video)
{
	struct sdp_session *session = sdp_create();

	if (!session)
		return NULL;
	if (default_section(session, profile, SDP_AUDIO) < 0 ||
		(video && default_section(session, profile, SDP_VIDEO) < 0)) {
		sdp_destroy(session);
		return NULL;
	}
	return session;
}
