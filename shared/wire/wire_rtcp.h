// SPDX-License-Identifier: Apache-2.0
// RTCP (RFC 3550 6, feedback RFC 4585 and 5104): walking a compound packet, views, writers.
#pragma once

#include "wire_bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wire_rtcp_type {
	WIRE_RTCP_SR = 200,
	WIRE_RTCP_RR = 201,
	WIRE_RTCP_SDES = 202,
	WIRE_RTCP_BYE = 203,
	WIRE_RTCP_APP = 204,
	WIRE_RTCP_RTPFB = 205,
	WIRE_RTCP_PSFB = 206,
	WIRE_RTCP_XR = 207,
};

#define WIRE_RTCP_NACK 1 // RTPFB formats
#define WIRE_RTCP_TMMBR 3
#define WIRE_RTCP_TMMBN 4
#define WIRE_RTCP_TRANSPORT_CC 15
#define WIRE_RTCP_PLI 1 // PSFB formats
#define WIRE_RTCP_FIR 4
#define WIRE_RTCP_TSTR 5
#define WIRE_RTCP_TSTN 6
#define WIRE_RTCP_VBCM 7
#define WIRE_RTCP_LRR 10
#define WIRE_RTCP_AFB 15 // application layer: REMB
#define WIRE_RTCP_SDES_CNAME 1
#define WIRE_RTCP_SDES_MID 15

// One packet of a compound; data points at its 4 bytes of head.
struct wire_rtcp {
	const uint8_t *data;
	uint16_t len; // with the head, without padding; at least 4
	uint8_t type;
	uint8_t count; // report count, chunk count, or feedback format
};

struct wire_rtcp_sr {
	uint64_t ntp; // 32.32 seconds since 1900
	uint32_t ssrc;
	uint32_t rtp_ts;
	uint32_t packets;
	uint32_t octets;
};

struct wire_rtcp_report {
	uint32_t ssrc; // whom it is about
	int32_t lost; // cumulative, 24 bits, may be negative
	uint32_t highest_seq; // extended
	uint32_t jitter; // timestamp units
	uint32_t lsr; // middle 32 bits of the SR's ntp; 0: none yet
	uint32_t dlsr; // 1/65536 s
	uint8_t fraction; // lost since the last report, /256
};

struct wire_rtcp_chunk {
	const uint8_t *items;
	uint32_t ssrc;
	uint16_t items_len;
};

struct wire_rtcp_fb {
	const uint8_t *fci;
	uint32_t sender;
	uint32_t media; // 0 where the FCI names the target
	uint16_t fci_len;
	uint8_t fmt;
};

// What an SSRC field refers to: a source of whoever sent the packet, or of whoever receives it.
enum wire_rtcp_ref {
	WIRE_RTCP_REF_SOURCE,
	WIRE_RTCP_REF_TARGET,
};

// The next packet of a compound: 1, 0 at the end, -EBADMSG when version, length or padding are wrong
// (padding is for the last packet only). A compound need not start with a report (RFC 5506).
int wire_rtcp_next(struct wire_walk *walk, struct wire_rtcp *packet);

// The views: 0, or -EBADMSG when the packet is of another type or too short for what it claims;
// -ENOENT when i is not below the packet's count. Out-parameters are written only on success.
int wire_rtcp_sr_read(const struct wire_rtcp *packet, struct wire_rtcp_sr *sr);
int wire_rtcp_report_read(
	const struct wire_rtcp *packet, unsigned i, struct wire_rtcp_report *report);
int wire_rtcp_bye_read(const struct wire_rtcp *packet, unsigned i, uint32_t *ssrc);
int wire_rtcp_fb_read(const struct wire_rtcp *packet, struct wire_rtcp_fb *fb);

// The chunks of an SDES packet: walk = wire_rtcp_sdes_walk(packet), then next until not 1.
struct wire_walk wire_rtcp_sdes_walk(const struct wire_rtcp *packet);
int wire_rtcp_sdes_next(struct wire_walk *walk, struct wire_rtcp_chunk *chunk);

// The first item of a type in a chunk: its text (not NUL-terminated) and length, or NULL.
const uint8_t *wire_rtcp_sdes_find(const struct wire_rtcp_chunk *chunk, uint8_t type, uint8_t *len);

// Calls on_ssrc for every SSRC field of a compound packet, which may overwrite the four bytes at
// field: SR, RR, SDES, BYE, APP, XR, and feedback with the FCI of TMMBR, TMMBN, FIR, TSTR, TSTN,
// VBCM and LRR (their unused media field is passed over). Other FCIs (REMB, RFC 8888) stay as they
// are. 0, or -EBADMSG; what was well-formed before the fault has been visited. RFC 9143 9.2.
int wire_rtcp_visit_ssrcs(uint8_t *data, size_t len,
	void (*on_ssrc)(uint8_t *field, enum wire_rtcp_ref ref, void *arg), void *arg);

// The writers append one packet at buf and return its length, or -ENOBUFS; -EINVAL for a count over
// 31 or a name over 255 bytes. A compound is made by writing one behind the other.
int wire_rtcp_sr_write(uint8_t *buf, size_t cap, const struct wire_rtcp_sr *sr,
	const struct wire_rtcp_report *reports, unsigned count);
int wire_rtcp_rr_write(uint8_t *buf, size_t cap, uint32_t ssrc,
	const struct wire_rtcp_report *reports, unsigned count);
int wire_rtcp_sdes_write(
	uint8_t *buf, size_t cap, uint32_t ssrc, const void *cname, size_t cname_len);
int wire_rtcp_bye_write(uint8_t *buf, size_t cap, const uint32_t *ssrcs, unsigned count);
int wire_rtcp_pli_write(uint8_t *buf, size_t cap, uint32_t sender, uint32_t media);
int wire_rtcp_fir_write(
	uint8_t *buf, size_t cap, uint32_t sender, uint32_t target, uint8_t command_seq);
