// SPDX-License-Identifier: Apache-2.0
// Our offers: what one peer offered, said anew to the other (or the profile's defaults).
#include "sdp_offer_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct offer_job {
	const struct sdp_build *in;
	struct sdp_session *session;
	const struct sdp_session *source;
	enum sdp_side side;
	struct sdp_pt_pool pool; // web: one for all sections, since they share a transport
	struct sdp_refusal refusal;
};

static const struct sdp_section *section_in(const struct sdp_session *session, unsigned i)
{
	return session && i < session->section_count ? session->sections[i] : NULL;
}

static const struct sdp_section *previous_section(const struct offer_job *job, unsigned i)
{
	return section_in(job->in->previous, i);
}

// True when the section carried media before, so that its numbers go on.
static bool continues(const struct sdp_section *before, const struct sdp_section *source)
{
	return before && sdp_is_live(before) && before->kind == source->kind;
}

static const char *source_refusal(const struct offer_job *job, unsigned i)
{
	const struct sdp_section *source = job->source->sections[i];

	if (!sdp_local_address(job->in, i))
		return "no media address was allocated for it";
	if (!job->in->remote)
		return sdp_is_live(source) ? NULL : "its port is 0";
	if (job->side == SDP_IMS)
		return sdp_web_refusal(job->source, i, false);
	return sdp_ims_refusal(source);
}

static const char *default_fmtp(const struct sdp_build *in, const struct sdp_format *format)
{
	const struct sdp_codec *codec = sdp_codec_find(in->profile, SDP_AUDIO, format);

	return codec && sdp_is_telephone_event(format) ? codec->fmtp : NULL;
}

static int add_formats(struct offer_job *job, struct sdp_section *section, unsigned i)
{
	const struct sdp_section *source = job->source->sections[i];
	const struct sdp_section *before = previous_section(job, i);

	for (unsigned f = 0; f < source->format_count && section->format_count < SDP_MAX_PTS; f++) {
		struct sdp_format format = source->formats[f];
		int pt;

		if (!sdp_format_allowed(job->in, source->kind, &format) ||
			sdp_format_match(section, &format))
			continue;
		pt = sdp_pt_choose(&job->pool, before, section_in(job->in->offer, i), &format);
		if (pt < 0)
			break;
		if (!format.fmtp)
			format.fmtp = default_fmtp(job->in, &format);
		if (sdp_format_copy(job->session, section, &format, (unsigned)pt) < 0)
			return -ENOMEM;
	}
	return 0;
}

// A place that stays unused repeats its old media and proto: browsers compare them.
static int offer_rejected(struct offer_job *job, struct sdp_section *section, unsigned i)
{
	const struct sdp_section *before = previous_section(job, i);
	const char *proto = job->side == SDP_IMS ? "RTP/AVP" : "UDP/TLS/RTP/SAVPF";

	if (!before)
		return sdp_section_reject(job->session, section, proto, "0");
	section->kind = before->kind;
	section->media = sdp_dup(job->session, before->media, strlen(before->media));
	if (!section->media)
		return -ENOMEM;
	return sdp_section_reject(job->session, section, before->proto_text,
		before->format_count == 0 ? before->fmt_text : "0");
}

static int choose_proto(struct offer_job *job, struct sdp_section *section, unsigned i)
{
	const struct sdp_section *before = previous_section(job, i);
	const char *proto = job->side == SDP_WEB ? "UDP/TLS/RTP/SAVPF"
		: job->in->profile->avpf	 ? "RTP/AVPF"
						 : "RTP/AVP";

	if (continues(before, section))
		proto = before->proto_text;
	section->proto_text = sdp_dup(job->session, proto, strlen(proto));
	return section->proto_text ? 0 : -ENOMEM;
}

