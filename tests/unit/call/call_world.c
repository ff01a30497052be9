// SPDX-License-Identifier: Apache-2.0
// The world of a call: legs, gateway, timers.
#include "call_world.h"

#include "iq_client.h"
#include "iq_door.h"
#include "sdp.h"
#include "store.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TIMERS_MAX 16

struct timer {
	bool armed;
	uint64_t at_ms;
	void (*on_timer)(void *arg);
	void *arg;
};

static struct timer timers[TIMERS_MAX];
static uint64_t now_ms;
static char folder[64], iq_path[80], store_path[80];
static struct iq_door *door;
static struct iq_client *client;
static struct store *store;
static struct iq_stats *stats;

static void *timer_start(void *loop, unsigned ms, void (*on_timer)(void *arg), void *arg)
{
	(void)loop;
	for (unsigned i = 0; i < TIMERS_MAX; i++) {
		if (!timers[i].armed) {
			timers[i] = (struct timer){true, now_ms + ms, on_timer, arg};
			return &timers[i];
		}
	}
	fail_msg("more timers than a call needs");
	return NULL;
}

static void timer_stop(void *loop, void *timer)
{
	(void)loop;
	((struct timer *)timer)->armed = false;
}

static void timers_fire(void)
{
	for (unsigned i = 0; i < TIMERS_MAX; i++) {
		if (timers[i].armed && timers[i].at_ms <= now_ms) {
			timers[i].armed = false;
			timers[i].on_timer(timers[i].arg);
		}
	}
}

static void told(struct fake_leg *leg, const struct call_msg *msg)
{
	snprintf(leg->sdp, sizeof(leg->sdp), "%.*s", msg->sdp != NULL ? (int)msg->sdp_len : 0,
		msg->sdp != NULL ? msg->sdp : "");
}

static int on_offer(void *arg, const struct call_msg *msg)
{
	struct fake_leg *leg = arg;

	leg->offers++;
	told(leg, msg);
	return leg->fail_offer;
}

static int on_progress(void *arg, int status, const struct call_msg *msg)
{
	struct fake_leg *leg = arg;

	leg->progresses++;
	leg->status = status;
	told(leg, msg);
	return 0;
}

static int on_answer(void *arg, const struct call_msg *msg)
{
	struct fake_leg *leg = arg;

	leg->answers++;
	told(leg, msg);
	return 0;
}

static int on_confirm(void *arg, const struct call_msg *msg)
{
	struct fake_leg *leg = arg;

	leg->confirms++;
	told(leg, msg);
	return 0;
}

static int on_reject(void *arg, const struct call_refusal *refusal)
{
	struct fake_leg *leg = arg;

	leg->rejects++;
	leg->status = refusal->status;
	leg->refusal_bag = refusal->bag;
	snprintf(
		leg->warning, sizeof(leg->warning), "%s", refusal->warning ? refusal->warning : "");
	return 0;
}

static int on_end(void *arg, int cause, const char *text)
{
	struct fake_leg *leg = arg;

	(void)text;
	leg->ends++;
	leg->status = cause;
	return 0;
}

static int on_relay(void *arg, uint64_t token, struct call_bag *request)
{
	struct fake_leg *leg = arg;

	(void)request;
	leg->relays++;
	leg->token = token;
	return 0;
}

static int on_relay_response(void *arg, uint64_t token, int status, struct call_bag *response)
{
	struct fake_leg *leg = arg;

	(void)response;
	leg->responses++;
	leg->token = token;
	leg->status = status;
	return 0;
}

static int on_record(void *arg, struct call_bag *answer, char *buf, size_t room)
{
	(void)answer;
	((struct fake_leg *)arg)->records++;
	return snprintf(buf, room, "dialog");
}

static void on_release(void *arg)
{
	((struct fake_leg *)arg)->releases++;
}

static void on_forget(void *arg)
{
	((struct fake_leg *)arg)->forgets++;
}

static const struct call_leg_ops fake_ops = {on_offer, on_progress, on_answer, on_confirm,
	on_reject, on_end, on_relay, on_relay_response, on_record, on_release, on_forget};

static struct call_bag *bag_ref(struct call_bag *bag)
{
	return bag;
}

static void bag_unref(struct call_bag *bag)
{
	(void)bag;
}

