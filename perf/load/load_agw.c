// SPDX-License-Identifier: Apache-2.0
// Calls of eims-agw: contexts over Iq, as ep-cscf makes them.
#include "clock.h"
#include "iq_client.h"
#include "load.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define WINDOW 32 // calls that connect at once
#define WAIT_US 5000000

static struct iq_client *client;
static bool is_attached, is_replied;
static int32_t reply_status;
static int reply_len;
static uint8_t reply[IQ_PAYLOAD_MAX];

static void on_attached(int gateway, bool is_new, void *arg)
{
	(void)gateway;
	(void)is_new;
	(void)arg;
	is_attached = true;
}

static void on_lost(int gateway, void *arg)
{
	(void)gateway;
	(void)arg;
	die("the gateway is gone");
}

static void on_reply(int32_t status, const void *payload, void *arg)
{
	(void)arg;
	is_replied = true;
	reply_status = status;
	if (payload != NULL)
		memcpy(reply, payload, (size_t)reply_len);
}

// Media that comes meanwhile is taken, consent checks are answered.
static void run_until(struct load *load, const bool *flag, const char *what)
{
	uint64_t start = clock_now_us();

	while (!*flag && clock_now_us() - start < WAIT_US) {
		struct pollfd fds[] = {
			{iq_client_fd(client), POLLIN, 0}, {load->sock[LOAD_ACCESS], POLLIN, 0}};

		poll(fds, 2, load->media != NULL ? 0 : 10);
		iq_client_dispatch(client);
		load_receive(load);
		if (load->media != NULL)
			load->media(load);
	}
	if (!*flag)
		die("%s: nothing came", what);
}

static void turn(struct load *load)
{
	(void)load;
	iq_client_dispatch(client);
}

void load_agw_attach(struct load *load, const char *iq_path)
{
	const char *paths[] = {iq_path};
	struct iq_client_config config = {
		.paths = paths, .count = 1, .on_attached = on_attached, .on_lost = on_lost};

	client = iq_client_create(&config);
	if (client == NULL)
		die("Iq at %s: %m", iq_path);
	run_until(load, &is_attached, "attach");
	load->turn = turn;
}

void load_agw_detach(struct load *load)
{
	load->turn = NULL;
	iq_client_destroy(client);
}

static void command(struct load *load, uint16_t type, iq_handle handle, const void *payload)
{
	struct iq_command wanted = {
		.gateway = handle == 0 ? IQ_GATEWAY_ANY : iq_handle_gateway(handle),
		.type = type,
		.payload = payload,
		.on_reply = on_reply};

	is_replied = false;
	reply_len = iq_reply_size(type);
	if (iq_client_send(client, &wanted) < 0)
		die("command %u was not taken", type);
	run_until(load, &is_replied, "reply");
	if (reply_status != 0)
		die("command %u: %s", type, strerror(-reply_status));
}

static void reserve(struct load *load, struct load_call *call)
{
	struct iq_context_reserve wanted = {.ref = "load",
		.families = {IQ_FAMILY_V4, IQ_FAMILY_V4},
		.streams = 1,
		.access_transports = 1};
	struct iq_context_local local;
	const struct iq_addr *at[LOAD_SIDES] = {&local.access[0].v4, &local.core[0].v4};

	command(load, IQ_CONTEXT_RESERVE, 0, &wanted);
	memcpy(&local, reply, sizeof(local));
	call->handle = local.handle;
	memcpy(call->ufrag, local.ufrag, sizeof(call->ufrag));
	memcpy(call->pwd, local.pwd, sizeof(call->pwd));
	for (unsigned side = 0; side < LOAD_SIDES; side++) {
		call->to[side] = (struct sockaddr_in){
			.sin_family = AF_INET, .sin_port = htons(at[side]->port)};
		memcpy(&call->to[side].sin_addr, at[side]->ip, 4);
	}
	load->call_of_port[local.access[0].v4.port] = (uint16_t)(call - load->calls + 1);
}

static struct iq_addr address(const char *ip, uint16_t port)
{
	struct iq_addr addr = {.port = port, .family = 4};

	if (inet_pton(AF_INET, ip, addr.ip) != 1)
		die("%s is no IPv4 address", ip);
	return addr;
}

