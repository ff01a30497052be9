// SPDX-License-Identifier: Apache-2.0
// The promises: as many sections as the source, no format that was not offered, no foreign attribute on
// either leg, our own text parses again and is a sufficient memory of what was said.
#include "sdp_mediate.h"

#include "sdp.h"
#include "sdp_question.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CHECK(condition, text)                                                                     \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: broken: %s\n%s\n", __FILE__, __LINE__, #condition, \
				text);                                                             \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static const char *const ims_lines[] = {"v=0", "o=- ", "s=-", "c=IN ", "t=0 0",
	"m=", "b=AS:", "b=TIAS:", "a=rtpmap:", "a=fmtp:", "a=rtcp-fb:", "a=ptime:", "a=maxptime:",
	"a=label:", "a=content:", "a=rtcp:", "a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive",
	NULL};
static const char *const web_lines[] = {"v=0", "o=- ", "s=-", "c=IN ", "t=0 0",
	"m=", "b=AS:", "b=TIAS:", "a=rtpmap:", "a=fmtp:", "a=rtcp-fb:", "a=ptime:", "a=maxptime:",
	"a=label:", "a=content:", "a=rtcp:", "a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive",
	"a=group:BUNDLE ", "a=ice-options:ice2", "a=mid:", "a=bundle-only",
	"a=extmap:", "a=msid:", "a=ssrc:", "a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:sha-256 ",
	"a=setup:", "a=rtcp-mux", "a=rtcp-mux-only", "a=candidate:", "a=end-of-candidates", NULL};

static void check_lines(const char *text, const char *const *allowed)
{
	for (const char *line = text; *line != '\0'; line = strstr(line, "\r\n") + 2) {
		unsigned i = 0;

		while (allowed[i] && strncmp(line, allowed[i], strlen(allowed[i])) != 0)
			i++;
		CHECK(allowed[i], line);
		CHECK(strstr(line, "\r\n"), line);
	}
}

static void check_formats(const struct sdp_session *answer, const struct sdp_session *offer)
{
	for (unsigned i = 0; i < answer->section_count; i++) {
		const struct sdp_section *ours = answer->sections[i], *theirs = offer->sections[i];

		CHECK(strcmp(ours->proto_text, theirs->proto_text) == 0, answer->text);
		CHECK(strcmp(ours->media, theirs->media) == 0, answer->text);
		CHECK(!sdp_is_live(ours) || sdp_is_live(theirs), answer->text);
		for (unsigned f = 0; f < ours->format_count; f++) {
			bool found = false;

			for (unsigned o = 0; o < theirs->format_count; o++)
				found |= theirs->formats[o].pt == ours->formats[f].pt;
			CHECK(found, answer->text);
		}
	}
}

static struct sdp_session *parse(const char *text, size_t len)
{
	struct sdp_session *session = NULL;
	struct sdp_error err = {0};
	int ret = sdp_read(text, len, &session, &err);

	CHECK(ret == 0 || ret == -EINVAL || ret == -ENOMEM, err.text);
	CHECK((ret == 0) == (session != NULL), err.text);
	CHECK(ret == 0 || err.text[0] != '\0', "no sentence");
	return session;
}

static void local_fill(struct sdp_local *local, enum sdp_side side)
{
	memset(local, 0, sizeof(*local));
	local->session_id = 1;
	local->cname = "isthmus";
	local->count = SDP_MAX_SECTIONS;
	local->fingerprint = (struct sdp_fingerprint){.hash = SDP_SHA256, .len = 32};
	for (unsigned i = 0; i < SDP_MAX_SECTIONS; i++) {
		struct sdp_local_section *section = &local->sections[i];
		uint16_t port = (uint16_t)(40000 + 2 * i);

		section->addr[0] = (struct sdp_addr){.family = AF_INET,
			.ip = {192, 0, 2, 1},
			.port = port,
			.rtcp_port = port + 1};
		section->ssrc = 1 + i;
		if (side == SDP_IMS)
			continue;
		section->addr[1] = (struct sdp_addr){.family = AF_INET6,
			.ip = {0x20, 0x01},
			.port = port,
			.rtcp_port = port + 1};
		snprintf(section->ice_ufrag, sizeof(section->ice_ufrag), "uf%02u", i);
		snprintf(section->ice_pwd, sizeof(section->ice_pwd), "password%022u", i);
	}
}

typedef int (*operation)(const struct sdp_build *, struct sdp_session **, struct sdp_error *);

// One operation, and the same again from what its text says: nothing may be lost, so nothing may change.
static struct sdp_session *build(operation run, struct sdp_build in, enum sdp_side side)
{
	struct sdp_session *session = NULL, *memory, *again = NULL;
	struct sdp_error err = {0};
	struct sdp_local *local = malloc(sizeof(*local));
	int ret;

