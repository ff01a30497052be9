// SPDX-License-Identifier: Apache-2.0
// Re-offers: the association goes on while role and fingerprints are the same, and another takes its place when not.
#include "call.h"
#include "context_priv.h"
#include "wire_bytes.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SHARD 8

static const struct call_config config = {.profiles = "SRTP_AES128_CM_SHA1_80",
	.wic_host = 2,
	.phone_host = 3,
	.shard = SHARD};

// A packet each way comes through; the numbers that the far ends see.
static void media_passes(struct call *call, uint16_t seq, uint32_t ssrc, uint16_t seqs[2])
{
	struct rtp_example up = {.pt = CALL_AUDIO_PT,
		.seq = seq,
		.ts = seq * 960u,
		.ssrc = ssrc,
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
	assert_int_equal(wire_load32(packet + 8), call->local.ssrc[0][IQ_LEG_CORE]);
	seqs[0] = wire_load16(packet + 2);
	assert_true(wic_take(call->wic, packet, &is_rtcp) > 0);
	assert_int_equal(wire_load32(packet + 8), call->local.ssrc[0][IQ_LEG_ACCESS]);
	seqs[1] = wire_load16(packet + 2);
}

static struct secure *secure_of(const struct call *call)
{
	struct shard *shard = call->rig->shards[SHARD];
	const struct context *c =
		shard_context(shard, (uint16_t)iq_handle_index(call->local.handle));

	return shard_secure(shard, shard_transport(shard, c->transport[IQ_LEG_ACCESS][0])->secure);
}

static struct srtp_index *to_wic(const struct call *call)
{
	struct shard *shard = call->rig->shards[SHARD];
	const struct context *c =
		shard_context(shard, (uint16_t)iq_handle_index(call->local.handle));

	return &shard_stream(shard, c->stream[0])->sender[IQ_LEG_ACCESS].index;
}

// Another browser in the place of the first: its page was loaded anew. At an address of its own: the gateway asks there
// before it answers, while it would ask a known one for its consent only after seconds.
static struct wic *another(struct call *call, uint8_t host, bool is_dtls_server)
{
	struct wic_config wic = {.host = host,
		.family = 4,
		.port = 50002,
		.profiles = "SRTP_AEAD_AES_128_GCM",
		.is_dtls_server = is_dtls_server};
	struct wic *next = wic_create(call->rig, &wic);

	wic_answer(next, &call->local);
	memset(&call->rig->state, 0, sizeof(call->rig->state));
	return next;
}

static void take_over(struct call *call, struct wic *next)
{
	wic_destroy(call->wic);
	call->wic = next;
}

static void the_same_again(void **state)
{
	struct media_rig *rig = *state;
	struct iq_fingerprint swapped;
	struct call call;
	uint16_t seqs[2];
	uint64_t punted;
	struct secure *secure;

	call_up(&call, rig, &config);
	media_passes(&call, 1, 0xb0b0b0b0u, seqs);
	punted = media_count(rig, COUNTER_dtls_punted);
	secure = secure_of(&call);
	assert_int_equal(call_describe_again(&call, call.wic), 0);
	// A set has no order.
	swapped = secure->fingerprints[0];
	secure->fingerprints[0] = (struct iq_fingerprint){.hash = IQ_HASH_SHA512, .len = 64};
	secure->fingerprints[1] = swapped;
	secure->fingerprint_count = 2;
	transport_dtls_set(rig->workers[0], rig->shards[SHARD], 0,
		&(struct iq_remote_transport){.dtls_role = secure->dtls_role,
			.fingerprint_count = 2,
			.fingerprints = {swapped, secure->fingerprints[0]}});
	assert_int_equal(secure->dtls_state, IQ_DTLS_CONNECTED);
	assert_true(secure->dtls_started);
	media_passes(&call, 2, 0xb0b0b0b0u, seqs);
	assert_int_equal(media_count(rig, COUNTER_dtls_punted), punted);
	call_down(&call);
}

static void a_page_loaded_anew_with(struct media_rig *rig, bool is_dtls_server)
{
	uint16_t before[2], after[2];
	struct wic *next;
	struct call call;

	call_up(&call, rig, &config);
	media_passes(&call, 60000, 0xb0b0b0b0u, before);
	// A long call, of whose packets the new page knows nothing.
	to_wic(&call)->roc = 5;
	next = another(&call, 4, is_dtls_server);
	assert_int_equal(call_describe_again(&call, next), 0);
	assert_true(wic_connect(next));
	take_over(&call, next);
	assert_int_equal(secure_of(&call)->srtp_profile, 0x0007);
	// The phone's stream goes on, and what the page gets is in its first 2^16.
	media_passes(&call, 60001, 0xc0c0c0c0u, after);
	assert_int_equal(after[0], (uint16_t)(before[0] + 1));
	assert_int_equal(to_wic(&call)->roc, 0);
	call_down(&call);
}

static void a_page_loaded_anew(void **state)
{
	a_page_loaded_anew_with(*state, false);
}

static void another_role(void **state)
{
	a_page_loaded_anew_with(*state, true);
}

// Again and again, as somebody with a bad link does.
static void many_associations(void **state)
{
	struct media_rig *rig = *state;
	struct call call;
	uint16_t seqs[2];

	call_up(&call, rig, &config);
	for (unsigned i = 0; i < 5; i++) {
		struct wic *next;

		rig->end_count = 2 + i % 2; // the place of the last but one
		next = another(&call, (uint8_t)(4 + i), i % 2 == 1);
		assert_int_equal(call_describe_again(&call, next), 0);
		assert_true(wic_connect(next));
		take_over(&call, next);
		media_passes(&call, (uint16_t)(100 * i), 0xc0c0c0c0u + i, seqs);
	}
	call_down(&call);
}

// The new one fails: nothing goes on under the old keys.
static void another_that_fails(void **state)
{
	struct media_rig *rig = *state;
	struct wic *next, *stranger;
	struct call call;

	call_up(&call, rig, &config);
	stranger = another(&call, 4, false);
	assert_int_equal(call_describe_again(&call, stranger), 0);
	wic_destroy(stranger);
	rig->end_count--;
	next = another(&call, 5, false); // with a certificate that wasn't described
	assert_false(wic_connect(next));
	assert_int_equal(rig->state.legs[IQ_LEG_ACCESS].dtls, IQ_DTLS_FAILED);
	assert_int_equal(rig->state.legs[IQ_LEG_ACCESS].dtls_error, 1);
	take_over(&call, next);
	call_phone_send(&call, 0, &(struct rtp_example){.pt = 96, .ssrc = 1, .payload_len = 160});
	media_step(rig);
	assert_int_equal(media_count(rig, COUNTER_drop_no_keys), 1);
	call_down(&call);
}

#define RIGGED(name) cmocka_unit_test_setup_teardown(name, media_up, media_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(the_same_again),
		RIGGED(a_page_loaded_anew),
		RIGGED(another_role),
		RIGGED(many_associations),
		RIGGED(another_that_fails),
	};

	return cmocka_run_group_tests(tests, media_group_up, NULL);
}
