// SPDX-License-Identifier: Apache-2.0
// Fuzzes the RTP header and extension reader, and the removal of extensions.
#include "fuzz.h"
#include "wire_rtp.h"

#include <string.h>

static void elements_check(const struct wire_rtp *rtp, const uint8_t *data)
{
	struct wire_walk walk = wire_rtp_ext_walk(rtp, data);
	struct wire_rtp_ext ext, found;

	while (wire_rtp_ext_next(rtp, &walk, &ext)) {
		FUZZ_CHECK(ext.data >= data + rtp->ext_offset);
		FUZZ_CHECK(ext.data + ext.len <= data + rtp->ext_offset + rtp->ext_len);
		fuzz_touch(ext.data, ext.len);
		FUZZ_CHECK(wire_rtp_ext_find(rtp, data, ext.id, &found));
		FUZZ_CHECK(found.data <= ext.data);
	}
}

static void strip_check(const struct wire_rtp *before, const uint8_t *data, size_t len)
{
	struct wire_rtp rtp = *before, again;
	uint8_t *copy = malloc(len);
	uint16_t removed;

	FUZZ_CHECK(copy);
	memcpy(copy, data, len);
	removed = wire_rtp_strip_extension(&rtp, copy);
	FUZZ_CHECK(removed == before->header_len - rtp.header_len);
	FUZZ_CHECK(wire_rtp_parse_header(&again, copy + removed, len - removed) == 0);
	FUZZ_CHECK(again.ext_offset == 0 && again.header_len == rtp.header_len);
	FUZZ_CHECK(
		again.ssrc == before->ssrc && again.seq == before->seq && again.ts == before->ts);
	FUZZ_CHECK(again.payload_len == before->payload_len);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct wire_rtp rtp;

	(void)wire_classify(data, len);
	if (wire_rtp_parse(&rtp, data, len) == 0)
		FUZZ_CHECK((size_t)rtp.header_len + rtp.payload_len + rtp.padding_len == len);
	if (wire_rtp_parse_header(&rtp, data, len) < 0)
		return 0;
	FUZZ_CHECK((size_t)rtp.header_len + rtp.payload_len == len);
	elements_check(&rtp, data);
	strip_check(&rtp, data, len);
	return 0;
}
