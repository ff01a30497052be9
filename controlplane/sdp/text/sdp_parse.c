// SPDX-License-Identifier: Apache-2.0
// Text to model, line by line (RFC 8866): everything but attributes.
#include "sdp_text_priv.h"

#include <errno.h>
#include <string.h>

int sdp_bad(struct sdp_parser *parser, const char *sentence)
{
	return sdp_fail(parser->err, -EINVAL, parser->line, "%s", sentence);
}

// o=<username> <sess-id> <sess-version> IN <addrtype> <address>
static int parse_origin(struct sdp_parser *parser, char *value)
{
	char *fields[6];

	for (unsigned i = 0; i < 6; i++) {
		fields[i] = sdp_token(&value);
		if (!fields[i])
			return sdp_bad(parser, "o= has fewer than six fields");
	}
	if (sdp_token(&value) || strcmp(fields[3], "IN") != 0)
		return sdp_bad(parser, "o= does not read as six fields with IN");
	if (sdp_number(fields[1], UINT64_MAX, &parser->session->id) < 0 ||
		sdp_number(fields[2], UINT64_MAX, &parser->session->version) < 0)
		return sdp_bad(parser, "o= has a session id or version that is not a number");
	// A host name is legal here and of no use to us.
	sdp_address(fields[4], fields[5], &parser->session->origin);
	return 0;
}

// c=IN <addrtype> <address>; multicast (with a slash) and names are kept as "not an address".
static int parse_connection(struct sdp_parser *parser, char *value)
{
	char *net = sdp_token(&value), *type = sdp_token(&value), *text = sdp_token(&value);
	struct sdp_section *section = parser->section;

	if (!net || !type || !text || sdp_token(&value) || strcmp(net, "IN") != 0)
		return sdp_bad(parser, "c= does not read as IN, type, address");
	if (strcmp(type, "IP4") != 0 && strcmp(type, "IP6") != 0)
		return sdp_bad(parser, "c= has an address type other than IP4 and IP6");
	section->has_conn = true;
	section->conn_is_name = sdp_address(type, text, &section->conn) < 0;
	return 0;
}

static int parse_bandwidth(struct sdp_parser *parser, char *value)
{
	struct sdp_section *section = parser->section;
	char *colon = strchr(value, ':');
	uint64_t number;

	if (!colon)
		return sdp_bad(parser, "b= has no colon");
	*colon = '\0';
	if (sdp_number(colon + 1, INT64_MAX, &number) < 0)
		return sdp_bad(parser, "b= has a bandwidth that is not a number");
	if (strcmp(value, "AS") == 0)
		section->as_kbps = (int64_t)number;
	else if (strcmp(value, "TIAS") == 0)
		section->tias_bps = (int64_t)number;
	else if (strcmp(value, "RS") == 0)
		section->rs_bps = (int64_t)number;
	else if (strcmp(value, "RR") == 0)
		section->rr_bps = (int64_t)number;
	return 0;
}

static enum sdp_proto proto_of(const char *text)
{
	static const struct {
		const char *text;
		enum sdp_proto proto;
	} names[] = {
		{"RTP/AVP", SDP_PROTO_RTP_AVP},
		{"RTP/AVPF", SDP_PROTO_RTP_AVPF},
		{"RTP/SAVP", SDP_PROTO_RTP_SAVP},
		{"RTP/SAVPF", SDP_PROTO_RTP_SAVPF},
		{"UDP/TLS/RTP/SAVP", SDP_PROTO_TLS_SAVP},
		{"UDP/TLS/RTP/SAVPF", SDP_PROTO_TLS_SAVPF},
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].text, text) == 0)
			return names[i].proto;
	return SDP_PROTO_OTHER;
}