static void access_set(struct load *load, const struct load_call *call)
{
	struct iq_leg_set set = {
		.handle = call->handle, .leg = IQ_LEG_ACCESS, .transport_count = 1};
	struct iq_remote_transport *remote = &set.transports[0];

	remote->security = IQ_SECURITY_DTLS_SRTP;
	remote->dtls_role = IQ_DTLS_SERVER;
	remote->rtcp_mux = remote->ice = remote->end_of_candidates = 1;
	remote->fingerprint_count = remote->candidate_count = 1;
	remote->fingerprints[0].hash = IQ_HASH_SHA256;
	remote->fingerprints[0].len = 32;
	memcpy(remote->fingerprints[0].bytes, load_wic_fingerprint(), 32);
	strcpy(remote->ufrag, load_wic_ufrag);
	strcpy(remote->pwd, load_wic_pwd);
	remote->candidates[0] =
		(struct iq_candidate){.addr = address(LOAD_ACCESS_IP, LOAD_ACCESS_PORT),
			.priority = 0x7e7f1eff,
			.foundation = 1,
			.component = 1};
	command(load, IQ_LEG_SET, call->handle, &set);
}

static void core_set(struct load *load, const struct load_call *call)
{
	struct iq_leg_set set = {.handle = call->handle, .leg = IQ_LEG_CORE, .transport_count = 1};

	set.transports[0].rtp = address(LOAD_CORE_IP, LOAD_CORE_PORT);
	set.transports[0].rtcp = address(LOAD_CORE_IP, LOAD_CORE_PORT + 1);
	command(load, IQ_LEG_SET, call->handle, &set);
}

static void streams_set(struct load *load, const struct load_call *call)
{
	struct iq_streams_set set = {.handle = call->handle, .count = 1};

	set.streams[0] = (struct iq_stream){.enabled = 1,
		.kind = IQ_KIND_AUDIO,
		.gate = IQ_GATE_BOTH,
		.mid = "0",
		.pt_count = 1,
		.pts = {{.access = LOAD_PT, .core = LOAD_PT, .clock_hz = {8000, 8000}}}};
	command(load, IQ_STREAMS_SET, call->handle, &set);
}

// True when all calls of a window have connected.
static bool window_is_live(struct load *load, unsigned first, unsigned n)
{
	bool is_live = true;

	for (unsigned i = first; i < first + n; i++) {
		load_wic_turn(load, i);
		is_live = is_live && load->calls[i].is_live;
	}
	return is_live;
}

static void window_connect(struct load *load, unsigned first, unsigned n)
{
	uint64_t start = clock_now_us();

	for (unsigned i = first; i < first + n; i++)
		load_wic_start(load, i);
	while (!window_is_live(load, first, n)) {
		struct pollfd fd = {.fd = load->sock[LOAD_ACCESS], .events = POLLIN};

		poll(&fd, 1, load->media != NULL ? 0 : 10);
		load_receive(load);
		iq_client_dispatch(client);
		if (load->media != NULL)
			load->media(load);
		if (clock_now_us() - start > WAIT_US)
			die("a call does not connect");
	}
}

void load_agw_add(struct load *load, unsigned first, unsigned n)
{
	for (unsigned i = first; i < first + n; i++) {
		struct load_call *call = &load->calls[i];

		memset(call, 0, sizeof(*call));
		reserve(load, call);
		core_set(load, call);
		access_set(load, call);
		streams_set(load, call);
	}
	load_headers(load, first, n);
	for (unsigned at = first; at < first + n; at += WINDOW)
		window_connect(load, at, first + n - at < WINDOW ? first + n - at : WINDOW);
}

void load_agw_delete(struct load *load, unsigned first, unsigned n)
{
	for (unsigned i = first; i < first + n; i++) {
		struct load_call *call = &load->calls[i];
		struct iq_context_ref ref = {.handle = call->handle};

		call->is_live = false;
		load_wic_stop(call);
		command(load, IQ_CONTEXT_DELETE, ref.handle, &ref);
		load->call_of_port[ntohs(call->to[LOAD_ACCESS].sin_port)] = 0;
	}
}

static uint64_t counter_sum(const struct iq_stats *stats, uint32_t counter)
{
	uint64_t values[1024], sum = 0;

	for (uint32_t worker = 0; worker < iq_stats_workers(stats); worker++) {
		if (iq_stats_read(stats, worker, values) == 0)
			sum += values[counter];
	}
	return sum;
}

void load_agw_counters_each(
	void (*on_counter)(const char *name, uint64_t value, void *arg), void *arg)
{
	const struct iq_stats *stats = iq_client_stats(client, iq_client_pick(client));

	for (uint32_t i = 0; stats != NULL && i < iq_stats_counters(stats); i++)
		on_counter(iq_stats_counter_name(stats, i), counter_sum(stats, i), arg);
}
