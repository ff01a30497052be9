// SPDX-License-Identifier: Apache-2.0
// From four descriptions to what the media plane must be told.
#include "sdp_plan.h"

#include "sdp_question.h"

#include <errno.h>
#include <string.h>

// The tagged section is the first of the group in the answer (RFC 9143 section 7.3), skipping one that
// the answer itself rejects. NULL without an answer or a group.
static const struct sdp_section *tagged_section(
	const struct sdp_session *in, const struct sdp_session *answer, const char *mid)
{
	int g = answer ? sdp_group_of(answer, mid) : -1;

	for (unsigned m = 0; g >= 0 && m < answer->groups[g].count; m++) {
		const char *tag = answer->groups[g].mids[m];
		const struct sdp_section *section = sdp_section_by_mid(answer, tag);

		if (section && section->port != 0)
			return sdp_section_by_mid(in, tag);
	}
	return NULL;
}

static bool is_answered_by(const struct sdp_session *answer)
{
	for (unsigned i = 0; i < answer->section_count; i++)
		if (answer->sections[i]->setup == SDP_SETUP_ACTIVE ||
			answer->sections[i]->setup == SDP_SETUP_PASSIVE)
			return true;
	return false;
}

// Our own words are an answer when they fix a role: our offers always say actpass.
static const struct sdp_session *web_answer_of(const struct sdp_pair *pair)
{
	if (pair->web_local && is_answered_by(pair->web_local))
		return pair->web_local;
	return pair->web_local ? pair->web_remote : NULL;
}

static enum sdp_role role_of(const struct sdp_section *local, const struct sdp_section *remote)
{
	if (local->setup == SDP_SETUP_ACTIVE)
		return SDP_ROLE_ACTIVE;
	if (local->setup == SDP_SETUP_PASSIVE)
		return SDP_ROLE_PASSIVE;
	if (remote->setup == SDP_SETUP_PASSIVE)
		return SDP_ROLE_ACTIVE;
	// RFC 4145: no a=setup in an answer means active.
	if (remote->setup == SDP_SETUP_ACTIVE || remote->setup == SDP_SETUP_NONE)
		return SDP_ROLE_PASSIVE;
	return SDP_ROLE_AUTO;
}

static void plan_transport(struct sdp_plan_section *plan, const struct sdp_session *remote,
	const struct sdp_section *from)
{
	plan->ice_ufrag = from->ice_ufrag;
	plan->ice_pwd = from->ice_pwd;
	plan->ice_lite = remote->ice_lite;
	plan->end_of_candidates = from->end_of_candidates;
	plan->candidate_count = from->candidate_count;
	plan->candidates = from->candidates;
	plan->fingerprint_count = from->fingerprint_count;
	plan->fingerprints = from->fingerprints;
}

static void plan_ssrcs(struct sdp_plan_section *plan, const struct sdp_section *remote)
{
	for (unsigned i = 0; i < remote->ssrc_count && plan->ssrc_count < SDP_MAX_SSRCS; i++)
		plan->ssrcs[plan->ssrc_count++] = remote->ssrcs[i].id;
}

static const struct sdp_section *remote_transport(const struct sdp_pair *pair, unsigned i)
{
	const struct sdp_session *remote = pair->web_remote;
	const struct sdp_section *tagged =
		tagged_section(remote, web_answer_of(pair), remote->sections[i]->mid);

	return tagged ? tagged : sdp_transport_of(remote, i);
}

static void plan_web(struct sdp_plan_section *plan, const struct sdp_pair *pair, unsigned i)
{
	const struct sdp_session *answer = web_answer_of(pair);
	const struct sdp_section *remote = pair->web_remote->sections[i];
	const struct sdp_section *transport = remote_transport(pair, i), *local;

	plan->mid = remote->mid ? remote->mid : "";
	plan_ssrcs(plan, remote);
	plan_transport(plan, pair->web_remote, transport);
	plan->bundle = sdp_group_of(answer ? answer : pair->web_remote, remote->mid);
	plan->rtcp_mux = remote->rtcp_mux || transport->rtcp_mux;
	if (!pair->web_local)
		return;
	local = pair->web_local->sections[i];
	plan->rtcp_mux = plan->rtcp_mux && local->rtcp_mux;
	plan->role = role_of(local, transport);
	if (sdp_mid_ext_of(local) == sdp_mid_ext_of(remote))
		plan->mid_ext = sdp_mid_ext_of(local);
}

