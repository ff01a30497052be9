// SPDX-License-Identifier: Apache-2.0
// AES key schedules of many keys. Flows keep the keys alone: to make the round keys again for each packet takes less time
// than to fetch them from a far cache, and a flow needs two or three lines less.
#pragma once

#include <stdint.h>

#define SRTP_ROUND_KEYS_128 176 // bytes
#define SRTP_ROUND_KEYS_256 240

struct srtp_schedule {
	const uint8_t *key; // 16 or 32 bytes
	uint8_t *round_keys; // out
};

// n of them, best in fours. Need AES-NI.
void srtp_schedule_128(const struct srtp_schedule *jobs, unsigned int n);
void srtp_schedule_256(const struct srtp_schedule *jobs, unsigned int n);
