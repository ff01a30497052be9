// SPDX-License-Identifier: Apache-2.0
// A call over the media path: a scripted browser, a context, a phone that speaks plain RTP.
#pragma once

#include "wic.h"

#define CALL_AUDIO_PT 111 // of the browser; the phone's is 96
#define CALL_EVENT_PT 110 // the phone's is 101
#define CALL_VIDEO_PT 120 // the phone's is 97
#define CALL_FEEDBACK (IQ_RTCP_AVPF | IQ_RTCP_PLI) // of video, on both legs
#define CALL_MID_EXT 4

struct call_config {
	const char *profiles;
	uint8_t wic_host, phone_host, shard;
	uint8_t wic_family, phone_family; // 0: 4
	bool is_dtls_server; // the browser
	bool has_video;
	bool is_deaf; // the browser doesn't answer the gateway's checks, which begin at once
	bool has_wrong_fingerprint;
	bool is_controlling; // the gateway
};

struct call {
	struct media_rig *rig;
	struct wic *wic;
	struct media_end *phone;
	struct iq_context_local local;
	uint8_t phone_family;
	struct iq_streams_set streams; // as last set
};

// Reserved, described to the gateway, not yet connected: the browser has sent nothing.
void call_begin(struct call *call, struct media_rig *rig, const struct call_config *config);
// The same, with keys on both sides.
void call_up(struct call *call, struct media_rig *rig, const struct call_config *config);
void call_down(struct call *call);
// Describes a browser to the gateway, the call's or another in its place: the command's status.
int call_describe_again(struct call *call, struct wic *wic);
void call_gate(struct call *call, uint8_t gate);
int call_streams_set(struct call *call);

// Where the phone sends RTP of a stream to, and its RTCP.
struct iq_addr call_core(const struct call *call, unsigned n, unsigned component);
uint16_t call_phone_port(unsigned n);

// An RTP packet with a recognisable payload: its length.
struct rtp_example {
	uint8_t pt;
	bool marker;
	uint16_t seq;
	uint32_t ts, ssrc;
	const char *mid; // in a one-byte header extension; NULL: no extension
	uint16_t payload_len;
};
size_t rtp_write(uint8_t *packet, const struct rtp_example *example);

void call_phone_send(struct call *call, unsigned n, const struct rtp_example *example);
void call_wic_send(struct call *call, const struct rtp_example *example);
// The next packet at the phone: its length, 0: none. port: that it came to.
size_t call_phone_take(struct call *call, uint8_t *packet, uint16_t *port);