static void plan_ims(struct sdp_plan_section *plan, const struct sdp_section *local,
	const struct sdp_section *remote)
{
	plan->ims_local = local->conn;
	plan->ims_local.port = local->port;
	plan->ims_local.rtcp_port =
		local->rtcp_port ? local->rtcp_port : (uint16_t)(local->port + 1);
	plan->ims_remote = remote->conn;
	plan->ims_remote.port = remote->port;
	if (sdp_is_nowhere(&remote->conn))
		plan->ims_remote.family = 0;
	// Mux is never agreed on this side, so an a=rtcp that repeats the port says nothing.
	plan->ims_remote.rtcp_port = remote->rtcp_port && remote->rtcp_port != remote->port
		? remote->rtcp_port
		: (uint16_t)(remote->port + 1);
	plan->rs_bps = remote->rs_bps;
	plan->rr_bps = remote->rr_bps;
}

struct four {
	const struct sdp_section *web_local, *web_remote, *ims_local, *ims_remote;
};

static bool format_is_mapped(const struct sdp_plan_section *plan, uint8_t web_rx)
{
	for (unsigned i = 0; i < plan->pt_count; i++)
		if (plan->pts[i].web_rx == web_rx)
			return true;
	return false;
}

static void plan_formats(struct sdp_plan_section *plan, const struct four *four)
{
	for (unsigned i = 0; i < four->web_local->format_count; i++) {
		const struct sdp_format *format = &four->web_local->formats[i];
		const struct sdp_format *web = sdp_format_match(four->web_remote, format);
		const struct sdp_format *ims = sdp_format_match(four->ims_local, format);
		const struct sdp_format *far = sdp_format_match(four->ims_remote, format);

		if (!web || !ims || !far || plan->pt_count == SDP_MAX_PTS)
			continue;
		plan->pts[plan->pt_count++] = (struct sdp_pt){
			.web_rx = format->pt,
			.web_tx = web->pt,
			.ims_rx = ims->pt,
			.ims_tx = far->pt,
			.clock_hz = format->clock_hz,
			.channels = format->channels,
			.telephone_event = sdp_is_telephone_event(format),
			.name = format->name,
		};
	}
}

// The browser sends the first codec of the answer, whoever gave it.
static bool first_choice_is_lost(
	const struct sdp_plan_section *plan, const struct four *four, bool we_answered)
{
	const struct sdp_section *answer = we_answered ? four->web_local : four->web_remote;

	for (unsigned i = 0; i < answer->format_count; i++) {
		const struct sdp_format *local =
			sdp_format_match(four->web_local, &answer->formats[i]);

		if (local && !sdp_is_telephone_event(local))
			return !format_is_mapped(plan, local->pt);
	}
	return false;
}

static bool has_media(const struct sdp_plan_section *plan)
{
	for (unsigned i = 0; i < plan->pt_count; i++)
		if (!plan->pts[i].telephone_event)
			return true;
	return false;
}

static void plan_directions(struct sdp_plan_section *plan, const struct four *four)
{
	uint8_t web = sdp_direction_of(four->web_remote, SDP_WEB) &
		sdp_direction_flip(four->web_local->direction);
	uint8_t ims = sdp_direction_of(four->ims_remote, SDP_IMS) &
		sdp_direction_flip(four->ims_local->direction);

	plan->to_ims = (web & SDP_SEND) && (ims & SDP_RECV);
	plan->to_web = (ims & SDP_SEND) && (web & SDP_RECV);
}

static bool section_of(
	const struct sdp_session *session, unsigned i, const struct sdp_section **out)
{
	if (!session || i >= session->section_count)
		return false;
	*out = session->sections[i];
	return sdp_is_live(*out);
}

static bool pt_is_planned(const struct sdp_plan_section *plan, enum sdp_side side, int pt)
{
	for (unsigned i = 0; i < plan->pt_count; i++) {
		if ((side == SDP_WEB ? plan->pts[i].web_tx : plan->pts[i].ims_tx) == pt)
			return true;
	}
	return false;
}

