// SPDX-License-Identifier: Apache-2.0
// The presets hold no payload that the gateway cannot carry, and no payload type twice.
#include "sdp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void check_profile(const struct sdp_profile *profile)
{
	static const char *const refused[] = {"red", "rtx", "ulpfec", "flexfec-03", "CN"};
	bool seen[128] = {false};

	for (unsigned i = 0; i < profile->codec_count; i++) {
		const struct sdp_codec *codec = &profile->codecs[i];

		for (unsigned j = 0; j < sizeof(refused) / sizeof(refused[0]); j++)
			assert_string_not_equal(codec->name, refused[j]);
		// RFC 5761 section 4: 64 to 95 would look like RTCP on a muxed port.
		assert_true(codec->pt < 64 || codec->pt > 95);
		assert_in_range(codec->pt, 0, 127);
		assert_false(seen[codec->pt]);
		seen[codec->pt] = true;
	}
}

static void presets_are_sane(void **state)
{
	(void)state;
	check_profile(&sdp_profile_web);
	check_profile(&sdp_profile_ims);
	assert_int_equal(sdp_profile_web.side, SDP_WEB);
	assert_int_equal(sdp_profile_ims.side, SDP_IMS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(presets_are_sane)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
