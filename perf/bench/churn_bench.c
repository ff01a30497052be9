// SPDX-License-Identifier: Apache-2.0
// churn.*: contexts made, described and deleted through Iq, from the controller's client to the gateway's door and desk,
// while media goes on at 70 % of its rate. Client, door and desk share the generator's core.
#include "beside.h"
#include "desk.h"
#include "iq_client.h"
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEDIA_PERCENT 70
#define IN_FLIGHT 64 // contexts
#define CONTEXTS_MORE 60000 // ports rest for seconds
#define MOST_PER_S 32000
#define TRIAL_S 0.2
#define ATTACH_TURNS 2000

struct churn {
	struct load load;
	struct desk desk;
	struct iq_client *client;
	struct iq_stats *stats;
	char path[64];
	int gateway; // -1: not attached
	unsigned in_flight;
	uint64_t begun, ended, refused;
};

static void on_attached(int gateway, bool is_new, void *arg)
{
	(void)is_new;
	((struct churn *)arg)->gateway = gateway;
}

static void on_command(
	struct iq_door *door, const struct iq_header *header, const void *payload, void *arg)
{
	struct churn *churn = arg;

	(void)door;
	desk_command(&churn->desk, header, payload);
}

static void on_ack(iq_handle handle, uint32_t version, void *arg)
{
	desk_ack(&((struct churn *)arg)->desk, handle, version);
}

// What main does with Iq in a turn of its loop, and the controller in one of its own.
static void both_turn(void *arg)
{
	struct churn *churn = arg;

	iq_door_poll(churn->desk.door, on_command, churn);
	desk_messages(&churn->desk);
	iq_client_dispatch(churn->client);
}

static void send(struct churn *churn, uint16_t type, const void *payload, iq_on_reply *on_reply)
{
	struct iq_command command = {.gateway = churn->gateway,
		.type = type,
		.payload = payload,
		.on_reply = on_reply,
		.arg = churn};

	if (iq_client_send(churn->client, &command) < 0)
		bench_fail("the client takes no command");
}

static void on_part(int32_t status, const void *payload, void *arg)
{
	(void)payload;
	((struct churn *)arg)->refused += status != 0;
}

static void on_deleted(int32_t status, const void *payload, void *arg)
{
	struct churn *churn = arg;

	on_part(status, payload, arg);
	churn->in_flight--;
	churn->ended++;
}

static void legs_set(struct churn *churn, iq_handle handle)
{
	struct iq_leg_set set = {.handle = handle, .leg = IQ_LEG_ACCESS, .transport_count = 1};
	uint32_t n = churn->load.t->config.calls + (uint32_t)(churn->begun % 65536);

	// No role yet: the DTLS service, which has no core here, never hears of it.
	set.transports[0] = (struct iq_remote_transport){.security = IQ_SECURITY_DTLS_SRTP,
		.rtcp_mux = 1,
		.ice = 1,
		.end_of_candidates = 1,
		.ufrag = PEER_UFRAG,
		.pwd = PEER_PWD,
		.candidate_count = 1,
		.candidates = {{.addr = peer_addr(n, IQ_LEG_ACCESS, 4, false),
			.priority = 0x7e0001ff,
			.foundation = 1,
			.component = 1}}};
	send(churn, IQ_LEG_SET, &set, on_part);
	set = (struct iq_leg_set){.handle = handle, .leg = IQ_LEG_CORE, .transport_count = 1};
	set.transports[0].rtp = peer_addr(n, IQ_LEG_CORE, 4, false);
	send(churn, IQ_LEG_SET, &set, on_part);
}

static void on_reserved(int32_t status, const void *payload, void *arg)
{
	const struct iq_context_local *local = payload;
	struct churn *churn = arg;
	struct iq_context_ref ref;

	if (status != 0) {
		churn->refused++;
		churn->in_flight--;
		return;
	}
	struct iq_streams_set streams = {.handle = local->handle,
		.count = 1,
		.streams = {{.enabled = 1,
			.kind = IQ_KIND_AUDIO,
			.gate = IQ_GATE_BOTH,
			.pt_count = 1,
			.mid = "0",
			.pts = {{GATEWAY_PT_ACCESS, GATEWAY_PT_CORE, 0, 0, {48000, 48000}}}}}};

	legs_set(churn, local->handle);
	send(churn, IQ_STREAMS_SET, &streams, on_part);
	ref.handle = local->handle;
	send(churn, IQ_CONTEXT_DELETE, &ref, on_deleted);
}