// Feedback that the peer understands for a format that is in use.
static unsigned feedback_of(
	const struct sdp_plan_section *plan, enum sdp_side side, const struct sdp_section *remote)
{
	static const struct {
		const char *value;
		unsigned bit;
	} known[] = {
		{"nack", SDP_RTCP_NACK}, {"nack pli", SDP_RTCP_PLI}, {"ccm fir", SDP_RTCP_FIR}};
	unsigned bits = 0;

	for (unsigned i = 0; i < remote->feedback_count; i++) {
		const struct sdp_feedback *in = &remote->feedbacks[i];

		for (unsigned k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
			if (strcmp(in->value, known[k].value) == 0 &&
				(in->pt == -1 || pt_is_planned(plan, side, in->pt)))
				bits |= known[k].bit;
		}
	}
	return bits;
}

// Both descriptions have one profile (RFC 3264 section 6), so the peer's tells.
static unsigned rtcp_of(
	const struct sdp_plan_section *plan, enum sdp_side side, const struct sdp_section *remote)
{
	unsigned bits = feedback_of(plan, side, remote);

	if (remote->proto == SDP_PROTO_RTP_AVPF || remote->proto == SDP_PROTO_RTP_SAVPF ||
		remote->proto == SDP_PROTO_TLS_SAVPF)
		bits |= SDP_RTCP_AVPF;
	if (side == SDP_IMS && remote->rs_bps == 0 && remote->rr_bps == 0)
		bits |= SDP_RTCP_NONE; // browsers pass over these lines
	return bits;
}

static void plan_section(struct sdp_plan_section *plan, const struct sdp_pair *pair, unsigned i)
{
	struct four four = {0};
	bool web = section_of(pair->web_remote, i, &four.web_remote);
	bool ours = section_of(pair->web_local, i, &four.web_local) &
		section_of(pair->ims_local, i, &four.ims_local);
	bool ims = section_of(pair->ims_remote, i, &four.ims_remote);
	bool we_answered = pair->web_local && web_answer_of(pair) == pair->web_local;

	plan->bundle = -1;
	plan->mid = "";
	plan->rs_bps = -1;
	plan->rr_bps = -1;
	if (four.web_local || four.web_remote)
		plan->kind = (four.web_local ? four.web_local : four.web_remote)->kind;
	else
		plan->kind = SDP_OTHER;
	if (plan->kind == SDP_OTHER || !web)
		return;
	plan_web(plan, pair, i);
	if (!ours || !ims || sdp_ims_refusal(four.ims_remote))
		return;
	plan_ims(plan, four.ims_local, four.ims_remote);
	plan_formats(plan, &four);
	plan_directions(plan, &four);
	plan->web_rtcp = rtcp_of(plan, SDP_WEB, four.web_remote);
	plan->ims_rtcp = rtcp_of(plan, SDP_IMS, four.ims_remote);
	plan->enabled = has_media(plan) && plan->role != SDP_ROLE_AUTO &&
		!sdp_web_refusal(pair->web_remote, i, !we_answered) &&
		!sdp_transport_refusal(remote_transport(pair, i), !we_answered);
	plan->to_ims &= plan->enabled;
	plan->to_web &= plan->enabled;
	plan->renegotiate = plan->enabled && first_choice_is_lost(plan, &four, we_answered);
}

int sdp_media_plan(const struct sdp_pair *pair, struct sdp_plan *plan, struct sdp_error *err)
{
	const struct sdp_session *all[] = {
		pair->web_local, pair->web_remote, pair->ims_local, pair->ims_remote};
	unsigned count = 0;

	for (unsigned i = 0; i < 4; i++)
		if (all[i] && all[i]->section_count > count)
			count = all[i]->section_count;
	// Only a phone may answer with fewer sections: the missing ones count as rejected.
	for (unsigned i = 0; i < 3; i++)
		if (all[i] && all[i]->section_count != count)
			return sdp_fail(err, -EINVAL, 0,
				"the descriptions have different numbers of m= lines");
	memset(plan, 0, sizeof(*plan));
	plan->count = count;
	for (unsigned i = 0; i < count; i++)
		plan_section(&plan->sections[i], pair, i);
	return 0;
}