static int parse_formats(struct sdp_parser *parser, char *value)
{
	struct sdp_section *section = parser->section;
	bool seen[128] = {false};
	uint64_t pt;

	for (char *token = sdp_token(&value); token; token = sdp_token(&value)) {
		struct sdp_format format = {0};

		if (sdp_number(token, 127, &pt) < 0)
			return sdp_bad(parser, "m= has a payload type that is not 0 to 127");
		if (seen[pt])
			return sdp_bad(parser, "m= has a payload type twice");
		seen[pt] = true;
		sdp_static_format((uint8_t)pt, &format);
		format.pt = (uint8_t)pt;
		if (!sdp_format_add(parser->session, section, &format))
			return -ENOMEM;
	}
	return 0;
}

static int parse_port(struct sdp_parser *parser, char *text)
{
	char *slash = strchr(text, '/');
	uint64_t port, ports = 1;

	if (slash)
		*slash = '\0';
	if (sdp_number(text, 65535, &port) < 0)
		return sdp_bad(parser, "m= has a port that is not 0 to 65535");
	if (slash && (sdp_number(slash + 1, 65535, &ports) < 0 || ports != 1))
		return sdp_bad(parser, "m= asks for several ports, which unicast does not have");
	parser->section->port = (uint16_t)port;
	return 0;
}

// m=<media> <port>[/<number>] <proto> <fmt> ...
static int parse_media(struct sdp_parser *parser, char *value)
{
	char *media = sdp_token(&value), *port = sdp_token(&value), *proto = sdp_token(&value);
	struct sdp_section *section;

	if (parser->session->section_count == SDP_MAX_SECTIONS)
		return sdp_bad(parser, "more than 32 m= lines");
	if (!media || !port || !proto || !sdp_is_token(media) ||
		strspn(value, " ") == strlen(value))
		return sdp_bad(parser, "m= has fewer than four fields");
	section = sdp_section_add(parser->session);
	if (!section)
		return -ENOMEM;
	parser->section = section;
	section->media = media;
	section->proto_text = proto;
	section->proto = proto_of(proto);
	section->kind = SDP_OTHER;
	if (strcmp(media, "audio") == 0)
		section->kind = SDP_AUDIO;
	else if (strcmp(media, "video") == 0)
		section->kind = SDP_VIDEO;
	value += strspn(value, " ");
	section->fmt_text = sdp_dup(parser->session, value, strlen(value));
	if (!section->fmt_text)
		return -ENOMEM;
	if (parse_port(parser, port) < 0)
		return -EINVAL;
	if (section->kind == SDP_OTHER || section->proto == SDP_PROTO_OTHER)
		return 0;
	return parse_formats(parser, value);
}

static int parse_line(struct sdp_parser *parser, char *line)
{
	static const char head[] = {'v', 'o', 's'};
	char *value = line + 2;

	if (line[0] == '\0' || line[1] != '=')
		return sdp_bad(parser, "a line does not begin with a letter and =");
	if (parser->line <= sizeof(head)) {
		if (line[0] != head[parser->line - 1])
			return sdp_bad(parser, "a description begins with v=, o= and s=");
		if (line[0] == 'v' && strcmp(value, "0") != 0)
			return sdp_bad(parser, "v= is not 0");
		return line[0] == 'o' ? parse_origin(parser, value) : 0;
	}
	switch (line[0]) {
	case 'm':
		return parse_media(parser, value);
	case 'c':
		return parse_connection(parser, value);
	case 'b':
		return parse_bandwidth(parser, value);
	case 'a':
		return sdp_attribute_parse(parser, value);
	default:
		break;
	}
	if (!strchr(parser->section == &parser->session->common ? "iueptrzk" : "ik", line[0]))
		return sdp_bad(parser, "a line of this type has no place here");
	return 0;
}

