// SPDX-License-Identifier: Apache-2.0
// Fuzzes what main makes of frames from the links: ARP, neighbour discovery, echo. What it answers is read again.
#include "fuzz.h"
#include "port_priv.h"
#include "port_resolver.h"

static const struct networks networks = {.count = 1,
	.list = {{.mtu = 1500,
		.prefix_v4 = 24,
		.prefix_v6 = 64,
		.set_count = 1,
		.sets = {{.v4 = {203, 0, 113, 10},
			.v6 = {0xfd, 0, 2, 3, [15] = 10},
			.has_v4 = true,
			.has_v6 = true}},
		.mac = {{2, 0, 0, 0, 0, 10}}}}};

static void on_send(uint16_t port_id, const uint8_t *frame, size_t len, void *arg)
{
	struct eth_frame eth;

	(void)arg;
	FUZZ_CHECK(port_id == 0);
	FUZZ_CHECK(len <= FRAME_MAX && eth_parse(&eth, frame, len) == 0);
	fuzz_touch(frame, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct neigh_table *table;
	static struct resolver *resolver;
	static uint64_t now_us;
	static const uint8_t hop[4] = {203, 0, 113, 2};

	if (table == NULL) {
		table = neigh_table_create(&networks);
		resolver = resolver_create(&networks, table, on_send, NULL);
		FUZZ_CHECK(table != NULL && resolver != NULL);
		neigh_want(table, &networks.list[0], 4, hop);
	}
	now_us += 100000;
	resolver_input(resolver, 0, data, len, now_us);
	resolver_tick(resolver, now_us);
	FUZZ_CHECK(table->count == 1); // nobody's talk makes an entry
	return 0;
}
