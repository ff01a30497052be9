// SPDX-License-Identifier: Apache-2.0
// Which addresses a peer may have on a network, and where packets for them go.
#include "port_priv.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const struct network network = {.prefix_v4 = 24,
	.prefix_v6 = 64,
	.has_gateway_v4 = true,
	.has_gateway_v6 = true,
	.gateway_v4 = {203, 0, 113, 1},
	.gateway_v6 = {0xfe, 0x80, [15] = 1},
	.set_count = 1,
	.sets = {{.v4 = {203, 0, 113, 10},
		.v6 = {0xfd, 0, 2, 3, [15] = 10},
		.has_v4 = true,
		.has_v6 = true}}};

struct address {
	const char *text;
	const char *hop; // NULL: the address is refused
};

static const struct address addresses[] = {
	{"203.0.113.2", "203.0.113.2"},
	{"203.0.113.254", "203.0.113.254"},
	{"203.0.113.0", NULL}, // the link's own
	{"203.0.113.255", NULL}, // its broadcast
	{"203.0.114.0", "203.0.113.1"}, // some host of another link
	{"192.0.2.255", "203.0.113.1"},
	{"10.1.2.3", "203.0.113.1"},
	{"0.0.0.0", NULL},
	{"0.1.2.3", NULL},
	{"127.0.0.1", NULL},
	{"169.254.1.1", NULL},
	{"224.0.0.1", NULL},
	{"255.255.255.255", NULL},
	{"fd00:203::2", "fd00:203::2"},
	{"fd00:203::", NULL}, // the routers of the link, RFC 4291 section 2.6.1
	{"2001:db8::1", "fe80::1"},
	{"2001:db8::", "fe80::1"},
	{"::", NULL},
	{"::1", NULL},
	{"::ffff:192.0.2.1", NULL},
	{"fe80::2", NULL},
	{"febf::2", NULL},
	{"fec0::2", "fe80::1"},
	{"ff02::1", NULL},
};

static uint8_t address_read(const char *text, uint8_t ip[16])
{
	if (inet_pton(AF_INET, text, ip) == 1)
		return 4;
	assert_int_equal(inet_pton(AF_INET6, text, ip), 1);
	return 6;
}

static void addresses_of_peers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		const struct address *address = &addresses[i];
		uint8_t ip[16], hop[16];
		uint8_t family = address_read(address->text, ip);
		const uint8_t *found = network_next_hop(&network, family, ip);

		if (network_addr_usable(&network, family, ip) != (address->hop != NULL))
			fail_msg("%s", address->text);
		assert_int_equal(found != NULL, address->hop != NULL);
		if (found == NULL)
			continue;
		address_read(address->hop, hop);
		if (memcmp(found, hop, family == 4 ? 4 : 16) != 0)
			fail_msg("%s goes elsewhere", address->text);
	}
}

static void the_gateway_is_its_own_hop(void **state)
{
	(void)state;
	assert_ptr_equal(network_next_hop(&network, 6, network.gateway_v6), network.gateway_v6);
	assert_ptr_equal(network_next_hop(&network, 4, network.gateway_v4), network.gateway_v4);
}

// RFC 3021, RFC 6164: a link of two has no address to spare.
static void links_of_two(void **state)
{
	struct network two = network;
	static const uint8_t low[4] = {203, 0, 113, 10}, high[4] = {203, 0, 113, 11};
	static const uint8_t low_v6[16] = {0xfd, 0, 2, 3, [15] = 10};

	(void)state;
	two.prefix_v4 = 31;
	two.prefix_v6 = 127;
	assert_true(network_addr_usable(&two, 4, low));
	assert_true(network_addr_usable(&two, 4, high));
	assert_true(network_addr_usable(&two, 6, low_v6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_peers),
		cmocka_unit_test(the_gateway_is_its_own_hop),
		cmocka_unit_test(links_of_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
