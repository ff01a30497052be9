// SPDX-License-Identifier: Apache-2.0
// Fuzzes the RTCP walker, its views and the visitor of SSRC fields.
#include "fuzz.h"
#include "wire_rtcp.h"

#include <string.h>

struct bounds {
	const uint8_t *data;
	size_t len;
};

static void chunks_check(const struct wire_rtcp *packet)
{
	struct wire_walk walk = wire_rtcp_sdes_walk(packet);
	struct wire_rtcp_chunk chunk;
	const uint8_t *text;
	uint8_t len;

	while (wire_rtcp_sdes_next(&walk, &chunk) == 1) {
		fuzz_touch(chunk.items, chunk.items_len);
		for (unsigned type = 0; type < 256; type++) {
			text = wire_rtcp_sdes_find(&chunk, (uint8_t)type, &len);
			if (text)
				fuzz_touch(text, len);
		}
	}
}

// Reads an SR and its reports, and writes them: the bytes must come back.
static void sender_report_check(const struct wire_rtcp *packet)
{
	uint8_t back[28 + 31 * 24];
	struct wire_rtcp_report reports[31];
	struct wire_rtcp_sr sr;
	unsigned count = 0;
	int len;

	if (wire_rtcp_sr_read(packet, &sr) < 0)
		return;
	while (count < 31 && wire_rtcp_report_read(packet, count, &reports[count]) == 0)
		count++;
	len = wire_rtcp_sr_write(back, sizeof(back), &sr, reports, count);
	FUZZ_CHECK(len == 28 + (int)count * 24 && len <= packet->len);
	FUZZ_CHECK(memcmp(back + 4, packet->data + 4, (size_t)len - 4) == 0);
}

static void packet_check(const struct wire_rtcp *packet)
{
	struct wire_rtcp_report report;
	struct wire_rtcp_fb fb;
	uint32_t ssrc;

	fuzz_touch(packet->data, packet->len);
	sender_report_check(packet);
	for (unsigned i = 0; i < 33; i++) {
		(void)wire_rtcp_report_read(packet, i, &report);
		(void)wire_rtcp_bye_read(packet, i, &ssrc);
	}
	if (wire_rtcp_fb_read(packet, &fb) == 0)
		fuzz_touch(fb.fci, fb.fci_len);
	chunks_check(packet);
}

static void on_ssrc(uint8_t *field, enum wire_rtcp_ref ref, void *arg)
{
	const struct bounds *bounds = arg;

	FUZZ_CHECK(ref == WIRE_RTCP_REF_SOURCE || ref == WIRE_RTCP_REF_TARGET);
	FUZZ_CHECK(field >= bounds->data + 4 && field + 4 <= bounds->data + bounds->len);
	FUZZ_CHECK((field - bounds->data) % 4 == 0);
	wire_store32(field, ~wire_load32(field));
}

// Inverting every SSRC twice must give the same packet: no field is hit twice, no length is hit.
static void visit_check(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct bounds bounds = {copy, len};
	int first;

	FUZZ_CHECK(copy);
	memcpy(copy, data, len);
	first = wire_rtcp_visit_ssrcs(copy, len, on_ssrc, &bounds);
	FUZZ_CHECK(wire_rtcp_visit_ssrcs(copy, len, on_ssrc, &bounds) == first);
	FUZZ_CHECK(memcmp(copy, data, len) == 0);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct wire_walk walk = wire_walk_over(data, len);
	struct wire_rtcp packet;

	while (wire_rtcp_next(&walk, &packet) == 1)
		packet_check(&packet);
	visit_check(data, len);
	return 0;
}
