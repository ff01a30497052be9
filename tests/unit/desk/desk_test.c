// SPDX-License-Identifier: Apache-2.0
// Commands from a controller through the door and the desk to real workers, and what comes back.
#include "controller.h"
#include "desk.h"
#include "iq_abi.h"
#include "media_rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define GATEWAY 5 // of the rig's shards
#define LEASE_S 60
#define PLACES 2 // for states at the door

struct bench {
	struct media_rig *rig;
	struct iq_stats *stats;
	struct desk desk;
	struct controller c;
	uint64_t txn;
	unsigned states;
	struct iq_context_state state; // the last
	uint64_t seen; // by the first character of their references
	bool is_deaf; // the controller acknowledges nothing
};

static void on_ack(iq_handle handle, uint32_t version, void *arg)
{
	struct bench *bench = arg;

	desk_ack(&bench->desk, handle, version);
}

static int bench_up(void **state)
{
	static struct bench the_bench;
	struct bench *bench = &the_bench;
	struct iq_door_config config = {.path = test_path,
		.gateway = GATEWAY,
		.uid = getuid(),
		.lease_s = LEASE_S,
		.states_max = PLACES,
		.on_ack = on_ack,
		.arg = bench};
	void *rig;

	if (media_up(&rig) < 0 || folder_make(state) < 0)
		return -1;
	*bench = (struct bench){.rig = rig};
	config.stats = bench->stats = stats_make();
	bench->desk = (struct desk){.door = iq_door_create(&config),
		.workers = bench->rig->workers,
		.worker_count = RIG_WORKERS,
		.owners = bench->rig->owners,
		.shards = bench->rig->shards,
		.dtls = bench->rig->dtls,
		.contexts_max = 200,
		.gateway = GATEWAY};
	*state = bench;
	return bench->desk.door == NULL ? -1 : 0;
}

static int bench_down(void **state)
{
	struct bench *bench = *state;
	void *rig = bench->rig;

	if (bench->c.region != NULL)
		controller_leave(&bench->c);
	iq_door_destroy(bench->desk.door);
	iq_stats_destroy(bench->stats);
	unlink(test_path);
	*strrchr(test_path, '/') = '\0';
	return media_down(&rig) | rmdir(test_path);
}

static void on_command_of(
	struct iq_door *door, const struct iq_header *header, const void *payload, void *arg)
{
	struct bench *bench = arg;

	(void)door;
	desk_command(&bench->desk, header, payload);
}

// A turn of main and of the workers.
static void turn(struct bench *bench)
{
	iq_door_poll(bench->desk.door, on_command_of, bench);
	for (unsigned i = 0; i < RIG_WORKERS; i++)
		worker_step(bench->rig->workers[i]);
	desk_messages(&bench->desk);
	desk_reap(&bench->desk, bench->rig->workers[0]->now_us);
}

static void attach(struct bench *bench)
{
	assert_int_equal(controller_connect(&bench->c), 0);
	assert_int_equal(iq_hello_send(bench->c.sock), 0);
	turn(bench);
	assert_int_equal(controller_welcome(&bench->c), 0);
}

static void send(struct bench *bench, enum iq_type type, const void *payload, uint32_t len)
{
	assert_int_equal(
		iq_send(iq_region_out(bench->c.region), type, ++bench->txn, payload, len), 0);
}

static void state_take(struct bench *bench, const struct iq_context_state *state)
{
	struct iq_state_ack ack = {.handle = state->handle, .version = state->version};

	bench->state = *state;
	bench->states++;
	bench->seen |= 1ull << (state->ref[0] & 63);
	if (!bench->is_deaf)
		send(bench, IQ_STATE_ACK, &ack, sizeof(ack));
}

