// SPDX-License-Identifier: Apache-2.0
// Fuzzes the gate for SIP messages of browsers: every message has a verdict, every answer is a response.
#include "fuzz.h"
#include "sip_head.h"
#include "w2_accept.h"

#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>

// What was taken can be read: its text fields, and its parts in the parser's order.
static void check_taken(msg_t *msg, const uint8_t *data, size_t len)
{
	const sip_t *sip = sip_object(msg);
	struct sip_head head;

	FUZZ_CHECK(sip_head_scan((const char *)data, len, &head) == SIP_HEAD_GOOD);
	FUZZ_CHECK(!!sip->sip_request == head.request);
	FUZZ_CHECK(sip->sip_via && sip->sip_from && sip->sip_to && sip->sip_call_id);
	FUZZ_CHECK(sip_head_count(&head, "From") == 1 && sip_head_count(&head, "To") == 1);
	if (sip->sip_payload)
		FUZZ_CHECK(sip->sip_payload->pl_len == head.body.len);
}

static void check_refused(const struct w2_acceptance *got)
{
	struct sip_head head;

	FUZZ_CHECK(sip_head_scan(got->response, got->response_len, &head) == SIP_HEAD_GOOD);
	FUZZ_CHECK(!head.request && head.status == (unsigned)got->status);
	FUZZ_CHECK(head.body.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct w2_acceptance got;

	if (len > 65536)
		return 0;
	w2_accept((const char *)data, len, &got);
	FUZZ_CHECK((got.verdict == W2_TAKEN) == (got.msg != NULL));
	FUZZ_CHECK((got.verdict == W2_REFUSED) == (got.response != NULL));
	if (got.verdict == W2_TAKEN)
		check_taken(got.msg, data, len);
	else if (got.verdict == W2_REFUSED)
		check_refused(&got);
	if (got.msg)
		msg_destroy(got.msg);
	free(got.response);
	return 0;
}
