// SPDX-License-Identifier: Apache-2.0
// Model to text, and the version of the o= line.
#include "sdp_text_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct writer {
	char text[SDP_TEXT_MAX];
	size_t len;
	bool full;
};

__attribute__((format(printf, 2, 3))) static void put(struct writer *out, const char *fmt, ...)
{
	size_t room = sizeof(out->text) - out->len;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(out->text + out->len, room, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= room)
		out->full = true;
	else
		out->len += (size_t)n;
}

static void put_address(struct writer *out, const struct sdp_addr *addr)
{
	char text[INET6_ADDRSTRLEN] = "0.0.0.0";

	if (addr->family != 0)
		inet_ntop(addr->family, addr->ip, text, sizeof(text));
	put(out, "IN %s %s", addr->family == AF_INET6 ? "IP6" : "IP4", text);
}

static void put_connection(struct writer *out, const struct sdp_addr *addr)
{
	put(out, "c=");
	put_address(out, addr);
	put(out, "\r\n");
}

static void put_bandwidth(struct writer *out, const struct sdp_section *section)
{
	if (section->as_kbps >= 0)
		put(out, "b=AS:%" PRId64 "\r\n", section->as_kbps);
	if (section->tias_bps >= 0)
		put(out, "b=TIAS:%" PRId64 "\r\n", section->tias_bps);
}

static void put_format(
	struct writer *out, const struct sdp_section *section, const struct sdp_format *format)
{
	put(out, "a=rtpmap:%u %s/%" PRIu32, format->pt, format->name, format->clock_hz);
	if (format->channels > 1)
		put(out, "/%u", format->channels);
	put(out, "\r\n");
	if (format->fmtp)
		put(out, "a=fmtp:%u %s\r\n", format->pt, format->fmtp);
	for (unsigned i = 0; i < section->feedback_count; i++)
		if (section->feedbacks[i].pt == format->pt)
			put(out, "a=rtcp-fb:%u %s\r\n", format->pt, section->feedbacks[i].value);
}

static void put_fingerprint(struct writer *out, const struct sdp_fingerprint *fingerprint)
{
	static const char *const names[] = {
		[SDP_SHA256] = "sha-256", [SDP_SHA384] = "sha-384", [SDP_SHA512] = "sha-512"};

	put(out, "a=fingerprint:%s ", names[fingerprint->hash]);
	for (unsigned i = 0; i < fingerprint->len; i++)
		put(out, "%s%02X", i == 0 ? "" : ":", fingerprint->bytes[i]);
	put(out, "\r\n");
}

static void put_candidate(struct writer *out, const struct sdp_candidate *candidate)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(candidate->addr.family, candidate->addr.ip, text, sizeof(text));
	// One foundation an address family: the components of a family share it (RFC 8445 5.1.1.3).
	put(out, "a=candidate:%u %u UDP %" PRIu32 " %s %u typ host\r\n",
		candidate->addr.family == AF_INET ? 4 : 6, candidate->component,
		candidate->priority, text, candidate->addr.port);
}

static void put_transport(struct writer *out, const struct sdp_section *section)
{
	static const char *const setups[] = {[SDP_SETUP_ACTPASS] = "actpass",
		[SDP_SETUP_ACTIVE] = "active",
		[SDP_SETUP_PASSIVE] = "passive",
		[SDP_SETUP_HOLDCONN] = "holdconn"};

	if (section->ice_ufrag && section->ice_pwd)
		put(out, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\n", section->ice_ufrag,
			section->ice_pwd);
	for (unsigned i = 0; i < section->fingerprint_count; i++)
		put_fingerprint(out, &section->fingerprints[i]);
	if (section->setup != SDP_SETUP_NONE)
		put(out, "a=setup:%s\r\n", setups[section->setup]);
	if (section->rtcp_mux)
		put(out, "a=rtcp-mux\r\n");
	if (section->rtcp_mux_only)
		put(out, "a=rtcp-mux-only\r\n");
}

static void put_candidates(struct writer *out, const struct sdp_section *section)
{
	for (unsigned i = 0; i < section->candidate_count; i++)
		put_candidate(out, &section->candidates[i]);
	if (section->end_of_candidates)
		put(out, "a=end-of-candidates\r\n");
}

