// SPDX-License-Identifier: Apache-2.0
// Our answers: what the other leg's peer answered, said in terms of the offer on this leg.
#include "sdp_offer_priv.h"

#include <errno.h>
#include <string.h>

struct answer_job {
	const struct sdp_build *in;
	struct sdp_session *session;
	enum sdp_side side; // being written
	struct sdp_refusal refusal;
	bool accept[SDP_MAX_SECTIONS];
};

// NULL when both the offer here and the answer there have the section.
static const char *section_refusal(const struct answer_job *job, unsigned i)
{
	const struct sdp_build *in = job->in;
	bool web = job->side == SDP_WEB;
	const char *reason = web ? sdp_web_refusal(in->offer, i, false)
				 : sdp_ims_refusal(in->offer->sections[i]);

	if (reason)
		return reason;
	if (i >= in->remote->section_count)
		return "the other side answered without it";
	if (!sdp_local_address(in, i))
		return "no media address was allocated for it";
	if (!sdp_is_live(in->remote->sections[i]))
		return "the other side rejected it";
	if (in->remote->sections[i]->kind != in->offer->sections[i]->kind)
		return "the other side answered with another kind of media";
	return web ? sdp_ims_refusal(in->remote->sections[i])
		   : sdp_web_refusal(in->remote, i, !in->remote_is_offer);
}

