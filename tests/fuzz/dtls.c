// SPDX-License-Identifier: Apache-2.0
// Fuzzes the walkers of DTLS records and handshake messages.
#include "fuzz.h"
#include "wire_dtls.h"

static void handshakes_check(const struct wire_dtls_record *record)
{
	struct wire_walk walk = wire_dtls_handshake_walk(record);
	struct wire_dtls_handshake handshake;

	while (wire_dtls_handshake_next(&walk, &handshake) == 1) {
		FUZZ_CHECK(handshake.body >= record->body);
		FUZZ_CHECK(handshake.body + handshake.fragment_len <= record->body + record->len);
		FUZZ_CHECK(handshake.fragment_offset + handshake.fragment_len <= handshake.len);
		fuzz_touch(handshake.body, handshake.fragment_len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct wire_walk walk = wire_walk_over(data, len);
	struct wire_dtls_record record;

	while (wire_dtls_next(&walk, &record) == 1) {
		FUZZ_CHECK(record.seq >> 48 == 0);
		fuzz_touch(record.body, record.len);
		handshakes_check(&record);
	}
	(void)wire_dtls_is_client_hello(data, len);
	return 0;
}