// Session-level values hold where the section has none of its own.
static void inherit(struct sdp_section *section, const struct sdp_section *common)
{
	if (!section->has_conn) {
		section->has_conn = common->has_conn;
		section->conn_is_name = common->conn_is_name;
		section->conn = common->conn;
	}
	if (!section->has_direction)
		section->direction = common->direction;
	if (!section->ice_ufrag && !section->ice_pwd) {
		section->ice_ufrag = common->ice_ufrag;
		section->ice_pwd = common->ice_pwd;
	}
	if (section->fingerprint_count == 0 && !section->weak_fingerprint) {
		section->fingerprint_count = common->fingerprint_count;
		section->weak_fingerprint = common->weak_fingerprint;
		memcpy(section->fingerprints, common->fingerprints, sizeof(common->fingerprints));
	}
	if (section->setup == SDP_SETUP_NONE)
		section->setup = common->setup;
	if (!section->tls_id)
		section->tls_id = common->tls_id;
	if (section->rs_bps < 0)
		section->rs_bps = common->rs_bps;
	if (section->rr_bps < 0)
		section->rr_bps = common->rr_bps;
}

static int check_mids(struct sdp_session *session, struct sdp_error *err)
{
	for (unsigned i = 0; i < session->section_count; i++) {
		const char *mid = session->sections[i]->mid;

		if (mid && sdp_section_by_mid(session, mid) != session->sections[i])
			return sdp_fail(err, -EINVAL, 0, "two sections have the same a=mid");
	}
	for (unsigned g = 0; g < session->group_count; g++)
		for (unsigned m = 0; m < session->groups[g].count; m++)
			if (sdp_group_of(session, session->groups[g].mids[m]) != (int)g)
				return sdp_fail(err, -EINVAL, 0, "a mid is in two BUNDLE groups");
	return 0;
}

static int check_bytes(const char *text, size_t len, struct sdp_error *err)
{
	unsigned line = 1;

	if (len > SDP_TEXT_MAX)
		return sdp_fail(err, -EINVAL, 0, "the description is longer than 16 KiB");
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\n')
			line++;
		else if (c == '\r' ? i + 1 < len && text[i + 1] != '\n' : c < ' ' && c != '\t')
			return sdp_fail(err, -EINVAL, line, "a control byte is in the line");
	}
	return 0;
}

static int parse_lines(struct sdp_parser *parser, char *text)
{
	bool ended = false, has_time = false;

	while (*text != '\0') {
		char *next = text + strcspn(text, "\n");
		int ret;

		parser->line++;
		if (*next != '\0')
			*next++ = '\0';
		text[strcspn(text, "\r")] = '\0';
		// Some agents end the body with an empty line; anything behind one is an error.
		if (*text == '\0') {
			ended = true;
		} else {
			if (ended)
				return sdp_bad(parser, "an empty line is within the description");
			has_time |= text[0] == 't';
			ret = parse_line(parser, text);
			if (ret < 0)
				return ret;
		}
		text = next;
	}
	if (parser->line < 3 || !has_time)
		return sdp_bad(parser, "the description ends before v=, o=, s= and t= are there");
	return 0;
}

static int parse_session(
	struct sdp_session *session, const char *text, size_t len, struct sdp_error *err)
{
	struct sdp_parser parser = {.session = session, .section = &session->common, .err = err};
	char *scratch;
	int ret;

	session->text = sdp_dup(session, text, len);
	scratch = sdp_dup(session, text, len);
	if (!session->text || !scratch)
		return -ENOMEM;
	session->text_len = len;
	ret = parse_lines(&parser, scratch);
	if (ret < 0)
		return ret;
	for (unsigned i = 0; i < session->section_count; i++)
		inherit(session->sections[i], &session->common);
	return check_mids(session, err);
}

int sdp_read(const char *text, size_t len, struct sdp_session **out, struct sdp_error *err)
{
	struct sdp_session *session;
	int ret = check_bytes(text, len, err);

	if (ret < 0)
		return ret;
	session = sdp_create();
	ret = session ? parse_session(session, text, len, err) : -ENOMEM;
	if (ret == -ENOMEM)
		sdp_fail(err, ret, 0, "out of memory");
	if (ret < 0) {
		sdp_destroy(session);
		return ret;
	}
	*out = session;
	return 0;
}
