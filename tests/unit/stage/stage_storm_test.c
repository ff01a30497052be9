// SPDX-License-Identifier: Apache-2.0
// Storms of DTLS beside media, a service that has no room left, keys at their end.
#include "call.h"
#include "srtp_index.h"
#include "wire_bytes.h"
#include "wire_rtcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define STORM 10000
#define BURST 32
#define SHARD 8

static const struct call_config calm = {.profiles = "SRTP_AES128_CM_SHA1_80",
	.wic_host = 2,
	.phone_host = 3,
	.shard = SHARD};
// Its browser may begin DTLS; the gateway has no pair yet.
static const struct call_config stormy = {.profiles = "SRTP_AES128_CM_SHA1_80",
	.wic_host = 4,
	.phone_host = 5,
	.shard = SHARD + 2, // of the same worker
	.is_deaf = true};

// A ClientHello on the outside, in a record of its own number.
static void hello_send(const struct call *call, uint32_t record, uint32_t random)
{
	uint8_t hello[13 + 12 + 34] = {22, 0xfe,
		0xff, [12] = 12 + 34, [13] = 1, [16] = 34, [24] = 34, [25] = 0xfe, [26] = 0xfd};

	wire_store32(hello + 7, record);
	wire_store32(hello + 27, random);
	wic_raw_send(call->wic, hello, sizeof(hello));
}

// A packet each way comes through.
static void media_passes(struct call *call, uint16_t seq)
{
	struct rtp_example up = {.pt = CALL_AUDIO_PT,
		.seq = seq,
		.ts = seq * 960u,
		.ssrc = 0xb0b0b0b0u,
		.mid = "a",
		.payload_len = 160};
	struct rtp_example down = {
		.pt = 96, .seq = seq, .ts = seq * 960u, .ssrc = 0xd0d0d0d0u, .payload_len = 160};
	uint8_t packet[1500];
	uint16_t port;
	bool is_rtcp;

	call_wic_send(call, &up);
	call_phone_send(call, 0, &down);
	media_step(call->rig);
	assert_true(call_phone_take(call, packet, &port) > 0);
	assert_true(wic_take(call->wic, packet, &is_rtcp) > 0);
	assert_false(is_rtcp);
}

// STORM hellos in bursts, one packet of media each way with each.
static void storm(struct call *media, struct call *call, uint16_t seq, bool is_ever_new)
{
	for (uint32_t i = 0; i < STORM; i++) {
		hello_send(call, i, is_ever_new ? i : 7);
		if (i % BURST == BURST - 1)
			media_passes(media, seq++);
	}
	media_step(call->rig);
}

static uint64_t dtls_seen(const struct media_rig *rig)
{
	return media_count(rig, COUNTER_dtls_punted) + media_count(rig, COUNTER_dtls_repeated) +
		media_count(rig, COUNTER_drop_dtls_budget) +
		media_count(rig, COUNTER_drop_dtls_full);
}

static void begin(struct call *media, struct call *call, struct media_rig *rig)
{
	call_up(media, rig, &calm);
	call_begin(call, rig, &stormy);
	wic_check(call->wic, false, true);
	media_step(rig);
}

static void one_hello_again_and_again(void **state)
{
	struct media_rig *rig = *state;
	uint64_t seen, punted, began_us;
	struct call media, call;

	begin(&media, &call, rig);
	seen = dtls_seen(rig);
	punted = media_count(rig, COUNTER_dtls_punted);
	began_us = rig->workers[0]->now_us;
	storm(&media, &call, 1000, false);
	assert_int_equal(dtls_seen(rig) - seen, STORM);
	// One in 40 ms.
	assert_in_range(media_count(rig, COUNTER_dtls_punted) - punted, 1,
		1 + (rig->workers[0]->now_us - began_us) / 40000);
	wic_deaf_set(call.wic, false);
	memset(&rig->state, 0, sizeof(rig->state));
	assert_true(wic_connect(call.wic)); // and its real hello is heard
	call_down(&call);
	call_down(&media);
}

static void ever_new_hellos(void **state)
{
	struct media_rig *rig = *state;
	uint64_t seen, punted, began_us;
	struct call media, call;

	begin(&media, &call, rig);
	seen = dtls_seen(rig);
	punted = media_count(rig, COUNTER_dtls_punted);
	began_us = rig->workers[0]->now_us;
	storm(&media, &call, 1000, true);
	assert_int_equal(dtls_seen(rig) - seen, STORM);
	assert_in_range(media_count(rig, COUNTER_dtls_punted) - punted, 60,
		66 + (rig->workers[0]->now_us - began_us) / 10000);
	call_down(&call);
	call_down(&media);
}

// libwebrtc's first retransmission.
static void the_same_hello_50_ms_later(void **state)
{
	struct media_rig *rig = *state;
	struct call media, call;

	begin(&media, &call, rig);
	for (uint32_t i = 0; i < 2; i++) {
		uint64_t punted = media_count(rig, COUNTER_dtls_punted);

		hello_send(&call, i, 7);
		media_step(rig);
		assert_int_equal(media_count(rig, COUNTER_dtls_punted) - punted, 1);
		__atomic_fetch_add(&rig->skew_us, 50000, __ATOMIC_RELAXED);
	}
	call_down(&call);
	call_down(&media);
}

