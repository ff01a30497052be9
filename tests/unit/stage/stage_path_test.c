// SPDX-License-Identifier: Apache-2.0
// Parse, owner and the way out, on frames: what goes on, what is handed over, what is dropped and under which name.
#include "port_priv.h"
#include "stage_rig.h"
#include "worker_priv.h"

#include <rte_ip.h>
#include <rte_udp.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void datagram_in(struct rig *rig, unsigned worker, const struct datagram *datagram)
{
	uint8_t frame[FRAME_MAX];

	rig_put(rig, worker, frame, rig_frame_write(frame, datagram));
	rig_step(rig);
}

// What the link adds behind a short packet is none of the payload.
static void padding_is_cut(void **state)
{
	struct rig *rig = *state;
	struct datagram datagram = rig_datagram(4);
	uint8_t frame[FRAME_MAX] = {0};

	rig_frame_write(frame, &datagram);
	rig_put(rig, 0, frame, 60);
	rig_step(rig);
	assert_int_equal(rig->captured, 1);
	assert_int_equal(rig->lens[0], 5);
}

static void arrives(void **state)
{
	struct rig *rig = *state;

	for (uint8_t family = 4; family <= 6; family += 2) {
		for (uint16_t vlan = 0; vlan <= 7; vlan += 7) {
			struct datagram datagram = rig_datagram(family);
			const struct pkt *pkt = &rig->pkts[0];

			rig->captured = 0;
			datagram.vlan = vlan;
			datagram_in(rig, 0, &datagram);
			assert_int_equal(rig->captured, 1);
			assert_int_equal(pkt->network, vlan == 0 ? 0 : 1);
			assert_int_equal(pkt->set, 0);
			assert_int_equal(pkt->family, family);
			assert_int_equal(pkt->local_port, 20000);
			assert_int_equal(pkt->remote_port, 5000);
			assert_memory_equal(pkt->remote_ip, datagram.src, family == 4 ? 4 : 16);
			assert_memory_equal(&pkt->remote_mac, &rig_peer_mac, 6);
			assert_int_equal(pkt->shard, 20000 / 2 % SHARDS);
			assert_int_equal(pkt->hops, 0);
			assert_int_equal(rig->lens[0], 5);
			assert_memory_equal(rig->payloads[0], "hello", 5);
		}
	}
}

static void second_address(void **state)
{
	struct rig *rig = *state;
	struct datagram datagram = rig_datagram(4);

	datagram.dst[3] = 11;
	datagram_in(rig, 0, &datagram);
	assert_int_equal(rig->captured, 1);
	assert_int_equal(rig->pkts[0].set, 1);
}

static void owner_gets_it(void **state)
{
	struct rig *rig = *state;
	struct datagram datagram = rig_datagram(4);

	datagram.dst_port = 20002; // odd shard: worker 1
	datagram_in(rig, 0, &datagram);
	assert_int_equal(rig->captured, 1);
	assert_int_equal(rig->workers_seen[0], 1);
	assert_int_equal(rig->pkts[0].hops, 1);
	assert_int_equal(rig_count(rig, COUNTER_handed_over), 1);
	assert_int_equal(rig_count(rig, COUNTER_steer_misses), 1);
	assert_int_equal(rig_count(rig, COUNTER_steer_hits), 0); // the second time it came by hand
	datagram_in(rig, 1, &datagram);
	assert_int_equal(rig->captured, 2);
	assert_int_equal(rig_count(rig, COUNTER_handed_over), 1);
	assert_int_equal(rig_count(rig, COUNTER_steer_misses), 1);
	assert_int_equal(rig_count(rig, COUNTER_steer_hits), 1);
}

static void on_send_back(struct rig *rig, struct worker *w, struct rte_mbuf *m)
{
	(void)rig;
	worker_send_back(w, m);
}

// 0 when the UDP checksum is there and right.
static uint16_t udp_sum(const uint8_t *ip, uint8_t family)
{
	const uint8_t *udp = ip + (family == 4 ? 20 : 40);
	uint32_t len = (uint32_t)(udp[4] << 8 | udp[5]);
	uint32_t pseudo = family == 4 ? inet_sum(ip + 12, 8, 17 + len)
				      : inet_pseudo6(ip + 8, ip + 24, len, 17);

	assert_int_not_equal(udp[6] << 8 | udp[7], 0);
	return inet_fold(inet_sum(udp, len, pseudo));
}

