// SPDX-License-Identifier: Apache-2.0
// Commands of the controller on a worker: wrong lengths, shards, handles, counts and strings; exhaustion undone.
#include "call.h"
#include "context_priv.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SHARD 10
#define CONTEXTS 4 // of a shard in the rig

static const struct iq_context_reserve one = {.ref = "one", .streams = 1, .access_transports = 1};

static struct iq_context_local reserved(struct media_rig *rig)
{
	struct iq_context_local local;

	assert_int_equal(media_reserve(rig, SHARD, &one, &local), 0);
	return local;
}

static void used_counts(const struct media_rig *rig, uint16_t counts[POOL_COUNT + 1])
{
	for (unsigned kind = 0; kind < POOL_COUNT; kind++)
		counts[kind] = rig->shards[SHARD]->pools[kind].used;
	counts[POOL_COUNT] = (uint16_t)(port_pool_of(rig->shards[SHARD], 0, 0)->count +
		port_pool_of(rig->shards[SHARD], 1, 0)->count);
}

static void lengths(void **state)
{
	static const struct {
		enum iq_type type;
		uint32_t len;
	} commands[] = {
		{IQ_CONTEXT_RESERVE,
			sizeof(struct iq_context_reserve) + sizeof(struct context_seed)},
		{IQ_LEG_SET, sizeof(struct iq_leg_set)},
		{IQ_STREAMS_SET, sizeof(struct iq_streams_set)},
		{IQ_CANDIDATES_ADD, sizeof(struct iq_candidates_add)},
		{IQ_CONTEXT_DELETE, sizeof(struct iq_context_ref)},
		{IQ_CONTEXT_GET, sizeof(struct iq_context_ref)},
		{IQ_AUDIT, sizeof(struct iq_audit)},
		{IQ_STATE_ACK, sizeof(struct iq_state_ack)},
	};
	struct media_rig *rig = *state;
	static uint8_t bytes[IQ_PAYLOAD_MAX];

	for (unsigned i = 0; i < RTE_DIM(commands); i++) {
		assert_int_equal(media_command(rig, commands[i].type, SHARD, bytes, 0), -EINVAL);
		assert_int_equal(
			media_command(rig, commands[i].type, SHARD, bytes, commands[i].len - 1),
			-EINVAL);
	}
	for (unsigned type = 0; type < 300; type++) {
		if ((type == 0 || type > IQ_STATE_ACK) && type != IQ_CONTEXT_STATE)
			assert_int_equal(
				media_command(rig, type, SHARD, bytes, sizeof(bytes)), -EINVAL);
	}
	// A shard that the worker hasn't.
	assert_int_equal(media_command(rig, IQ_CONTEXT_GET, 128, bytes, 8), -EINVAL);
	assert_int_equal(media_command(rig, IQ_CONTEXT_GET, 254, bytes, 8), -EINVAL);
}

static int on_handle(struct media_rig *rig, enum iq_type type, iq_handle handle)
{
	static uint8_t payload[IQ_PAYLOAD_MAX];
	uint32_t len = type == IQ_LEG_SET   ? sizeof(struct iq_leg_set)
		: type == IQ_STREAMS_SET    ? sizeof(struct iq_streams_set)
		: type == IQ_CANDIDATES_ADD ? sizeof(struct iq_candidates_add)
		: type == IQ_STATE_ACK	    ? sizeof(struct iq_state_ack)
					    : sizeof(struct iq_context_ref);

	memset(payload, 0, sizeof(payload));
	memcpy(payload, &handle, sizeof(handle));
	return media_command(rig, type, SHARD, payload, len);
}

