// SPDX-License-Identifier: Apache-2.0
// What is different in a peer's new description: ICE restart, new DTLS association, hold and so on.
#include "sdp_plan.h"
#include "sdp_question.h"

#include <string.h>

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_fingerprints(const struct sdp_section *a, const struct sdp_section *b)
{
	if (a->fingerprint_count != b->fingerprint_count)
		return false;
	for (unsigned i = 0; i < a->fingerprint_count; i++) {
		bool found = false;

		for (unsigned j = 0; j < b->fingerprint_count; j++)
			found |= a->fingerprints[i].hash == b->fingerprints[j].hash &&
				memcmp(a->fingerprints[i].bytes, b->fingerprints[j].bytes,
					a->fingerprints[i].len) == 0;
		if (!found)
			return false;
	}
	return true;
}

static bool same_formats(const struct sdp_section *a, const struct sdp_section *b)
{
	if (a->format_count != b->format_count)
		return false;
	for (unsigned i = 0; i < a->format_count; i++) {
		const struct sdp_format *x = &a->formats[i], *y = &b->formats[i];

		if (x->pt != y->pt || x->clock_hz != y->clock_hz || x->channels != y->channels ||
			!same_text(x->name, y->name) || !same_text(x->fmtp, y->fmtp))
			return false;
	}
	return true;
}

static bool same_addr(const struct sdp_addr *a, const struct sdp_addr *b)
{
	return a->family == b->family && a->port == b->port &&
		memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

static bool same_candidates(const struct sdp_section *a, const struct sdp_section *b)
{
	if (a->candidate_count != b->candidate_count)
		return false;
	for (unsigned i = 0; i < a->candidate_count; i++)
		if (!same_addr(&a->candidates[i].addr, &b->candidates[i].addr) ||
			a->candidates[i].component != b->candidates[i].component)
			return false;
	return true;
}

static unsigned transport_changes(const struct sdp_section *a, const struct sdp_section *b)
{
	unsigned changes = 0;

	if (!a->ice_ufrag && !b->ice_ufrag) {
		if (a->port != b->port || a->rtcp_port != b->rtcp_port ||
			a->conn_is_name != b->conn_is_name || !same_addr(&a->conn, &b->conn))
			changes |= SDP_CHANGE_ADDRESS;
	} else if (!same_text(a->ice_ufrag, b->ice_ufrag) || !same_text(a->ice_pwd, b->ice_pwd)) {
		changes |= SDP_CHANGE_ICE;
	} else if (!same_candidates(a, b)) {
		changes |= SDP_CHANGE_CANDIDATES;
	}
	if (!same_fingerprints(a, b) ||
		(a->tls_id && b->tls_id && strcmp(a->tls_id, b->tls_id) != 0))
		changes |= SDP_CHANGE_DTLS;
	return changes;
}

static bool same_membership(
	const struct sdp_session *before, const struct sdp_session *after, unsigned i)
{
	const struct sdp_section *a = before->sections[i], *b = after->sections[i];

	return a->kind == b->kind && sdp_is_live(a) == sdp_is_live(b) &&
		same_text(a->mid, b->mid) &&
		(sdp_group_of(before, a->mid) < 0) == (sdp_group_of(after, b->mid) < 0);
}

static unsigned section_changes(
	const struct sdp_session *before, const struct sdp_session *after, unsigned i)
{
	const struct sdp_section *a = before->sections[i], *b = after->sections[i];
	unsigned changes = 0;
	enum sdp_side side;

	if (!same_membership(before, after, i))
		changes |= SDP_CHANGE_SECTIONS;
	if (!sdp_is_live(b))
		return changes;
	// Without ICE it is a phone, whose 0.0.0.0 means hold.
	side = a->ice_ufrag || b->ice_ufrag ? SDP_WEB : SDP_IMS;
	if (sdp_direction_of(a, side) != sdp_direction_of(b, side))
		changes |= SDP_CHANGE_DIRECTION;
	if (!same_formats(a, b))
		changes |= SDP_CHANGE_CODECS;
	return changes | transport_changes(sdp_transport_of(before, i), sdp_transport_of(after, i));
}

unsigned sdp_changes(const struct sdp_session *before, const struct sdp_session *after)
{
	unsigned changes = 0;

	if (!before)
		return SDP_CHANGE_SECTIONS | SDP_CHANGE_DIRECTION | SDP_CHANGE_CODECS |
			SDP_CHANGE_ICE | SDP_CHANGE_DTLS | SDP_CHANGE_ADDRESS |
			SDP_CHANGE_CANDIDATES;
	if (before->section_count != after->section_count)
		changes |= SDP_CHANGE_SECTIONS;
	for (unsigned i = 0; i < before->section_count && i < after->section_count; i++)
		changes |= section_changes(before, after, i);
	return changes;
}