// Checks headers and checksums of a frame we sent; where its UDP header is.
static const uint8_t *frame_check(const uint8_t *frame, size_t len, const struct datagram *want)
{
	struct eth_frame eth;
	const uint8_t *ip;
	size_t head = want->family == 4 ? 20 : 40;

	assert_int_equal(eth_parse(&eth, frame, len), 0);
	assert_int_equal(eth.vlan, want->vlan);
	assert_memory_equal(eth.dst, &rig_peer_mac, 6);
	ip = frame + eth.payload_at;
	if (want->family == 4) {
		assert_int_equal(rte_ipv4_cksum((const struct rte_ipv4_hdr *)ip), 0);
		assert_int_equal(ip[1], 46 << 2);
		assert_int_equal(ip[6] << 8 | ip[7], 0); // DF is clear, no fragment
		assert_int_equal(ip[8], 64);
		assert_memory_equal(ip + 12, want->src, 4);
		assert_memory_equal(ip + 16, want->dst, 4);
	} else {
		assert_int_equal((ip[0] & 15) << 4 | ip[1] >> 4, 46 << 2);
		assert_int_equal(ip[7], 64);
		assert_memory_equal(ip + 8, want->src, 16);
		assert_memory_equal(ip + 24, want->dst, 16);
	}
	assert_int_equal(udp_sum(ip, want->family), 0);
	assert_int_equal(ip[head] << 8 | ip[head + 1], want->src_port);
	assert_int_equal(ip[head + 2] << 8 | ip[head + 3], want->dst_port);
	assert_memory_equal(ip + head + 8, want->payload, want->len);
	assert_int_equal(len, eth.payload_at + head + 8 + want->len);
	return ip + head;
}

static struct datagram turned(const struct datagram *datagram)
{
	struct datagram back = *datagram;

	memcpy(back.src, datagram->dst, 16);
	memcpy(back.dst, datagram->src, 16);
	back.src_port = datagram->dst_port;
	back.dst_port = datagram->src_port;
	return back;
}

static void goes_back(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[FRAME_MAX];

	rig->on_pkt = on_send_back;
	for (uint8_t family = 4; family <= 6; family += 2) {
		for (uint16_t vlan = 0; vlan <= 7; vlan += 7) {
			struct datagram datagram = rig_datagram(family);
			struct datagram back = turned(&datagram);
			size_t len;

			datagram.vlan = back.vlan = vlan;
			datagram_in(rig, 0, &datagram);
			len = rig_take(rig, 0, frame, sizeof(frame));
			assert_true(len > 0);
			frame_check(frame, len, &back);
		}
	}
	assert_int_equal(rig_count(rig, COUNTER_tx_packets), 4);
}

// To the peer of the family, whose hop isn't named.
static struct path path_make(uint8_t family)
{
	struct datagram datagram = rig_datagram(family);
	struct path path = {.network = 0,
		.family = family,
		.dscp = 46,
		.local_port = 20000,
		.remote_port = 5000,
		.neigh = NEIGH_NONE};

	memcpy(path.remote_ip, datagram.src, 16);
	return path;
}

// Sends so many bytes from worker 0.
static void path_send_on(struct rig *rig, struct path *path, uint16_t len)
{
	struct rte_mbuf *m = worker_mbuf(rig->workers[0], len);

	assert_non_null(m);
	for (uint16_t i = 0; i < len; i++)
		rte_pktmbuf_mtod(m, uint8_t *)[i] = (uint8_t)(i * 7 >> 3);
	worker_send(rig->workers[0], m, path);
	rig_step(rig);
}

static void path_send(struct rig *rig, uint8_t family, uint16_t len)
{
	struct path path = path_make(family);

	path_send_on(rig, &path, len);
}

static void hop_known(struct rig *rig, uint8_t family)
{
	struct datagram datagram = rig_datagram(family);
	neigh_slot slot = neigh_want(rig->neigh, &rig->networks.list[0], family, datagram.src);

	neigh_publish(rig->neigh, slot, rig_peer_mac.addr_bytes);
}

static void on_want(const struct network *network, uint8_t family, const uint8_t *ip, void *arg)
{
	struct rig *rig = arg;

	assert_ptr_equal(network, &rig->networks.list[0]);
	assert_int_equal(family, 4);
	assert_memory_equal(ip, rig_datagram(4).src, 4);
	hop_known(rig, 4);
}

static void unknown_hop_is_asked_for(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[FRAME_MAX];

	path_send(rig, 4, 10);
	path_send(rig, 4, 10);
	assert_int_equal(rig_take(rig, 0, frame, sizeof(frame)), 0);
	assert_int_equal(rig_count(rig, COUNTER_drop_no_neighbour), 2);
	worker_wants(rig->workers[0], on_want, rig);
	path_send(rig, 4, 10);
	assert_int_not_equal(rig_take(rig, 0, frame, sizeof(frame)), 0);
}

