// SPDX-License-Identifier: Apache-2.0
// Fuzzes the opening handshake: an answer is whole, and 101 only for an allowed page.
#include "fuzz.h"
#include "ws_priv.h"

#include <errno.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const origins[] = {"https://web.test"};
	const struct ws_config config = {.origins = origins, .origin_count = 1};
	struct ws_answer answer;
	size_t text_len;

	if (ws_handshake_answer(&config, (const char *)data, len, &answer) == -EAGAIN) {
		FUZZ_CHECK(len < WS_REQUEST_MAX && memmem(data, len, "\r\n\r\n", 4) == NULL);
		return 0;
	}
	text_len = strnlen(answer.text, sizeof(answer.text));
	FUZZ_CHECK(answer.consumed <= len && text_len < sizeof(answer.text) - 1);
	FUZZ_CHECK(memcmp(answer.text, "HTTP/1.1 ", 9) == 0);
	if (answer.status == 101)
		FUZZ_CHECK(strcmp(answer.origin, origins[0]) == 0 &&
			memmem(data, len, "https://web.test", 16) != NULL);
	return 0;
}
