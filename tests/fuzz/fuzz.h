// SPDX-License-Identifier: Apache-2.0
// What the fuzz targets share: the entry, a check that survives every build type, a touch.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

// The entry of libFuzzer: one target each. Must return 0 and keep nothing between calls.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// A property that must hold for any input.
#define FUZZ_CHECK(condition)                                                                      \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

// Reads every byte of a span, so that the sanitizer sees one that leads outside.
static inline void fuzz_touch(const uint8_t *bytes, size_t len)
{
	volatile uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + bytes[i]);
}
