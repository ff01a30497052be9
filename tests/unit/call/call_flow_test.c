// SPDX-License-Identifier: Apache-2.0
// Calls from the first INVITE to the end: who is told what, what the gateway is told, what is left.
#include "call_world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct world world;
static struct fake_leg *const a = &world.leg[CALL_A], *const b = &world.leg[CALL_B];

static int open_world(void **state)
{
	(void)state;
	world_open(&world, true);
	return 0;
}

static int close_world(void **state)
{
	(void)state;
	world_close(&world);
	return 0;
}

static void answer(enum call_side side, const char *sdp)
{
	struct call_msg msg = with_sdp(sdp);

	call_on_answer(world.call, side, "dialog-1", &msg);
	world_run(&world);
}

static void offer(enum call_side side, const char *sdp)
{
	struct call_msg msg = with_sdp(sdp);

	call_on_offer(world.call, side, &msg);
	world_run(&world);
}

static void progress(int status, const char *dialog, const char *sdp)
{
	struct call_msg msg = with_sdp(sdp);

	call_on_progress(world.call, CALL_B, status, dialog, &msg);
	world_run(&world);
}

static void confirm(enum call_side side, const char *sdp)
{
	struct call_msg msg = with_sdp(sdp);

	call_on_confirm(world.call, side, &msg);
	world_run(&world);
}

static void browser_calls(void)
{
	world_start(&world, true, web_offer);
	progress(180, "dialog-1", NULL);
	answer(CALL_B, ims_answer);
	confirm(CALL_A, NULL);
}

static void nothing_is_left(unsigned contexts)
{
	assert_int_equal(calls_count(world.calls), 0);
	assert_int_equal(a->releases, 1);
	assert_int_equal(b->releases, 1);
	assert_int_equal(world.deleted, contexts);
}

static void a_browser_calls_a_phone(void **state)
{
	(void)state;
	world_start(&world, true, web_offer);
	assert_int_equal(b->offers, 1);
	assert_non_null(strstr(b->sdp, "m=audio 30000 RTP/AVP"));
	assert_null(strstr(b->sdp, "ice-ufrag"));
	progress(180, "dialog-1", NULL);
	assert_int_equal(a->status, 180);
	answer(CALL_B, ims_answer);
	assert_int_equal(b->confirms, 1);
	assert_int_equal(a->answers, 1);
	assert_non_null(strstr(a->sdp, "a=setup:passive"));
	assert_non_null(strstr(a->sdp, "203.0.113.10 40000"));
	assert_non_null(strstr(a->sdp, "a=ssrc:1000 "));
	// What the gateway was told.
	assert_int_equal(world.access.transports[0].dtls_role, IQ_DTLS_SERVER);
	assert_string_equal(world.access.transports[0].ufrag, "OWHF");
	assert_int_equal(world.access.transports[0].rtcp_mux, 1);
	assert_int_equal(world.access.transports[0].candidate_count, 1);
	assert_int_equal(world.access.transports[0].fingerprints[0].hash, IQ_HASH_SHA256);
	assert_int_equal(world.access.transports[0].fingerprints[0].bytes[0], 0x29);
	assert_int_equal(world.core.transports[0].rtp.port, 12340);
	assert_int_equal(world.core.transports[0].rtcp.port, 12341);
	assert_int_equal(world.streams.streams[0].gate, IQ_GATE_BOTH);
	// PCMA, and telephone-event under the number of each direction.
	assert_int_equal(world.streams.streams[0].pt_count, 3);
	confirm(CALL_A, NULL);
	call_on_end(world.call, CALL_A, NULL);
	world_run(&world);
	assert_int_equal(b->ends, 1);
	nothing_is_left(1);
}

// The number that counts for the gateway: of the first entry that has it.
static int number_toward(enum iq_leg to, unsigned from_number)
{
	const struct iq_stream *stream = &world.streams.streams[0];

	for (unsigned i = 0; i < stream->pt_count; i++) {
		const struct iq_pt *pt = &stream->pts[i];

		if (from_number == (to == IQ_LEG_CORE ? pt->access : pt->core))
			return to == IQ_LEG_CORE ? pt->core : pt->access;
	}
	return -1;
}

