// SPDX-License-Identifier: Apache-2.0
// The controller of a test, and what is alike in all calls.
#include "agw_iq.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define PAYLOAD_LEN 80

static void on_attached(int gateway, bool is_new, void *arg)
{
	(void)gateway;
	(void)is_new;
	((struct controller *)arg)->is_attached = true;
}

static void on_state(const struct iq_context_state *state, void *arg)
{
	struct controller *controller = arg;
	unsigned i = 0;

	controller->states++;
	if ((state->changed & IQ_CHANGED_GONE) == 0)
		return;
	while (i < controller->gone_count && controller->gone[i] != state->handle)
		i++;
	if (i == controller->gone_count && i < sizeof(controller->gone) / sizeof(iq_handle))
		controller->gone[controller->gone_count++] = state->handle;
}

static void on_reply(int32_t status, const void *payload, void *arg)
{
	struct controller *controller = arg;

	controller->is_replied = true;
	controller->status = status;
	if (payload != NULL)
		memcpy(controller->reply, payload, (size_t)controller->reply_len);
}

void controller_turn(struct controller *controller)
{
	iq_client_dispatch(controller->client);
}

// Runs the client until a flag is set, at most 5 s.
static void run_until(struct controller *controller, const bool *flag, const char *what)
{
	for (unsigned i = 0; i < 500 && !*flag; i++) {
		struct pollfd fd = {.fd = iq_client_fd(controller->client), .events = POLLIN};

		poll(&fd, 1, 10);
		controller_turn(controller);
	}
	if (!*flag)
		die("%s: nothing came", what);
}

void controller_init(struct controller *controller, const char *path)
{
	const char *paths[] = {path};
	struct iq_client_config config = {.paths = paths,
		.count = 1,
		.on_attached = on_attached,
		.on_state = on_state,
		.arg = controller};

	memset(controller, 0, sizeof(*controller));
	controller->client = iq_client_create(&config);
	run_until(controller, &controller->is_attached, "attach");
}

void controller_fini(struct controller *controller)
{
	iq_client_destroy(controller->client);
}

int32_t command_try(
	struct controller *controller, uint16_t type, iq_handle handle, const void *payload)
{
	struct iq_command wanted = {
		.gateway = handle == 0 ? IQ_GATEWAY_ANY : iq_handle_gateway(handle),
		.type = type,
		.payload = payload,
		.on_reply = on_reply,
		.arg = controller};

	controller->is_replied = false;
	controller->reply_len = iq_reply_size(type);
	if (iq_client_send(controller->client, &wanted) < 0)
		die("command %u was not taken", type);
	run_until(controller, &controller->is_replied, "reply");
	return controller->status;
}

void command(struct controller *controller, uint16_t type, iq_handle handle, const void *payload)
{
	int32_t status = command_try(controller, type, handle, payload);

	if (status != 0)
		die("command %u: %s", type, strerror(-status));
}

void audio_reserve(struct controller *controller, struct iq_context_local *local)
{
	struct iq_context_reserve reserve = {.ref = "agw test",
		.families = {IQ_FAMILY_V4 | IQ_FAMILY_V6, IQ_FAMILY_V4 | IQ_FAMILY_V6},
		.streams = 1,
		.access_transports = 1};

	command(controller, IQ_CONTEXT_RESERVE, 0, &reserve);
	memcpy(local, controller->reply, sizeof(*local));
}

struct iq_addr iq_addr_of(const char *ip, uint16_t port)
{
	struct iq_addr addr = {.port = port, .family = strchr(ip, ':') ? 6 : 4};

	inet_pton(addr.family == 4 ? AF_INET : AF_INET6, ip, addr.ip);
	return addr;
}

void access_set(struct controller *controller, const struct iq_context_local *local,
	const struct wic *wic, const struct iq_addr *candidate)
{
	struct iq_leg_set set = {
		.handle = local->handle, .leg = IQ_LEG_ACCESS, .transport_count = 1};
	struct iq_remote_transport *remote = &set.transports[0];

	remote->security = IQ_SECURITY_DTLS_SRTP;
	remote->dtls_role = IQ_DTLS_SERVER;
	remote->rtcp_mux = remote->ice = 1;
	remote->fingerprint_count = remote->candidate_count = 1;
	remote->fingerprints[0].hash = IQ_HASH_SHA256;
	remote->fingerprints[0].len = 32;
	memcpy(remote->fingerprints[0].bytes, wic->fingerprint, 32);
	strcpy(remote->ufrag, wic->ufrag);
	strcpy(remote->pwd, wic->pwd);
	remote->candidates[0] = (struct iq_candidate){
		.addr = *candidate, .priority = 0x7e7f1eff, .foundation = 1, .component = 1};
	command(controller, IQ_LEG_SET, local->handle, &set);
}