static void local_fill(struct world *world, const struct iq_context_reserve *command,
	struct iq_context_local *local)
{
	memset(local, 0, sizeof(*local));
	local->handle = world->handle;
	for (unsigned i = 0; i < command->streams; i++) {
		local->access[i].v4 =
			(struct iq_addr){{203, 0, 113, 10}, (uint16_t)(40000 + 2 * i), 4, 0};
		local->core[i].v4 =
			(struct iq_addr){{198, 51, 100, 10}, (uint16_t)(30000 + 2 * i), 4, 0};
		local->ssrc[i][IQ_LEG_ACCESS] = 1000 + i;
		local->ssrc[i][IQ_LEG_CORE] = 2000 + i;
	}
	snprintf(local->ufrag, sizeof(local->ufrag), "gw%06u", world->restarts);
	snprintf(local->pwd, sizeof(local->pwd), "gatewaypassword000000001");
	snprintf(local->cname, sizeof(local->cname), "isthmus");
	local->streams = command->streams;
	local->access_transports = command->access_transports;
}

static void reserve(struct world *world, const struct iq_header *header,
	const struct iq_context_reserve *command)
{
	struct iq_context_local local;

	if (world->reserve_status == 0 && command->handle == 0) {
		world->contexts++;
		world->handle = iq_handle_make(0, 3, world->contexts, 1);
	}
	world->restarts += command->ice_restart;
	local_fill(world, command, &local);
	iq_door_reply(door, header->txn, world->reserve_status,
		world->reserve_status == 0 ? &local : NULL,
		world->reserve_status == 0 ? sizeof(local) : 0);
}

static void on_command(
	struct iq_door *at, const struct iq_header *header, const void *payload, void *arg)
{
	struct world *world = arg;
	struct iq_context_state state = {.handle = world->handle};
	struct iq_capacity capacity = {.contexts_max = 100};

	switch (header->type) {
	case IQ_CONTEXT_RESERVE:
		reserve(world, header, payload);
		return;
	case IQ_LEG_SET:
		world->leg_sets++;
		if (((const struct iq_leg_set *)payload)->leg == IQ_LEG_ACCESS)
			world->access = *(const struct iq_leg_set *)payload;
		else
			world->core = *(const struct iq_leg_set *)payload;
		iq_door_reply(at, header->txn, 0, NULL, 0);
		return;
	case IQ_STREAMS_SET:
		world->streams_sets++;
		world->streams = *(const struct iq_streams_set *)payload;
		iq_door_reply(at, header->txn, 0, NULL, 0);
		return;
	case IQ_CONTEXT_DELETE:
		world->deleted++;
		iq_door_reply(at, header->txn, 0, &state, sizeof(state));
		return;
	case IQ_KEEPALIVE:
		iq_door_reply(at, header->txn, 0, &capacity, sizeof(capacity));
		return;
	case IQ_AUDIT:
		iq_door_reply(at, header->txn, 0, &world->page, sizeof(world->page));
		return;
	default:
		iq_door_reply(at, header->txn, -EINVAL, NULL, 0);
	}
}

static void on_attached(int gateway, bool is_new, void *arg)
{
	struct world *world = arg;

	if (is_new)
		calls_on_media_lost(world->calls, (uint8_t)gateway);
	calls_on_media_attached(world->calls, (uint8_t)gateway);
}

static void on_state(const struct iq_context_state *state, void *arg)
{
	calls_on_media_state(((struct world *)arg)->calls, state);
}

static void door_open(void)
{
	const struct iq_door_config config = {.path = iq_path, .stats = stats};

	door = iq_door_create(&config);
	assert_non_null(door);
}

void world_run(struct world *world)
{
	for (unsigned i = 0; i < 60; i++) {
		timers_fire();
		iq_client_dispatch(client);
		if (door != NULL)
			iq_door_poll(door, on_command, world);
		store_dispatch(store);
		usleep(1000);
	}
}

void world_pass(struct world *world, unsigned ms)
{
	now_ms += ms;
	world_run(world);
}

static int leg_restore(void *legs, struct call *call, enum call_side side, const char *text,
	size_t len, struct call_leg *out)
{
	struct world *world = legs;

	if (len != strlen("dialog") || memcmp(text, "dialog", len) != 0)
		return -EINVAL;
	world->call = call;
	*out = (struct call_leg){&fake_ops, &world->leg[side]};
	return 0;
}

static void calls_open(struct world *world)
{
	const struct calls_config config = {.iq = client,
		.store = store,
		.web_profile = &sdp_profile_web,
		.ims_profile = &sdp_profile_ims,
		.park_time_ms = 32000,
		.orphan_time_ms = 60000,
		.breakers = {IQ_BREAKERS_ALL},
		.breaker_releases = world_breaker_releases,
		.setup_timeout_ms = 180000,
		.bag_ref = bag_ref,
		.bag_unref = bag_unref,
		.timer_start = timer_start,
		.timer_stop = timer_stop,
		.leg_restore = leg_restore,
		.legs = world};

	world->calls = calls_create(&config);
	assert_non_null(world->calls);
}

bool world_breaker_releases;

