// SPDX-License-Identifier: Apache-2.0
// The table of crypto suites.
#include "srtp.h"

static const struct srtp_suite_info suites[SRTP_SUITE_COUNT] = {
	[SRTP_SUITE_NONE] = {.sdes_name = ""},
	// SRTCP keeps the 80-bit tag in both (RFC 4568 6.2.2); its overhead counts the E||index word.
	[SRTP_SUITE_AES128_CM_SHA1_80] = {"AES_CM_128_HMAC_SHA1_80", 0x0001, 16, 14, 10, 14},
	[SRTP_SUITE_AES128_CM_SHA1_32] = {"AES_CM_128_HMAC_SHA1_32", 0x0002, 16, 14, 4, 14},
	[SRTP_SUITE_AEAD_AES_128_GCM] = {"AEAD_AES_128_GCM", 0x0007, 16, 12, 16, 20},
	[SRTP_SUITE_AEAD_AES_256_GCM] = {"AEAD_AES_256_GCM", 0x0008, 32, 12, 16, 20},
};

const struct srtp_suite_info *srtp_suite_info(enum srtp_suite suite)
{
	if ((unsigned int)suite >= SRTP_SUITE_COUNT)
		suite = SRTP_SUITE_NONE;
	return &suites[suite];
}