void core_set(struct controller *controller, const struct iq_context_local *local,
	const struct iq_addr *rtp)
{
	struct iq_leg_set set = {.handle = local->handle, .leg = IQ_LEG_CORE, .transport_count = 1};

	set.transports[0].rtp = set.transports[0].rtcp = *rtp;
	set.transports[0].rtcp.port++;
	command(controller, IQ_LEG_SET, local->handle, &set);
}

void audio_set(struct controller *controller, const struct iq_context_local *local, uint32_t ssrc)
{
	struct iq_streams_set set = {.handle = local->handle, .count = 1};

	set.streams[0] = (struct iq_stream){.enabled = 1,
		.kind = IQ_KIND_AUDIO,
		.gate = IQ_GATE_BOTH,
		.mid = "0",
		.pt_count = 1,
		.ssrc_count = 1,
		.ssrcs = {ssrc},
		.pts = {{.access = WIC_PT, .core = CORE_PT, .clock_hz = {48000, 48000}}}};
	command(controller, IQ_STREAMS_SET, local->handle, &set);
}

void wic_connect(struct controller *controller, struct wic *wic,
	const struct iq_context_local *local, bool is_v6)
{
	const struct iq_addr *addr = is_v6 ? &local->access[0].v6 : &local->access[0].v4;
	uint8_t packet[2048];
	char ip[64];

	if (addr->family == 0)
		die("the gateway gave no address of the family");
	inet_ntop(is_v6 ? AF_INET6 : AF_INET, addr->ip, ip, sizeof(ip));
	address_set(&wic->gateway, &wic->gateway_len, ip, addr->port);
	snprintf(wic->gateway_ufrag, sizeof(wic->gateway_ufrag), "%s", local->ufrag);
	snprintf(wic->gateway_pwd, sizeof(wic->gateway_pwd), "%s", local->pwd);
	for (unsigned i = 0; i < 100 && !wic->is_checked; i++) {
		wic_check(wic);
		wic_receive(wic, 50, packet);
		controller_turn(controller);
	}
	if (!wic->is_checked)
		die("no check was answered");
	wic_handshake(wic);
	for (unsigned i = 0; i < 200 && !wic->is_connected; i++) {
		if (wic_receive(wic, 50, packet) == 0)
			wic_handshake(wic);
		controller_turn(controller);
	}
	if (!wic->is_connected)
		die("no DTLS connection");
}

int rtp_write(uint8_t *packet, uint8_t pt, unsigned n, uint32_t ssrc)
{
	uint16_t seq = (uint16_t)(65530 + n); // wraps on the way
	uint32_t ts = 4000000000u + n * 960;

	packet[0] = 0x80;
	packet[1] = pt;
	packet[2] = (uint8_t)(seq >> 8);
	packet[3] = (uint8_t)seq;
	for (unsigned i = 0; i < 4; i++) {
		packet[4 + i] = (uint8_t)(ts >> (24 - 8 * i));
		packet[8 + i] = (uint8_t)(ssrc >> (24 - 8 * i));
	}
	for (unsigned i = 0; i < PAYLOAD_LEN; i++)
		packet[12 + i] = (uint8_t)(n + i);
	return 12 + PAYLOAD_LEN;
}

static uint32_t load32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

void arrival_check(struct arrival *arrival, const uint8_t *packet, int len)
{
	uint16_t seq = (uint16_t)(packet[2] << 8 | packet[3]);

	if (len != 12 + PAYLOAD_LEN || packet[0] != 0x80)
		die("%s: %d bytes, first 0x%02x", arrival->name, len, packet[0]);
	if ((packet[1] & 127) != arrival->pt)
		die("%s: payload type %u", arrival->name, packet[1] & 127);
	if (load32(packet + 8) != arrival->ssrc)
		die("%s: SSRC %08x, not %08x", arrival->name, load32(packet + 8), arrival->ssrc);
	if (arrival->count > 0 && seq != (uint16_t)(arrival->seq + 1))
		die("%s: sequence number %u after %u", arrival->name, seq, arrival->seq);
	for (unsigned i = 0; i < PAYLOAD_LEN; i++) {
		if (packet[12 + i] != (uint8_t)(arrival->count + i))
			die("%s: payload differs", arrival->name);
	}
	arrival->seq = seq;
	arrival->count++;
}

void wic_take(struct wic *wic, struct arrival *arrival, int timeout_ms)
{
	uint8_t packet[2048];
	int len = wic_receive(wic, timeout_ms, packet);

	if (len > 0 && (packet[1] < 192 || packet[1] > 223))
		arrival_check(arrival, packet, len);
}