void world_open(struct world *world, bool with_gateway)
{
	static const char *const names[] = {"none"};
	const char *paths[] = {iq_path};
	struct iq_client_config config = {.paths = paths,
		.count = 1,
		.retry_ms = 5,
		.on_attached = on_attached,
		.on_state = on_state,
		.arg = world};
	struct store_config store_config = {.location = store_path};
	char why[200];

	memset(world, 0, sizeof(*world));
	memset(timers, 0, sizeof(timers));
	snprintf(folder, sizeof(folder), "/tmp/call-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(iq_path, sizeof(iq_path), "%s/iq.sock", folder);
	snprintf(store_path, sizeof(store_path), "%s/store.db", folder);
	stats = iq_stats_create(names, 1, 1);
	assert_non_null(stats);
	if (with_gateway)
		door_open();
	store = store_open(&store_config, why, sizeof(why));
	assert_non_null(store);
	client = iq_client_create(&config);
	assert_non_null(client);
	calls_open(world);
	world_run(world);
}

static char record_key[64], record_text[STORE_VALUE_MAX];
size_t world_record_len;
static bool is_loaded;

static void on_load(const struct store_record *record, void *arg)
{
	(void)arg;
	snprintf(record_key, sizeof(record_key), "%s", record->key);
	memcpy(record_text, record->value, record->len);
	world_record_len = record->len;
}

static void on_loaded(int status, void *arg)
{
	(void)arg;
	assert_int_equal(status, 0);
	is_loaded = true;
}

void world_crash(struct world *world)
{
	const struct store_done done = {.on_done = on_loaded, .arg = &is_loaded};
	unsigned forgets;

	world_record_len = 0;
	is_loaded = false;
	assert_int_equal(store_load_all(store, STORE_DIALOG, on_load, &done), 0);
	while (!is_loaded)
		world_run(world);
	forgets = world->leg[0].forgets + calls_count(world->calls);
	calls_destroy(world->calls);
	world_run(world);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(world->leg[i].ends + world->leg[i].releases, 0);
		assert_int_equal(world->leg[i].forgets, forgets);
	}
	assert_int_equal(world->deleted, 0);
	memset(world->leg, 0, sizeof(world->leg));
	world->call = NULL;
	calls_open(world);
}

int world_restore(struct world *world, uint32_t version, size_t len)
{
	const struct store_record record = {
		.key = record_key, .version = version, .value = record_text, .len = len};

	return calls_restore(world->calls, &record);
}

void world_close(struct world *world)
{
	calls_destroy(world->calls);
	for (unsigned i = 0; i < TIMERS_MAX; i++)
		assert_false(timers[i].armed);
	iq_client_destroy(client);
	iq_door_destroy(door);
	door = NULL;
	iq_stats_destroy(stats);
	store_close(store);
	unlink(store_path);
	strcat(store_path, "-wal");
	unlink(store_path);
	memcpy(store_path + strlen(store_path) - 4, "-shm", 4);
	unlink(store_path);
	rmdir(folder);
}

struct call_msg with_sdp(const char *sdp)
{
	return (struct call_msg){.sdp = sdp, .sdp_len = sdp != NULL ? strlen(sdp) : 0};
}

void world_start(struct world *world, bool web_calls, const char *sdp)
{
	struct call_setup setup = {
		.legs = {{&fake_ops, &world->leg[0]}, {&fake_ops, &world->leg[1]}},
		.web = web_calls ? CALL_A : CALL_B,
		.id = "call-1",
		.families_access = IQ_FAMILY_V4 | IQ_FAMILY_V6,
		.families_core = IQ_FAMILY_V4,
		.msg = with_sdp(sdp)};

	assert_int_equal(call_start(world->calls, &setup, &world->call), 0);
	assert_int_equal(world->leg[0].rejects, 0); // nothing is told before it returns
	world_run(world);
}

void world_media(struct world *world, const struct iq_leg_state *access, uint32_t changed)
{
	struct iq_context_state state = {
		.handle = world->handle, .ref = "call-1", .version = 1, .changed = changed};

	state.legs[IQ_LEG_ACCESS] = *access;
	assert_int_equal(iq_door_event(door, IQ_CONTEXT_STATE, &state, sizeof(state)), 0);
	world_run(world);
}

void world_trip(struct world *world, const struct iq_trip *trip)
{
	struct iq_context_state state = {.handle = world->handle,
		.ref = "call-1",
		.version = 1,
		.changed = IQ_CHANGED_BREAKER,
		.trips = {*trip}};

	assert_int_equal(iq_door_event(door, IQ_CONTEXT_STATE, &state, sizeof(state)), 0);
	world_run(world);
}

void world_gateway_restart(struct world *world)
{
	iq_door_destroy(door);
	door_open();
	for (unsigned i = 0; i < 10; i++)
		world_run(world);
}