// The far side's formats in its order of preference, under the numbers of the offer here.
static int add_formats(struct answer_job *job, struct sdp_section *section, unsigned i)
{
	const struct sdp_section *offered = job->in->offer->sections[i];
	const struct sdp_section *far = job->in->remote->sections[i];

	for (unsigned f = 0; f < far->format_count && section->format_count < SDP_MAX_PTS; f++) {
		struct sdp_format format = far->formats[f];
		const struct sdp_format *here = sdp_format_match(offered, &format);
		const struct sdp_codec *codec;

		if (!here || !sdp_format_allowed(job->in, section->kind, &format) ||
			sdp_format_match(section, &format))
			continue;
		codec = sdp_codec_find(job->in->profile, section->kind, &format);
		if (!format.fmtp && sdp_is_telephone_event(&format))
			format.fmtp = codec->fmtp;
		if (sdp_format_copy(job->session, section, &format, here->pt) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int copy_identity(struct answer_job *job, struct sdp_section *section, unsigned i)
{
	const struct sdp_section *offered = job->in->offer->sections[i];

	if (job->side == SDP_IMS || !offered->mid)
		return 0;
	section->mid = sdp_dup(job->session, offered->mid, strlen(offered->mid));
	return section->mid ? 0 : -ENOMEM;
}

static int begin_section(struct answer_job *job, unsigned i)
{
	const struct sdp_section *offered = job->in->offer->sections[i];
	struct sdp_section *section = sdp_section_begin(job->session, offered);
	const char *reason = section_refusal(job, i);

	if (!section || copy_identity(job, section, i) < 0)
		return -ENOMEM;
	if (!reason) {
		if (add_formats(job, section, i) < 0)
			return -ENOMEM;
		if (!sdp_has_media_format(section))
			reason = "no codec is left in the answer";
	}
	if (reason)
		sdp_refuse(&job->refusal, i, section->kind, reason);
	job->accept[i] = !reason;
	return 0;
}

static int fill_section(struct answer_job *job, unsigned i)
{
	const struct sdp_section *offered = job->in->offer->sections[i];
	const struct sdp_section *far = job->in->remote->sections[i];
	struct sdp_section *section = job->session->sections[i];
	enum sdp_side far_side = job->side == SDP_IMS ? SDP_WEB : SDP_IMS;

	section->direction = sdp_direction_of(far, far_side) &
		sdp_direction_flip(sdp_direction_of(offered, job->side));
	section->proto_text =
		sdp_dup(job->session, offered->proto_text, strlen(offered->proto_text));
	if (!section->proto_text || sdp_carry_over(job->session, section, far) < 0)
		return -ENOMEM;
	// Feedback messages need AVPF (RFC 4585).
	if (job->side == SDP_IMS && offered->proto != SDP_PROTO_RTP_AVPF)
		return 0;
	return sdp_feedback_add(job->session, section, job->in, offered);
}

// The offer decides where it can; where it leaves the choice, the role held before stays.
static enum sdp_setup answer_setup(const struct sdp_build *in, enum sdp_setup offered)
{
	enum sdp_role role = in->local->role;

	if (offered == SDP_SETUP_PASSIVE)
		return SDP_SETUP_ACTIVE;
	// RFC 4145: no a=setup in an offer means active.
	if (offered != SDP_SETUP_ACTPASS)
		return SDP_SETUP_PASSIVE;
	if (role == SDP_ROLE_AUTO)
		role = in->profile->dtls_default;
	return role == SDP_ROLE_ACTIVE ? SDP_SETUP_ACTIVE : SDP_SETUP_PASSIVE;
}

static unsigned tag_index(const struct answer_job *job, unsigned i)
{
	const struct sdp_session *session = job->session;
	int g = sdp_group_of(session, session->sections[i]->mid);

	for (unsigned t = 0; g >= 0 && t < session->section_count; t++)
		if (session->sections[t]->mid &&
			strcmp(session->sections[t]->mid, session->groups[g].mids[0]) == 0)
			return t;
	return i;
}

static int web_dress(struct answer_job *job, unsigned i)
{
	const struct sdp_session *offer = job->in->offer;
	unsigned tag = tag_index(job, i);
	const struct sdp_section *transport = offer->sections[tag];
	struct sdp_web_dress dress = {
		.transport = &job->in->local->sections[tag],
		.setup = answer_setup(job->in, transport->setup),
		.index = i,
		.mid_ext = sdp_mid_ext_of(offer->sections[i]),
		.rtcp_mux = transport->rtcp_mux,
	};

	return sdp_web_dress(job->session, job->session->sections[i], job->in, &dress);
}

static int finish_section(struct answer_job *job, unsigned i)
{
	const struct sdp_section *offered = job->in->offer->sections[i];
	struct sdp_section *section = job->session->sections[i];

	if (!job->accept[i]) {
		section->has_conn = job->side == SDP_WEB;
		return sdp_section_reject(
			job->session, section, offered->proto_text, offered->fmt_text);
	}
	if (fill_section(job, i) < 0)
		return -ENOMEM;
	if (job->side == SDP_WEB)
		return web_dress(job, i);
	sdp_ims_dress(section, job->in, i);
	return 0;
}

static int answer_sections(struct answer_job *job)
{
	unsigned count = job->in->offer->section_count;
	bool any = false;

	for (unsigned i = 0; i < count; i++)
		if (begin_section(job, i) < 0)
			return -ENOMEM;
	if (job->side == SDP_WEB && sdp_bundle_answer(job->session, job->in, job->accept) < 0)
		return -ENOMEM;
	for (unsigned i = 0; i < count; i++) {
		if (finish_section(job, i) < 0)
			return -ENOMEM;
		any |= job->accept[i];
	}
	return any ? 0 : -ENOTSUP;
}

static int answer_fill(struct answer_job *job, struct sdp_error *err)
{
	int ret = answer_sections(job);

	if (ret == -ENOTSUP && job->refusal.at == 0)
		return sdp_fail(err, ret, 0, "the bundle's first section cannot be kept");
	if (ret == -ENOTSUP)
		return sdp_refused(&job->refusal, err);
	if (ret < 0)
		return sdp_fail(err, ret, 0, "out of memory");
	if (job->side == SDP_WEB) {
		job->session->ice2 = true;
		job->session->ice_lite = job->in->profile->ice_lite;
	} else {
		sdp_ims_connection(job->session);
	}
	sdp_origin_set(job->session, job->in);
	return sdp_finish(job->session, job->in->previous, err);
}

static int answer_build(const struct sdp_build *in, enum sdp_side side, struct sdp_session **out,
	struct sdp_error *err)
{
	struct answer_job job = {.in = in, .side = side};
	int ret;

	if (!in->offer || !in->remote)
		return sdp_fail(
			err, -EINVAL, 0, "an answer needs an offer and the other leg's answer");
	if (in->remote->section_count > in->offer->section_count)
		return sdp_fail(err, -EINVAL, 0, "the answer has more m= lines than the offer");
	job.session = sdp_create();
	ret = job.session ? answer_fill(&job, err) : sdp_fail(err, -ENOMEM, 0, "out of memory");
	if (ret < 0) {
		sdp_destroy(job.session);
		return ret;
	}
	*out = job.session;
	return 0;
}

int sdp_web_answer(const struct sdp_build *in, struct sdp_session **out, struct sdp_error *err)
{
	return answer_build(in, SDP_WEB, out, err);
}

int sdp_ims_answer(const struct sdp_build *in, struct sdp_session **out, struct sdp_error *err)
{
	return answer_build(in, SDP_IMS, out, err);
}
