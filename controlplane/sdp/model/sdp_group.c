// SPDX-License-Identifier: Apache-2.0
// BUNDLE groups (RFC 9143): who is in which, and whose transport attributes rule.
#include "sdp_question.h"

#include <string.h>

bool sdp_is_live(const struct sdp_section *section)
{
	return section->port != 0 || section->bundle_only;
}

int sdp_group_of(const struct sdp_session *session, const char *mid)
{
	if (!mid)
		return -1;
	for (unsigned g = 0; g < session->group_count; g++)
		for (unsigned m = 0; m < session->groups[g].count; m++)
			if (strcmp(session->groups[g].mids[m], mid) == 0)
				return (int)g;
	return -1;
}

const struct sdp_section *sdp_section_by_mid(const struct sdp_session *session, const char *mid)
{
	for (unsigned i = 0; i < session->section_count; i++)
		if (session->sections[i]->mid && strcmp(session->sections[i]->mid, mid) == 0)
			return session->sections[i];
	return NULL;
}

const struct sdp_section *sdp_transport_of(const struct sdp_session *session, unsigned i)
{
	const struct sdp_section *section = session->sections[i];
	int g = sdp_group_of(session, section->mid);

	if (g < 0)
		return section;
	// The tagged section is the first that is neither rejected nor waiting for a bundle.
	for (unsigned m = 0; m < session->groups[g].count; m++) {
		const struct sdp_section *tagged =
			sdp_section_by_mid(session, session->groups[g].mids[m]);

		if (tagged && tagged->port != 0)
			return tagged;
	}
	return section;
}
