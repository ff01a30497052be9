// SPDX-License-Identifier: Apache-2.0
// Text to description and back (RFC 8866).
#pragma once

#include "sdp_value.h"

// Parses at most 16 KiB of text, 32 sections, 100 candidates (RFC 8866 and the attributes of RFC 8829
// and 3GPP that mediation needs; other attributes are ignored). 0, -EINVAL with err filled, -ENOMEM.
int sdp_read(const char *text, size_t len, struct sdp_session **out, struct sdp_error *err);

// For who builds one: fixes the version of the o= line against previous and makes the text.
int sdp_finish(
	struct sdp_session *session, const struct sdp_session *previous, struct sdp_error *err);
