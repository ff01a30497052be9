// SPDX-License-Identifier: Apache-2.0
// What must hold of mediation for any two texts; for the mutation, memory and fuzz tests.
#pragma once

#include <stddef.h>

enum {
	MEDIATE_IMS_OFFER = 1,
	MEDIATE_WEB_ANSWER = 2,
	MEDIATE_WEB_OFFER = 4,
	MEDIATE_IMS_ANSWER = 8
};

// The text holds a browser's description, a line "%%", a phone's. Runs every operation over them in both
// directions and aborts with a message when a promise is broken. The set of operations that succeeded.
unsigned mediate(const char *text, size_t len);