static void stale_handles(void **state)
{
	static const enum iq_type types[] = {IQ_LEG_SET, IQ_STREAMS_SET, IQ_CANDIDATES_ADD,
		IQ_CONTEXT_GET, IQ_STATE_ACK, IQ_CONTEXT_DELETE};
	struct media_rig *rig = *state;
	struct iq_context_reserve grow = one;
	struct iq_context_local local, next;
	iq_handle wrong[6];

	local = reserved(rig);
	assert_int_equal(media_delete(rig, local.handle), 0);
	next = reserved(rig);
	assert_int_equal(iq_handle_index(next.handle), iq_handle_index(local.handle));
	wrong[0] = local.handle; // of the context before
	wrong[1] = 0;
	wrong[2] = next.handle ^ 1ull << 56; // another gateway
	wrong[3] = next.handle ^ 1ull << 48; // another shard
	wrong[4] = iq_handle_make(5, SHARD, 0xffffff, iq_handle_generation(next.handle));
	wrong[5] = iq_handle_make(5, SHARD, 1, 0);
	for (unsigned i = 0; i < RTE_DIM(wrong); i++) {
		for (unsigned k = 0; k < RTE_DIM(types); k++)
			assert_int_equal(on_handle(rig, types[k], wrong[i]), -ENOENT);
		grow.handle = wrong[i];
		if (grow.handle != 0)
			assert_int_equal(media_reserve(rig, SHARD, &grow, &local), -ENOENT);
	}
	assert_int_equal(on_handle(rig, IQ_CONTEXT_GET, next.handle), 0);
}

static void insane_reserves(void **state)
{
	struct media_rig *rig = *state;
	struct iq_context_local local;
	struct iq_context_reserve command = one;

	command.streams = 0;
	assert_int_equal(media_reserve(rig, SHARD, &command, &local), -EINVAL);
	command.streams = IQ_STREAMS_MAX + 1;
	assert_int_equal(media_reserve(rig, SHARD, &command, &local), -EINVAL);
	command.streams = 2;
	command.access_transports = 3;
	assert_int_equal(media_reserve(rig, SHARD, &command, &local), -EINVAL);
	command.access_transports = 0;
	assert_int_equal(media_reserve(rig, SHARD, &command, &local), -EINVAL);
	command = one;
	memcpy(command.network[IQ_LEG_ACCESS], "ims", 4); // a core network
	assert_int_equal(media_reserve(rig, SHARD, &command, &local), -EINVAL);
	memset(command.network[IQ_LEG_ACCESS], 'x', IQ_NAME_LEN); // without an end
	assert_int_equal(media_reserve(rig, SHARD, &command, &local), -EINVAL);
	command = one;
	memset(command.ref, 'r', sizeof(command.ref));
	memcpy(command.network[IQ_LEG_ACCESS], "web", 4);
	command.families[IQ_LEG_ACCESS] = IQ_FAMILY_V6;
	assert_int_equal(media_reserve(rig, SHARD, &command, &local), 0);
	assert_int_equal(local.access[0].v4.family, 0);
	assert_int_equal(local.access[0].v6.family, 6);
	assert_int_equal(local.core[0].v4.family, 4);
	rig->networks.list[0].sets[0].has_v6 = false;
	assert_int_equal(media_reserve(rig, SHARD, &command, &local), -EAFNOSUPPORT);
	rig->networks.list[0].sets[0].has_v6 = true;
}

static int leg_set(struct media_rig *rig, const struct iq_leg_set *command)
{
	return media_command(rig, IQ_LEG_SET, SHARD, command, sizeof(*command));
}

static void insane_core_legs(void **state)
{
	static const struct {
		struct iq_addr addr;
		int ret;
	} cases[] = {
		{{.family = 4, .ip = {198, 51, 100, 3}, .port = 4000}, 0},
		{{.family = 6, .ip = {0xfd}, .port = 4000}, 0},
		{{.family = 0}, 0},
		{{.family = 4, .ip = {0}, .port = 4000}, 0}, // an old hold
		{{.family = 4, .ip = {198, 51, 100, 3}, .port = 0}, 0}, // a rejected section
		{{.family = 4, .ip = {198, 51, 100, 3}, .port = 65535}, 0}, // no port for RTCP
		{{.family = 5, .ip = {1}, .port = 4000}, -EINVAL},
		{{.family = 4, .ip = {224, 0, 0, 1}, .port = 4000}, -EINVAL},
		{{.family = 4, .ip = {255, 255, 255, 255}, .port = 4000}, -EINVAL},
		{{.family = 6, .ip = {0xff, 2}, .port = 4000}, -EINVAL},
	};
	struct media_rig *rig = *state;
	struct iq_context_local local = reserved(rig);
	struct iq_leg_set command = {
		.handle = local.handle, .leg = IQ_LEG_CORE, .transport_count = 1};

	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		memset(&command.transports[0], 0, sizeof(command.transports[0]));
		command.transports[0].rtp = cases[i].addr;
		assert_int_equal(leg_set(rig, &command), cases[i].ret);
		if (cases[i].addr.family != 0) {
			command.transports[0].rtcp = cases[i].addr;
			assert_int_equal(leg_set(rig, &command), cases[i].ret);
		}
	}
	command.transports[0] = (struct iq_remote_transport){.rtp = cases[0].addr};
	command.transport_count = 2;
	assert_int_equal(leg_set(rig, &command), -EINVAL);
	command.transport_count = 255;
	assert_int_equal(leg_set(rig, &command), -EINVAL);
	command.transport_count = 1;
	command.leg = 2;
	assert_int_equal(leg_set(rig, &command), -EINVAL);
	command.leg = IQ_LEG_CORE;
	command.transports[0].security =
		IQ_SECURITY_SDES; // not built: must not be taken for plain RTP
	assert_int_equal(leg_set(rig, &command), -EINVAL);
	rig->networks.list[1].sets[0].has_v6 = false;
	command.transports[0] = (struct iq_remote_transport){.rtp = cases[1].addr};
	assert_int_equal(leg_set(rig, &command), -EAFNOSUPPORT);
	rig->networks.list[1].sets[0].has_v6 = true;
}

