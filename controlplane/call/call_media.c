// SPDX-License-Identifier: Apache-2.0
// Commands to the media gateway: room for a context, and what two descriptions agreed on.
#include "call_priv.h"
#include "log.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static int gateway_of(const struct call *call)
{
	return call->media != 0 ? iq_handle_gateway(call->media) : IQ_GATEWAY_ANY;
}

static int command_send(
	struct call *call, uint16_t type, const void *payload, iq_on_reply *on_reply)
{
	const struct iq_command command = {.gateway = gateway_of(call),
		.type = type,
		.payload = payload,
		.on_reply = on_reply,
		.arg = call};

	return iq_client_send(call->calls->config.iq, &command);
}

// What we offer to the WIC is one bundle, and sections that can't be in it are rejected (bundle-only). In its own
// offers, sections of one bundle share a transport; the others have one each, in the order of their first sections.
static unsigned transports_assign(struct call *call, const struct sdp_needs *needs)
{
	unsigned count = 0;

	if (!side_is_web(call, call->exchange.from) && call->calls->config.web_profile->bundle) {
		memset(call->transport_of, 0, sizeof(call->transport_of));
		return 1;
	}
	for (unsigned i = 0; i < needs->count; i++) {
		unsigned found = i;

		for (unsigned j = 0; j < i && needs->sections[i].bundle >= 0; j++) {
			if (needs->sections[j].usable &&
				needs->sections[j].bundle == needs->sections[i].bundle) {
				found = j;
				break;
			}
		}
		if (!needs->sections[i].usable)
			call->transport_of[i] = 0;
		else
			call->transport_of[i] =
				found < i ? call->transport_of[found] : (uint8_t)count++;
	}
	return count > 0 ? count : 1;
}

static void on_reserved(int32_t status, const void *payload, void *arg);

int media_reserve(struct call *call, const struct sdp_needs *needs, bool restart)
{
	struct iq_context_reserve command = {.handle = call->media, .ice_restart = restart};
	bool offers_to_web = !side_is_web(call, call->exchange.from);

	if (needs->count > IQ_STREAMS_MAX)
		return -E2BIG;
	call->sections = needs->count;
	command.streams = (uint8_t)needs->count;
	command.access_transports = (uint8_t)transports_assign(call, needs);
	command.ice_controlling = offers_to_web;
	memcpy(command.ref, call->id, sizeof(command.ref));
	memcpy(command.families, call->families, sizeof(command.families));
	return command_send(call, IQ_CONTEXT_RESERVE, &command, on_reserved);
}

static void on_reserved(int32_t status, const void *payload, void *arg)
{
	struct call *call = arg;

	if (status == 0) {
		call->local_media = *(const struct iq_context_local *)payload;
		call->media = call->local_media.handle;
	}
	if (call->on_applied != NULL) {
		call->applied = status;
		call->on_applied(call);
	}
}

static struct iq_addr address_of(const struct sdp_addr *in, uint16_t port)
{
	struct iq_addr out = {0};

	if (in->family == 0 || port == 0)
		return out;
	out.family = in->family == AF_INET ? 4 : 6;
	out.port = port;
	memcpy(out.ip, in->ip, sizeof(out.ip));
	return out;
}

static void candidates_fill(const struct sdp_plan_section *section, struct iq_remote_transport *out)
{
	unsigned count = section->candidate_count < IQ_CANDIDATES_MAX ? section->candidate_count
								      : IQ_CANDIDATES_MAX;

	for (unsigned i = 0; i < count; i++) {
		const struct sdp_candidate *in = &section->candidates[i];

		out->candidates[i].addr = address_of(&in->addr, in->addr.port);
		out->candidates[i].priority = in->priority;
		out->candidates[i].component = in->component;
	}
	out->candidate_count = (uint8_t)count;
	out->end_of_candidates = section->end_of_candidates;
}

static void fingerprints_fill(
	const struct sdp_plan_section *section, struct iq_remote_transport *out)
{
	unsigned count = section->fingerprint_count < IQ_FINGERPRINTS_MAX
		? section->fingerprint_count
		: IQ_FINGERPRINTS_MAX;

	for (unsigned i = 0; i < count; i++) {
		const struct sdp_fingerprint *in = &section->fingerprints[i];

		out->fingerprints[i].hash = (uint8_t)(IQ_HASH_SHA256 + in->hash - SDP_SHA256);
		out->fingerprints[i].len = in->len;
		memcpy(out->fingerprints[i].bytes, in->bytes, sizeof(out->fingerprints[i].bytes));
	}
	out->fingerprint_count = (uint8_t)count;
}