// The phone answers 101 where 126 was offered: 101 is what it wants to receive, 126 what it is to send (RFC 3264
// section 6.1); some send what they answered.
static void each_side_gets_its_own_numbers(void **state)
{
	(void)state;
	browser_calls();
	assert_int_equal(number_toward(IQ_LEG_CORE, 126), 101);
	assert_int_equal(number_toward(IQ_LEG_ACCESS, 126), 126);
	assert_int_equal(number_toward(IQ_LEG_ACCESS, 101), 126);
	assert_int_equal(number_toward(IQ_LEG_CORE, 8), 8);
	call_on_end(world.call, CALL_A, NULL);
	world_run(&world);
	nothing_is_left(1);
}

static void a_200_that_comes_again(void **state)
{
	struct call_msg msg = with_sdp(ims_answer);

	(void)state;
	world_start(&world, true, web_offer);
	call_on_answer(world.call, CALL_B, "dialog-1", &msg);
	answer(CALL_B, ims_answer);
	assert_int_equal(world.streams_sets, 1);
	assert_int_equal(b->confirms, 1);
	assert_int_equal(a->answers, 1);
	calls_end_all(world.calls, 503, "over");
	world_run(&world);
	nothing_is_left(1);
}

static void a_phone_calls_a_browser(void **state)
{
	(void)state;
	world_start(&world, false, ims_offer);
	assert_int_equal(b->offers, 1);
	assert_non_null(strstr(b->sdp, "a=setup:actpass"));
	assert_non_null(strstr(b->sdp, "UDP/TLS/RTP/SAVPF"));
	answer(CALL_B, web_answer);
	assert_int_equal(world.access.transports[0].dtls_role, IQ_DTLS_SERVER);
	assert_non_null(strstr(a->sdp, "m=audio 30000 RTP/AVP"));
	call_on_end(world.call, CALL_B, NULL);
	world_run(&world);
	assert_int_equal(a->ends, 1);
	nothing_is_left(1);
}

static void useless_offers_get_488(void **state)
{
	(void)state;
	world_start(&world, true, web_offer_data_only);
	assert_int_equal(a->rejects, 1);
	assert_int_equal(a->status, 488);
	assert_int_not_equal(a->warning[0], '\0');
	assert_int_equal(b->offers, 0);
	nothing_is_left(0);
}

static void garbage_gets_488(void **state)
{
	(void)state;
	world_start(&world, true, "v=0\r\nnonsense");
	assert_int_equal(a->status, 488);
	assert_int_not_equal(a->warning[0], '\0');
	nothing_is_left(0);
}

static void a_full_gateway_is_503(void **state)
{
	(void)state;
	world.reserve_status = -ENOSPC;
	world_start(&world, true, web_offer);
	assert_int_equal(a->status, 503);
	nothing_is_left(0);
}

static void no_gateway_is_503(void **state)
{
	(void)state;
	world_close(&world);
	world_open(&world, false);
	world_start(&world, true, web_offer);
	assert_int_equal(a->status, 503);
	nothing_is_left(0);
}

static void a_useless_answer_ends_both(void **state)
{
	(void)state;
	world_start(&world, true, web_offer);
	answer(CALL_B, "v=0\r\n");
	assert_int_equal(a->status, 488);
	assert_int_equal(b->ends, 1);
	nothing_is_left(1);
}

static void busy_is_passed_on(void **state)
{
	struct call_msg none = with_sdp(NULL);

	(void)state;
	world_start(&world, true, web_offer);
	call_on_reject(world.call, CALL_B, 486, "Busy Here", &none);
	world_run(&world);
	assert_int_equal(a->rejects, 1);
	assert_int_equal(a->status, 486);
	assert_ptr_equal(a->refusal_bag, none.bag); // its headers go on
	assert_string_equal(a->warning, "");
	nothing_is_left(1);
}