// Takes messages: whether the reply to a transaction was among them.
static bool messages_take(struct bench *bench, uint64_t txn, struct iq_reply *reply, void *body)
{
	static _Alignas(8) uint8_t buf[IQ_PAYLOAD_MAX];
	struct iq_header header;
	bool is_there = false;

	while (message_take(&bench->c, &header, buf) == 1) {
		if (header.type == IQ_CONTEXT_STATE) {
			state_take(bench, (void *)buf);
		} else if (header.type == IQ_REPLY && header.txn == txn) {
			memcpy(reply, buf, sizeof(*reply));
			if (body != NULL)
				memcpy(body, buf + sizeof(*reply), reply->len);
			is_there = true;
		}
	}
	return is_there;
}

static int ask(struct bench *bench, enum iq_type type, const void *payload, void *body)
{
	struct iq_reply reply = {.status = -ETIMEDOUT};
	uint64_t txn;

	send(bench, type, payload, (uint32_t)iq_command_size(type));
	txn = bench->txn;
	for (unsigned i = 0; i < 1000 && !messages_take(bench, txn, &reply, body); i++)
		turn(bench);
	return reply.status;
}

static void pass(struct bench *bench, unsigned seconds)
{
	struct iq_reply reply;

	for (unsigned i = 0; i < 20 * seconds; i++) {
		__atomic_fetch_add(&bench->rig->skew_us, 50000, __ATOMIC_RELAXED);
		turn(bench);
		if (bench->c.region != NULL)
			messages_take(bench, 0, &reply, NULL);
	}
}

static struct iq_context_local reserved(struct bench *bench, const char *ref)
{
	struct iq_context_reserve command = {.streams = 1, .access_transports = 1};
	struct iq_context_local local = {0};

	memcpy(command.ref, ref, strlen(ref));
	assert_int_equal(ask(bench, IQ_CONTEXT_RESERVE, &command, &local), 0);
	return local;
}

static void shards_share_the_load(void **state)
{
	struct bench *bench = *state;
	unsigned counts[SHARDS] = {0};

	attach(bench);
	for (unsigned i = 0; i < SHARDS; i++)
		counts[iq_handle_shard(reserved(bench, "a").handle)]++;
	for (unsigned i = 0; i < SHARDS; i++)
		assert_int_equal(counts[i], 1);
	assert_int_equal(desk_capacity(&bench->desk).contexts, SHARDS);
}

static void an_audit_lists_every_shard(void **state)
{
	struct bench *bench = *state;
	struct iq_audit command = {0};
	struct iq_audit_page page;
	unsigned count = 0;

	attach(bench);
	for (unsigned i = 0; i < 150; i++)
		reserved(bench, "b");
	do {
		assert_int_equal(ask(bench, IQ_AUDIT, &command, &page), 0);
		for (unsigned i = 0; i < page.count; i++)
			assert_string_equal(page.entries[i].ref, "b");
		count += page.count;
		command.cursor = page.cursor;
	} while (page.cursor != 0);
	assert_int_equal(count, 150);
	command.cursor = iq_handle_make(GATEWAY + 1, 0, 0, 0);
	assert_int_equal(ask(bench, IQ_AUDIT, &command, NULL), -EINVAL);
}

static void what_the_desk_refuses(void **state)
{
	struct bench *bench = *state;
	struct iq_context_reserve command = {.streams = 1, .access_transports = 1};
	struct iq_context_ref ref;
	struct iq_drain drain = {.on = 1};
	struct iq_capacity capacity;

	attach(bench);
	ref.handle = reserved(bench, "c").handle;
	assert_int_equal(ask(bench, IQ_CONTEXT_GET, &ref, &(struct iq_context_state){0}), 0);
	ref.handle ^= 1ull << 56; // another gateway's
	assert_int_equal(ask(bench, IQ_CONTEXT_GET, &ref, NULL), -ENOENT);
	command.handle = ref.handle;
	assert_int_equal(ask(bench, IQ_CONTEXT_RESERVE, &command, NULL), -ENOENT);
	ref.handle = iq_handle_make(GATEWAY, SHARDS, 0, 1);
	assert_int_equal(ask(bench, IQ_CONTEXT_DELETE, &ref, NULL), -ENOENT);
	assert_int_equal(ask(bench, IQ_DRAIN, &drain, NULL), 0);
	command.handle = 0;
	assert_int_equal(ask(bench, IQ_CONTEXT_RESERVE, &command, NULL), -EBUSY);
	assert_int_equal(ask(bench, IQ_KEEPALIVE, &ref, &capacity), 0);
	assert_int_equal(capacity.draining, 1);
	drain.on = 0;
	assert_int_equal(ask(bench, IQ_DRAIN, &drain, NULL), 0);
	bench->desk.contexts_max = 1;
	assert_int_equal(ask(bench, IQ_CONTEXT_RESERVE, &command, NULL), -ENOSPC);
}