static uint8_t dtls_role(enum sdp_role role)
{
	if (role == SDP_ROLE_AUTO)
		return IQ_DTLS_UNDECIDED;
	return role == SDP_ROLE_ACTIVE ? IQ_DTLS_CLIENT : IQ_DTLS_SERVER;
}

static void access_transport_fill(
	struct call *call, const struct sdp_plan_section *section, struct iq_remote_transport *out)
{
	out->security = IQ_SECURITY_DTLS_SRTP;
	out->dtls_role = dtls_role(section->role);
	out->rtcp_mux = section->rtcp_mux;
	out->ice = 1;
	out->ice_lite = section->ice_lite;
	strncpy(out->ufrag, section->ice_ufrag, sizeof(out->ufrag) - 1);
	strncpy(out->pwd, section->ice_pwd, sizeof(out->pwd) - 1);
	candidates_fill(section, out);
	fingerprints_fill(section, out);
	call->role = section->role;
}

static void access_fill(struct call *call, const struct sdp_plan *plan, struct iq_leg_set *out)
{
	memset(out, 0, sizeof(*out));
	out->handle = call->media;
	out->leg = IQ_LEG_ACCESS;
	for (unsigned i = 0; i < plan->count; i++) {
		uint8_t t = call->transport_of[i];

		if (!plan->sections[i].enabled || out->transports[t].ice)
			continue;
		access_transport_fill(call, &plan->sections[i], &out->transports[t]);
		if (out->transport_count <= t)
			out->transport_count = (uint8_t)(t + 1);
	}
}

static void core_fill(const struct call *call, const struct sdp_plan *plan, struct iq_leg_set *out)
{
	memset(out, 0, sizeof(*out));
	out->handle = call->media;
	out->leg = IQ_LEG_CORE;
	out->transport_count = (uint8_t)plan->count;
	for (unsigned i = 0; i < plan->count; i++) {
		const struct sdp_plan_section *section = &plan->sections[i];

		if (!section->enabled)
			continue;
		out->transports[i].rtp = address_of(&section->ims_remote, section->ims_remote.port);
		out->transports[i].rtcp =
			address_of(&section->ims_remote, section->ims_remote.rtcp_port);
	}
}

static void pt_add(struct iq_stream *stream, uint8_t access, uint8_t core, const struct sdp_pt *pt)
{
	struct iq_pt *out = &stream->pts[stream->pt_count];

	if (stream->pt_count == IQ_PTS_MAX)
		return;
	out->access = access;
	out->core = core;
	out->telephone_event = pt->telephone_event;
	out->clock_hz[IQ_LEG_ACCESS] = pt->clock_hz;
	out->clock_hz[IQ_LEG_CORE] = pt->clock_hz;
	stream->pt_count++;
}

// One that peers number differently each way takes two entries: what we receive becomes what the other side wants to
// receive. For the gateway the first entry with a number counts, so the one that tells them apart goes first.
static void pts_fill(const struct sdp_plan_section *section, struct iq_stream *stream)
{
	for (unsigned i = 0; i < section->pt_count; i++) {
		const struct sdp_pt *pt = &section->pts[i];

		if (pt->ims_tx != pt->ims_rx) {
			pt_add(stream, pt->web_rx, pt->ims_tx, pt);
			pt_add(stream, pt->web_tx, pt->ims_rx, pt);
			continue;
		}
		if (pt->web_tx != pt->web_rx)
			pt_add(stream, pt->web_tx, pt->ims_rx, pt);
		pt_add(stream, pt->web_rx, pt->ims_tx, pt);
	}
}

static uint8_t rtcp_bits(unsigned understood)
{
	static const struct {
		unsigned in;
		uint8_t out;
	} bits[] = {{SDP_RTCP_AVPF, IQ_RTCP_AVPF}, {SDP_RTCP_NACK, IQ_RTCP_NACK},
		{SDP_RTCP_PLI, IQ_RTCP_PLI}, {SDP_RTCP_FIR, IQ_RTCP_FIR},
		{SDP_RTCP_NONE, IQ_RTCP_NONE}};
	uint8_t out = 0;

	for (unsigned i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		if ((understood & bits[i].in) != 0)
			out |= bits[i].out;
	}
	return out;
}

static void stream_fill(const struct call *call, const struct sdp_plan_section *section, unsigned i,
	struct iq_stream *out)
{
	unsigned ssrcs = section->ssrc_count < IQ_SSRCS_MAX ? section->ssrc_count : IQ_SSRCS_MAX;

