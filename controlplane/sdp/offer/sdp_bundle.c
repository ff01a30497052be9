// SPDX-License-Identifier: Apache-2.0
// The BUNDLE groups of an answer (RFC 9143 section 7.3).
#include "sdp_offer_priv.h"

#include <errno.h>
#include <string.h>

static int section_index(const struct sdp_session *session, const char *mid)
{
	for (unsigned i = 0; i < session->section_count; i++)
		if (session->sections[i]->mid && strcmp(session->sections[i]->mid, mid) == 0)
			return (int)i;
	return -1;
}

// True when the section can stand without a bundle or carry one.
static bool has_own_transport(const struct sdp_section *section)
{
	return section->port != 0 && !sdp_transport_refusal(section, false);
}

// The first of the offered tags whose section is accepted and has a transport of its own.
static int choose_tag(
	const struct sdp_session *offer, const struct sdp_group *group, const bool *accept)
{
	for (unsigned m = 0; m < group->count; m++) {
		int i = section_index(offer, group->mids[m]);

		if (i >= 0 && accept[i] && has_own_transport(offer->sections[i]))
			return i;
	}
	return -1;
}

// An established group cannot lose its tagged section in an answer (RFC 9143 section 7.3.3).
static bool loses_established_tag(
	const struct sdp_build *in, const struct sdp_group *group, const bool *accept)
{
	int i = section_index(in->offer, group->mids[0]);
	const struct sdp_session *before = in->previous;

	return before && i >= 0 && !accept[i] && (unsigned)i < before->section_count &&
		sdp_is_live(in->offer->sections[i]) && sdp_is_live(before->sections[i]) &&
		sdp_group_of(before, before->sections[i]->mid) >= 0;
}

static void reject_members(
	const struct sdp_session *offer, const struct sdp_group *group, bool *accept, bool all)
{
	for (unsigned m = 0; m < group->count; m++) {
		int i = section_index(offer, group->mids[m]);

		if (i >= 0 && (all || !has_own_transport(offer->sections[i])))
			accept[i] = false;
	}
}

static bool has_member(const struct sdp_group *group, const char *mid)
{
	for (unsigned m = 0; m < group->count; m++)
		if (strcmp(group->mids[m], mid) == 0)
			return true;
	return false;
}

static int add_member(struct sdp_session *session, struct sdp_group *group, const char *mid)
{
	const char *copy;

	if (has_member(group, mid))
		return 0;
	copy = sdp_dup(session, mid, strlen(mid));
	if (!copy)
		return -ENOMEM;
	group->mids[group->count++] = copy;
	return 0;
}

static int answer_group(struct sdp_session *session, const struct sdp_build *in,
	const struct sdp_group *offered, bool *accept)
{
	struct sdp_group *group = &session->groups[session->group_count];
	int tag;

	if (offered->count == 0)
		return 0;
	if (loses_established_tag(in, offered, accept))
		reject_members(in->offer, offered, accept, true);
	tag = choose_tag(in->offer, offered, accept);
	if (tag < 0 || !in->profile->bundle) {
		reject_members(in->offer, offered, accept, false);
		return 0;
	}
	if (add_member(session, group, in->offer->sections[tag]->mid) < 0)
		return -ENOMEM;
	for (unsigned m = 0; m < offered->count; m++) {
		int i = section_index(in->offer, offered->mids[m]);

		if (i >= 0 && accept[i] && add_member(session, group, offered->mids[m]) < 0)
			return -ENOMEM;
	}
	session->group_count++;
	return 0;
}

int sdp_bundle_answer(struct sdp_session *session, const struct sdp_build *in, bool *accept)
{
	for (unsigned g = 0; g < in->offer->group_count; g++)
		if (answer_group(session, in, &in->offer->groups[g], accept) < 0)
			return -ENOMEM;
	return 0;
}
