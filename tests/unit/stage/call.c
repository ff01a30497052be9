// SPDX-License-Identifier: Apache-2.0
// Setting a call up by Iq commands as a controller would.
#include "call.h"

#include "wire_rtp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

uint16_t call_phone_port(unsigned n)
{
	return (uint16_t)(40000 + 10 * n);
}

static void core_describe(const struct call *call, struct iq_leg_set *command, unsigned streams)
{
	command->leg = IQ_LEG_CORE;
	command->transport_count = (uint8_t)streams;
	for (unsigned n = 0; n < streams; n++) {
		struct iq_addr *rtp = &command->transports[n].rtp;

		*rtp = (struct iq_addr){.family = call->phone_family, .port = call_phone_port(n)};
		memcpy(rtp->ip, media_ip(call->phone, call->phone_family),
			call->phone_family == 4 ? 4 : 16);
	}
}

static void streams_describe(struct call *call, bool has_video)
{
	struct iq_stream *audio = &call->streams.streams[0], *video = &call->streams.streams[1];

	call->streams =
		(struct iq_streams_set){.handle = call->local.handle, .count = has_video ? 2 : 1};
	*audio = (struct iq_stream){.enabled = 1,
		.kind = IQ_KIND_AUDIO,
		.gate = IQ_GATE_BOTH,
		.mid_ext_id = CALL_MID_EXT,
		.pt_count = 2,
		.mid = "a",
		.pts = {{CALL_AUDIO_PT, 96, 0, 0, {48000, 48000}},
			{CALL_EVENT_PT, 101, 1, 0, {48000, 48000}}}};
	*video = (struct iq_stream){.enabled = 1,
		.kind = IQ_KIND_VIDEO,
		.gate = IQ_GATE_BOTH,
		.core_transport = 1,
		.mid_ext_id = CALL_MID_EXT,
		.pt_count = 1,
		.rtcp = {CALL_FEEDBACK, CALL_FEEDBACK},
		.mid = "v",
		.pts = {{CALL_VIDEO_PT, 97, 0, 0, {90000, 90000}}}};
}

int call_streams_set(struct call *call)
{
	return media_command(call->rig, IQ_STREAMS_SET, iq_handle_shard(call->local.handle),
		&call->streams, sizeof(call->streams));
}

void call_gate(struct call *call, uint8_t gate)
{
	for (unsigned n = 0; n < call->streams.count; n++)
		call->streams.streams[n].gate = gate;
	assert_int_equal(call_streams_set(call), 0);
}

static void leg_set(struct call *call, const struct iq_leg_set *command)
{
	assert_int_equal(media_command(call->rig, IQ_LEG_SET, iq_handle_shard(call->local.handle),
				 command, sizeof(*command)),
		0);
}

void call_begin(struct call *call, struct media_rig *rig, const struct call_config *config)
{
	struct iq_context_reserve reserve = {.ref = "a call",
		.streams = config->has_video ? 2 : 1,
		.access_transports = 1,
		.ice_controlling = config->is_controlling};
	struct wic_config wic = {.host = config->wic_host,
		.family = config->wic_family == 0 ? 4 : config->wic_family,
		.port = 50000,
		.profiles = config->profiles,
		.is_dtls_server = config->is_dtls_server};
	struct iq_leg_set access = {.leg = IQ_LEG_ACCESS, .transport_count = 1}, core = {0};

	*call = (struct call){
		.rig = rig, .phone_family = config->phone_family == 0 ? 4 : config->phone_family};
	call->wic = wic_create(rig, &wic);
	wic_deaf_set(call->wic, config->is_deaf);
	call->phone = media_end_add(rig, 1, config->phone_host);
	assert_int_equal(media_reserve(rig, config->shard, &reserve, &call->local), 0);
	wic_answer(call->wic, &call->local);
	access.handle = core.handle = call->local.handle;
	wic_describe(call->wic, &access.transports[0]);
	if (config->has_wrong_fingerprint)
		access.transports[0].fingerprints[0].bytes[5] ^= 1;
	core_describe(call, &core, reserve.streams);
	leg_set(call, &access);
	leg_set(call, &core);
	streams_describe(call, config->has_video);
	assert_int_equal(call_streams_set(call), 0);
}

void call_up(struct call *call, struct media_rig *rig, const struct call_config *config)
{
	call_begin(call, rig, config);
	memset(&rig->state, 0, sizeof(rig->state));
	assert_true(wic_connect(call->wic));
}

int call_describe_again(struct call *call, struct wic *wic)
{
	struct iq_leg_set access = {
		.handle = call->local.handle, .leg = IQ_LEG_ACCESS, .transport_count = 1};

	wic_describe(wic, &access.transports[0]);
	return media_command(call->rig, IQ_LEG_SET, iq_handle_shard(call->local.handle), &access,
		sizeof(access));
}

void call_down(struct call *call)
{
	assert_int_equal(media_delete(call->rig, call->local.handle), 0);
	wic_destroy(call->wic);
}

struct iq_addr call_core(const struct call *call, unsigned n, unsigned component)
{
	struct iq_addr addr =
		call->phone_family == 4 ? call->local.core[n].v4 : call->local.core[n].v6;

	addr.port = (uint16_t)(addr.port + component);
	return addr;
}

static size_t extension_write(uint8_t *at, const char *mid)
{
	size_t mid_len = strlen(mid), len = (1 + mid_len + 2 + 3) / 4 * 4;

	memset(at, 0, 4 + len);
	wire_store16(at, 0xbede);
	wire_store16(at + 2, (uint16_t)(len / 4));
	at[4] = 1 << 4; // another element before it: an audio level
	at[5] = 0x7f;
	at[6] = (uint8_t)(CALL_MID_EXT << 4 | (mid_len - 1));
	memcpy(at + 7, mid, mid_len);
	return 4 + len;
}

size_t rtp_write(uint8_t *packet, const struct rtp_example *example)
{
	size_t at = WIRE_RTP_HEADER;

	memset(packet, 0, WIRE_RTP_HEADER);
	packet[0] = example->mid == NULL ? 0x80 : 0x90;
	packet[1] = (uint8_t)(example->pt | (example->marker ? 0x80 : 0));
	wire_rtp_set_seq(packet, example->seq);
	wire_rtp_set_ts(packet, example->ts);
	wire_rtp_set_ssrc(packet, example->ssrc);
	if (example->mid != NULL)
		at += extension_write(packet + at, example->mid);
	for (unsigned i = 0; i < example->payload_len; i++)
		packet[at++] = (uint8_t)(example->seq + i);
	return at;
}

void call_phone_send(struct call *call, unsigned n, const struct rtp_example *example)
{
	struct iq_addr to = call_core(call, n, 0);
	uint8_t packet[1500];

	media_send(call->rig, call->phone, call_phone_port(n), &to, packet,
		rtp_write(packet, example));
}

void call_wic_send(struct call *call, const struct rtp_example *example)
{
	uint8_t packet[1500];

	wic_rtp_send(call->wic, packet, rtp_write(packet, example));
}

size_t call_phone_take(struct call *call, uint8_t *packet, uint16_t *port)
{
	const struct media_datagram *datagram = media_take(call->phone);

	if (datagram == NULL)
		return 0;
	memcpy(packet, datagram->bytes, datagram->len);
	*port = datagram->port;
	return datagram->len;
}
