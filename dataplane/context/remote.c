// SPDX-License-Identifier: Apache-2.0
// What the far ends are: addresses, ICE credentials, DTLS role and fingerprints, streams and payload types.
#include "context_priv.h"

#include <errno.h>
#include <string.h>

static bool text_ends(const char *text, size_t room)
{
	return memchr(text, '\0', room) != NULL;
}

static bool remote_is_sane(const struct iq_remote_transport *remote)
{
	return remote->fingerprint_count <= IQ_FINGERPRINTS_MAX &&
		remote->candidate_count <= IQ_CANDIDATES_MAX &&
		remote->dtls_role <= IQ_DTLS_CLIENT && remote->security <= IQ_SECURITY_SDES &&
		text_ends(remote->ufrag, sizeof(remote->ufrag)) &&
		text_ends(remote->pwd, sizeof(remote->pwd));
}

void transport_path_set(struct worker *w, const struct transport *t, unsigned component,
	const struct iq_addr *remote, struct path *path)
{
	const struct network *network = &w->networks->list[t->network];

	memset(path, 0, sizeof(*path));
	path->network = t->network;
	path->set = t->set;
	path->family = remote->family;
	path->dscp = network->dscp;
	path->local_port = (uint16_t)(t->port + component);
	path->remote_port = remote->port;
	memcpy(path->remote_ip, remote->ip, sizeof(path->remote_ip));
	path->neigh = neigh_find(w->neigh, network, path->family, path->remote_ip);
	if (path->neigh == NEIGH_NONE)
		worker_want_neigh(w, path);
}

static bool family_served(struct worker *w, const struct transport *t, uint8_t family)
{
	const struct address_set *set = &w->networks->list[t->network].sets[t->set];

	return (family == 4 && set->has_v4) || (family == 6 && set->has_v6);
}

static int plain_remote_set(
	struct worker *w, struct transport *t, const struct iq_remote_transport *remote)
{
	struct iq_addr rtcp = remote->rtcp;

	if (remote->rtp.family == 0) {
		t->flags &= (uint8_t)~TRANSPORT_REMOTE;
		memset(t->out, 0, sizeof(t->out));
		return 0;
	}
	if (!family_served(w, t, remote->rtp.family))
		return -EAFNOSUPPORT;
	if (rtcp.family == 0) {
		rtcp = remote->rtp;
		rtcp.port = (uint16_t)(remote->rtcp_mux ? rtcp.port : rtcp.port + 1);
	}
	if (!family_served(w, t, rtcp.family))
		return -EAFNOSUPPORT;
	transport_path_set(w, t, 0, &remote->rtp, &t->out[0]);
	transport_path_set(w, t, remote->rtcp_mux ? 0 : 1, &rtcp, &t->out[1]);
	t->flags |= TRANSPORT_REMOTE;
	return 0;
}

// The role is decided once (RFC 8842 keeps it while the association lives).
static int dtls_remote_set(struct secure *secure, const struct iq_remote_transport *remote)
{
	if (remote->dtls_role == IQ_DTLS_UNDECIDED)
		return 0;
	if (secure->dtls_role != IQ_DTLS_UNDECIDED && secure->dtls_role != remote->dtls_role)
		return -EINVAL;
	if (secure->dtls_started &&
		(secure->fingerprint_count != remote->fingerprint_count ||
			memcmp(secure->fingerprints, remote->fingerprints,
				sizeof(secure->fingerprints)) != 0))
		return -EINVAL;
	secure->dtls_role = remote->dtls_role;
	secure->fingerprint_count = remote->fingerprint_count;
	memcpy(secure->fingerprints, remote->fingerprints, sizeof(secure->fingerprints));
	return 0;
}

static int secure_remote_set(struct worker *w, struct shard *shard, uint16_t index,
	const struct iq_remote_transport *remote)
{
	struct transport *t = shard_transport(shard, index);
	struct secure *secure = shard_secure(shard, t->secure);
	struct ice_env env;
	uint64_t storage[4];
	int ret;

	if (remote->security != IQ_SECURITY_DTLS_SRTP || !remote->ice)
		return -EINVAL; // a browser without ICE and DTLS is no browser
	ret = dtls_remote_set(secure, remote);
	if (ret < 0)
		return ret;
	t->flags =
		(uint8_t)(remote->rtcp_mux ? t->flags | TRANSPORT_MUX : t->flags & ~TRANSPORT_MUX);
	transport_ice_env(w, shard, index, &env, storage);
	ice_remote_set(secure_ice(secure), &secure->view, remote, &env);
	transport_ice_done(w, shard, index, (struct ice_result){0});
	return 0;
}

