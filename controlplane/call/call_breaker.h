// SPDX-License-Identifier: Apache-2.0
// What the circuit breakers of the media gateway mean for a call.
#pragma once

#include "call_priv.h"

// Logs what tripped. Why the call is to end by policy; NULL: it goes on.
const char *breaker_fault(const struct call *call, const struct iq_context_state *state);