	out->enabled = 1;
	out->kind = section->kind == SDP_VIDEO ? IQ_KIND_VIDEO : IQ_KIND_AUDIO;
	out->gate = (uint8_t)((section->to_ims ? IQ_GATE_TO_CORE : 0) |
		(section->to_web ? IQ_GATE_TO_ACCESS : 0));
	out->access_transport = call->transport_of[i];
	out->core_transport = (uint8_t)i;
	out->rtcp[IQ_LEG_ACCESS] = rtcp_bits(section->web_rtcp);
	out->rtcp[IQ_LEG_CORE] = rtcp_bits(section->ims_rtcp);
	memcpy(out->breakers, call->calls->config.breakers, sizeof(out->breakers));
	out->mid_ext_id = section->mid_ext <= 14 ? section->mid_ext : 0;
	strncpy(out->mid, section->mid, sizeof(out->mid) - 1);
	memcpy(out->ssrcs, section->ssrcs, ssrcs * sizeof(out->ssrcs[0]));
	out->ssrc_count = (uint8_t)ssrcs;
	pts_fill(section, out);
}

static void streams_fill(
	const struct call *call, const struct sdp_plan *plan, struct iq_streams_set *out)
{
	memset(out, 0, sizeof(*out));
	out->handle = call->media;
	out->count = (uint8_t)plan->count;
	for (unsigned i = 0; i < plan->count; i++) {
		out->streams[i].core_transport = (uint8_t)i;
		if (plan->sections[i].enabled)
			stream_fill(call, &plan->sections[i], i, &out->streams[i]);
	}
}

static uint8_t audio_of(const struct iq_streams_set *streams)
{
	uint8_t bits = 0;

	for (unsigned i = 0; i < streams->count; i++) {
		if (streams->streams[i].enabled && streams->streams[i].kind == IQ_KIND_AUDIO)
			bits |= (uint8_t)(1 << i);
	}
	return bits;
}

static void on_part_applied(int32_t status, const void *payload, void *arg)
{
	struct call *call = arg;

	(void)payload;
	if (status != 0 && call->applied == 0) {
		log_warn("call %s: the media gateway refused: %s", call->id, strerror(-status));
		call->applied = status;
	}
	if (--call->waiting == 0 && call->on_applied != NULL)
		call->on_applied(call);
}

static int part_send(struct call *call, uint16_t type, const void *payload)
{
	int ret = command_send(call, type, payload, on_part_applied);

	if (ret == 0)
		call->waiting++;
	return ret;
}

void media_forget(struct call *call)
{
	iq_client_cancel(call->calls->config.iq, call);
	call->waiting = 0;
	call->on_applied = NULL;
}

// Addresses first, gates last: nothing flows before both ends are known.
int media_apply(
	struct call *call, const struct sdp_pair *pair, void (*on_applied)(struct call *call))
{
	static _Thread_local struct iq_leg_set leg; // large, and this runs on one thread
	static _Thread_local struct iq_streams_set streams;
	static _Thread_local struct sdp_plan plan;
	struct sdp_error err = {0};
	int ret = sdp_media_plan(pair, &plan, &err);

	if (ret < 0) {
		log_warn("call %s: %s", call->id, err.text);
		return ret;
	}
	if (plan.count > call->sections)
		return -EINVAL;
	call->on_applied = on_applied;
	call->applied = 0;
	core_fill(call, &plan, &leg);
	ret = part_send(call, IQ_LEG_SET, &leg);
	access_fill(call, &plan, &leg);
	if (ret == 0)
		ret = part_send(call, IQ_LEG_SET, &leg);
	streams_fill(call, &plan, &streams);
	call->audio_sections = audio_of(&streams);
	if (ret == 0)
		ret = part_send(call, IQ_STREAMS_SET, &streams);
	if (ret < 0)
		media_forget(call); // the reply to a part that was sent is nobody's
	return ret;
}

void media_release(struct call *call)
{
	struct iq_context_ref command = {.handle = call->media};
	const struct iq_command release = {.gateway = gateway_of(call),
		.type = IQ_CONTEXT_DELETE,
		.is_repeatable = true,
		.payload = &command};

	media_forget(call);
	if (call->media == 0)
		return;
	// Not attached: the audit at the next attach finds the context without a call and deletes it.
	if (iq_client_send(call->calls->config.iq, &release) < 0)
		log_info("call %s: its media context is left to the audit", call->id);
	call->media = 0;
}
