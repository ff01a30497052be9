// SPDX-License-Identifier: Apache-2.0
// a= lines about codecs, directions and identification; unknown ones are ignored.
#include "sdp_text_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool at_session_level(const struct sdp_parser *parser)
{
	return parser->section == &parser->session->common;
}

static struct sdp_format *format_by_pt(struct sdp_section *section, uint64_t pt)
{
	for (unsigned i = 0; i < section->format_count; i++)
		if (section->formats[i].pt == pt)
			return &section->formats[i];
	return NULL;
}

// <pt> <name>/<clock>[/<channels>]
static int parse_rtpmap(struct sdp_parser *parser, char *value)
{
	char *pt_text = sdp_token(&value), *name = sdp_token(&value), *clock, *channels;
	uint64_t pt, clock_hz, channel_count = 1;
	struct sdp_format *format;

	clock = name ? strchr(name, '/') : NULL;
	if (!clock || sdp_number(pt_text, 127, &pt) < 0)
		return sdp_bad(parser, "a=rtpmap does not read as payload type, name/clock");
	*clock++ = '\0';
	channels = strchr(clock, '/');
	if (channels)
		*channels++ = '\0';
	if (!sdp_is_token(name) || sdp_number(clock, UINT32_MAX, &clock_hz) < 0 || clock_hz == 0)
		return sdp_bad(parser, "a=rtpmap has a wrong name or clock rate");
	if (channels && (sdp_number(channels, 255, &channel_count) < 0 || channel_count == 0))
		return sdp_bad(parser, "a=rtpmap has a wrong number of channels");
	format = format_by_pt(parser->section, pt);
	if (!format)
		return 0;
	format->name = name;
	format->clock_hz = (uint32_t)clock_hz;
	format->channels = (uint8_t)channel_count;
	return 0;
}

static int parse_fmtp(struct sdp_parser *parser, char *value)
{
	char *pt_text = sdp_token(&value);
	struct sdp_format *format;
	uint64_t pt;

	// Other media use words here; only payload types concern us.
	if (!pt_text || sdp_number(pt_text, 127, &pt) < 0)
		return 0;
	format = format_by_pt(parser->section, pt);
	value += strspn(value, " ");
	if (format && *value != '\0')
		format->fmtp = value;
	return 0;
}

static int parse_rtcp_fb(struct sdp_parser *parser, char *value)
{
	struct sdp_section *section = parser->section;
	char *pt_text = sdp_token(&value);
	struct sdp_feedback *items;
	uint64_t pt = 0;
	bool any = pt_text && strcmp(pt_text, "*") == 0;

	if (!pt_text || (!any && sdp_number(pt_text, 127, &pt) < 0))
		return sdp_bad(parser, "a=rtcp-fb has no payload type");
	items = sdp_grow(
		parser->session, section->feedbacks, section->feedback_count, sizeof(*items));
	if (!items)
		return -ENOMEM;
	section->feedbacks = items;
	items[section->feedback_count++] =
		(struct sdp_feedback){.pt = any ? -1 : (int)pt, .value = value};
	return 0;
}

// <id>[/<direction>] <uri> ...
static int parse_extmap(struct sdp_parser *parser, char *value)
{
	struct sdp_section *section = parser->section;
	char *id_text = sdp_token(&value), *uri = sdp_token(&value), *slash;
	struct sdp_extmap *items;
	uint64_t id;

	if (!uri)
		return sdp_bad(parser, "a=extmap does not read as id, URI");
	slash = strchr(id_text, '/');
	if (slash)
		*slash = '\0';
	// Ids above 255 are offers of "pick one of mine" (RFC 8285 section 7) and not used here.
	if (sdp_number(id_text, 4351, &id) < 0 || id == 0)
		return sdp_bad(parser, "a=extmap has an id out of range");
	if (id > 255)
		return 0;
	items = sdp_grow(parser->session, section->extmaps, section->extmap_count, sizeof(*items));
	if (!items)
		return -ENOMEM;
	section->extmaps = items;
	items[section->extmap_count++] = (struct sdp_extmap){.id = (uint8_t)id, .uri = uri};
	return 0;
}

static struct sdp_ssrc *ssrc_find_or_add(struct sdp_parser *parser, uint32_t id)
{
	struct sdp_section *section = parser->section;
	struct sdp_ssrc *items = section->ssrcs;

	for (unsigned i = 0; i < section->ssrc_count; i++)
		if (items[i].id == id)
			return &items[i];
	items = sdp_grow(parser->session, items, section->ssrc_count, sizeof(*items));
	if (!items)
		return NULL;
	section->ssrcs = items;
	items[section->ssrc_count] = (struct sdp_ssrc){.id = id};
	return &items[section->ssrc_count++];
}