static void cancel_ends_b(void **state)
{
	(void)state;
	world_start(&world, true, web_offer);
	call_on_cancel(world.call, CALL_A);
	world_run(&world);
	assert_int_equal(b->ends, 1);
	assert_int_equal(a->rejects, 0); // the adapter has answered
	nothing_is_left(1);
}

static void early_media_then_another_branch_wins(void **state)
{
	(void)state;
	world_start(&world, true, web_offer);
	progress(183, "dialog-1", ims_answer);
	assert_int_equal(a->status, 183);
	assert_non_null(strstr(a->sdp, "a=ice-ufrag"));
	assert_int_equal(world.core.transports[0].rtp.port, 12340);
	progress(183, "dialog-2", ims_answer_moved);
	assert_string_equal(a->sdp, ""); // rings, without a second answer
	answer(CALL_B, ims_answer_moved);
	assert_int_equal(a->answers, 1);
	assert_int_equal(world.core.transports[0].rtp.port, 12350);
	calls_end_all(world.calls, 503, "over");
	world_run(&world);
	nothing_is_left(1);
}

static void offerless_from_the_phone(void **state)
{
	(void)state;
	world_start(&world, false, NULL);
	assert_int_equal(b->offers, 1);
	assert_string_equal(b->sdp, "");
	answer(CALL_B, web_offer);
	assert_int_equal(a->answers, 1);
	assert_non_null(strstr(a->sdp, "m=audio 30000 RTP/AVP"));
	assert_int_equal(b->confirms, 0); // its ACK holds the answer, which isn't here yet
	confirm(CALL_A, ims_answer);
	assert_int_equal(b->confirms, 1);
	assert_non_null(strstr(b->sdp, "a=setup:passive"));
	assert_int_equal(world.core.transports[0].rtp.port, 12340);
	call_on_end(world.call, CALL_A, NULL);
	world_run(&world);
	nothing_is_left(1);
}

static void offerless_from_the_browser(void **state)
{
	(void)state;
	world_start(&world, true, NULL);
	answer(CALL_B, ims_offer);
	assert_non_null(strstr(a->sdp, "a=setup:actpass"));
	confirm(CALL_A, web_answer);
	assert_int_equal(b->confirms, 1);
	assert_non_null(strstr(b->sdp, "m=audio 30000 RTP/AVP"));
	calls_end_all(world.calls, 503, "over");
	world_run(&world);
	nothing_is_left(1);
}

static void hold_goes_through(void **state)
{
	(void)state;
	browser_calls();
	offer(CALL_A, web_offer_hold);
	assert_int_equal(b->offers, 2);
	assert_non_null(strstr(b->sdp, "a=sendonly"));
	answer(CALL_B, ims_answer);
	assert_int_equal(a->answers, 2);
	assert_int_equal(b->confirms, 2);
	assert_int_equal(world.streams.streams[0].gate, IQ_GATE_TO_CORE);
	assert_int_equal(world.contexts, 1);
	calls_end_all(world.calls, 503, "over");
	world_run(&world);
	nothing_is_left(1);
}

static void an_ice_restart_stays_here(void **state)
{
	(void)state;
	browser_calls();
	offer(CALL_A, web_offer_restart);
	assert_int_equal(world.restarts, 1);
	assert_int_equal(b->offers, 1); // only the first
	assert_int_equal(a->answers, 2);
	assert_non_null(strstr(a->sdp, "a=ice-ufrag:gw000001"));
	assert_string_equal(world.access.transports[0].ufrag, "NEWu");
	calls_end_all(world.calls, 503, "over");
	world_run(&world);
	nothing_is_left(1);
}

static void a_refresh_stays_here(void **state)
{
	char before[8192];

	(void)state;
	browser_calls();
	snprintf(before, sizeof(before), "%s", a->sdp);
	offer(CALL_A, web_offer);
	assert_int_equal(b->offers, 1);
	assert_string_equal(
		a->sdp, before); // the same version of the same text (RFC 3264 section 8)
	calls_end_all(world.calls, 503, "over");
	world_run(&world);
	nothing_is_left(1);
}

