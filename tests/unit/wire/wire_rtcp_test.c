// SPDX-License-Identifier: Apache-2.0
// RTCP: compound walking and views, cut and mutated packets.
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

static struct wire_rtcp first_packet(uint8_t *data, const char *text)
{
	struct wire_walk walk = wire_walk_over(data, from_hex(data, text));
	struct wire_rtcp packet = {0};

	assert_int_equal(wire_rtcp_next(&walk, &packet), 1);
	return packet;
}

static void compound_is_walked(void **state)
{
	uint8_t data[MAX_LEN];
	struct wire_rtcp packet;
	struct wire_walk walk;

	(void)state;
	walk = wire_walk_over(data,
		from_hex(data,
			SR SDES "a1cb0002"
				"11111111"
				"00000004"));
	assert_int_equal(wire_rtcp_next(&walk, &packet), 1);
	assert_int_equal(packet.type, WIRE_RTCP_SR);
	assert_int_equal(packet.count, 1);
	assert_int_equal(packet.len, 52);
	assert_int_equal(wire_rtcp_next(&walk, &packet), 1);
	assert_int_equal(packet.type, WIRE_RTCP_SDES);
	assert_int_equal(packet.len, 20);
	assert_int_equal(wire_rtcp_next(&walk, &packet), 1);
	assert_int_equal(packet.type, WIRE_RTCP_BYE);
	assert_int_equal(packet.len, 8); // the padding is gone
	assert_int_equal(wire_rtcp_next(&walk, &packet), 0);
}

static void wrong_packets_are_refused(void **state)
{
	static const char *const cases[] = {
		"80c900", // head cut
		"80c90001111111", // body cut
		"40c9000111111111", // version 1
		"80c9ffff11111111", // longer than the datagram
		"a0c9000111111100", // padding of 0
		"a0c9000111111103", // no multiple of four
		"a0c9000111111108", // more padding than body
		"a0c90000", // padding bit without a body
		"a0c900021111111100000004"
		"80c9000111111111", // padding before the last
	};
	uint8_t data[MAX_LEN];
	struct wire_rtcp packet;
	struct wire_walk walk;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		walk = wire_walk_over(data, from_hex(data, cases[i]));
		if (wire_rtcp_next(&walk, &packet) != -EBADMSG)
			fail_msg("accepted: %s", cases[i]);
	}
}

static void sender_report_is_read(void **state)
{
	uint8_t data[MAX_LEN];
	struct wire_rtcp packet = first_packet(data, SR);
	struct wire_rtcp_report report;
	struct wire_rtcp_sr sr;

	(void)state;
	assert_int_equal(wire_rtcp_sr_read(&packet, &sr), 0);
	assert_int_equal(sr.ssrc, 0x11111111);
	assert_true(sr.ntp == 0xe800000000000001);
	assert_int_equal(sr.rtp_ts, 0x6400);
	assert_int_equal(sr.packets, 0x32);
	assert_int_equal(sr.octets, 0x1000);
	assert_int_equal(wire_rtcp_report_read(&packet, 0, &report), 0);
	assert_int_equal(report.ssrc, 0x22222222);
	assert_int_equal(report.fraction, 5);
	assert_int_equal(report.lost, -1);
	assert_int_equal(report.highest_seq, 0x10010);
	assert_int_equal(report.jitter, 3);
	assert_int_equal(report.lsr, 0xabcd);
	assert_int_equal(report.dlsr, 0x1000);
	assert_int_equal(wire_rtcp_report_read(&packet, 1, &report), -ENOENT);
}

static void short_or_other_packets(void **state)
{
	uint8_t data[MAX_LEN];
	struct wire_rtcp_report report;
	struct wire_rtcp packet;
	struct wire_rtcp_sr sr;
	struct wire_rtcp_fb fb;
	uint32_t ssrc;

	(void)state;
	packet = first_packet(data, "80c8000111111111"); // SR without its sender info
	assert_int_equal(wire_rtcp_sr_read(&packet, &sr), -EBADMSG);
	packet = first_packet(data, "81c9000111111111"); // RR that claims a report
	assert_int_equal(wire_rtcp_report_read(&packet, 0, &report), -EBADMSG);
	assert_int_equal(wire_rtcp_sr_read(&packet, &sr), -EBADMSG);
	assert_int_equal(wire_rtcp_bye_read(&packet, 0, &ssrc), -EBADMSG);
	packet = first_packet(data, "82cb000111111111"); // BYE of two with one
	assert_int_equal(wire_rtcp_bye_read(&packet, 0, &ssrc), 0);
	assert_int_equal(ssrc, 0x11111111);
	assert_int_equal(wire_rtcp_bye_read(&packet, 1, &ssrc), -EBADMSG);
	assert_int_equal(wire_rtcp_bye_read(&packet, 2, &ssrc), -ENOENT);
	assert_int_equal(wire_rtcp_fb_read(&packet, &fb), -EBADMSG);
	packet = first_packet(data, "81ce000111111111"); // PLI without the media SSRC
	assert_int_equal(wire_rtcp_fb_read(&packet, &fb), -EBADMSG);
}