static int fill_section(struct offer_job *job, struct sdp_section *section, unsigned i)
{
	const struct sdp_section *source = job->source->sections[i];
	enum sdp_side source_side = job->side == SDP_IMS ? SDP_WEB : SDP_IMS;

	section->direction =
		job->in->remote ? sdp_direction_of(source, source_side) : SDP_SEND | SDP_RECV;
	if (choose_proto(job, section, i) < 0)
		return -ENOMEM;
	if (sdp_carry_over(job->session, section, source) < 0)
		return -ENOMEM;
	if (job->side == SDP_IMS && !strstr(section->proto_text, "AVPF"))
		return 0;
	return sdp_feedback_add(job->session, section, job->in, NULL);
}

// Formats and all that does not depend on the side's transport; a section that cannot be is rejected.
static int offer_section(struct offer_job *job, unsigned i)
{
	const struct sdp_section *source = job->source->sections[i];
	struct sdp_section *section = sdp_section_begin(job->session, source);
	const char *reason = source_refusal(job, i);

	if (!section)
		return -ENOMEM;
	if (!reason) {
		if (add_formats(job, section, i) < 0)
			return -ENOMEM;
		if (!sdp_has_media_format(section))
			reason = "it has no codec that the other side may use";
	}
	if (reason) {
		sdp_refuse(&job->refusal, i, source->kind, reason);
		return offer_rejected(job, section, i);
	}
	section->port = sdp_local_address(job->in, i)->port;
	return fill_section(job, section, i);
}

static bool mid_is_taken(const struct offer_job *job, const char *mid)
{
	const struct sdp_build *in = job->in;

	return sdp_section_by_mid(job->session, mid) ||
		(in->previous && sdp_section_by_mid(in->previous, mid)) ||
		(in->offer && sdp_section_by_mid(in->offer, mid));
}

// A place that is used again after a rejection, or for other media, gets a new mid (RFC 8829 5.2.2).
static const char *kept_mid(const struct offer_job *job, unsigned i)
{
	const struct sdp_section *before = previous_section(job, i);
	const struct sdp_section *section = job->session->sections[i];

	if (!before || strcmp(before->media, section->media) != 0)
		return NULL;
	return sdp_is_live(before) || !sdp_is_live(section) ? before->mid : NULL;
}

static int choose_mid(struct offer_job *job, unsigned i)
{
	const char *mid = kept_mid(job, i);
	char text[16];

	for (unsigned n = i; !mid; n += SDP_MAX_SECTIONS) {
		snprintf(text, sizeof(text), "%u", n);
		if (!mid_is_taken(job, text))
			mid = text;
	}
	job->session->sections[i]->mid = sdp_dup(job->session, mid, strlen(mid));
	return job->session->sections[i]->mid ? 0 : -ENOMEM;
}

// An id never changes its meaning within a session, so a later offer has the old one or none.
static uint8_t choose_mid_ext(const struct sdp_session *previous)
{
	uint8_t id = 0;

	if (!previous)
		return 4;
	for (unsigned i = 0; i < previous->section_count && id == 0; i++)
		id = sdp_mid_ext_of(previous->sections[i]);
	return id;
}

// A section that the peer has accepted into the bundle shows the shared port (RFC 9143 section 7.5).
static bool is_in_bundle(const struct offer_job *job, unsigned i)
{
	const struct sdp_section *ours = previous_section(job, i);
	const struct sdp_section *theirs = section_in(job->in->offer, i);

	return (ours && ours->port != 0) ||
		(ours && theirs && sdp_is_live(ours) && theirs->port != 0);
}

