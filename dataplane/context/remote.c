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

void transport_path_fill(struct worker *w, const struct transport *t, unsigned component,
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
}

void transport_path_set(struct worker *w, const struct transport *t, unsigned component,
	const struct iq_addr *remote, struct path *path)
{
	transport_path_fill(w, t, component, remote, path);
	if (path->neigh == NEIGH_NONE)
		worker_want_neigh(w, path);
}

static bool family_served(struct worker *w, const struct transport *t, uint8_t family)
{
	const struct address_set *set = &w->networks->list[t->network].sets[t->set];

	// What the context offered doesn't matter: an answer in the other family is as good.
	return (family == 4 && set->has_v4) || (family == 6 && set->has_v6);
}

// Nowhere to send to: not known yet, rejected (port 0), or held the old way (0.0.0.0, RFC 3264 section 8.4).
static bool is_nowhere(const struct iq_addr *addr)
{
	static const uint8_t zero[16];

	return addr->family == 0 || addr->port == 0 ||
		memcmp(addr->ip, zero, addr->family == 4 ? 4 : 16) == 0;
}

static int addr_check(struct worker *w, const struct transport *t, const struct iq_addr *addr)
{
	const struct network *network = &w->networks->list[t->network];

	if (addr->family != 0 && addr->family != 4 && addr->family != 6)
		return -EINVAL;
	if (is_nowhere(addr))
		return 0;
	if (!network_addr_usable(network, addr->family, addr->ip))
		return -EINVAL;
	return family_served(w, t, addr->family) ? 0 : -EAFNOSUPPORT;
}

// RTP + 1 where nothing else was said (RFC 3550 section 11).
static struct iq_addr rtcp_addr(const struct iq_remote_transport *remote)
{
	struct iq_addr rtcp = remote->rtcp;

	if (is_nowhere(&rtcp)) {
		rtcp = remote->rtp;
		rtcp.port = (uint16_t)(remote->rtcp_mux ? rtcp.port : rtcp.port + 1);
	}
	return rtcp;
}

static void plain_remote_set(
	struct worker *w, struct transport *t, const struct iq_remote_transport *remote)
{
	struct iq_addr rtcp = rtcp_addr(remote);

	t->flags &= (uint8_t)~TRANSPORT_REMOTE;
	memset(t->out, 0, sizeof(t->out));
	if (is_nowhere(&remote->rtp))
		return;
	transport_path_set(w, t, 0, &remote->rtp, &t->out[0]);
	if (!is_nowhere(&rtcp))
		transport_path_set(w, t, remote->rtcp_mux ? 0 : 1, &rtcp, &t->out[1]);
	t->flags |= TRANSPORT_REMOTE;
}

// SHA-1 and MD5 have no number, and no length fits another's (RFC 8122 section 5).
static bool fingerprints_are_sane(const struct iq_remote_transport *remote)
{
	static const uint8_t lens[] = {
		[IQ_HASH_SHA256] = 32, [IQ_HASH_SHA384] = 48, [IQ_HASH_SHA512] = 64};

	for (unsigned i = 0; i < remote->fingerprint_count; i++) {
		const struct iq_fingerprint *fingerprint = &remote->fingerprints[i];

		if (fingerprint->hash < IQ_HASH_SHA256 || fingerprint->hash > IQ_HASH_SHA512 ||
			fingerprint->len != lens[fingerprint->hash])
			return false;
	}
	return remote->fingerprint_count > 0;
}

// Copies the candidates that a peer may have here: how many.
static uint8_t candidates_filter(struct worker *w, const struct transport *t,
	struct iq_candidate *out, const struct iq_candidate *in, unsigned count)
{
	const struct network *network = &w->networks->list[t->network];
	uint8_t kept = 0;

	for (unsigned i = 0; i < count; i++) {
		if (network_addr_usable(network, in[i].addr.family, in[i].addr.ip))
			out[kept++] = in[i];
	}
	return kept;
}

static void secure_remote_set(struct worker *w, struct shard *shard, uint16_t index,
	const struct iq_remote_transport *remote)
{
	struct transport *t = shard_transport(shard, index);
	struct secure *secure = shard_secure(shard, t->secure);
	bool was_muxed = (t->flags & TRANSPORT_MUX) != 0;
	struct iq_remote_transport usable = *remote;
	struct ice_env env;
	uint64_t storage[4];

	usable.candidate_count = candidates_filter(
		w, t, usable.candidates, remote->candidates, remote->candidate_count);
	if (remote->dtls_role != IQ_DTLS_UNDECIDED)
		transport_dtls_set(w, shard, index, remote);
	t->flags =
		(uint8_t)(remote->rtcp_mux ? t->flags | TRANSPORT_MUX : t->flags & ~TRANSPORT_MUX);
	transport_ice_env(w, shard, index, &env, storage);
	ice_remote_set(secure_ice(secure), &secure->view, &usable, &env);
	explicit_bzero(usable.pwd, sizeof(usable.pwd));
	if (was_muxed != (remote->rtcp_mux != 0))
		secure->view.moved = true; // RTCP goes elsewhere
	transport_ice_done(w, shard, index, (struct ice_result){0});
}