static void sdes_chunks_are_read(void **state)
{
	uint8_t data[MAX_LEN];
	struct wire_rtcp_chunk chunk;
	struct wire_rtcp packet;
	struct wire_walk walk;
	uint8_t len = 0;

	(void)state;
	packet = first_packet(data,
		"82ca0006"
		"11111111"
		"0105636e616d65"
		"0f013000"
		"00"
		"33333333"
		"00000000");
	walk = wire_rtcp_sdes_walk(&packet);
	assert_int_equal(wire_rtcp_sdes_next(&walk, &chunk), 1);
	assert_int_equal(chunk.ssrc, 0x11111111);
	assert_memory_equal(wire_rtcp_sdes_find(&chunk, WIRE_RTCP_SDES_CNAME, &len), "cname", 5);
	assert_int_equal(len, 5);
	assert_memory_equal(wire_rtcp_sdes_find(&chunk, WIRE_RTCP_SDES_MID, &len), "0", 1);
	assert_int_equal(len, 1);
	assert_null(wire_rtcp_sdes_find(&chunk, 2, &len));
	assert_int_equal(wire_rtcp_sdes_next(&walk, &chunk), 1);
	assert_int_equal(chunk.ssrc, 0x33333333);
	assert_null(wire_rtcp_sdes_find(&chunk, WIRE_RTCP_SDES_CNAME, &len));
	assert_int_equal(wire_rtcp_sdes_next(&walk, &chunk), 0);
}

static void wrong_chunks_are_refused(void **state)
{
	static const char *const cases[] = {
		"81ca000111111111", // no end mark
		"81ca00021111111101ff6161", // item overruns
		"81ca00021111111101026161", // item ends with the packet, no end mark
		"81ca00021111111101016101", // the second item's head is cut
	};
	uint8_t data[MAX_LEN];
	struct wire_rtcp_chunk chunk;
	struct wire_rtcp packet;
	struct wire_walk walk;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		packet = first_packet(data, cases[i]);
		walk = wire_rtcp_sdes_walk(&packet);
		if (wire_rtcp_sdes_next(&walk, &chunk) != -EBADMSG)
			fail_msg("accepted: %s", cases[i]);
	}
	packet = first_packet(data, "80ca0000");
	walk = wire_rtcp_sdes_walk(&packet);
	assert_int_equal(wire_rtcp_sdes_next(&walk, &chunk), 0);
}

static void feedback_is_read(void **state)
{
	uint8_t data[MAX_LEN];
	struct wire_rtcp packet = first_packet(data,
		"81cd0003"
		"11111111"
		"22222222"
		"12340001");
	struct wire_rtcp_fb fb;

	(void)state;
	assert_int_equal(wire_rtcp_fb_read(&packet, &fb), 0);
	assert_int_equal(fb.fmt, WIRE_RTCP_NACK);
	assert_int_equal(fb.sender, 0x11111111);
	assert_int_equal(fb.media, 0x22222222);
	assert_int_equal(fb.fci_len, 4);
	assert_memory_equal(fb.fci, "\x12\x34\x00\x01", 4);
}

static void on_ssrc_nothing(uint8_t *field, enum wire_rtcp_ref ref, void *arg)
{
	(void)ref;
	(void)arg;
	field[0] ^= 0xff;
}

// Walks, views and visits a copy of exactly len bytes.
static void run_exact(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct wire_rtcp_chunk chunk;
	struct wire_rtcp_report report;
	struct wire_walk walk, chunks;
	struct wire_rtcp packet;
	uint8_t item_len;

	assert_non_null(copy);
	memcpy(copy, data, len);
	walk = wire_walk_over(copy, len);
	while (wire_rtcp_next(&walk, &packet) == 1) {
		for (unsigned i = 0; i < packet.count; i++)
			(void)wire_rtcp_report_read(&packet, i, &report);
		chunks = wire_rtcp_sdes_walk(&packet);
		while (wire_rtcp_sdes_next(&chunks, &chunk) == 1)
			(void)wire_rtcp_sdes_find(&chunk, 99, &item_len);
	}
	(void)wire_rtcp_visit_ssrcs(copy, len, on_ssrc_nothing, NULL);
	free(copy);
}

static void truncations_and_mutations(void **state)
{
	uint8_t data[MAX_LEN], mutant[MAX_LEN];
	size_t len = from_hex(data,
		SR SDES "84ce00041111111100000000"
			"2222222205000000"
			"80cf00021111111104000000");

	(void)state;
	for (size_t cut = 0; cut < len; cut++)
		run_exact(data, cut);
	srandom(4585);
	for (unsigned round = 0; round < 30000; round++) {
		memcpy(mutant, data, len);
		for (unsigned i = 0; i < 1 + round % 5; i++)
			mutant[random() % (long)len] = (uint8_t)random();
		run_exact(mutant, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compound_is_walked),
		cmocka_unit_test(wrong_packets_are_refused),
		cmocka_unit_test(sender_report_is_read),
		cmocka_unit_test(short_or_other_packets),
		cmocka_unit_test(sdes_chunks_are_read),
		cmocka_unit_test(wrong_chunks_are_refused),
		cmocka_unit_test(feedback_is_read),
		cmocka_unit_test(truncations_and_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
