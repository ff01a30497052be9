// SPDX-License-Identifier: Apache-2.0
// When two formats are the same codec: name, clock, channels and the parameters that must agree.
#include "sdp_question.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

// RFC 3551 table 4 and 5: the static payload types still met.
bool sdp_static_format(uint8_t pt, struct sdp_format *format)
{
	static const struct sdp_format table[] = {
		{.pt = 0, .channels = 1, .clock_hz = 8000, .name = "PCMU"},
		{.pt = 3, .channels = 1, .clock_hz = 8000, .name = "GSM"},
		{.pt = 4, .channels = 1, .clock_hz = 8000, .name = "G723"},
		{.pt = 8, .channels = 1, .clock_hz = 8000, .name = "PCMA"},
		{.pt = 9, .channels = 1, .clock_hz = 8000, .name = "G722"},
		{.pt = 13, .channels = 1, .clock_hz = 8000, .name = "CN"},
		{.pt = 15, .channels = 1, .clock_hz = 8000, .name = "G728"},
		{.pt = 18, .channels = 1, .clock_hz = 8000, .name = "G729"},
		{.pt = 26, .channels = 1, .clock_hz = 90000, .name = "JPEG"},
		{.pt = 31, .channels = 1, .clock_hz = 90000, .name = "H261"},
		{.pt = 34, .channels = 1, .clock_hz = 90000, .name = "H263"},
	};

	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].pt == pt) {
			*format = table[i];
			return true;
		}
	}
	return false;
}

// The value of a parameter in "a=1; b=2" as start and length, or the given default.
static const char *parameter(const char *fmtp, const char *key, const char *missing, size_t *len)
{
	size_t key_len = strlen(key);

	while (fmtp && *fmtp != '\0') {
		const char *end = fmtp + strcspn(fmtp, ";");

		fmtp += strspn(fmtp, " ");
		if (fmtp + key_len < end && fmtp[key_len] == '=' &&
			strncasecmp(fmtp, key, key_len) == 0) {
			fmtp += key_len + 1;
			while (end > fmtp && end[-1] == ' ')
				end--;
			*len = (size_t)(end - fmtp);
			return fmtp;
		}
		fmtp = *end == ';' ? end + 1 : end;
	}
	*len = strlen(missing);
	return missing;
}

static bool same_parameter(const struct sdp_format *a, const struct sdp_format *b, const char *key,
	const char *missing)
{
	size_t len_a, len_b;
	const char *value_a = parameter(a->fmtp, key, missing, &len_a);
	const char *value_b = parameter(b->fmtp, key, missing, &len_b);

	return len_a == len_b && strncasecmp(value_a, value_b, len_a) == 0;
}

// RFC 6184 table 5: several byte pairs mean one profile. Unlisted pairs stand for themselves.
static unsigned h264_profile(const struct sdp_format *format)
{
	static const struct {
		uint8_t idc, mask, value;
		unsigned profile;
	} table[] = {
		{0x42, 0x4f, 0x40, 1}, // constrained baseline
		{0x4d, 0x8f, 0x80, 1}, {0x58, 0xcf, 0xc0, 1}, {0x42, 0x4f, 0x00, 2}, // baseline
		{0x58, 0xcf, 0x80, 2}, {0x4d, 0xaf, 0x00, 3}, // main
	};
	char text[7] = {0};
	size_t len;
	const char *value = parameter(format->fmtp, "profile-level-id", "420010", &len);
	unsigned number, idc, iop;

	if (len != 6)
		return 0;
	memcpy(text, value, 6);
	if (strspn(text, "0123456789abcdefABCDEF") != 6)
		return 0;
	number = (unsigned)strtoul(text, NULL, 16);
	idc = number >> 16;
	iop = number >> 8 & 0xff;
	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (idc == table[i].idc && (iop & table[i].mask) == table[i].value)
			return table[i].profile;
	return number >> 8;
}

static bool same_parameters(const struct sdp_format *a, const struct sdp_format *b)
{
	static const struct {
		const char *codec, *key, *missing;
	} table[] = {
		{"H264", "packetization-mode", "0"},
		{"VP9", "profile-id", "0"},
		{"AV1", "profile", "0"},
		{"H265", "profile-id", "1"},
		{"AMR", "octet-align", "0"},
		{"AMR-WB", "octet-align", "0"},
	};

	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcasecmp(table[i].codec, a->name) == 0 &&
			!same_parameter(a, b, table[i].key, table[i].missing))
			return false;
	if (strcasecmp(a->name, "H264") == 0)
		return h264_profile(a) != 0 && h264_profile(a) == h264_profile(b);
	return true;
}

static bool same_codec(const struct sdp_format *a, const struct sdp_format *b)
{
	return a->name && b->name && strcasecmp(a->name, b->name) == 0 &&
		a->clock_hz == b->clock_hz && a->channels == b->channels && same_parameters(a, b);
}

const struct sdp_format *sdp_format_match(
	const struct sdp_section *section, const struct sdp_format *format)
{
	for (unsigned i = 0; i < section->format_count; i++)
		if (same_codec(&section->formats[i], format))
			return &section->formats[i];
	return NULL;
}

const struct sdp_codec *sdp_codec_find(
	const struct sdp_profile *profile, enum sdp_kind kind, const struct sdp_format *format)
{
	// Parameters that cannot be read agree with nothing, not even with themselves.
	if (!same_codec(format, format))
		return NULL;
	for (unsigned i = 0; i < profile->codec_count; i++) {
		const struct sdp_codec *codec = &profile->codecs[i];

		if (codec->kind == kind && codec->clock_hz == format->clock_hz &&
			codec->channels == format->channels &&
			strcasecmp(codec->name, format->name) == 0)
			return codec;
	}
	return NULL;
}

bool sdp_is_telephone_event(const struct sdp_format *format)
{
	return format->name && strcasecmp(format->name, "telephone-event") == 0;
}

bool sdp_has_media_format(const struct sdp_section *section)
{
	for (unsigned i = 0; i < section->format_count; i++)
		if (!sdp_is_telephone_event(&section->formats[i]))
			return true;
	return false;
}

struct sdp_format *sdp_format_add(
	struct sdp_session *session, struct sdp_section *section, const struct sdp_format *format)
{
	struct sdp_format *items =
		sdp_grow(session, section->formats, section->format_count, sizeof(*items));

	if (!items)
		return NULL;
	section->formats = items;
	items[section->format_count] = *format;
	return &items[section->format_count++];
}