static unsigned offer(void *arg, unsigned n)
{
	struct churn *churn = arg;
	struct iq_context_reserve reserve = {.ref = "churn",
		.streams = 1,
		.access_transports = 1,
		.families = {IQ_FAMILY_V4, IQ_FAMILY_V4}};
	uint64_t ended = churn->ended;

	for (unsigned i = 0; churn->in_flight < n && churn->in_flight < IN_FLIGHT; i++) {
		churn->in_flight++;
		churn->begun++;
		send(churn, IQ_CONTEXT_RESERVE, &reserve, on_reserved);
	}
	both_turn(churn);
	return (unsigned)(churn->ended - ended);
}

static void iq_up(struct churn *churn)
{
	static const char *const names[] = {"rx_packets"};
	const char *paths[] = {churn->path};
	struct gateway *g = churn->load.g;
	struct iq_door_config door = {
		.path = churn->path, .uid = getuid(), .on_ack = on_ack, .arg = churn};
	struct iq_client_config client = {
		.paths = paths, .count = 1, .on_attached = on_attached, .arg = churn};

	snprintf(churn->path, sizeof(churn->path), "/tmp/churn_bench.%d", (int)getpid());
	churn->gateway = -1;
	door.stats = churn->stats = iq_stats_create(names, 1, 1);
	churn->desk = (struct desk){.door = iq_door_create(&door),
		.workers = g->workers,
		.worker_count = g->config.workers,
		.owners = g->owners,
		.shards = g->shards,
		.dtls = g->dtls,
		.contexts_max = g->config.contexts};
	churn->client = iq_client_create(&client);
	if (churn->desk.door == NULL || churn->client == NULL)
		bench_fail("no Iq");
	for (unsigned i = 0; i < ATTACH_TURNS && churn->gateway < 0; i++) {
		both_turn(churn);
		usleep(1000);
	}
	if (churn->gateway < 0)
		bench_fail("the client does not attach");
	g->on_tend = both_turn;
	g->tend_arg = churn;
}

static void iq_down(struct churn *churn)
{
	churn->load.g->on_tend = NULL;
	iq_client_destroy(churn->client);
	iq_door_destroy(churn->desk.door);
	iq_stats_destroy(churn->stats);
}

static void churn_row(struct churn *churn, struct beside *b)
{
	double samples[BENCH_SAMPLES_MAX];
	char conditions[256];
	struct bench_row row = {
		.name = "churn.contexts_per_s", .unit = "1/s", .conditions = conditions};

	for (unsigned i = 0; i < churn->load.options.repeats; i++)
		samples[i] = beside_search(b, MOST_PER_S);
	load_wrong_check(&churn->load);
	snprintf(conditions, sizeof(conditions),
		"\"media_mpps\":%.3g,\"commands_a_context\":5,\"media_lost\":%llu,\"refused\":%llu,"
		"%s,"
		"\"trials_repeated\":%u",
		b->media_pps / 1e6, (unsigned long long)b->lost, (unsigned long long)churn->refused,
		churn->load.conditions, b->repeated);
	if (b->is_generators)
		row.remark = "the highest rate tried: more may be possible";
	bench_row_print(&row, samples, churn->load.options.repeats);
}

int main(int argc, char **argv)
{
	static struct churn churn; // large
	struct load *load = &churn.load;
	struct beside b = {.load = load, .offer = offer, .arg = &churn};
	struct gateway_phase phase;

	bench_options_read(&load->options, argc, argv);
	load->has_real_clock = true; // ports rest by time
	load->contexts_more = CONTEXTS_MORE;
	load->mbufs = 65536;
	load_up(load);
	load_warm_up(load, LOAD_FILL);
	phase = load_phases(load);
	b.media_pps =
		rate_search(load, bench_tsc_hz() * (double)phase.packets / (double)phase.ticks)
			.pps *
		MEDIA_PERCENT / 100;
	b.seconds = TRIAL_S;
	iq_up(&churn);
	churn_row(&churn, &b);
	iq_down(&churn);
	load_down(load);
	return 0;
}