// Inside, answers to nobody have the id 0: a controller can't have it, or the desk would take an audit of its for a
// round of reaping.
static void nobody_has_the_id_0(void **state)
{
	struct bench *bench = *state;
	struct iq_audit command = {0};
	struct iq_reply reply = {0};

	attach(bench);
	reserved(bench, "d");
	assert_int_equal(
		iq_send(iq_region_out(bench->c.region), IQ_AUDIT, 0, &command, sizeof(command)), 0);
	turn(bench);
	assert_true(messages_take(bench, 0, &reply, NULL));
	assert_int_equal(reply.status, -EINVAL);
	assert_int_equal(iq_door_counts(bench->desk.door)->invalid, 1);
}

static void the_lease_deletes_and_tells(void **state)
{
	struct bench *bench = *state;
	iq_handle handle;

	attach(bench);
	handle = reserved(bench, "e").handle;
	controller_leave(&bench->c);
	pass(bench, LEASE_S - 10);
	assert_int_equal(desk_capacity(&bench->desk).contexts, 1);
	pass(bench, 20);
	assert_int_equal(desk_capacity(&bench->desk).contexts, 0);
	attach(bench);
	pass(bench, 1);
	assert_int_equal(bench->states, 1);
	assert_int_equal(bench->state.handle, handle);
	assert_int_equal(bench->state.changed & IQ_CHANGED_GONE, IQ_CHANGED_GONE);
}

// A context whose ICE finds nobody: it fails in its time.
static void fails_soon(struct bench *bench, const char *ref)
{
	static struct iq_leg_set command;

	memset(&command, 0, sizeof(command));
	command.handle = reserved(bench, ref).handle;
	command.transport_count = 1;
	command.transports[0] = (struct iq_remote_transport){.security = IQ_SECURITY_DTLS_SRTP,
		.ice = 1,
		.rtcp_mux = 1,
		.ufrag = "peer",
		.pwd = "peerpasswordpeerpassword"};
	assert_int_equal(ask(bench, IQ_LEG_SET, &command, NULL), 0);
}

// More states than the door has places for: those that found none are told when there is one.
static void states_without_a_place_come_later(void **state)
{
	struct bench *bench = *state;

	attach(bench);
	bench->is_deaf = true;
	for (unsigned i = 0; i < 2 * PLACES; i++)
		fails_soon(bench, (const char[]){(char)('0' + i), 0});
	pass(bench, 32);
	assert_true(bench->desk.is_full);
	bench->is_deaf = false;
	pass(bench, 30);
	assert_int_equal(bench->seen, ((1ull << 2 * PLACES) - 1) << '0');
	assert_false(bench->desk.is_full);
	// And no more of them.
	bench->states = 0;
	pass(bench, 30);
	assert_int_equal(bench->states, 0);
}

#define BENCHED(name) cmocka_unit_test_setup_teardown(name, bench_up, bench_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCHED(shards_share_the_load),
		BENCHED(an_audit_lists_every_shard),
		BENCHED(what_the_desk_refuses),
		BENCHED(nobody_has_the_id_0),
		BENCHED(the_lease_deletes_and_tells),
		BENCHED(states_without_a_place_come_later),
	};

	return cmocka_run_group_tests(tests, media_group_up, NULL);
}