// Of a rejected section, when each has a transport of its own.
static bool is_unused(const struct iq_remote_transport *remote)
{
	return remote->security == IQ_SECURITY_NONE && !remote->ice;
}

static int remote_check(
	struct worker *w, const struct transport *t, const struct iq_remote_transport *remote)
{
	int ret;

	if (!remote_is_sane(remote))
		return -EINVAL;
	if (t->secure != NO_INDEX) {
		if (is_unused(remote))
			return 0;
		// A browser without ICE and DTLS is no browser.
		if (remote->security != IQ_SECURITY_DTLS_SRTP || !remote->ice)
			return -EINVAL;
		return remote->dtls_role == IQ_DTLS_UNDECIDED || fingerprints_are_sane(remote)
			? 0
			: -EINVAL;
	}
	if (remote->security != IQ_SECURITY_NONE)
		return -EINVAL;
	ret = addr_check(w, t, &remote->rtp);
	return ret < 0 ? ret : addr_check(w, t, &remote->rtcp);
}

int context_leg_set(
	struct worker *w, struct shard *shard, struct context *c, const struct iq_leg_set *command)
{
	unsigned most = command->leg == IQ_LEG_ACCESS ? c->access_transports : c->streams;

	if (command->leg >= IQ_LEGS || command->transport_count > most)
		return -EINVAL;
	for (unsigned i = 0; i < command->transport_count; i++) {
		const struct transport *t = shard_transport(shard, c->transport[command->leg][i]);
		int ret = remote_check(w, t, &command->transports[i]);

		if (ret < 0)
			return ret;
	}
	for (unsigned i = 0; i < command->transport_count; i++) {
		uint16_t index = c->transport[command->leg][i];
		struct transport *t = shard_transport(shard, index);

		if (t->secure == NO_INDEX)
			plain_remote_set(w, t, &command->transports[i]);
		else if (!is_unused(&command->transports[i]))
			secure_remote_set(w, shard, index, &command->transports[i]);
	}
	return 0;
}

static bool stream_is_sane(const struct context *c, const struct iq_stream *in)
{
	if (in->pt_count > IQ_PTS_MAX || in->ssrc_count > IQ_SSRCS_MAX || in->gate > IQ_GATE_BOTH ||
		!text_ends(in->mid, sizeof(in->mid)))
		return false;
	if (in->access_transport >= c->access_transports || in->core_transport >= c->streams ||
		in->mid_ext_id > 14)
		return false;
	if (in->enabled && in->kind != IQ_KIND_AUDIO && in->kind != IQ_KIND_VIDEO)
		return false;
	for (unsigned i = 0; i < in->pt_count; i++) {
		if (in->pts[i].access > 127 || in->pts[i].core > 127)
			return false;
	}
	return true;
}

// Where a payload type stands twice, the first counts: it is the preferred one.
static void pt_map_set(struct stream *stream, const struct iq_stream *in)
{
	memcpy(stream->pts, in->pts, sizeof(stream->pts));
	stream->pt_count = in->pt_count;
	memset(stream->pt_map, NO_PT, sizeof(stream->pt_map));
	for (unsigned i = in->pt_count; i > 0; i--) {
		const struct iq_pt *pt = &in->pts[i - 1];

		stream->pt_map[IQ_LEG_ACCESS][pt->access] = (uint8_t)(i - 1);
		stream->pt_map[IQ_LEG_CORE][pt->core] = (uint8_t)(i - 1);
	}
}

static void stream_set(struct context *c, struct stream *stream, const struct iq_stream *in)
{
	stream->enabled = in->enabled;
	stream->kind = in->kind;
	memcpy(stream->rtcp, in->rtcp, sizeof(stream->rtcp));
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
	if (command->count > c->streams)
		return -EINVAL;
	for (unsigned i = 0; i < command->count; i++) {
		if (!stream_is_sane(c, &command->streams[i]))
			return -EINVAL;
	}
	for (unsigned i = 0; i < command->count; i++) {
		stream_set(c, shard_stream(shard, c->stream[i]), &command->streams[i]);
		context_breakers_set(w, shard, c, i, &command->streams[i]);
	}
	for (unsigned i = 0; i < c->access_transports; i++)
		flows_unmap(shard, shard_transport(shard, c->transport[IQ_LEG_ACCESS][i]));
	return 0;
}

int context_candidates_add(struct worker *w, struct shard *shard, struct context *c,
	const struct iq_candidates_add *command)
{
	struct iq_candidate usable[IQ_CANDIDATES_MAX];
	const struct transport *t;
	unsigned count;

	if (command->transport >= c->access_transports || command->count > IQ_CANDIDATES_MAX)
		return -EINVAL;
	t = shard_transport(shard, c->transport[IQ_LEG_ACCESS][command->transport]);
	count = candidates_filter(w, t, usable, command->candidates, command->count);
	ice_candidates_add(secure_ice(shard_secure(shard, t->secure)), usable, count,
		command->end_of_candidates);
	transport_ice_done(
		w, shard, c->transport[IQ_LEG_ACCESS][command->transport], (struct ice_result){0});
	return 0;
}
