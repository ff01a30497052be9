// SPDX-License-Identifier: Apache-2.0
// Received fragments: put together on the core in any order and within bounds, dropped on access.
#include "stage_rig.h"

#include <rte_ip.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CORE_VLAN 7
#define PIECES 3
#define WHOLE_LEN 240 // of the UDP payload

// A frame cut in pieces of 88 bytes of IP payload (the last one shorter).
struct pieces {
	uint8_t frames[PIECES][256];
	size_t lens[PIECES];
};

static void piece_head(uint8_t *ip, uint8_t family, size_t offset, size_t len, bool has_more)
{
	struct rte_ipv4_hdr *v4 = (struct rte_ipv4_hdr *)ip;
	struct rte_ipv6_hdr *v6 = (struct rte_ipv6_hdr *)ip;

	if (family == 4) {
		v4->total_length = rte_cpu_to_be_16((uint16_t)(20 + len));
		v4->fragment_offset =
			rte_cpu_to_be_16((uint16_t)(offset / 8 | (has_more ? 0x2000 : 0)));
		v4->hdr_checksum = 0;
		v4->hdr_checksum = rte_ipv4_cksum(v4);
		return;
	}
	v6->payload_len = rte_cpu_to_be_16((uint16_t)(8 + len));
	v6->proto = 44;
	memset(ip + 40, 0, 8);
	ip[40] = 17;
	ip[42] = (uint8_t)(offset >> 8);
	ip[43] = (uint8_t)(offset | has_more);
}

static void cut(struct pieces *pieces, const struct datagram *datagram, uint16_t id)
{
	uint8_t frame[FRAME_MAX];
	size_t head = (datagram->vlan ? 18 : 14) + (datagram->family == 4 ? 20u : 40u);
	size_t extra = datagram->family == 4 ? 0 : 8;
	size_t ip_at = datagram->vlan ? 18 : 14;
	size_t body = rig_frame_write(frame, datagram) - head;

	for (size_t i = 0; i < PIECES; i++) {
		size_t offset = i * 88;
		size_t len = i == PIECES - 1 ? body - offset : 88;
		uint8_t *out = pieces->frames[i];

		memcpy(out, frame, head);
		memcpy(out + head + extra, frame + head + offset, len);
		if (datagram->family == 4)
			memcpy(out + ip_at + 4, &id, 2);
		piece_head(out + ip_at, datagram->family, offset, len, i < PIECES - 1);
		if (datagram->family == 6)
			memcpy(out + ip_at + 46, &id, 2);
		pieces->lens[i] = head + extra + len;
	}
}

static struct datagram large(uint8_t family, uint16_t vlan, uint8_t *payload)
{
	struct datagram datagram = rig_datagram(family);

	for (unsigned i = 0; i < WHOLE_LEN; i++)
		payload[i] = (uint8_t)(i * 3);
	datagram.vlan = vlan;
	datagram.payload = payload;
	datagram.len = WHOLE_LEN;
	return datagram;
}

static void any_order_is_good(void **state)
{
	static const uint8_t orders[6][PIECES] = {
		{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	struct rig *rig = *state;
	uint8_t payload[WHOLE_LEN];

	for (uint8_t family = 4; family <= 6; family += 2) {
		for (uint16_t order = 0; order < 6; order++) {
			struct datagram datagram = large(family, CORE_VLAN, payload);
			struct pieces pieces;

			rig->captured = 0;
			cut(&pieces, &datagram, order + 1);
			for (unsigned i = 0; i < PIECES; i++) {
				unsigned piece = orders[order][i];

				assert_int_equal(rig->captured, 0);
				rig_put(rig, 0, pieces.frames[piece], pieces.lens[piece]);
				rig_step(rig);
			}
			assert_int_equal(rig->captured, 1);
			assert_int_equal(rig->pkts[0].network, 1);
			assert_int_equal(rig->pkts[0].local_port, 20000);
			assert_int_equal(rig->lens[0], WHOLE_LEN);
			assert_memory_equal(rig->payloads[0], payload, WHOLE_LEN);
		}
	}
	assert_int_equal(rig_count(rig, COUNTER_reassembled), 12);
	assert_int_equal(rig_count(rig, COUNTER_drop_fragment), 0);
}

static void access_refuses(void **state)
{
	struct rig *rig = *state;
	uint8_t payload[WHOLE_LEN];
	struct datagram datagram = large(4, 0, payload);
	struct pieces pieces;

	cut(&pieces, &datagram, 1);
	for (unsigned i = 0; i < PIECES; i++)
		rig_put(rig, 0, pieces.frames[i], pieces.lens[i]);
	rig_step(rig);
	assert_int_equal(rig->captured, 0);
	assert_int_equal(rig_count(rig, COUNTER_drop_fragment), PIECES);
}

// First fragments without end: a bounded number of mbufs is held, and given back in the end (rig_down looks).
static void flood_is_bounded(void **state)
{
	struct rig *rig = *state;
	uint8_t payload[WHOLE_LEN];

	for (uint16_t id = 1; id <= 1000; id++) {
		struct datagram datagram = large(id % 2 ? 4 : 6, CORE_VLAN, payload);
		struct pieces pieces;

		cut(&pieces, &datagram, id);
		rig_put(rig, 0, pieces.frames[0], pieces.lens[0]);
		rig_step(rig);
		assert_true(rte_mempool_in_use_count(rig->pool) <= 64);
	}
	assert_int_equal(rig->captured, 0);
	assert_true(rig_count(rig, COUNTER_drop_fragment) >= 1000 - 64);
}

static void noise_is_survived(void **state)
{
	struct rig *rig = *state;
	uint8_t payload[WHOLE_LEN];

	srand(6);
	for (unsigned i = 0; i < 20000; i++) {
		struct datagram datagram = large(i % 2 ? 4 : 6, CORE_VLAN, payload);
		unsigned piece = (unsigned)rand() % PIECES;
		struct pieces pieces;
		struct rte_mbuf *frames[64];

		cut(&pieces, &datagram, (uint16_t)(rand() % 4));
		for (int k = rand() % 3; k > 0; k--)
			pieces.frames[piece][18 + rand() % 56] = (uint8_t)rand();
		rig_put(rig, 0, pieces.frames[piece],
			pieces.lens[piece] - (rand() % 4 ? 0 : (size_t)rand() % 80));
		rig_step(rig);
		rte_pktmbuf_free_bulk(frames, worker_frames(rig->workers[0], frames, 64));
	}
	assert_true(rig->captured > 0); // some come through unharmed
}

#define RIGGED(name) cmocka_unit_test_setup_teardown(name, rig_up, rig_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(any_order_is_good),
		RIGGED(access_refuses),
		RIGGED(flood_is_bounded),
		RIGGED(noise_is_survived),
	};

	return cmocka_run_group_tests(tests, rig_group_up, NULL);
}
