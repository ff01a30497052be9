// SPDX-License-Identifier: Apache-2.0
// Allocations from text and plans to text, for the vector files.
#include "sdp_vector.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define PWD_WORDS " \n"

static int read_address(char **save, struct sdp_addr *addr)
{
	char *ip = strtok_r(NULL, PWD_WORDS, save), *port, *rtcp;

	if (!ip)
		return 1; // no second address
	port = strtok_r(NULL, PWD_WORDS, save);
	rtcp = strtok_r(NULL, PWD_WORDS, save);
	if (!port || !rtcp)
		return -1;
	addr->family = strchr(ip, ':') ? AF_INET6 : AF_INET;
	addr->port = (uint16_t)atoi(port);
	addr->rtcp_port = (uint16_t)atoi(rtcp);
	return inet_pton(addr->family, ip, addr->ip) == 1 ? 0 : -1;
}

static int read_section(char **save, struct sdp_local *local)
{
	char *index = strtok_r(NULL, PWD_WORDS, save);
	unsigned i = index ? (unsigned)atoi(index) : SDP_MAX_SECTIONS;

	if (i >= SDP_MAX_SECTIONS)
		return -1;
	if (local->count <= i)
		local->count = i + 1;
	if (read_address(save, &local->sections[i].addr[0]) != 0)
		return -1;
	return read_address(save, &local->sections[i].addr[1]) < 0 ? -1 : 0;
}

static int read_ice(char **save, struct sdp_local *local)
{
	char *index = strtok_r(NULL, PWD_WORDS, save), *ufrag = strtok_r(NULL, PWD_WORDS, save);
	char *pwd = strtok_r(NULL, PWD_WORDS, save), *ssrc = strtok_r(NULL, PWD_WORDS, save);
	unsigned i = index ? (unsigned)atoi(index) : SDP_MAX_SECTIONS;

	if (i >= SDP_MAX_SECTIONS || !ssrc)
		return -1;
	snprintf(local->sections[i].ice_ufrag, SDP_UFRAG_MAX, "%s", ufrag);
	snprintf(local->sections[i].ice_pwd, SDP_PWD_MAX, "%s", pwd);
	local->sections[i].ssrc = (uint32_t)strtoul(ssrc, NULL, 10);
	return 0;
}

static int read_line(char *line, struct sdp_local *local)
{
	char *save = NULL, *word = strtok_r(line, PWD_WORDS, &save), *value;

	if (!word)
		return 0;
	if (strcmp(word, "section") == 0)
		return read_section(&save, local);
	if (strcmp(word, "ice") == 0)
		return read_ice(&save, local);
	value = strtok_r(NULL, PWD_WORDS, &save);
	if (!value)
		return -1;
	if (strcmp(word, "session") == 0)
		local->session_id = strtoull(value, NULL, 10);
	else if (strcmp(word, "cname") == 0)
		local->cname = strcmp(value, "isthmus") == 0 ? "isthmus" : "other";
	else if (strcmp(word, "role") == 0)
		local->role = strcmp(value, "active") == 0 ? SDP_ROLE_ACTIVE : SDP_ROLE_PASSIVE;
	else
		return -1;
	return 0;
}

int vector_local_parse(char *text, struct sdp_local *local)
{
	char *save = NULL;

	memset(local, 0, sizeof(*local));
	local->fingerprint.hash = SDP_SHA256;
	local->fingerprint.len = 32;
	for (unsigned i = 0; i < 32; i++)
		local->fingerprint.bytes[i] = (uint8_t)(0xa0 + i);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (read_line(line, local) < 0)
			return -1;
	return 0;
}

static void print_address(const char *what, const struct sdp_addr *addr, FILE *out)
{
	char text[INET6_ADDRSTRLEN] = "none";

	if (addr->family != 0)
		inet_ntop(addr->family, addr->ip, text, sizeof(text));
	fprintf(out, " %s %s %u", what, text, addr->port);
}

static void print_transport(const struct sdp_plan_section *section, FILE *out)
{
	static const char *const roles[] = {"undecided", "active", "passive"};
	static const char *const hashes[] = {"sha-256", "sha-384", "sha-512"};

	fprintf(out, "  web: mid %s ext %u bundle %d mux %d role %s ufrag %s pwd %s lite %d\n",
		section->mid, section->mid_ext, section->bundle, section->rtcp_mux,
		roles[section->role], section->ice_ufrag, section->ice_pwd, section->ice_lite);
	for (unsigned i = 0; i < section->candidate_count; i++) {
		fprintf(out, "  candidate %u %u", section->candidates[i].component,
			section->candidates[i].priority);
		print_address("at", &section->candidates[i].addr, out);
		fprintf(out, "\n");
	}
	if (section->end_of_candidates)
		fprintf(out, "  end of candidates\n");
	for (unsigned i = 0; i < section->fingerprint_count; i++)
		fprintf(out, "  fingerprint %s %02x%02x.. %u bytes\n",
			hashes[section->fingerprints[i].hash], section->fingerprints[i].bytes[0],
			section->fingerprints[i].bytes[1], section->fingerprints[i].len);
	for (unsigned i = 0; i < section->ssrc_count; i++)
		fprintf(out, "  ssrc %u\n", section->ssrcs[i]);
}

static void print_rtcp(const char *side, unsigned understood, FILE *out)
{
	static const char *const names[] = {"avpf", "nack", "pli", "fir", "none"};

	fprintf(out, " %s", side);
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((understood >> i & 1) != 0)
			fprintf(out, " %s", names[i]);
	}
}

static void print_feedback(const struct sdp_plan_section *section, FILE *out)
{
	if (((section->web_rtcp | section->ims_rtcp) & ~(unsigned)SDP_RTCP_AVPF) == 0)
		return;
	fprintf(out, "  rtcp:");
	print_rtcp("web", section->web_rtcp, out);
	print_rtcp("ims", section->ims_rtcp, out);
	fprintf(out, "\n");
}

static void print_core(const struct sdp_plan_section *section, FILE *out)
{
	fprintf(out, "  ims:");
	print_address("local", &section->ims_local, out);
	fprintf(out, "/%u", section->ims_local.rtcp_port);
	print_address("remote", &section->ims_remote, out);
	fprintf(out, "/%u rs %ld rr %ld\n", section->ims_remote.rtcp_port, (long)section->rs_bps,
		(long)section->rr_bps);
	for (unsigned i = 0; i < section->pt_count; i++) {
		const struct sdp_pt *pt = &section->pts[i];

		fprintf(out, "  pt web %u/%u ims %u/%u %s/%u/%u%s\n", pt->web_rx, pt->web_tx,
			pt->ims_rx, pt->ims_tx, pt->name, pt->clock_hz, pt->channels,
			pt->telephone_event ? " event" : "");
	}
}

void vector_plan_print(const struct sdp_plan *plan, FILE *out)
{
	static const char *const kinds[] = {"audio", "video", "other"};

	for (unsigned i = 0; i < plan->count; i++) {
		const struct sdp_plan_section *section = &plan->sections[i];

		fprintf(out, "%u %s %s%s%s%s\n", i, kinds[section->kind],
			section->enabled ? "enabled" : "disabled", section->to_ims ? " to-ims" : "",
			section->to_web ? " to-web" : "",
			section->renegotiate ? " renegotiate" : "");
		if (section->ice_ufrag)
			print_transport(section, out);
		if (section->enabled) {
			print_core(section, out);
			print_feedback(section, out);
		}
	}
}