static void glare_gets_491(void **state)
{
	(void)state;
	browser_calls();
	offer(CALL_A, web_offer_hold);
	offer(CALL_B, ims_offer);
	assert_int_equal(b->rejects, 1);
	assert_int_equal(b->status, 491);
	answer(CALL_B, ims_answer);
	assert_int_equal(a->answers, 2);
	calls_end_all(world.calls, 503, "over");
	world_run(&world);
	nothing_is_left(1);
}

static void a_refused_offer_changes_nothing(void **state)
{
	struct call_msg none = with_sdp(NULL);

	(void)state;
	browser_calls();
	offer(CALL_A, web_offer_hold);
	call_on_reject(world.call, CALL_B, 488, "Not Acceptable Here", &none);
	world_run(&world);
	assert_int_equal(a->rejects, 1);
	assert_int_equal(a->status, 488);
	assert_int_equal(world.streams.streams[0].gate, IQ_GATE_BOTH);
	assert_int_equal(calls_count(world.calls), 1);
	offer(CALL_A, web_offer); // and the next one goes through
	assert_int_equal(a->answers, 2);
	calls_end_all(world.calls, 503, "over");
	world_run(&world);
	nothing_is_left(1);
}

static void a_useless_answer_to_a_new_offer(void **state)
{
	(void)state;
	browser_calls();
	offer(CALL_A, web_offer_hold);
	answer(CALL_B, "v=0\r\n");
	assert_int_equal(a->rejects, 1);
	assert_int_equal(a->status, 488);
	assert_int_equal(b->confirms, 2); // else its 200 would come again, and then its BYE
	assert_int_equal(calls_count(world.calls), 1);
	calls_end_all(world.calls, 503, "over");
	world_run(&world);
	nothing_is_left(1);
}

static void an_offerless_reinvite_is_answered_with_what_holds(void **state)
{
	(void)state;
	browser_calls();
	offer(CALL_B, NULL);
	assert_int_equal(b->answers, 1);
	assert_non_null(strstr(b->sdp, "m=audio 30000 RTP/AVP"));
	confirm(CALL_B, ims_answer_moved);
	assert_int_equal(world.core.transports[0].rtp.port, 12350);
	offer(CALL_A, web_offer);
	assert_int_equal(a->answers, 2);
	calls_end_all(world.calls, 503, "over");
	world_run(&world);
	nothing_is_left(1);
}

static void media_faults_end_the_call(void **state)
{
	static const struct iq_leg_state faults[] = {
		{.dtls = IQ_DTLS_FAILED, .dtls_error = 1},
		{.ice = IQ_ICE_FAILED},
		{.consent = IQ_CONSENT_EXPIRED},
		{.consent = IQ_CONSENT_REVOKED, .dtls = IQ_DTLS_CLOSED},
	};
	static const struct iq_leg_state fine = {
		.ice = IQ_ICE_CONNECTED, .consent = IQ_CONSENT_LIVE};

	(void)state;
	for (unsigned i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		world_close(&world);
		world_open(&world, true);
		browser_calls();
		world_media(&world, &fine, IQ_CHANGED_ICE);
		assert_int_equal(calls_count(world.calls), 1);
		world_media(&world, &faults[i], IQ_CHANGED_DTLS);
		assert_int_equal(a->ends, 1);
		assert_int_equal(b->ends, 1);
		assert_int_equal(b->status, 503);
		nothing_is_left(1);
	}
}

// A silenced audio ends the call where the policy says so; the log explains it in any case.
static void breakers_end_the_call_by_policy(void **state)
{
	static const struct iq_trip trips[] = {
		{.breaker = IQ_BREAKER_RTCP_TIMEOUT, .silence_ms = 15000, .silence_max_ms = 15000},
		{.breaker = IQ_BREAKER_MEDIA_TIMEOUT, .intervals = 5, .intervals_max = 5},
		{.breaker = IQ_BREAKER_CONGESTION, .rate = 900000, .limit = 130000},
		{.breaker = IQ_BREAKER_USABILITY, .loss_permille = 700},
	};

	(void)state;
	for (unsigned i = 0; i < 2 * sizeof(trips) / sizeof(trips[0]); i++) {
		struct iq_trip trip = trips[i / 2];

		world_close(&world);
		world_breaker_releases = i % 2 == 1;
		world_open(&world, true);
		browser_calls();
		world_trip(&world, &trip); // nothing has ceased
		assert_int_equal(calls_count(world.calls), 1);
		trip.ceased = 1 << IQ_LEG_ACCESS;
		world_trip(&world, &trip);
		assert_int_equal(calls_count(world.calls), i % 2 == 1 ? 0 : 1);
	}
	world_breaker_releases = false;
}

