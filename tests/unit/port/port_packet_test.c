// SPDX-License-Identifier: Apache-2.0
// ARP, neighbour discovery and echo as bytes: what is written is read again, what is cut or wrong is refused.
#include "port_priv.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void arp_round_trip(void **state)
{
	struct arp_packet arp = {.op = ARP_REQUEST,
		.sender_mac = {2, 0, 0, 0, 0, 1},
		.sender_ip = {203, 0, 113, 2},
		.target_ip = {203, 0, 113, 10}};
	struct arp_packet back;
	uint8_t bytes[ARP_LEN];

	(void)state;
	arp_write(bytes, &arp);
	assert_int_equal(arp_parse(&back, bytes, sizeof(bytes)), 0);
	assert_memory_equal(&arp, &back, sizeof(arp));
	for (size_t len = 0; len < ARP_LEN; len++)
		assert_int_equal(arp_parse(&back, bytes, len), -EINVAL);
}

static void arp_wrong_is_refused(void **state)
{
	// Each of these bytes is checked: hardware, protocol, their lengths, operation, group bit of the sender.
	static const struct {
		unsigned at;
		uint8_t value;
	} wrong[] = {{1, 6}, {2, 0x86}, {4, 8}, {5, 16}, {7, 3}, {7, 0}, {8, 0xff}};
	struct arp_packet arp = {.op = ARP_REPLY, .sender_mac = {2}};
	uint8_t bytes[ARP_LEN];

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		arp_write(bytes, &arp);
		assert_int_equal(arp_parse(&arp, bytes, sizeof(bytes)), 0);
		bytes[wrong[i].at] = wrong[i].value;
		assert_int_equal(arp_parse(&arp, bytes, sizeof(bytes)), -EINVAL);
		arp = (struct arp_packet){.op = ARP_REPLY, .sender_mac = {2}};
	}
}

static void nd_example(struct nd_message *nd)
{
	static const uint8_t us[16] = {0xfd, 0, 2, 3, [15] = 0x10};
	static const uint8_t them[16] = {0xfd, 0, 2, 3, [15] = 2};

	*nd = (struct nd_message){.type = ND_SOLICIT, .has_mac = true, .mac = {2, 0, 0, 0, 0, 9}};
	memcpy(nd->src, them, 16);
	memcpy(nd->target, us, 16);
	nd_group(nd->dst, us);
}

static void nd_round_trip(void **state)
{
	struct nd_message nd, back = {0};
	uint8_t bytes[ND_LEN_MAX];
	size_t len;

	(void)state;
	nd_example(&nd);
	len = nd_write(bytes, &nd);
	assert_int_equal(len, ND_LEN_MAX);
	assert_int_equal(nd_parse(&back, bytes, len), 0);
	assert_memory_equal(&nd, &back, sizeof(nd));
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(nd_parse(&back, bytes, cut), -EINVAL);
}

static void nd_advert_round_trip(void **state)
{
	struct nd_message nd, back = {0};
	uint8_t bytes[ND_LEN_MAX];

	(void)state;
	nd_example(&nd);
	nd.type = ND_ADVERT;
	nd.is_router = nd.is_solicited = nd.is_override = true;
	memcpy(nd.dst, nd.target, 16);
	assert_int_equal(nd_parse(&back, bytes, nd_write(bytes, &nd)), 0);
	assert_memory_equal(&nd, &back, sizeof(nd));
}

// Any bit flipped in an ICMPv6 message breaks its checksum; the hop limit isn't under it but must be 255.
static void nd_damage_is_refused(void **state)
{
	struct nd_message nd;
	uint8_t bytes[ND_LEN_MAX];
	size_t len;

	(void)state;
	nd_example(&nd);
	len = nd_write(bytes, &nd);
	for (size_t bit = 8 * 40; bit < 8 * len; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_not_equal(nd_parse(&nd, bytes, len), 0);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	bytes[7] = 254;
	assert_int_equal(nd_parse(&nd, bytes, len), -EINVAL);
}

static void checksum_again(uint8_t *bytes, size_t len)
{
	uint16_t sum;

	bytes[42] = bytes[43] = 0;
	sum = inet_fold(inet_sum(
		bytes + 40, len - 40, inet_pseudo6(bytes + 8, bytes + 24, (uint32_t)len - 40, 58)));
	bytes[42] = (uint8_t)(sum >> 8);
	bytes[43] = (uint8_t)sum;
}

// RFC 4861 sections 7.1.1 and 7.1.2, with good checksums.
static void nd_rules_are_kept(void **state)
{
	static const struct {
		unsigned at;
		uint8_t value;
	} wrong[] = {{41, 1}, {48, 0xff}, {65, 0}, {65, 2}};
	struct nd_message nd;
	uint8_t bytes[ND_LEN_MAX];
	size_t len;

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		nd_example(&nd);
		len = nd_write(bytes, &nd);
		bytes[wrong[i].at] = wrong[i].value;
		checksum_again(bytes, len);
		assert_int_equal(nd_parse(&nd, bytes, len), -EINVAL);
	}
	nd_example(&nd);
	memset(nd.src, 0, 16);
	assert_int_equal(nd_parse(&nd, bytes, nd_write(bytes, &nd)), -EINVAL); // option from nobody
	nd_example(&nd);
	memset(nd.src, 0, 16);
	nd.has_mac = false;
	assert_int_equal(nd_parse(&nd, bytes, nd_write(bytes, &nd)), 0); // address detection
	nd_example(&nd);
	nd.type = ND_ADVERT;
	nd.is_solicited = true;
	assert_int_equal(nd_parse(&nd, bytes, nd_write(bytes, &nd)), -EINVAL); // to a group
}