// Once known it isn't searched for again.
static void a_path_learns_its_hop(void **state)
{
	struct path path = path_make(4);
	struct rig *rig = *state;
	uint8_t frame[FRAME_MAX];

	path_send_on(rig, &path, 10);
	assert_int_equal(path.neigh, NEIGH_NONE);
	hop_known(rig, 4);
	path_send_on(rig, &path, 10);
	assert_int_not_equal(rig_take(rig, 0, frame, sizeof(frame)), 0);
	assert_int_equal(
		path.neigh, neigh_find(rig->neigh, &rig->networks.list[0], 4, path.remote_ip));
	assert_int_not_equal(path.neigh, NEIGH_NONE);
}

// Takes all frames, puts their IP payloads together by offset: the length of the whole.
static size_t reassemble(struct rig *rig, uint8_t family, uint8_t *whole)
{
	uint8_t frame[FRAME_MAX];
	size_t len, end = 0, sum = 0;

	while ((len = rig_take(rig, 0, frame, sizeof(frame))) > 0) {
		const uint8_t *ip = frame + 14;
		size_t head = family == 4 ? 20 : 48;
		size_t offset = family == 4 ? (ip[6] & 0x1f) << 11 | ip[7] << 3
					    : (ip[42] << 8 | ip[43]) & ~7;
		bool has_more = family == 4 ? ip[6] & 0x20 : ip[43] & 1;
		size_t part = len - 14 - head;

		assert_true(len - 14 <= 1500);
		if (family == 4)
			assert_int_equal(rte_ipv4_cksum((const void *)ip), 0);
		else
			assert_int_equal(ip[6] << 8 | ip[40], 44 << 8 | 17);
		assert_true(offset + part <= FRAME_MAX);
		memcpy(whole + offset, ip + head, part);
		sum += part;
		if (!has_more)
			end = offset + part;
		else
			assert_int_equal(part % 8, 0);
	}
	assert_int_equal(sum, end);
	return end;
}

// The UDP checksum over what was put together.
static void whole_check(const struct rig *rig, uint8_t family, const uint8_t *udp)
{
	const struct address_set *us = &rig->networks.list[0].sets[0];
	struct datagram peer = rig_datagram(family);
	uint32_t len = (uint32_t)(udp[4] << 8 | udp[5]);
	uint32_t pseudo = inet_pseudo6(us->v6, peer.src, len, 17);

	if (family == 4)
		pseudo = inet_sum(us->v4, 4, inet_sum(peer.src, 4, 17 + len));
	assert_int_equal(inet_fold(inet_sum(udp, len, pseudo)), 0);
}

static void large_ones_are_cut(void **state)
{
	static const uint16_t lens[] = {1472, 1473, 1480, 1981, 1452, 1453, 1998};
	struct rig *rig = *state;
	uint8_t whole[FRAME_MAX];

	for (uint8_t family = 4; family <= 6; family += 2) {
		hop_known(rig, family);
		for (unsigned i = 0; i < RTE_DIM(lens); i++) {
			uint16_t limit = family == 4 ? 1472 : 1452;
			uint64_t before = rig_count(rig, COUNTER_fragments_sent);

			path_send(rig, family, lens[i]);
			assert_int_equal(rig_count(rig, COUNTER_fragments_sent) - before,
				lens[i] > limit ? 2 : 0);
			if (lens[i] <= limit) {
				rig_take(rig, 0, whole, sizeof(whole));
				continue;
			}
			assert_int_equal(reassemble(rig, family, whole), lens[i] + 8u);
			whole_check(rig, family, whole);
			for (uint16_t k = 0; k < lens[i]; k++)
				assert_int_equal(whole[8 + k], (uint8_t)(k * 7 >> 3));
		}
	}
}

static void on_hairpin(struct rig *rig, struct worker *w, struct rte_mbuf *m)
{
	// Back to where it came from: to one of our own addresses for ever, were there no limit.
	struct path path = {.network = 0,
		.family = 4,
		.local_port = 20000,
		.remote_port = 20002,
		.neigh = NEIGH_LOCAL};

	(void)rig;
	memcpy(path.remote_ip, (uint8_t[4]){203, 0, 113, 11}, 4);
	worker_send(w, m, &path);
}

