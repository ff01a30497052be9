// SPDX-License-Identifier: Apache-2.0
// Fuzzes the STUN parser, as the bytes come and with a right header and fingerprint.
#include "fuzz.h"
#include "wire_bytes.h"
#include "wire_stun.h"

#include <string.h>

static void message_check(const struct wire_stun *msg, size_t len)
{
	struct wire_stun_mac mac;

	FUZZ_CHECK(msg->len == len && len % 4 == 0);
	FUZZ_CHECK(msg->unknown_count <= WIRE_STUN_UNKNOWN_MAX);
	FUZZ_CHECK(msg->mapped.len == 0 || msg->mapped.len == 4 || msg->mapped.len == 16);
	FUZZ_CHECK(!msg->error_code || (msg->error_code >= 300 && msg->error_code <= 699));
	fuzz_touch(msg->txid, WIRE_STUN_TXID);
	fuzz_touch(msg->username, msg->username_len);
	fuzz_touch(msg->reason, msg->reason_len);
	if (wire_stun_integrity_input(msg, &mac) == 0) {
		fuzz_touch(mac.body, mac.body_len);
		fuzz_touch(mac.tag, WIRE_STUN_TAG);
	}
}

static void bytes_parse(const uint8_t *data, size_t len)
{
	struct wire_stun msg;

	if (wire_stun_parse(&msg, data, len) == 0)
		message_check(&msg, len);
}

// What a fuzzer can't guess: magic, length and CRC.
static void bytes_mend(uint8_t *data, size_t len)
{
	data[0] &= 0x3f;
	wire_store16(data + 2, (uint16_t)(len - WIRE_STUN_HEADER));
	wire_store32(data + 4, WIRE_STUN_MAGIC);
	if (len >= WIRE_STUN_HEADER + 8 && wire_load32(data + len - 8) == 0x80280004)
		wire_store32(data + len - 4, wire_crc32(data, len - 8) ^ 0x5354554e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t whole = len & ~(size_t)3;
	uint8_t *copy;

	bytes_parse(data, len);
	if (whole < WIRE_STUN_HEADER || whole > UINT16_MAX)
		return 0;
	copy = malloc(whole);
	FUZZ_CHECK(copy);
	memcpy(copy, data, whole);
	bytes_mend(copy, whole);
	bytes_parse(copy, whole);
	free(copy);
	return 0;
}
