// SPDX-License-Identifier: Apache-2.0
// Fuzzes the SDP parser and mediation both ways; sdp_mediate.c says what must hold.
#include "fuzz.h"
#include "sdp_mediate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	mediate((const char *)data, len);
	return 0;
}