static void hairpins_end(void **state)
{
	struct rig *rig = *state;
	struct datagram datagram = rig_datagram(4);

	rig->on_pkt = on_hairpin;
	datagram_in(rig, 0, &datagram);
	assert_int_equal(rig->captured, 3);
	assert_int_equal(rig->pkts[1].hops, 1);
	assert_int_equal(rig->pkts[1].set, 1);
	assert_int_equal(rig->pkts[1].local_port, 20002);
	assert_int_equal(rig->pkts[1].remote_port, 20000);
	assert_memory_equal(rig->pkts[1].remote_ip, datagram.dst, 4);
	assert_int_equal(rig->workers_seen[1], 1);
	assert_int_equal(rig_count(rig, COUNTER_drop_handover_hops), 1);
}

static unsigned main_takes(struct rig *rig)
{
	struct rte_mbuf *frames[8];
	unsigned n = worker_frames(rig->workers[0], frames, 8);

	rte_pktmbuf_free_bulk(frames, n);
	return n;
}

static void main_gets_its_own(void **state)
{
	struct rig *rig = *state;
	struct datagram datagram = rig_datagram(4);
	uint8_t frame[FRAME_MAX];
	size_t len = rig_frame_write(frame, &datagram);

	frame[14 + 9] = 1; // ICMP
	rig_put(rig, 0, frame, len);
	datagram = rig_datagram(6);
	len = rig_frame_write(frame, &datagram);
	frame[14 + 6] = 58; // ICMPv6
	rig_put(rig, 0, frame, len);
	memcpy(frame + 12, (uint8_t[]){8, 6}, 2); // ARP
	rig_put(rig, 0, frame, 42);
	rig_step(rig);
	assert_int_equal(main_takes(rig), 3);
	assert_int_equal(rig->captured, 0);
}

// A VLAN tag that the port took off is there again for main.
static void main_sees_tags(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[60] = {[12] = 8, [13] = 6};
	struct rte_mbuf *m;
	struct eth_frame eth;

	rig_put_flagged(rig, frame, sizeof(frame), 0);
	rig_step(rig);
	assert_int_equal(main_takes(rig), 1);
	m = rte_pktmbuf_alloc(rig->pool);
	m->port = rig->port.id;
	m->ol_flags = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	m->vlan_tci = 7;
	memcpy(rte_pktmbuf_append(m, sizeof(frame)), frame, sizeof(frame));
	assert_int_equal(rte_ring_enqueue(rig->rx[0], m), 0);
	rig_step(rig);
	assert_int_equal(worker_frames(rig->workers[0], &m, 1), 1);
	assert_int_equal(
		eth_parse(&eth, rte_pktmbuf_mtod(m, uint8_t *), rte_pktmbuf_data_len(m)), 0);
	assert_int_equal(eth.vlan, 7);
	rte_pktmbuf_free(m);
}

static void is_dropped(struct rig *rig, const struct datagram *datagram, unsigned at, uint8_t value,
	enum worker_counter counter)
{
	uint8_t frame[FRAME_MAX];
	size_t len = rig_frame_write(frame, datagram);
	uint64_t before = rig_count(rig, counter);

	frame[at] = value;
	rig_put(rig, 0, frame, len);
	rig_step(rig);
	assert_int_equal(rig_count(rig, counter), before + 1);
	assert_int_equal(rig->captured, 0);
}

static void wrong_ones_are_dropped(void **state)
{
	struct rig *rig = *state;
	struct datagram v4 = rig_datagram(4), v6 = rig_datagram(6);
	uint8_t frame[FRAME_MAX];
	size_t len;

	is_dropped(rig, &v4, 14, 0x44, COUNTER_drop_malformed); // header too short
	is_dropped(rig, &v4, 14, 0x65, COUNTER_drop_malformed);
	is_dropped(rig, &v4, 16, 0x7f, COUNTER_drop_malformed); // longer than the frame
	is_dropped(rig, &v4, 17, 8, COUNTER_drop_malformed); // shorter than its header
	is_dropped(rig, &v4, 14 + 25, 7, COUNTER_drop_malformed); // UDP length
	is_dropped(rig, &v4, 14 + 24, 9, COUNTER_drop_malformed);
	is_dropped(rig, &v6, 14 + 4, 1, COUNTER_drop_malformed);
	is_dropped(rig, &v4, 14 + 6, 0x20, COUNTER_drop_fragment);
	is_dropped(rig, &v4, 14 + 7, 1, COUNTER_drop_fragment);
	is_dropped(rig, &v6, 14 + 6, 44, COUNTER_drop_fragment);
	is_dropped(rig, &v4, 14 + 9, 6, COUNTER_drop_not_ours); // TCP
	is_dropped(rig, &v4, 14 + 19, 99, COUNTER_drop_not_ours); // another address
	is_dropped(rig, &v6, 14 + 39, 99, COUNTER_drop_not_ours);
	is_dropped(rig, &v4, 12, 0x88, COUNTER_drop_not_ours); // another protocol
	v4.vlan = 9;
	is_dropped(rig, &v4, 0, 2, COUNTER_drop_not_ours);
	v4.vlan = 0;
	v4.src_port = 0;
	is_dropped(rig, &v4, 0, 2, COUNTER_drop_malformed);
	v4.src_port = 1;
	len = rig_frame_write(frame, &v4);
	rig_put_flagged(rig, frame, len, RTE_MBUF_F_RX_L4_CKSUM_BAD);
	rig_put_flagged(rig, frame, len, RTE_MBUF_F_RX_IP_CKSUM_BAD);
	rig_step(rig);
	assert_int_equal(rig_count(rig, COUNTER_drop_checksum), 2);
	assert_int_equal(rig->captured, 0);
}

