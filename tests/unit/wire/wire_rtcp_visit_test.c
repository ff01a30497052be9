// SPDX-License-Identifier: Apache-2.0
// RTCP: which SSRC fields are visited, and whose they are.
#include "hex.h"
#include "wire_rtcp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_LEN 2048
#define REPORT                                                                                     \
	"22222222"                                                                                 \
	"05ffffff"                                                                                 \
	"0001001000000003"                                                                         \
	"0000abcd00001000"
#define SR                                                                                         \
	"81c8000c11111111"                                                                         \
	"e800000000000001"                                                                         \
	"0000640000000032"                                                                         \
	"00001000" REPORT
#define SDES                                                                                       \
	"81ca0004"                                                                                 \
	"11111111"                                                                                 \
	"0105636e616d65"                                                                           \
	"0f0130"                                                                                   \
	"0000"

static size_t from_hex(uint8_t *bytes, const char *text)
{
	size_t len = strlen(text) / 2;

	assert_true(len <= MAX_LEN);
	assert_int_equal(hex_parse(bytes, len, text), 0);
	return len;
}

struct visits {
	const uint8_t *data;
	char text[256];
};

static void on_ssrc(uint8_t *field, enum wire_rtcp_ref ref, void *arg)
{
	struct visits *visits = arg;
	size_t used = strlen(visits->text);

	snprintf(visits->text + used, sizeof(visits->text) - used, "%c%zu ",
		ref == WIRE_RTCP_REF_SOURCE ? 's' : 't', (size_t)(field - visits->data));
}

static const struct {
	const char *text;
	const char *visited; // s: of a sender's source, t: of a receiver's; and the offset
	int ret;
} visit_cases[] = {
	{SR, "s4 t28 ", 0}, {"82c9000d11111111" REPORT REPORT, "s4 t8 t32 ", 0},
	{SDES "80c9000111111111", "s4 s24 ", 0}, {"82cb00021111111133333333", "s4 s8 ", 0},
	{"80cc00021111111161626364", "s4 ", 0}, // APP
	{"81cd0003111111112222222212340001", "s4 t8 ", 0}, // NACK
	{"8fcd0003111111112222222212340001", "s4 t8 ", 0}, // transport-cc
	{"81ce00021111111122222222", "s4 t8 ", 0}, // PLI
	{"84ce00041111111100000000"
	 "2222222205000000",
		"s4 t12 ", 0}, // FIR
	{"83cd00061111111100000000"
	 "222222220a000020"
	 "333333330a000020",
		"s4 t12 t20 ", 0}, // TMMBR
	{"84cd00041111111100000000"
	 "222222220a000020",
		"s4 s12 ", 0}, // TMMBN
	{"85ce00041111111100000000"
	 "2222222201000005",
		"s4 t12 ", 0}, // TSTR
	{"86ce00041111111100000000"
	 "2222222201000005",
		"s4 s12 ", 0}, // TSTN
	{"87ce00071111111100000000"
	 "2222222201600003"
	 "01020300"
	 "3333333301600000",
		"s4 t12 t24 ", 0}, // VBCM
	{"8ace00051111111100000000"
	 "222222220560000001000000",
		"s4 t12 ", 0}, // LRR
	{"80cf000f1111"
	 "1111"
	 "04000002e800000000000000" // XR: RRT, DLRR of two, loss RLE
	 "05000006"
	 "22222222"
	 "0000abcd00001000"
	 "33333333"
	 "0000abcd00001000"
	 "01000003"
	 "22222222"
	 "00010010"
	 "00000000",
		"s4 t24 t36 t52 ", 0},
	{"80d1000111111111", "", 0}, // a type without a rule
	{SR "81c9000111111111", "s4 t28 s56 ", -EBADMSG}, // the report is missing
	{"80c80000", "", -EBADMSG},
	{"84ce00031111111100000000"
	 "22222222",
		"s4 ", -EBADMSG}, // entry cut
	{"87ce00041111111100000000"
	 "2222222201600003",
		"s4 ", -EBADMSG},
	{"80cf00021111111101000001", "s4 ", -EBADMSG}, // block cut
	{"80cf00021111111101000000", "s4 ", -EBADMSG}, // block without its SSRC
};

static void ssrc_fields_are_visited(void **state)
{
	uint8_t data[MAX_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(visit_cases) / sizeof(visit_cases[0]); i++) {
		struct visits visits = {.data = data};
		size_t len = from_hex(data, visit_cases[i].text);
		int ret = wire_rtcp_visit_ssrcs(data, len, on_ssrc, &visits);

		if (ret != visit_cases[i].ret || strcmp(visits.text, visit_cases[i].visited) != 0)
			fail_msg("%s: %d, visited %s", visit_cases[i].text, ret, visits.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ssrc_fields_are_visited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