int context_leg_set(
	struct worker *w, struct shard *shard, struct context *c, const struct iq_leg_set *command)
{
	unsigned most = command->leg == IQ_LEG_ACCESS ? c->access_transports : c->streams;
	int ret = 0;

	if (command->leg >= IQ_LEGS || command->transport_count > most)
		return -EINVAL;
	for (unsigned i = 0; i < command->transport_count; i++) {
		if (!remote_is_sane(&command->transports[i]))
			return -EINVAL;
	}
	for (unsigned i = 0; ret == 0 && i < command->transport_count; i++) {
		uint16_t index = c->transport[command->leg][i];
		struct transport *t = shard_transport(shard, index);

		if (t->secure != NO_INDEX)
			ret = secure_remote_set(w, shard, index, &command->transports[i]);
		else
			ret = plain_remote_set(w, t, &command->transports[i]);
	}
	return ret;
}

static bool stream_is_sane(const struct context *c, const struct iq_stream *in)
{
	if (in->pt_count > IQ_PTS_MAX || in->ssrc_count > IQ_SSRCS_MAX || in->gate > IQ_GATE_BOTH ||
		!text_ends(in->mid, sizeof(in->mid)))
		return false;
	if (in->access_transport >= c->access_transports || in->core_transport >= c->streams ||
		in->mid_ext_id > 14)
		return false;
	for (unsigned i = 0; i < in->pt_count; i++) {
		if (in->pts[i].access > 127 || in->pts[i].core > 127)
			return false;
	}
	return true;
}

static void pt_map_set(struct stream *stream, const struct iq_stream *in)
{
	memset(stream->pt_map, NO_PT, sizeof(stream->pt_map));
	for (unsigned i = 0; i < in->pt_count; i++) {
		const struct iq_pt *pt = &in->pts[i];

		stream->pt_map[IQ_LEG_ACCESS][pt->access] = pt->core;
		stream->pt_map[IQ_LEG_CORE][pt->core] = pt->access;
		if (i == 0 || !pt->telephone_event)
			memcpy(stream->clock_hz, pt->clock_hz, sizeof(stream->clock_hz));
	}
}

static void stream_set(struct context *c, struct stream *stream, const struct iq_stream *in)
{
	stream->enabled = in->enabled;
	stream->kind = in->kind;
	stream->gate = in->gate;
	stream->transport[IQ_LEG_ACCESS] = c->transport[IQ_LEG_ACCESS][in->access_transport];
	stream->transport[IQ_LEG_CORE] = c->transport[IQ_LEG_CORE][in->core_transport];
	stream->mid_ext_id = in->mid_ext_id;
	stream->mid_len = (uint8_t)strlen(in->mid);
	memcpy(stream->mid, in->mid, sizeof(stream->mid));
	stream->ssrc_count = in->ssrc_count;
	memcpy(stream->ssrcs, in->ssrcs, sizeof(stream->ssrcs));
	pt_map_set(stream, in);
}

// Flows forget their section: the sections may have changed places (RFC 9143 section 9.2).
static void flows_unmap(struct shard *shard, const struct transport *t)
{
	for (unsigned i = 0; i < SSRCS_INLINE; i++) {
		if (t->flow[i] != NO_INDEX)
			shard_flow(shard, t->flow[i])->stream = NO_PT;
	}
	for (uint16_t flow = t->flow_more; flow != NO_INDEX; flow = shard_flow(shard, flow)->next)
		shard_flow(shard, flow)->stream = NO_PT;
}

int context_streams_set(struct worker *w, struct shard *shard, struct context *c,
	const struct iq_streams_set *command)
{
	(void)w;
	if (command->count > c->streams)
		return -EINVAL;
	for (unsigned i = 0; i < command->count; i++) {
		if (!stream_is_sane(c, &command->streams[i]))
			return -EINVAL;
	}
	for (unsigned i = 0; i < command->count; i++)
		stream_set(c, shard_stream(shard, c->stream[i]), &command->streams[i]);
	for (unsigned i = 0; i < c->access_transports; i++)
		flows_unmap(shard, shard_transport(shard, c->transport[IQ_LEG_ACCESS][i]));
	return 0;
}

int context_candidates_add(struct worker *w, struct shard *shard, struct context *c,
	const struct iq_candidates_add *command)
{
	const struct transport *t;

	if (command->transport >= c->access_transports || command->count > IQ_CANDIDATES_MAX)
		return -EINVAL;
	t = shard_transport(shard, c->transport[IQ_LEG_ACCESS][command->transport]);
	ice_candidates_add(secure_ice(shard_secure(shard, t->secure)), command->candidates,
		command->count, command->end_of_candidates);
	transport_ice_done(
		w, shard, c->transport[IQ_LEG_ACCESS][command->transport], (struct ice_result){0});
	return 0;
}
