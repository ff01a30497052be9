// SPDX-License-Identifier: Apache-2.0
// Access tokens for W2: a JWT signed with ES256 that names the IMS identities of its holder.
#pragma once

#include "wwsf_config.h"
#include "wwsf_keys.h"
#include "wwsf_store.h"

#include <stdint.h>

// Issues a token that is valid from now_s for config->token_lifetime_s. Claims: iss, aud, iat, nbf,
// exp, jti, scope "ims", ims_impi, ims_impu (array), wwsf_id, waf_id (RFC 7519, RFC 8898). Returns a
// string for free(), or NULL with errno. Any thread.
char *token_issue(const struct wwsf_config *config, const struct key_set *keys,
	const struct user *user, int64_t now_s);
