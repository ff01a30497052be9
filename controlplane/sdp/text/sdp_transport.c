// SPDX-License-Identifier: Apache-2.0
// a= lines about ICE (RFC 8839), DTLS (RFC 8122, 8842), RTCP ports and BUNDLE.
#include "sdp_text_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

static bool is_ice_chars(const char *text, size_t min)
{
	static const char chars[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strlen(text);

	return len >= min && len <= 256 && strspn(text, chars) == len;
}

static int parse_ufrag(struct sdp_parser *parser, char *value)
{
	if (!is_ice_chars(value, 4))
		return sdp_bad(parser, "a=ice-ufrag is not 4 to 256 ICE characters");
	parser->section->ice_ufrag = value;
	return 0;
}

static int parse_pwd(struct sdp_parser *parser, char *value)
{
	if (!is_ice_chars(value, 22))
		return sdp_bad(parser, "a=ice-pwd is not 22 to 256 ICE characters");
	parser->section->ice_pwd = value;
	return 0;
}

// True when the line is a UDP candidate with a literal address that checks can be sent to.
static bool read_candidate(char *value, struct sdp_candidate *candidate)
{
	char *fields[8];
	uint64_t component, priority, port;

	for (unsigned i = 0; i < 8; i++) {
		fields[i] = sdp_token(&value);
		if (!fields[i])
			return false;
	}
	if (strlen(fields[0]) > 32 || strcasecmp(fields[2], "UDP") != 0 ||
		strcmp(fields[6], "typ") != 0)
		return false;
	if (sdp_number(fields[1], 2, &component) < 0 || component == 0)
		return false;
	if (sdp_number(fields[3], INT32_MAX, &priority) < 0 || priority == 0)
		return false;
	if (sdp_number(fields[5], 65535, &port) < 0 || port == 0)
		return false;
	if (sdp_address("IP4", fields[4], &candidate->addr) < 0 &&
		sdp_address("IP6", fields[4], &candidate->addr) < 0)
		return false;
	candidate->addr.port = (uint16_t)port;
	candidate->priority = (uint32_t)priority;
	candidate->component = (uint8_t)component;
	return true;
}

// Names (.local), TCP and what cannot be read are ignored: the browser's checks find us anyway.
static int parse_candidate(struct sdp_parser *parser, char *value)
{
	struct sdp_section *section = parser->section;
	struct sdp_candidate candidate = {0}, *items;

	if (++parser->session->candidates_seen > SDP_MAX_CANDIDATES)
		return sdp_bad(parser, "more than 100 candidates");
	if (!read_candidate(value, &candidate))
		return 0;
	items = sdp_grow(
		parser->session, section->candidates, section->candidate_count, sizeof(*items));
	if (!items)
		return -ENOMEM;
	section->candidates = items;
	items[section->candidate_count++] = candidate;
	return 0;
}

static int parse_end_of_candidates(struct sdp_parser *parser, char *value)
{
	(void)value;
	parser->section->end_of_candidates = true;
	return 0;
}

static int parse_ice_lite(struct sdp_parser *parser, char *value)
{
	(void)value;
	parser->session->ice_lite = true;
	return 0;
}

static int parse_ice_options(struct sdp_parser *parser, char *value)
{
	for (char *option = sdp_token(&value); option; option = sdp_token(&value))
		if (strcmp(option, "ice2") == 0)
			parser->session->ice2 = true;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

// AA:BB:... of exactly len bytes.
static int read_hash(const char *text, uint8_t *bytes, unsigned len)
{
	if (strlen(text) != 3 * len - 1)
		return -EINVAL;
	for (unsigned i = 0; i < len; i++, text += 3) {
		int high = hex_digit(text[0]), low = hex_digit(text[1]);

		if (high < 0 || low < 0 || text[2] != (i + 1 < len ? ':' : '\0'))
			return -EINVAL;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

static int parse_fingerprint(struct sdp_parser *parser, char *value)
{
	static const struct {
		const char *name;
		uint8_t len;
	} hashes[] = {[SDP_SHA256] = {"sha-256", 32},
		[SDP_SHA384] = {"sha-384", 48},
		[SDP_SHA512] = {"sha-512", 64}};
	struct sdp_section *section = parser->section;
	char *name = sdp_token(&value), *hash = sdp_token(&value);
	struct sdp_fingerprint fingerprint = {0};

	if (!name || !hash || sdp_token(&value))
		return sdp_bad(parser, "a=fingerprint does not read as hash function, hash");
	while (fingerprint.hash <= SDP_SHA512 &&
		strcasecmp(hashes[fingerprint.hash].name, name) != 0)
		fingerprint.hash++;
	if (fingerprint.hash > SDP_SHA512) {
		section->weak_fingerprint = true;
		return 0;
	}
	fingerprint.len = hashes[fingerprint.hash].len;
	if (read_hash(hash, fingerprint.bytes, fingerprint.len) < 0)
		return sdp_bad(parser, "a=fingerprint has a hash of wrong length or digits");
	if (section->fingerprint_count == SDP_MAX_FINGERPRINTS)
		return sdp_bad(parser, "more than 8 fingerprints in one place");
	section->fingerprints[section->fingerprint_count++] = fingerprint;
	return 0;
}

static int parse_setup(struct sdp_parser *parser, char *value)
{
	static const char *const names[] = {[SDP_SETUP_ACTPASS] = "actpass",
		[SDP_SETUP_ACTIVE] = "active",
		[SDP_SETUP_PASSIVE] = "passive",
		[SDP_SETUP_HOLDCONN] = "holdconn"};

	for (unsigned i = SDP_SETUP_ACTPASS; i <= SDP_SETUP_HOLDCONN; i++) {
		if (strcmp(names[i], value) == 0) {
			parser->section->setup = (enum sdp_setup)i;
			return 0;
		}
	}
	return sdp_bad(parser, "a=setup has an unknown role");
}

static int parse_tls_id(struct sdp_parser *parser, char *value)
{
	if (!sdp_is_token(value))
		return sdp_bad(parser, "a=tls-id is not a token");
	parser->section->tls_id = value;
	return 0;
}

static int parse_rtcp(struct sdp_parser *parser, char *value)
{
	char *port_text = sdp_token(&value);
	uint64_t port;

	if (!port_text || sdp_number(port_text, 65535, &port) < 0)
		return sdp_bad(parser, "a=rtcp has a port that is not 0 to 65535");
	parser->section->rtcp_port = (uint16_t)port;
	return 0;
}

static int parse_rtcp_mux(struct sdp_parser *parser, char *value)
{
	(void)value;
	parser->section->rtcp_mux = true;
	return 0;
}

static int parse_rtcp_mux_only(struct sdp_parser *parser, char *value)
{
	parser->section->rtcp_mux_only = true;
	return parse_rtcp_mux(parser, value);
}

static int parse_bundle_only(struct sdp_parser *parser, char *value)
{
	(void)value;
	parser->section->bundle_only = true;
	return 0;
}

static int parse_msid(struct sdp_parser *parser, char *value)
{
	parser->section->msid = value;
	return 0;
}

static const struct sdp_attribute attributes[] = {
	{"ice-ufrag", parse_ufrag, true},
	{"ice-pwd", parse_pwd, true},
	{"candidate", parse_candidate, true},
	{"end-of-candidates", parse_end_of_candidates, false},
	{"ice-lite", parse_ice_lite, false},
	{"ice-options", parse_ice_options, true},
	{"fingerprint", parse_fingerprint, true},
	{"setup", parse_setup, true},
	{"tls-id", parse_tls_id, true},
	{"rtcp", parse_rtcp, true},
	{"rtcp-mux", parse_rtcp_mux, false},
	{"rtcp-mux-only", parse_rtcp_mux_only, false},
	{"bundle-only", parse_bundle_only, false},
	{"msid", parse_msid, true},
};

sdp_attribute_fn sdp_transport_attribute(const char *name, bool *has_value)
{
	for (unsigned i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		if (strcmp(attributes[i].name, name) == 0) {
			*has_value = attributes[i].has_value;
			return attributes[i].parse;
		}
	}
	return NULL;
}
