// SPDX-License-Identifier: Apache-2.0
// From where a transport takes what comes, and whether it may send.
#include "context_priv.h"

// Without ICE the address decides, not the port: a phone may send from another one than it receives at.
static bool path_is_from(const struct path *path, const struct pkt *pkt)
{
	return path->family == pkt->family &&
		ip_equal(pkt->family, path->remote_ip, pkt->remote_ip);
}

static bool tuples_have(const struct ice_tuple *tuples, unsigned count, const struct pkt *pkt)
{
	for (unsigned i = 0; i < count; i++) {
		if (tuples[i].remote_port == pkt->remote_port && tuples[i].family == pkt->family &&
			ip_equal(pkt->family, tuples[i].remote_ip, pkt->remote_ip))
			return true;
	}
	return false;
}

bool context_admits(struct shard *shard, const struct transport *t, const struct pkt *pkt)
{
	const struct ice_view *view;

	if ((t->flags & TRANSPORT_ICE) == 0)
		return (t->flags & TRANSPORT_REMOTE) != 0 &&
			(path_is_from(&t->out[0], pkt) ||
				(pkt->klass == PKT_RTCP && path_is_from(&t->out[1], pkt)));
	view = &shard_secure(shard, t->secure)->view;
	return tuples_have(view->sources, view->source_count, pkt);
}

bool context_admits_dtls(struct shard *shard, const struct transport *t, const struct pkt *pkt)
{
	const struct ice_view *view;

	if ((t->flags & TRANSPORT_ICE) == 0)
		return false;
	view = &shard_secure(shard, t->secure)->view;
	return tuples_have(view->sources, view->source_count, pkt) ||
		tuples_have(view->heard, view->heard_count, pkt);
}

bool context_awaits_keys(struct shard *shard, const struct transport *t)
{
	uint8_t state;

	if (t->secure == NO_INDEX || (t->flags & TRANSPORT_KEYS) != 0)
		return false;
	state = shard_secure(shard, t->secure)->dtls_state;
	return state != IQ_DTLS_FAILED && state != IQ_DTLS_CLOSED;
}

bool context_may_send(
	struct worker *w, struct shard *shard, const struct transport *t, unsigned component)
{
	if (t->out[component].family == 0) {
		COUNT(w, drop_no_remote);
		return false;
	}
	if ((t->flags & TRANSPORT_SECURE) == 0)
		return true;
	if ((t->flags & TRANSPORT_KEYS) == 0) {
		COUNT(w, drop_no_keys);
		return false;
	}
	if (!shard_secure(shard, t->secure)->view.consent) {
		COUNT(w, drop_no_consent);
		return false;
	}
	return true;
}