static void a_new_gateway_process_ends_its_calls(void **state)
{
	(void)state;
	browser_calls();
	world_gateway_restart(&world);
	assert_int_equal(a->ends, 1);
	assert_int_equal(b->ends, 1);
	nothing_is_left(0); // the context died with the old process
	memset(a, 0, sizeof(*a));
	memset(b, 0, sizeof(*b));
	browser_calls(); // and it works again
	assert_int_equal(a->answers, 1);
	calls_end_all(world.calls, 503, "over");
	world_run(&world);
}

static void parked_and_back(void **state)
{
	(void)state;
	browser_calls();
	call_on_parked(world.call, CALL_A);
	world_pass(&world, 31000);
	assert_int_equal(calls_count(world.calls), 1);
	call_on_resumed(world.call, CALL_A);
	world_pass(&world, 40000);
	assert_int_equal(calls_count(world.calls), 1);
	call_on_parked(world.call, CALL_A);
	world_pass(&world, 32001);
	assert_int_equal(b->ends, 1);
	nothing_is_left(1);
}

static void nobody_answers(void **state)
{
	(void)state;
	world_start(&world, true, web_offer);
	world_pass(&world, 180001);
	assert_int_equal(a->status, 408);
	assert_int_equal(b->ends, 1);
	nothing_is_left(1);
}

static void a_leg_that_cannot_offer(void **state)
{
	(void)state;
	b->fail_offer = -ENOTCONN;
	world_start(&world, true, web_offer);
	assert_int_equal(a->rejects, 1);
	assert_int_equal(a->status, 500);
	nothing_is_left(1);
}

static void requests_are_relayed(void **state)
{
	(void)state;
	browser_calls();
	call_on_relay(world.call, CALL_A, 77, NULL);
	assert_int_equal(b->token, 77);
	call_on_relayed(world.call, CALL_B, 77, 202, NULL);
	assert_int_equal(a->responses, 1);
	assert_int_equal(a->status, 202);
	calls_end_all(world.calls, 503, "over");
	world_run(&world);
}