static void insane_access_legs(void **state)
{
	struct media_rig *rig = *state;
	struct iq_context_local local = reserved(rig);
	struct iq_leg_set good = {
		.handle = local.handle, .leg = IQ_LEG_ACCESS, .transport_count = 1};
	struct iq_remote_transport *remote = &good.transports[0];
	struct iq_leg_set bad;

	remote->security = IQ_SECURITY_DTLS_SRTP;
	remote->ice = 1;
	remote->dtls_role = IQ_DTLS_SERVER;
	remote->fingerprint_count = 1;
	remote->fingerprints[0] = (struct iq_fingerprint){.hash = IQ_HASH_SHA256, .len = 32};
	strcpy(remote->ufrag, "uf");
	strcpy(remote->pwd, "pw");
#define REFUSED(change)                                                                            \
	do {                                                                                       \
		bad = good;                                                                        \
		remote = &bad.transports[0];                                                       \
		change;                                                                            \
		assert_int_equal(leg_set(rig, &bad), -EINVAL);                                     \
	} while (0)
	REFUSED(remote->fingerprint_count = IQ_FINGERPRINTS_MAX + 1);
	REFUSED(remote->fingerprint_count = 0);
	REFUSED(remote->fingerprints[0].hash = 0); // SHA-1, MD5
	REFUSED(remote->fingerprints[0].hash = IQ_HASH_SHA512 + 1);
	REFUSED(remote->fingerprints[0].len = 20);
	REFUSED(remote->candidate_count = IQ_CANDIDATES_MAX + 1);
	REFUSED(remote->candidate_count = 255);
	REFUSED(remote->dtls_role = 3);
	REFUSED(remote->security = 3);
	REFUSED(remote->security = IQ_SECURITY_SDES);
	REFUSED(remote->security = IQ_SECURITY_NONE); // with ICE
	REFUSED(remote->ice = 0);
	REFUSED(memset(remote->ufrag, 'u', sizeof(remote->ufrag)));
	REFUSED(memset(remote->pwd, 'p', sizeof(remote->pwd)));
	assert_int_equal(leg_set(rig, &good), 0);
	assert_int_equal(leg_set(rig, &good), 0);
}

