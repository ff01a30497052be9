// SPDX-License-Identifier: Apache-2.0
// The public half of a signing key as a JWK.
#pragma once

#include "wwsf_keys.h"

// Fills id, x and y from pkey. 0, -EINVAL when it isn't EC P-256.
int jwk_fill(struct signing_key *key);