	if (!local)
		return NULL;
	local_fill(local, side);
	in.local = local;
	in.profile = side == SDP_WEB ? &sdp_profile_web : &sdp_profile_ims;
	in.other = side == SDP_WEB ? &sdp_profile_ims : &sdp_profile_web;
	ret = run(&in, &session, &err);
	CHECK(ret == 0 || ret == -ENOTSUP || ret == -EINVAL || ret == -ENOMEM, err.text);
	CHECK(ret == 0 || err.text[0] != '\0', "no sentence");
	if (ret == 0)
		check_lines(sdp_text(session, NULL), side == SDP_WEB ? web_lines : ims_lines);
	// A second offer knows that the peer has taken the first into its bundle: it may differ.
	if (ret == 0 && !(run == sdp_web_offer && in.offer)) {
		memory = parse(session->text, session->text_len);
		in.previous = memory;
		ret = memory ? run(&in, &again, &err) : -ENOMEM;
		CHECK(ret == 0 || ret == -ENOMEM, err.text);
		if (ret == 0)
			CHECK(strcmp(again->text, session->text) == 0, again->text);
		sdp_destroy(again);
		sdp_destroy(memory);
	}
	free(local);
	return session;
}

static void check_plan(const struct sdp_pair *pair)
{
	struct sdp_plan *plan = malloc(sizeof(*plan));
	struct sdp_error err;

	if (plan && sdp_media_plan(pair, plan, &err) == 0) {
		for (unsigned i = 0; i < plan->count; i++) {
			const struct sdp_plan_section *section = &plan->sections[i];

			if (!section->enabled)
				continue;
			CHECK(section->kind != SDP_OTHER && section->pt_count > 0, "plan");
			CHECK(section->fingerprint_count > 0 && section->ice_pwd, "plan");
			CHECK(section->role != SDP_ROLE_AUTO, "plan");
			CHECK(section->ims_local.family == AF_INET, "plan");
		}
	}
	free(plan);
}

static unsigned outgoing(const struct sdp_session *web, const struct sdp_session *ims)
{
	struct sdp_session *io = build(sdp_ims_offer, (struct sdp_build){.remote = web}, SDP_IMS);
	struct sdp_session *wa = NULL, *echo = NULL;
	unsigned done = io ? MEDIATE_IMS_OFFER : 0;

	if (io)
		CHECK(io->section_count == web->section_count, io->text);
	if (ims)
		wa = build(
			sdp_web_answer, (struct sdp_build){.offer = web, .remote = ims}, SDP_WEB);
	if (wa) {
		CHECK(wa->section_count == web->section_count, wa->text);
		check_formats(wa, web);
		check_plan(&(struct sdp_pair){wa, web, io, ims});
		done |= MEDIATE_WEB_ANSWER;
	}
	// A phone that takes everything.
	if (io)
		echo = build(
			sdp_web_answer, (struct sdp_build){.offer = web, .remote = io}, SDP_WEB);
	if (echo) {
		check_formats(echo, web);
		check_plan(&(struct sdp_pair){echo, web, io, io});
	}
	sdp_destroy(echo);
	sdp_destroy(wa);
	sdp_destroy(io);
	return done;
}

static unsigned incoming(const struct sdp_session *web, const struct sdp_session *ims)
{
	struct sdp_session *wo =
		build(sdp_web_offer, (struct sdp_build){.remote = ims, .offer = web}, SDP_WEB);
	struct sdp_session *ia = NULL;
	unsigned done = wo ? MEDIATE_WEB_OFFER : 0;

	if (wo)
		CHECK(wo->section_count == ims->section_count, wo->text);
	sdp_destroy(build(sdp_web_offer, (struct sdp_build){.remote = ims}, SDP_WEB));
	for (int cached = 0; web && cached < 2; cached++) {
		struct sdp_build in = {.offer = ims, .remote = web, .remote_is_offer = cached};

		ia = build(sdp_ims_answer, in, SDP_IMS);
		if (!ia)
			continue;
		CHECK(ia->section_count == ims->section_count, ia->text);
		check_formats(ia, ims);
		check_plan(&(struct sdp_pair){wo, web, ia, ims});
		sdp_destroy(ia);
		done |= MEDIATE_IMS_ANSWER;
	}
	sdp_destroy(wo);
	return done;
}

static void look(const struct sdp_session *session, const struct sdp_session *other)
{
	struct sdp_needs needs;
	struct sdp_error err;

	sdp_needs_of(session, &sdp_profile_web, &sdp_profile_ims, &needs, &err);
	CHECK(needs.count == sdp_section_count(session), "needs");
	sdp_needs_of(session, &sdp_profile_ims, &sdp_profile_web, &needs, &err);
	CHECK(sdp_changes(session, session) == 0, session->text);
	if (other)
		sdp_changes(session, other);
}

unsigned mediate(const char *text, size_t len)
{
	const char *cut = memmem(text, len, "%%\n", 3);
	size_t web_len = cut ? (size_t)(cut - text) : len;
	struct sdp_session *web = parse(text, web_len), *ims = NULL;
	unsigned done = 0;

	if (cut)
		ims = parse(cut + 3, len - web_len - 3);
	if (web) {
		look(web, ims);
		done |= outgoing(web, ims);
	}
	if (ims) {
		look(ims, web);
		done |= incoming(web, ims);
	}
	sdp_destroy(web);
	sdp_destroy(ims);
	return done;
}
