// SPDX-License-Identifier: Apache-2.0
// Payload type numbers of our offers: stable over a session, never given to two codecs (RFC 3264 8.3.2).
#include "sdp_offer_priv.h"

#include <errno.h>

enum { PT_FREE, PT_RESERVED, PT_USED };

void sdp_pt_reserve(struct sdp_pt_pool *pool, const struct sdp_section *previous)
{
	for (unsigned i = 0; i < previous->format_count; i++)
		if (pool->owner[previous->formats[i].pt] == PT_FREE)
			pool->owner[previous->formats[i].pt] = PT_RESERVED;
}

static bool pt_is_dynamic(unsigned pt)
{
	return (pt >= 96 && pt <= 127) || (pt >= 35 && pt <= 63);
}

static int pt_first_free(const struct sdp_pt_pool *pool)
{
	for (int pt = 96; pt <= 127; pt++)
		if (pool->owner[pt] == PT_FREE)
			return pt;
	for (int pt = 63; pt >= 35; pt--)
		if (pool->owner[pt] == PT_FREE)
			return pt;
	return -ENOSPC;
}

static int pt_of(const struct sdp_pt_pool *pool, const struct sdp_section *section,
	const struct sdp_format *format)
{
	const struct sdp_format *match = section ? sdp_format_match(section, format) : NULL;

	return match && pool->owner[match->pt] != PT_USED ? match->pt : -ENOENT;
}

int sdp_pt_choose(struct sdp_pt_pool *pool, const struct sdp_section *ours,
	const struct sdp_section *theirs, const struct sdp_format *format)
{
	struct sdp_format fixed;
	int pt = pt_of(pool, ours, format);

	if (pt < 0)
		pt = pt_of(pool, theirs, format);
	if (pt < 0 && pool->owner[format->pt] == PT_FREE &&
		(pt_is_dynamic(format->pt) || sdp_static_format(format->pt, &fixed)))
		pt = format->pt;
	if (pt < 0)
		pt = pt_first_free(pool);
	if (pt >= 0)
		pool->owner[pt] = PT_USED;
	return pt;
}
