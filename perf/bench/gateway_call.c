// SPDX-License-Identifier: Apache-2.0
// Calls set up by Iq commands, as a controller would.
#include "bench.h"
#include "context_priv.h"
#include "gateway.h"
#include "peer.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define PHONE_PT 96
#define CONNECT_S 180

struct answer {
	uint64_t txn;
	void *reply;
	uint32_t len;
	int32_t status;
	bool is_here;
};

static void on_message(struct worker *w, const void *data, uint32_t len, void *arg)
{
	const struct context_msg *msg = data;
	struct answer *answer = arg;

	(void)w;
	(void)len;
	if (answer == NULL || msg->txn != answer->txn || msg->type == IQ_CONTEXT_STATE)
		return;
	if (answer->reply != NULL)
		memcpy(answer->reply, msg->payload, RTE_MIN(answer->len, msg->len));
	answer->status = msg->status;
	answer->is_here = true;
}

static void messages_take(struct gateway *g, struct answer *answer)
{
	for (unsigned i = 0; i < g->config.workers; i++)
		worker_messages(g->workers[i], 256, on_message, answer);
}

void gateway_tend(struct gateway *g)
{
	if (g->on_tend != NULL)
		g->on_tend(g->tend_arg);
	else
		messages_take(g, NULL);
}

int gateway_command(struct gateway *g, enum iq_type type, uint8_t shard, const void *payload,
	uint32_t len, void *reply, uint32_t reply_len)
{
	struct {
		struct context_msg head;
		uint8_t payload[IQ_PAYLOAD_MAX];
	} msg;
	struct answer answer = {.txn = ++g->txn, .reply = reply, .len = reply_len};
	struct worker *w = g->workers[g->owners[shard]];

	msg.head = (struct context_msg){.type = type, .shard = shard, .txn = g->txn, .len = len};
	memcpy(msg.payload, payload, len);
	while (worker_command(w, &msg, (uint32_t)sizeof(msg.head) + len) != 0)
		messages_take(g, NULL);
	while (!answer.is_here) {
		if (!g->is_running)
			worker_step(w);
		messages_take(g, &answer);
	}
	return answer.status;
}

static int reserve(struct gateway *g, uint32_t n, uint8_t family)
{
	struct {
		struct iq_context_reserve command;
		struct context_seed seed;
	} payload = {.command = {.streams = 1, .access_transports = 1},
		.seed = {.ufrag = GATEWAY_UFRAG,
			.pwd = GATEWAY_PWD,
			.cname = "gateway",
			.tiebreaker = 1,
			.ssrc = {{0x40000000u + n, 0x50000000u + n}},
			.seq = {{(uint16_t)n & 0x7fff, (uint16_t)(n + 99) & 0x7fff}}}};
	struct gateway_call *call = &g->calls[n];
	struct iq_context_local local;
	int ret;

	snprintf(payload.command.ref, sizeof(payload.command.ref), "call %u", n);
	payload.command.families[IQ_LEG_ACCESS] = payload.command.families[IQ_LEG_CORE] =
		family == 4 ? IQ_FAMILY_V4 : IQ_FAMILY_V6;
	dtls_fingerprint(g->dtls, payload.seed.fingerprint);
	ret = gateway_command(g, IQ_CONTEXT_RESERVE, (uint8_t)(n % SHARDS), &payload,
		sizeof(payload), &local, sizeof(local));
	if (ret < 0)
		return ret;
	*call = (struct gateway_call){.handle = local.handle};
	call->local[IQ_LEG_ACCESS] = family == 4 ? local.access[0].v4 : local.access[0].v6;
	call->local[IQ_LEG_CORE] = family == 4 ? local.core[0].v4 : local.core[0].v6;
	memcpy(call->ssrc, local.ssrc[0], sizeof(call->ssrc));
	return 0;
}

static int command(
	struct gateway *g, uint32_t n, enum iq_type type, const void *payload, uint32_t len)
{
	return gateway_command(g, type, iq_handle_shard(g->calls[n].handle), payload, len, NULL, 0);
}

static int access_set(struct gateway *g, uint32_t n, const struct gateway_call_config *config)
{
	struct iq_leg_set set = {
		.handle = g->calls[n].handle, .leg = IQ_LEG_ACCESS, .transport_count = 1};
	struct iq_remote_transport *remote = &set.transports[0];

	*remote = (struct iq_remote_transport){.security = IQ_SECURITY_DTLS_SRTP,
		.dtls_role = config->role,
		.rtcp_mux = 1,
		.ice = 1,
		.end_of_candidates = 1,
		.ufrag = PEER_UFRAG,
		.pwd = PEER_PWD,
		.candidate_count = 1,
		.candidates = {
			{.addr = peer_addr(n, IQ_LEG_ACCESS, config->family, config->is_sampled),
				.priority = 0x7e0001ff,
				.foundation = 1,
				.component = 1}}};
	if (config->role != IQ_DTLS_UNDECIDED) {
		remote->fingerprint_count = 1;
		remote->fingerprints[0] = *config->fingerprint;
	}
	return command(g, n, IQ_LEG_SET, &set, sizeof(set));
}

