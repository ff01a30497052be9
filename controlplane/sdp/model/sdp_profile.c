// SPDX-License-Identifier: Apache-2.0
// The two presets: what a browser and what an IMS phone may negotiate through the gateway.
#include "sdp_value.h"

// Retransmission, FEC and comfort noise payloads are missing on purpose: the gateway relays packets and
// implements none of them. telephone-event/48000 gives way to /8000, the only one that phones have.
static const struct sdp_codec web_codecs[] = {
	{SDP_AUDIO, "opus", 48000, 2, 111, 80, "minptime=10;useinbandfec=1", true, false},
	{SDP_AUDIO, "G722", 8000, 1, 9, 80, NULL, true, false},
	{SDP_AUDIO, "PCMU", 8000, 1, 0, 80, NULL, true, false},
	{SDP_AUDIO, "PCMA", 8000, 1, 8, 80, NULL, true, false},
	{SDP_AUDIO, "telephone-event", 8000, 1, 126, 0, NULL, true, false},
	{SDP_VIDEO, "VP8", 90000, 1, 96, 0, NULL, true, true},
	{SDP_VIDEO, "H264", 90000, 1, 102, 0,
		"level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f", true,
		true},
	{SDP_VIDEO, "VP9", 90000, 1, 98, 0, NULL, false, true},
	{SDP_VIDEO, "AV1", 90000, 1, 45, 0, NULL, false, true},
	{SDP_VIDEO, "H265", 90000, 1, 49, 0, NULL, false, true},
};

static const struct sdp_codec ims_codecs[] = {
	{SDP_AUDIO, "opus", 48000, 2, 111, 80, NULL, true, false},
	{SDP_AUDIO, "G722", 8000, 1, 9, 80, NULL, true, false},
	{SDP_AUDIO, "PCMU", 8000, 1, 0, 80, NULL, true, false},
	{SDP_AUDIO, "PCMA", 8000, 1, 8, 80, NULL, true, false},
	{SDP_AUDIO, "telephone-event", 8000, 1, 126, 0, "0-15", true, false},
	{SDP_VIDEO, "H264", 90000, 1, 102, 0,
		"level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f", true,
		true},
	{SDP_VIDEO, "VP8", 90000, 1, 96, 0, NULL, true, true},
	{SDP_VIDEO, "VP9", 90000, 1, 98, 0, NULL, false, true},
	{SDP_VIDEO, "AV1", 90000, 1, 45, 0, NULL, false, true},
	{SDP_VIDEO, "H265", 90000, 1, 49, 0, NULL, false, true},
};

const struct sdp_profile sdp_profile_web = {
	.name = "web",
	.side = SDP_WEB,
	.codecs = web_codecs,
	.codec_count = sizeof(web_codecs) / sizeof(web_codecs[0]),
	.bundle = true,
	.dtls_default = SDP_ROLE_PASSIVE,
};

const struct sdp_profile sdp_profile_ims = {
	.name = "ims",
	.side = SDP_IMS,
	.codecs = ims_codecs,
	.codec_count = sizeof(ims_codecs) / sizeof(ims_codecs[0]),
	.ptime_ms = 20,
};