// An echo request with 16 bytes of data; ping4_write() fills the checksums.
static const uint8_t ping4[] = {0x45, 0x00, 0x00, 0x2c, 0x1c, 0x46, 0x40, 0x00, 0x40, 0x01, 0x00,
	0x00, 0xcb, 0x00, 0x71, 0x02, 0xcb, 0x00, 0x71, 0x0a, 0x08, 0x00, 0x00, 0x00, 0x12, 0x34,
	0x00, 0x01, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static size_t ping4_write(uint8_t *bytes)
{
	uint16_t sum;

	memcpy(bytes, ping4, sizeof(ping4));
	sum = inet_fold(inet_sum(bytes, 20, 0));
	bytes[10] = (uint8_t)(sum >> 8);
	bytes[11] = (uint8_t)sum;
	sum = inet_fold(inet_sum(bytes + 20, sizeof(ping4) - 20, 0));
	bytes[22] = (uint8_t)(sum >> 8);
	bytes[23] = (uint8_t)sum;
	return sizeof(ping4);
}

static void echo4_is_answered(void **state)
{
	uint8_t bytes[sizeof(ping4)], reply[sizeof(ping4)];
	size_t len = ping4_write(bytes);

	(void)state;
	assert_int_equal(icmp4_echo_reply(reply, sizeof(reply), bytes, len), len);
	assert_memory_equal(reply + 12, bytes + 16, 4);
	assert_memory_equal(reply + 16, bytes + 12, 4);
	assert_int_equal(reply[20], 0);
	assert_memory_equal(reply + 24, bytes + 24, len - 24);
	assert_int_equal(inet_fold(inet_sum(reply, 20, 0)), 0);
	assert_int_equal(inet_fold(inet_sum(reply + 20, len - 20, 0)), 0);
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(icmp4_echo_reply(reply, sizeof(reply), bytes, cut), 0);
	assert_int_equal(icmp4_echo_reply(reply, len - 1, bytes, len), 0);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(icmp4_echo_reply(reply, sizeof(reply), bytes, len), 0);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void echo6_is_answered(void **state)
{
	uint8_t bytes[64] = {0x60, [5] = 24, [6] = 58, [7] = 64, [8] = 0xfd, [23] = 2, [24] = 0xfd,
		[39] = 10, [40] = 128, [44] = 0x12, [47] = 1, [48] = 'p', [63] = 'q'};
	uint8_t reply[64];

	(void)state;
	checksum_again(bytes, sizeof(bytes));
	assert_int_equal(icmp6_echo_reply(reply, sizeof(reply), bytes, sizeof(bytes)), 64);
	assert_int_equal(reply[40], 129);
	assert_memory_equal(reply + 8, bytes + 24, 16);
	assert_memory_equal(reply + 24, bytes + 8, 16);
	assert_memory_equal(reply + 44, bytes + 44, 20);
	assert_int_equal(
		inet_fold(inet_sum(reply + 40, 24, inet_pseudo6(reply + 8, reply + 24, 24, 58))),
		0);
	for (size_t cut = 0; cut < sizeof(bytes); cut++)
		assert_int_equal(icmp6_echo_reply(reply, sizeof(reply), bytes, cut), 0);
	bytes[50] ^= 1;
	assert_int_equal(icmp6_echo_reply(reply, sizeof(reply), bytes, sizeof(bytes)), 0);
	bytes[50] ^= 1;
	bytes[8] = 0xff; // from a group
	checksum_again(bytes, sizeof(bytes));
	assert_int_equal(icmp6_echo_reply(reply, sizeof(reply), bytes, sizeof(bytes)), 0);
}

static void ethernet_tags(void **state)
{
	struct eth_frame eth = {.dst = {1}, .src = {2}, .vlan = 7, .type = ETH_TYPE_ARP}, back;
	uint8_t bytes[18];

	(void)state;
	assert_int_equal(eth_write(bytes, &eth), 18);
	assert_int_equal(eth_parse(&back, bytes, 18), 0);
	assert_int_equal(back.vlan, 7);
	assert_int_equal(back.type, ETH_TYPE_ARP);
	assert_int_equal(back.payload_at, 18);
	for (size_t cut = 0; cut < 18; cut++)
		assert_int_equal(eth_parse(&back, bytes, cut), -EINVAL);
	eth.vlan = 0;
	assert_int_equal(eth_write(bytes, &eth), 14);
	assert_int_equal(eth_parse(&back, bytes, 14), 0);
	assert_int_equal(back.vlan, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arp_round_trip),
		cmocka_unit_test(arp_wrong_is_refused),
		cmocka_unit_test(nd_round_trip),
		cmocka_unit_test(nd_advert_round_trip),
		cmocka_unit_test(nd_damage_is_refused),
		cmocka_unit_test(nd_rules_are_kept),
		cmocka_unit_test(echo4_is_answered),
		cmocka_unit_test(echo6_is_answered),
		cmocka_unit_test(ethernet_tags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