static void insane_streams(void **state)
{
	struct media_rig *rig = *state;
	struct iq_context_local local = reserved(rig);
	struct iq_streams_set good = {.handle = local.handle, .count = 1}, bad;
	struct iq_stream *stream = &good.streams[0];

	*stream = (struct iq_stream){.enabled = 1, .kind = IQ_KIND_AUDIO, .pt_count = 1};
#undef REFUSED
#define REFUSED(change)                                                                            \
	do {                                                                                       \
		bad = good;                                                                        \
		stream = &bad.streams[0];                                                          \
		change;                                                                            \
		assert_int_equal(                                                                  \
			media_command(rig, IQ_STREAMS_SET, SHARD, &bad, sizeof(bad)), -EINVAL);    \
	} while (0)
	REFUSED(bad.count = 2);
	REFUSED(bad.count = 255);
	REFUSED(stream->kind = 0);
	REFUSED(stream->kind = 3);
	REFUSED(stream->gate = 4);
	REFUSED(stream->access_transport = 1);
	REFUSED(stream->core_transport = 1);
	REFUSED(stream->mid_ext_id = 15);
	REFUSED(stream->pt_count = IQ_PTS_MAX + 1);
	REFUSED(stream->ssrc_count = IQ_SSRCS_MAX + 1);
	REFUSED(stream->pts[0].access = 128);
	REFUSED(stream->pts[0].core = 255);
	REFUSED(memset(stream->mid, 'm', sizeof(stream->mid)));
	assert_int_equal(media_command(rig, IQ_STREAMS_SET, SHARD, &good, sizeof(good)), 0);
	bad = (struct iq_streams_set){
		.handle = local.handle, .count = 1}; // a rejected section needs nothing
	assert_int_equal(media_command(rig, IQ_STREAMS_SET, SHARD, &bad, sizeof(bad)), 0);
}

static void insane_candidates(void **state)
{
	struct media_rig *rig = *state;
	struct iq_context_local local = reserved(rig);
	struct iq_candidates_add command = {.handle = local.handle, .count = IQ_CANDIDATES_MAX};

	memset(command.candidates, 0xff, sizeof(command.candidates));
	assert_int_equal(
		media_command(rig, IQ_CANDIDATES_ADD, SHARD, &command, sizeof(command)), 0);
	command.count++;
	assert_int_equal(
		media_command(rig, IQ_CANDIDATES_ADD, SHARD, &command, sizeof(command)), -EINVAL);
	command.count = 1;
	command.transport = 1;
	assert_int_equal(
		media_command(rig, IQ_CANDIDATES_ADD, SHARD, &command, sizeof(command)), -EINVAL);
}

static void contexts_run_out(void **state)
{
	struct iq_context_local locals[CONTEXTS + 1];
	struct media_rig *rig = *state;

	for (unsigned i = 0; i < CONTEXTS; i++)
		assert_int_equal(media_reserve(rig, SHARD, &one, &locals[i]), 0);
	assert_int_equal(media_reserve(rig, SHARD, &one, &locals[CONTEXTS]), -ENOSPC);
	assert_int_equal(media_delete(rig, locals[1].handle), 0);
	assert_int_equal(media_reserve(rig, SHARD, &one, &locals[1]), 0);
	for (unsigned i = 0; i < CONTEXTS; i++) {
		for (unsigned k = 0; k < i; k++) {
			assert_int_not_equal(locals[i].handle, locals[k].handle);
			assert_int_not_equal(
				locals[i].access[0].v4.port, locals[k].access[0].v4.port);
			assert_int_not_equal(locals[i].core[0].v4.port, locals[k].core[0].v4.port);
		}
	}
}

// With n places of one pool left, reserving eight streams fails somewhere in the middle: nothing may stay, neither of a
// new context nor of one that was to grow.
static void every_step_is_undone(void **state)
{
	static const enum pool_kind kinds[] = {POOL_TRANSPORT, POOL_SECURE, POOL_STREAM};
	struct media_rig *rig = *state;
	struct iq_context_reserve eight = {.streams = 8, .access_transports = 8};
	struct iq_context_local local = reserved(rig), out;
	struct shard *shard = rig->shards[SHARD];

	for (unsigned k = 0; k < RTE_DIM(kinds); k++) {
		struct pool *pool = &shard->pools[kinds[k]];

		for (unsigned left = 0; left < (kinds[k] == POOL_TRANSPORT ? 16 : 8); left++) {
			uint16_t before[POOL_COUNT + 1], after[POOL_COUNT + 1], taken[512];
			unsigned n = 0;

			while (pool->count - pool->used > (int)left)
				taken[n++] = pool_take(shard, kinds[k]);
			used_counts(rig, before);
			eight.handle = 0;
			assert_int_equal(media_reserve(rig, SHARD, &eight, &out), -ENOSPC);
			used_counts(rig, after);
			assert_memory_equal(before, after, sizeof(before));
			eight.handle = local.handle;
			// It has one of each already.
			if (left < (kinds[k] == POOL_TRANSPORT ? 14 : 7)) {
				assert_int_equal(media_reserve(rig, SHARD, &eight, &out), -ENOSPC);
				used_counts(rig, after);
				assert_memory_equal(before, after, sizeof(before));
			}
			while (n > 0)
				pool_give(shard, kinds[k], taken[--n]);
		}
	}
	eight.handle = local.handle;
	rig->skew_us += 6000000; // the quarantine of ports
	assert_int_equal(media_reserve(rig, SHARD, &eight, &out), 0);
	assert_int_equal(out.handle, local.handle);
	assert_int_equal(out.streams, 8);
	assert_int_equal(out.access[0].v4.port, local.access[0].v4.port);
	assert_string_equal(out.ufrag, local.ufrag);
}