// What claims to be ciphertext, as anybody can write it, with keys and before them.
static void forged_ciphertext(void **state)
{
	static const uint8_t record[13 + 20] = {23, 0xfe, 0xfd, [4] = 1, [12] = 20};
	struct media_rig *rig = *state;
	struct call calls[2]; // with keys, without

	begin(&calls[0], &calls[1], rig);
	for (unsigned n = 0; n < 2; n++) {
		uint64_t punted = media_count(rig, COUNTER_dtls_punted);
		uint64_t began_us = rig->workers[0]->now_us;

		for (unsigned i = 0; i < 1000; i++) {
			wic_raw_send(calls[n].wic, record, sizeof(record));
			if (i % BURST == BURST - 1)
				media_step(rig);
		}
		media_step(rig);
		assert_in_range(media_count(rig, COUNTER_dtls_punted) - punted, 40,
			66 + (rig->workers[0]->now_us - began_us) / 10000);
	}
	call_down(&calls[1]);
	call_down(&calls[0]);
}

static void less_than_a_record(void **state)
{
	static const uint8_t record[12] = {23, 0xfe, 0xfd, [4] = 1};
	struct media_rig *rig = *state;
	struct call media, call;
	uint64_t punted;

	begin(&media, &call, rig);
	punted = media_count(rig, COUNTER_dtls_punted);
	for (unsigned len = 2; len <= sizeof(record); len++)
		wic_raw_send(call.wic, record, len);
	media_step(rig);
	assert_int_equal(media_count(rig, COUNTER_drop_malformed), sizeof(record) - 1);
	assert_int_equal(media_count(rig, COUNTER_dtls_punted), punted);
	call_down(&call);
	call_down(&media);
}

// Fills the service's slots: it waits for room for its own outputs, nobody takes them.
static void service_block(struct media_rig *rig)
{
	struct dtls_port *port = rig->workers[0]->dtls;
	struct dtls_start start = {.role = IQ_DTLS_CLIENT, .fingerprint_count = 1};
	struct dtls_id id = {.shard = SHARD, .transport = 5000};
	unsigned refused = 0;

	start.id = id;
	for (unsigned i = 0; i < 200; i++) {
		start.id.transport++; // that nobody has
		assert_true(dtls_start(port, &start));
	}
	dtls_flush(port);
	while (refused < 10) {
		if (dtls_datagram(port, id, (const uint8_t *)"x", 1))
			continue;
		refused++;
		usleep(10000);
	}
}

// Until the service has done what it was asked.
static void rest(struct media_rig *rig)
{
	for (unsigned i = 0; i < 200; i++) {
		media_step(rig);
		usleep(1000);
	}
}

static void no_room_at_the_service(void **state)
{
	struct media_rig *rig = *state;
	struct call media, call;

	begin(&media, &call, rig);
	service_block(rig);
	hello_send(&call, 1, 1);
	media_passes(&media, 1000);
	assert_int_equal(media_count(rig, COUNTER_drop_dtls_full), 1);
	// It wasn't heard, so that it is no repetition. By and by there is room.
	for (unsigned i = 0; i < 2000 && media_count(rig, COUNTER_dtls_punted) == 0; i++) {
		media_passes(&media, (uint16_t)(1001 + i));
		hello_send(&call, 2 + i, 1);
		usleep(1000);
	}
	assert_int_equal(media_count(rig, COUNTER_dtls_repeated), 0);
	rest(rig);
	call_down(&call);
	call_down(&media);
}

static struct srtp_index *to_wic(const struct call *call)
{
	struct shard *shard = call->rig->shards[SHARD];
	const struct context *c =
		shard_context(shard, (uint16_t)iq_handle_index(call->local.handle));

	return &shard_stream(shard, c->stream[0])->sender[IQ_LEG_ACCESS].index;
}

// RFC 3711 section 9.2: 2^48 packets, 2^31 of RTCP, and not one more with the same key.
static void a_key_at_its_end(void **state)
{
	struct wire_rtcp_sr sr = {.ssrc = 0xd0d0d0d0u, .ntp = 7ull << 32};
	struct rtp_example down = {.pt = 96, .ssrc = 0xd0d0d0d0u, .payload_len = 160};
	struct media_rig *rig = *state;
	struct srtp_index *index;
	struct call call;
	uint8_t bytes[200];
	struct iq_addr to;
	unsigned sent = 0;
	int len;

	call_up(&call, rig, &calm);
	media_passes(&call, 1);
	index = to_wic(&call);
	index->roc = UINT32_MAX;
	while (media_count(rig, COUNTER_drop_srtp_expired) == 0 && sent++ < 100) {
		down.seq = (uint16_t)(1 + 2000 * sent);
		call_phone_send(&call, 0, &down);
		media_step(rig);
	}
	assert_int_equal(media_count(rig, COUNTER_drop_srtp_expired), 1);
	assert_in_range(sent, 10, 40); // those with the last numbers still left
	assert_int_equal(index->roc, UINT32_MAX);

	index->rtcp_index = SRTCP_INDEX_END - 1;
	to = call_core(&call, 0, 1);
	len = wire_rtcp_sr_write(bytes, sizeof(bytes), &sr, NULL, 0);
	assert_true(len > 0);
	for (unsigned i = 0; i < 2; i++) { // the last one, and one more
		media_send(rig, call.phone, (uint16_t)(call_phone_port(0) + 1), &to, bytes,
			(size_t)len);
		media_step(rig);
		assert_int_equal(media_count(rig, COUNTER_drop_srtp_expired), 1 + i);
	}
	call_down(&call);
}

#define RIGGED(name) cmocka_unit_test_setup_teardown(name, media_up, media_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(one_hello_again_and_again),
		RIGGED(ever_new_hellos),
		RIGGED(the_same_hello_50_ms_later),
		RIGGED(forged_ciphertext),
		RIGGED(less_than_a_record),
		RIGGED(no_room_at_the_service),
		RIGGED(a_key_at_its_end),
	};

	return cmocka_run_group_tests(tests, media_group_up, NULL);
}