static int core_set(struct gateway *g, uint32_t n, const struct gateway_call_config *config)
{
	struct iq_leg_set set = {
		.handle = g->calls[n].handle, .leg = IQ_LEG_CORE, .transport_count = 1};

	set.transports[0].rtp = peer_addr(n, IQ_LEG_CORE, config->family, config->is_sampled);
	return command(g, n, IQ_LEG_SET, &set, sizeof(set));
}

static int streams_set(struct gateway *g, uint32_t n)
{
	struct iq_streams_set set = {.handle = g->calls[n].handle,
		.count = 1,
		.streams = {{.enabled = 1,
			.kind = IQ_KIND_AUDIO,
			.gate = IQ_GATE_BOTH,
			.mid_ext_id = 4,
			.pt_count = 2,
			.mid = "0",
			.pts = {{GATEWAY_PT_ACCESS, GATEWAY_PT_CORE, 0, 0, {48000, 48000}},
				{110, 101, 1, 0, {48000, 48000}}}}}};

	return command(g, n, IQ_STREAMS_SET, &set, sizeof(set));
}

int gateway_call_add(struct gateway *g, uint32_t n, const struct gateway_call_config *config)
{
	struct iq_addr browser = peer_addr(n, IQ_LEG_ACCESS, config->family, config->is_sampled);
	int ret = reserve(g, n, config->family);

	if (ret == 0)
		ret = access_set(g, n, config);
	if (ret == 0)
		ret = core_set(g, n, config);
	if (ret == 0)
		ret = streams_set(g, n);
	if (ret == 0 && !peer_check(g, n, &browser))
		ret = -ENOSPC;
	return ret;
}

int gateway_call_delete(struct gateway *g, uint32_t n)
{
	struct iq_context_ref ref = {g->calls[n].handle};

	return command(g, n, IQ_CONTEXT_DELETE, &ref, sizeof(ref));
}

struct transport *gateway_transport(struct gateway *g, uint32_t n, enum iq_leg leg)
{
	iq_handle handle = g->calls[n].handle;
	struct shard *shard = g->shards[iq_handle_shard(handle)];
	const struct context *c = shard_context(shard, (uint16_t)iq_handle_index(handle));

	return shard_transport(shard, c->transport[leg][0]);
}

static struct secure *secure_of(struct gateway *g, uint32_t n)
{
	struct shard *shard = g->shards[iq_handle_shard(g->calls[n].handle)];

	return shard_secure(shard, gateway_transport(g, n, IQ_LEG_ACCESS)->secure);
}

void gateway_calls_connect(struct gateway *g, uint32_t first, uint32_t end)
{
	time_t until = time(NULL) + CONNECT_S;

	while (first < end) {
		// Time passes when all that is due has been done: a gateway on one core keeps up with any number.
		if (!gateway_step(g))
			gateway_clock_advance(g, 1000);
		peer_drain(g);
		gateway_tend(g);
		while (first < end && secure_of(g, first)->view.consent)
			first++;
		if (time(NULL) > until) {
			gateway_drops_print(g);
			bench_fail("call %u of %u gets no consent", first, end);
		}
	}
}

struct gateway_master gateway_master(uint32_t n, enum iq_leg from)
{
	uint64_t state = (uint64_t)n * 2 + from + 1;
	struct gateway_master master;

	for (unsigned i = 0; i < sizeof(master); i++)
		((uint8_t *)&master)[i] = (uint8_t)bench_random(&state);
	return master;
}

void gateway_keys_install(struct gateway *g, uint32_t n, enum srtp_suite suite)
{
	struct gateway_master rx = gateway_master(n, IQ_LEG_ACCESS),
			      tx = gateway_master(n, IQ_LEG_CORE);
	struct dtls_output output = {.type = DTLS_CONNECTED,
		.suite = suite,
		.profile = srtp_suite_info(suite)->dtls_profile,
		.version = 0xfefd};

	memcpy(output.rx_key, rx.key, sizeof(rx.key));
	memcpy(output.rx_salt, rx.salt, sizeof(rx.salt));
	memcpy(output.tx_key, tx.key, sizeof(tx.key));
	memcpy(output.tx_salt, tx.salt, sizeof(tx.salt));
	if (transport_keys_install(
		    gateway_transport(g, n, IQ_LEG_ACCESS), secure_of(g, n), &output) < 0)
		bench_fail("no keys for call %u", n);
}

void gateway_calls_up(struct gateway *g, uint32_t count, struct gateway_call_config config,
	uint32_t sampled_every)
{
	for (uint32_t n = 0; n < count; n++) {
		int ret;

		config.is_sampled = sampled_every != 0 && n % sampled_every == 0;
		ret = gateway_call_add(g, n, &config);
		if (ret < 0)
			bench_fail("call %u: %s", n, strerror(-ret));
		gateway_keys_install(g, n, config.suite);
		peer_drain(g);
	}
	gateway_calls_connect(g, 0, count);
}

enum srtp_suite gateway_suite(const char *name)
{
	static const char *const names[SRTP_SUITE_COUNT] = {
		"", "CM_80", "CM_32", "GCM_128", "GCM_256"};

	for (unsigned i = 1; i < SRTP_SUITE_COUNT; i++) {
		if (strcmp(name, names[i]) == 0)
			return (enum srtp_suite)i;
	}
	bench_fail("no suite %s (CM_80, CM_32, GCM_128, GCM_256)", name);
}