static void one_name_is_one_call(void **state)
{
	struct call_setup setup = {.id = "call-1"};
	struct call *other;

	(void)state;
	browser_calls();
	assert_int_equal(call_start(world.calls, &setup, &other), -EEXIST);
	calls_end_all(world.calls, 503, "over");
	world_run(&world);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

static void orphan_put(unsigned i, iq_handle handle, const char *ref)
{
	world.page.entries[i].handle = handle;
	snprintf(world.page.entries[i].ref, sizeof(world.page.entries[i].ref), "%s", ref);
	world.page.count = i + 1;
}

static void a_context_without_a_call_is_kept_a_while(void **state)
{
	const iq_handle left = iq_handle_make(0, 5, 7, 9);

	(void)state;
	orphan_put(0, left, "who-knows");
	world_gateway_restart(&world);
	assert_int_equal(calls_orphan_count(world.calls), 1);
	assert_in_range(calls_orphan_left_ms(world.calls, left), 1, 60000);
	assert_int_equal(calls_orphan_left_ms(world.calls, left + 1), -1);
	world_pass(&world, 59000);
	assert_int_equal(world.deleted, 0);
	world_gateway_restart(&world); // found again: its time runs on
	assert_int_equal(calls_orphan_count(world.calls), 1);
	world_pass(&world, 1000);
	assert_int_equal(world.deleted, 1);
	assert_int_equal(calls_orphan_count(world.calls), 0);
}

static void a_context_with_a_call_is_no_orphan(void **state)
{
	struct call_info info;

	(void)state;
	browser_calls();
	assert_int_equal(call_info_get(world.calls, "call-1", &info), 0);
	assert_int_equal(info.media, world.handle);
	orphan_put(0, world.handle, "call-1");
	calls_on_media_attached(world.calls, 0);
	world_pass(&world, 61000);
	assert_int_equal(calls_orphan_count(world.calls), 0);
	assert_int_equal(world.deleted, 0);
	assert_int_equal(call_end(world.calls, "call-2", 480, "none"), -ENOENT);
	assert_int_equal(call_end(world.calls, "call-1", 480, "by the operator"), 0);
	world_run(&world);
	assert_int_equal(a->status, 480);
	nothing_is_left(1);
}

static void crash_and_restore(void)
{
	browser_calls();
	world_crash(&world);
	assert_int_equal(world_restore(&world, 3, world_record_len), 0);
	assert_int_equal(world_restore(&world, 3, world_record_len), -EEXIST); // it is there
	assert_int_equal(calls_count(world.calls), 1);
}

static void audit_with_the_context(void)
{
	orphan_put(0, world.handle, "call-1");
	calls_on_media_attached(world.calls, 0);
	world_run(&world);
}

static void a_call_outlives_the_process(void **state)
{
	struct call_info info;

	(void)state;
	crash_and_restore();
	audit_with_the_context();
	assert_int_equal(call_info_get(world.calls, "call-1", &info), 0);
	assert_string_equal(info.state, "up");
	assert_true(info.is_parked);
	assert_int_equal(info.media, world.handle);
	assert_int_equal(calls_orphan_count(world.calls), 0);
	call_on_resumed(world.call, CALL_A);
	world_pass(&world, 40000);
	assert_int_equal(calls_count(world.calls), 1);
	// What was agreed is known: an offer of the browser is answered here, with what the phone has.
	offer(CALL_A, web_offer_restart);
	assert_int_equal(b->offers, 0);
	assert_int_equal(a->answers, 1);
	assert_non_null(strstr(a->sdp, "a=setup:passive"));
	assert_non_null(strstr(a->sdp, "203.0.113.10 40000"));
	assert_int_equal(world.core.transports[0].rtp.port, 12340);
	confirm(CALL_A, NULL);
	offer(CALL_A, web_offer_hold);
	assert_int_equal(b->offers, 1);
	assert_non_null(strstr(b->sdp, "m=audio 30000 RTP/AVP"));
	answer(CALL_B, ims_answer);
	assert_int_equal(b->confirms, 1);
	call_on_end(world.call, CALL_B, NULL);
	world_run(&world);
	assert_int_equal(a->ends, 1);
	nothing_is_left(1);
}

// As after a start that fails: another process finds the call where it was.
static void a_restored_call_outlives_this_process_too(void **state)
{
	(void)state;
	crash_and_restore();
	assert_int_equal(a->records, 1); // the legs have skipped ahead
	assert_int_equal(b->records, 1);
	world_crash(&world);
	assert_true(world_record_len > 100);
	assert_int_equal(world_restore(&world, 3, world_record_len), 0);
	audit_with_the_context();
	assert_int_equal(world.deleted, 0);
	assert_int_equal(calls_count(world.calls), 1);
}

static void a_stop_ends_what_is_not_up(void **state)
{
	(void)state;
	browser_calls();
	calls_end_unanswered(world.calls, 503, "the gateway stops");
	world_run(&world);
	assert_int_equal(a->ends + b->ends, 0);
	assert_int_equal(calls_count(world.calls), 1);
	calls_end_all(world.calls, 503, "over");
	world_run(&world);
	memset(world.leg, 0, sizeof(world.leg));
	world_start(&world, true, web_offer);
	progress(180, "dialog-1", NULL);
	calls_end_unanswered(world.calls, 503, "the gateway stops");
	world_run(&world);
	assert_int_equal(a->rejects, 1);
	assert_int_equal(a->status, 503);
	assert_int_equal(b->ends, 1);
	nothing_is_left(2);
}

static void a_breaker_ends_a_restored_call(void **state)
{
	struct iq_trip trip = {.breaker = IQ_BREAKER_MEDIA_TIMEOUT,
		.intervals = 5,
		.intervals_max = 5,
		.ceased = 1 << IQ_LEG_ACCESS};

	(void)state;
	world_close(&world);
	world_breaker_releases = true;
	world_open(&world, true);
	crash_and_restore();
	world_trip(&world, &trip);
	assert_int_equal(calls_count(world.calls), 0);
	world_breaker_releases = false;
}

static void a_restored_call_whose_browser_stays_away(void **state)
{
	(void)state;
	crash_and_restore();
	audit_with_the_context();
	world_pass(&world, 32000);
	assert_int_equal(b->ends, 1);
	assert_int_equal(b->status, 503);
	nothing_is_left(1);
}

static void a_restored_call_without_its_context(void **state)
{
	(void)state;
	crash_and_restore();
	world.page.count = 0;
	calls_on_media_attached(world.calls, 0);
	world_run(&world);
	assert_int_equal(a->ends, 1);
	assert_int_equal(b->status, 503);
	nothing_is_left(0);
}

static void useless_records(void **state)
{
	(void)state;
	browser_calls();
	world_crash(&world);
	assert_true(world_record_len > 100);
	assert_int_equal(world_restore(&world, 2, world_record_len), -EPROTO);
	assert_int_equal(world_restore(&world, 3, 0), -EINVAL);
	for (size_t len = 1; len < world_record_len; len += 13)
		assert_true(world_restore(&world, 3, len) < 0);
	assert_int_equal(calls_count(world.calls), 0);
	assert_int_equal(a->releases + b->releases, 0);
}

static void a_call_that_was_ringing_leaves_no_record(void **state)
{
	(void)state;
	world_start(&world, true, web_offer);
	progress(180, "dialog-1", NULL);
	world_crash(&world);
	assert_int_equal(world_record_len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_call_outlives_the_process, open_world, close_world),
		CASE(a_restored_call_outlives_this_process_too),
		CASE(a_stop_ends_what_is_not_up),
		CASE(a_breaker_ends_a_restored_call),
		cmocka_unit_test_setup_teardown(
			a_restored_call_whose_browser_stays_away, open_world, close_world),
		cmocka_unit_test_setup_teardown(
			a_restored_call_without_its_context, open_world, close_world),
		cmocka_unit_test_setup_teardown(useless_records, open_world, close_world),
		cmocka_unit_test_setup_teardown(
			a_call_that_was_ringing_leaves_no_record, open_world, close_world),
		cmocka_unit_test_setup_teardown(
			a_context_without_a_call_is_kept_a_while, open_world, close_world),
		cmocka_unit_test_setup_teardown(
			a_context_with_a_call_is_no_orphan, open_world, close_world),
		CASE(a_browser_calls_a_phone),
		CASE(each_side_gets_its_own_numbers),
		CASE(a_200_that_comes_again),
		CASE(a_phone_calls_a_browser),
		CASE(useless_offers_get_488),
		CASE(garbage_gets_488),
		CASE(a_full_gateway_is_503),
		CASE(no_gateway_is_503),
		CASE(a_useless_answer_ends_both),
		CASE(busy_is_passed_on),
		CASE(cancel_ends_b),
		CASE(early_media_then_another_branch_wins),
		CASE(offerless_from_the_phone),
		CASE(offerless_from_the_browser),
		CASE(hold_goes_through),
		CASE(an_ice_restart_stays_here),
		CASE(a_refresh_stays_here),
		CASE(glare_gets_491),
		CASE(a_refused_offer_changes_nothing),
		CASE(a_useless_answer_to_a_new_offer),
		CASE(an_offerless_reinvite_is_answered_with_what_holds),
		CASE(media_faults_end_the_call),
		CASE(breakers_end_the_call_by_policy),
		CASE(a_new_gateway_process_ends_its_calls),
		CASE(parked_and_back),
		CASE(nobody_answers),
		CASE(a_leg_that_cannot_offer),
		CASE(requests_are_relayed),
		CASE(one_name_is_one_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