static void restart_draws_anew(void **state)
{
	struct media_rig *rig = *state;
	struct iq_context_local local = reserved(rig), again;
	struct iq_context_reserve command = one;

	command.handle = local.handle;
	assert_int_equal(media_reserve(rig, SHARD, &command, &again), 0);
	assert_memory_equal(&again, &local, sizeof(local));
	command.ice_restart = 1;
	assert_int_equal(media_reserve(rig, SHARD, &command, &again), 0);
	assert_string_not_equal(again.ufrag, local.ufrag);
	assert_string_not_equal(again.pwd, local.pwd);
	assert_int_equal(again.access[0].v4.port, local.access[0].v4.port);
}

static void audit_lists_all(void **state)
{
	struct media_rig *rig = *state;
	struct iq_audit command = {0};
	struct iq_audit_page page;
	struct iq_context_local local = reserved(rig), other = reserved(rig);

	assert_int_equal(media_command(rig, IQ_AUDIT, SHARD, &command, sizeof(command)), 0);
	memcpy(&page, rig->reply, sizeof(page));
	assert_int_equal(page.count, 2);
	assert_int_equal(page.cursor, 0);
	assert_int_equal(
		page.entries[0].handle + page.entries[1].handle, local.handle + other.handle);
	assert_string_equal(page.entries[0].ref, "one");
	command.cursor = iq_handle_make(5, SHARD, 1, 0);
	assert_int_equal(media_command(rig, IQ_AUDIT, SHARD, &command, sizeof(command)), 0);
	memcpy(&page, rig->reply, sizeof(page));
	assert_int_equal(page.count, 1);
	command.cursor = iq_handle_make(5, SHARD, 0xffffff, 0);
	assert_int_equal(media_command(rig, IQ_AUDIT, SHARD, &command, sizeof(command)), 0);
	memcpy(&page, rig->reply, sizeof(page));
	assert_int_equal(page.count, 0);
	assert_int_equal(page.cursor, 0);
}

// Any bytes as commands: refused or done, nothing breaks, nothing stays.
static void noise(void **state)
{
	struct media_rig *rig = *state;
	static uint8_t payload[IQ_PAYLOAD_MAX];
	struct iq_context_local local = reserved(rig);

	srand(9);
	for (unsigned i = 0; i < 3000; i++) {
		enum iq_type type = 1 + rand() % IQ_STATE_ACK;

		if (type == IQ_CONTEXT_DELETE || type == IQ_CONTEXT_RESERVE)
			continue;
		for (unsigned k = 0; k < sizeof(payload); k++)
			payload[k] = (uint8_t)(rand() % 4 ? rand() % 4 : rand());
		memcpy(payload, &local.handle, sizeof(local.handle));
		if (type == IQ_LEG_SET)
			payload[9] = 1;
		media_command(rig, type, SHARD, payload, sizeof(payload));
	}
}

#define RIGGED(name) cmocka_unit_test_setup_teardown(name, media_up, media_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIGGED(lengths),
		RIGGED(stale_handles),
		RIGGED(insane_reserves),
		RIGGED(insane_core_legs),
		RIGGED(insane_access_legs),
		RIGGED(insane_streams),
		RIGGED(insane_candidates),
		RIGGED(contexts_run_out),
		RIGGED(every_step_is_undone),
		RIGGED(restart_draws_anew),
		RIGGED(audit_lists_all),
		RIGGED(noise),
	};

	return cmocka_run_group_tests(tests, media_group_up, NULL);
}