// <ssrc> <attribute>[:<value>]
static int parse_ssrc(struct sdp_parser *parser, char *value)
{
	char *id_text = sdp_token(&value);
	struct sdp_ssrc *ssrc;
	uint64_t id;

	if (!id_text || sdp_number(id_text, UINT32_MAX, &id) < 0)
		return sdp_bad(parser, "a=ssrc has no 32-bit number");
	ssrc = ssrc_find_or_add(parser, (uint32_t)id);
	if (!ssrc)
		return -ENOMEM;
	if (strncmp(value, "cname:", 6) == 0)
		ssrc->cname = value + 6;
	return 0;
}

static int parse_mid(struct sdp_parser *parser, char *value)
{
	if (!sdp_is_token(value) || strlen(value) > 64)
		return sdp_bad(parser, "a=mid is not a token of at most 64 characters");
	if (at_session_level(parser) || parser->section->mid)
		return sdp_bad(parser, "a=mid stands at session level or twice in a section");
	parser->section->mid = value;
	return 0;
}

static int parse_group(struct sdp_parser *parser, char *value)
{
	struct sdp_session *session = parser->session;
	char *semantics = sdp_token(&value);
	struct sdp_group *group;

	if (!semantics || strcmp(semantics, "BUNDLE") != 0)
		return 0;
	if (!at_session_level(parser) || session->group_count == SDP_MAX_GROUPS)
		return sdp_bad(parser, "a=group:BUNDLE within a section, or more than four");
	group = &session->groups[session->group_count++];
	for (char *mid = sdp_token(&value); mid; mid = sdp_token(&value)) {
		if (group->count == SDP_MAX_SECTIONS)
			return sdp_bad(parser, "a=group:BUNDLE has more than 32 members");
		group->mids[group->count++] = mid;
	}
	return 0;
}

static int parse_direction(struct sdp_parser *parser, uint8_t direction)
{
	parser->section->has_direction = true;
	parser->section->direction = direction;
	return 0;
}

static int parse_sendrecv(struct sdp_parser *parser, char *value)
{
	(void)value;
	return parse_direction(parser, SDP_SEND | SDP_RECV);
}

static int parse_sendonly(struct sdp_parser *parser, char *value)
{
	(void)value;
	return parse_direction(parser, SDP_SEND);
}

static int parse_recvonly(struct sdp_parser *parser, char *value)
{
	(void)value;
	return parse_direction(parser, SDP_RECV);
}

static int parse_inactive(struct sdp_parser *parser, char *value)
{
	(void)value;
	return parse_direction(parser, 0);
}

static int parse_ms(struct sdp_parser *parser, char *value, uint16_t *out)
{
	uint64_t ms;

	if (sdp_number(value, 1000, &ms) < 0)
		return sdp_bad(parser, "a=ptime or a=maxptime is not 0 to 1000 ms");
	*out = (uint16_t)ms;
	return 0;
}

static int parse_ptime(struct sdp_parser *parser, char *value)
{
	return parse_ms(parser, value, &parser->section->ptime_ms);
}

static int parse_maxptime(struct sdp_parser *parser, char *value)
{
	return parse_ms(parser, value, &parser->section->maxptime_ms);
}

static int parse_label(struct sdp_parser *parser, char *value)
{
	parser->section->label = sdp_is_token(value) ? value : NULL;
	return 0;
}

static int parse_content(struct sdp_parser *parser, char *value)
{
	// A list of tokens (RFC 4796); one that isn't is dropped, since it says nothing that we need.
	parser->section->content =
		strspn(value, "abcdefghijklmnopqrstuvwxyz-,") == strlen(value) ? value : NULL;
	return 0;
}

static const struct sdp_attribute attributes[] = {
	{"rtpmap", parse_rtpmap, true},
	{"fmtp", parse_fmtp, true},
	{"rtcp-fb", parse_rtcp_fb, true},
	{"extmap", parse_extmap, true},
	{"ssrc", parse_ssrc, true},
	{"mid", parse_mid, true},
	{"group", parse_group, true},
	{"sendrecv", parse_sendrecv, false},
	{"sendonly", parse_sendonly, false},
	{"recvonly", parse_recvonly, false},
	{"inactive", parse_inactive, false},
	{"ptime", parse_ptime, true},
	{"maxptime", parse_maxptime, true},
	{"label", parse_label, true},
	{"content", parse_content, true},
};

int sdp_attribute_parse(struct sdp_parser *parser, char *line)
{
	char *colon = strchr(line, ':');
	sdp_attribute_fn parse = NULL;
	bool has_value = false;

	if (colon)
		*colon = '\0';
	for (unsigned i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		if (strcmp(attributes[i].name, line) == 0) {
			parse = attributes[i].parse;
			has_value = attributes[i].has_value;
		}
	}
	if (!parse)
		parse = sdp_transport_attribute(line, &has_value);
	if (!parse)
		return 0;
	if (has_value != (colon && colon[1] != '\0'))
		return sdp_bad(
			parser, "an attribute lacks its value, or has one that it must not have");
	return parse(parser, colon ? colon + 1 : line + strlen(line));
}