static void cut_ones_are_dropped(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[FRAME_MAX];

	for (uint8_t family = 4; family <= 6; family += 2) {
		struct datagram datagram = rig_datagram(family);
		size_t len;

		datagram.vlan = 7;
		len = rig_frame_write(frame, &datagram);
		for (size_t cut = 0; cut < len; cut++) {
			rig_put(rig, 0, frame, cut);
			rig_step(rig);
		}
	}
	assert_int_equal(rig->captured, 0);
	assert_int_equal(
		rig_count(rig, COUNTER_drop_malformed), rig_count(rig, COUNTER_rx_packets));
}

static void noise_is_survived(void **state)
{
	struct rig *rig = *state;
	uint8_t frame[FRAME_MAX];

	srand(5);
	for (unsigned i = 0; i < 20000; i++) {
		struct datagram datagram = rig_datagram(i % 2 ? 4 : 6);
		size_t len = rig_frame_write(frame, &datagram);

		for (unsigned k = 0; k < 3; k++)
			frame[12 + (size_t)rand() % (len - 12)] = (uint8_t)rand();
		rig_put(rig, i % RIG_WORKERS, frame, (size_t)rand() % (len + 1));
		if (i % 16 == 0)
			rig_step(rig);
		if (i % 64 == 0)
			for (unsigned k = 0; k < RIG_WORKERS; k++) {
				struct rte_mbuf *frames[64];

				rte_pktmbuf_free_bulk(
					frames, worker_frames(rig->workers[k], frames, 64));
			}
	}
	rig_step(rig);
	assert_int_equal(rig_count(rig, COUNTER_rx_packets), 20000);
}

static unsigned commands_seen;

static void on_command(struct worker *w, void *data, uint32_t len)
{
	commands_seen++;
	assert_true(worker_tell_main(w, data, len));
}

static void on_message(struct worker *w, const void *data, uint32_t len, void *arg)
{
	(void)w;
	(void)data;
	*(uint32_t *)arg = len;
}

// Main is behind: what a command answers must not be lost, so the command waits.
static void commands_wait_for_room(void **state)
{
	static const uint8_t bytes[4096];
	struct rig *rig = *state;
	struct worker *w = rig->workers[0];
	uint32_t len = 0;

	w->priv->ops.on_command = on_command;
	commands_seen = 0;
	while (worker_tell_main(w, bytes, sizeof(bytes)))
		;
	assert_int_equal(worker_command(w, bytes, 100), 0);
	rig_step(rig);
	assert_int_equal(commands_seen, 0);
	worker_messages(w, 1000, on_message, &len);
	rig_step(rig);
	assert_int_equal(commands_seen, 1);
	assert_int_equal(worker_messages(w, 1000, on_message, &len), 1);
	assert_int_equal(len, 100);
}

#define RIGGED(name) cmocka_unit_test_setup_teardown(name, rig_up, rig_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(arrives),
		RIGGED(padding_is_cut),
		RIGGED(second_address),
		RIGGED(owner_gets_it),
		RIGGED(goes_back),
		RIGGED(unknown_hop_is_asked_for),
		RIGGED(a_path_learns_its_hop),
		RIGGED(large_ones_are_cut),
		RIGGED(hairpins_end),
		RIGGED(main_gets_its_own),
		RIGGED(main_sees_tags),
		RIGGED(wrong_ones_are_dropped),
		RIGGED(cut_ones_are_dropped),
		RIGGED(noise_is_survived),
		RIGGED(commands_wait_for_room),
	};

	return cmocka_run_group_tests(tests, rig_group_up, NULL);
}