// One transport for all: the first section has the port, new others wait for the bundle with port 0.
static int web_transports(struct offer_job *job)
{
	struct sdp_group *group = &job->session->groups[0];
	struct sdp_web_dress dress = {.setup = SDP_SETUP_ACTPASS, .rtcp_mux = true};
	int tag = -1;

	if (job->in->profile->bundle)
		dress.mid_ext = choose_mid_ext(job->in->previous);
	for (unsigned i = 0; i < job->session->section_count; i++) {
		struct sdp_section *section = job->session->sections[i];

		if (choose_mid(job, i) < 0)
			return -ENOMEM;
		section->has_conn = true;
		if (!sdp_is_live(section))
			continue;
		if (tag < 0 || !job->in->profile->bundle)
			tag = (int)i;
		dress.index = i;
		dress.transport = &job->in->local->sections[tag];
		dress.hidden_port = (int)i != tag && !is_in_bundle(job, i);
		section->rtcp_mux_only = true;
		if (sdp_web_dress(job->session, section, job->in, &dress) < 0)
			return -ENOMEM;
		if (job->in->profile->bundle)
			group->mids[group->count++] = section->mid;
	}
	job->session->group_count = group->count != 0;
	return 0;
}

static int ims_transports(struct offer_job *job)
{
	for (unsigned i = 0; i < job->session->section_count; i++)
		if (sdp_is_live(job->session->sections[i]))
			sdp_ims_dress(job->session->sections[i], job->in, i);
	sdp_ims_connection(job->session);
	return 0;
}

static void reserve_payloads(struct offer_job *job, unsigned i)
{
	const struct sdp_section *ours = previous_section(job, i);
	const struct sdp_section *theirs = section_in(job->in->offer, i);

	if (ours)
		sdp_pt_reserve(&job->pool, ours);
	if (theirs)
		sdp_pt_reserve(&job->pool, theirs);
}

static int offer_sections(struct offer_job *job)
{
	bool any = false;

	if (job->side == SDP_WEB)
		for (unsigned i = 0; i < SDP_MAX_SECTIONS; i++)
			reserve_payloads(job, i);
	for (unsigned i = 0; i < job->source->section_count; i++) {
		if (job->side == SDP_IMS) {
			memset(&job->pool, 0, sizeof(job->pool));
			reserve_payloads(job, i);
		}
		if (offer_section(job, i) < 0)
			return -ENOMEM;
		any |= sdp_is_live(job->session->sections[i]);
	}
	return any ? 0 : -ENOTSUP;
}

static int offer_fill(struct offer_job *job, struct sdp_error *err)
{
	int ret = offer_sections(job);

	if (ret == -ENOTSUP)
		return sdp_refused(&job->refusal, err);
	if (ret == 0 && job->side == SDP_WEB) {
		job->session->ice2 = true;
		job->session->ice_lite = job->in->profile->ice_lite;
		ret = web_transports(job);
	} else if (ret == 0) {
		ret = ims_transports(job);
	}
	if (ret < 0)
		return sdp_fail(err, ret, 0, "out of memory");
	sdp_origin_set(job->session, job->in);
	return sdp_finish(job->session, job->in->previous, err);
}

static int offer_build(const struct sdp_build *in, enum sdp_side side, struct sdp_session **out,
	struct sdp_error *err)
{
	struct sdp_session *made = NULL;
	struct offer_job job = {.in = in, .side = side};
	int ret;

	job.source = in->remote ? in->remote : in->previous;
	if (!job.source)
		job.source = made = sdp_default_source(in->profile, in->video);
	job.session = sdp_create();
	if (!job.source || !job.session)
		ret = sdp_fail(err, -ENOMEM, 0, "out of memory");
	else if (in->previous && in->previous->section_count > job.source->section_count)
		ret = sdp_fail(
			err, -EINVAL, 0, "the new offer has fewer m= lines than the session");
	else
		ret = offer_fill(&job, err);
	sdp_destroy(made);
	if (ret < 0) {
		sdp_destroy(job.session);
		return ret;
	}
	*out = job.session;
	return 0;
}

int sdp_ims_offer(const struct sdp_build *in, struct sdp_session **out, struct sdp_error *err)
{
	return offer_build(in, SDP_IMS, out, err);
}

int sdp_web_offer(const struct sdp_build *in, struct sdp_session **out, struct sdp_error *err)
{
	return offer_build(in, SDP_WEB, out, err);
}
