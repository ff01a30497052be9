// SPDX-License-Identifier: Apache-2.0
// Descriptions for one side of a call, out of what the other side said and what the gateway has reserved.
#include "call_priv.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int description_parse(struct call *call, const struct call_msg *msg, struct sdp_session **out)
{
	struct sdp_error err = {0};
	int ret = sdp_read(msg->sdp, msg->sdp_len, out, &err);

	if (ret < 0)
		snprintf(call->why, sizeof(call->why), "SDP line %u: %s", err.line, err.text);
	return ret;
}

static struct sdp_addr address_of(const struct iq_addr *in, bool mux)
{
	struct sdp_addr out = {0};

	if (in->family == 0)
		return out;
	out.family = in->family == 4 ? AF_INET : AF_INET6;
	memcpy(out.ip, in->ip, sizeof(out.ip));
	out.port = in->port;
	out.rtcp_port = (uint16_t)(mux ? in->port : in->port + 1);
	return out;
}

static void web_local(struct call *call, struct sdp_local *local)
{
	const struct iq_context_local *media = &call->local_media;

	local->cname = media->cname;
	local->role = (enum sdp_role)call->role;
	local->fingerprint.hash = SDP_SHA256;
	local->fingerprint.len = sizeof(media->fingerprint);
	memcpy(local->fingerprint.bytes, media->fingerprint, sizeof(media->fingerprint));
	for (unsigned i = 0; i < local->count; i++) {
		struct sdp_local_section *section = &local->sections[i];
		const struct iq_local_transport *t = &media->access[call->transport_of[i]];

		section->addr[0] = address_of(&t->v4, false);
		section->addr[1] = address_of(&t->v6, false);
		if ((call->families[IQ_LEG_ACCESS] & IQ_FAMILY_V4) == 0)
			section->addr[0].family = 0;
		if ((call->families[IQ_LEG_ACCESS] & IQ_FAMILY_V6) == 0)
			section->addr[1].family = 0;
		memcpy(section->ice_ufrag, media->ufrag, sizeof(media->ufrag));
		memcpy(section->ice_pwd, media->pwd, sizeof(media->pwd));
		section->ssrc = media->ssrc[i][IQ_LEG_ACCESS];
	}
}

// The family the phone speaks, where it has said so; else IPv4 when we may.
static bool core_wants_v6(const struct call *call)
{
	const struct sdp_session *said = call->remote[other_side(call->web)];

	if (call->exchange.offer != NULL && !side_is_web(call, call->exchange.from))
		said = call->exchange.offer;
	if (said == NULL)
		return (call->families[IQ_LEG_CORE] & IQ_FAMILY_V4) == 0;
	return sdp_is_ipv6_only(said);
}

static void ims_local(struct call *call, struct sdp_local *local)
{
	bool v6 = core_wants_v6(call);

	for (unsigned i = 0; i < local->count; i++) {
		const struct iq_local_transport *t = &call->local_media.core[i];

		local->sections[i].addr[0] = address_of(v6 ? &t->v6 : &t->v4, false);
		local->sections[i].addr[1] = address_of(v6 ? &t->v4 : &t->v6, false);
	}
}

int description_local(struct call *call, enum call_side side, struct sdp_local *local)
{
	memset(local, 0, sizeof(*local));
	local->session_id = call->session_id[side];
	local->count = call->sections;
	if (side_is_web(call, side))
		web_local(call, local);
	else
		ims_local(call, local);
	return 0;
}

static const struct sdp_profile *profile_of(const struct call *call, enum call_side side)
{
	return side_is_web(call, side) ? call->calls->config.web_profile
				       : call->calls->config.ims_profile;
}

static int finish(struct call *call, int ret, const struct sdp_error *err)
{
	if (ret < 0)
		snprintf(call->why, sizeof(call->why), "%s", err->text);
	return ret;
}

int description_offer(struct call *call, enum call_side to, const struct sdp_session *remote,
	struct sdp_session **out)
{
	static _Thread_local struct sdp_local local; // large, and this runs on one thread
	struct sdp_error err = {0};
	struct sdp_build build = {.profile = profile_of(call, to),
		.other = profile_of(call, other_side(to)),
		.remote = remote,
		.offer = call->remote[to],
		.previous = call->local[to],
		.local = &local};

	description_local(call, to, &local);
	if (side_is_web(call, to))
		return finish(call, sdp_web_offer(&build, out, &err), &err);
	return finish(call, sdp_ims_offer(&build, out, &err), &err);
}

int description_answer(struct call *call, enum call_side to, const struct sdp_session *remote,
	struct sdp_session **out)
{
	static _Thread_local struct sdp_local local;
	struct sdp_error err = {0};
	struct sdp_build build = {.profile = profile_of(call, to),
		.other = profile_of(call, other_side(to)),
		.remote = remote,
		.offer = call->exchange.offer,
		.previous = call->local[to],
		.local = &local};

	build.remote_is_offer = call->exchange.local && call->remote_was_offer[other_side(to)];
	description_local(call, to, &local);
	if (side_is_web(call, to))
		return finish(call, sdp_web_answer(&build, out, &err), &err);
	return finish(call, sdp_ims_answer(&build, out, &err), &err);
}