static void put_identity(struct writer *out, const struct sdp_section *section)
{
	if (section->mid)
		put(out, "a=mid:%s\r\n", section->mid);
	if (section->bundle_only)
		put(out, "a=bundle-only\r\n");
	if (section->label)
		put(out, "a=label:%s\r\n", section->label);
	if (section->content)
		put(out, "a=content:%s\r\n", section->content);
	for (unsigned i = 0; i < section->extmap_count; i++)
		put(out, "a=extmap:%u %s\r\n", section->extmaps[i].id, section->extmaps[i].uri);
	if (section->msid)
		put(out, "a=msid:%s\r\n", section->msid);
	for (unsigned i = 0; i < section->ssrc_count; i++)
		put(out, "a=ssrc:%" PRIu32 " cname:%s\r\n", section->ssrcs[i].id,
			section->ssrcs[i].cname);
}

static void put_direction(struct writer *out, uint8_t direction)
{
	static const char *const names[] = {[0] = "inactive",
		[SDP_SEND] = "sendonly",
		[SDP_RECV] = "recvonly",
		[SDP_SEND | SDP_RECV] = "sendrecv"};

	put(out, "a=%s\r\n", names[direction]);
}

static void put_rtcp(struct writer *out, const struct sdp_section *section)
{
	if (section->rtcp_port == 0)
		return;
	put(out, "a=rtcp:%u ", section->rtcp_port);
	put_address(out, &section->conn);
	put(out, "\r\n");
}

static void put_section(struct writer *out, const struct sdp_section *section)
{
	put(out, "m=%s %u %s", section->media, section->port, section->proto_text);
	for (unsigned i = 0; i < section->format_count; i++)
		put(out, " %u", section->formats[i].pt);
	put(out, "%s%s\r\n", section->fmt_text ? " " : "",
		section->fmt_text ? section->fmt_text : "");
	if (section->has_conn)
		put_connection(out, &section->conn);
	put_bandwidth(out, section);
	put_identity(out, section);
	// A rejected section has no more to say.
	if (!sdp_is_live(section))
		return;
	put_direction(out, section->direction);
	put_rtcp(out, section);
	put_transport(out, section);
	for (unsigned i = 0; i < section->format_count; i++)
		put_format(out, section, &section->formats[i]);
	if (section->ptime_ms)
		put(out, "a=ptime:%u\r\n", section->ptime_ms);
	if (section->maxptime_ms)
		put(out, "a=maxptime:%u\r\n", section->maxptime_ms);
	put_candidates(out, section);
}

static void put_session(struct writer *out, const struct sdp_session *session)
{
	put(out, "v=0\r\no=- %" PRIu64 " %" PRIu64 " ", session->id, session->version);
	put_address(out, &session->origin);
	put(out, "\r\ns=-\r\n");
	if (session->common.has_conn)
		put_connection(out, &session->common.conn);
	put(out, "t=0 0\r\n");
	for (unsigned g = 0; g < session->group_count; g++) {
		put(out, "a=group:BUNDLE");
		for (unsigned m = 0; m < session->groups[g].count; m++)
			put(out, " %s", session->groups[g].mids[m]);
		put(out, "\r\n");
	}
	if (session->ice_lite)
		put(out, "a=ice-lite\r\n");
	if (session->ice2)
		put(out, "a=ice-options:ice2\r\n");
	for (unsigned i = 0; i < session->section_count; i++)
		put_section(out, session->sections[i]);
}

static int write_text(struct sdp_session *session, struct sdp_error *err)
{
	struct writer out;
	char *copy;

	out.len = 0;
	out.full = false;
	put_session(&out, session);
	if (out.full)
		return sdp_fail(err, -ENOTSUP, 0, "the description to send is over 16 KiB");
	copy = sdp_dup(session, out.text, out.len);
	if (!copy)
		return sdp_fail(err, -ENOMEM, 0, "out of memory");
	session->text = copy;
	session->text_len = out.len;
	return 0;
}

int sdp_finish(
	struct sdp_session *session, const struct sdp_session *previous, struct sdp_error *err)
{
	int ret;

	session->version = previous ? previous->version : 1;
	ret = write_text(session, err);
	if (ret < 0 || !previous || strcmp(session->text, previous->text) == 0)
		return ret;
	session->version++;
	return write_text(session, err);
}
