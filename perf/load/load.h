// SPDX-License-Identifier: Apache-2.0
// Load on a media gateway from outside: calls with G.711 both ways, SRTP on the access side, plain RTP on the core side.
//
// Media leaves as frames made ahead, through a packet socket a side, and comes back through a UDP socket a side, as what
// sets calls up does both ways. One thread; every function exits with a sentence when the bed is broken.
#pragma once

#include "srtp.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define LOAD_PAYLOAD 160 // 20 ms of G.711
#define LOAD_HEADERS 42 // Ethernet, IPv4, UDP
#define LOAD_SLOT 256 // of a frame made ahead, with room for the tag
#define LOAD_PT 8
#define LOAD_ACCESS_PORT 6000 // of all WICs
#define LOAD_CORE_PORT 7000 // of all phones
#define LOAD_BURST 64

enum load_side { LOAD_ACCESS, LOAD_CORE, LOAD_SIDES };

// A way that a packet goes is named after the side it leaves from.
struct load_call {
	struct srtp_key tx_key, rx_key; // of the access side
	struct srtp_index tx_index, rx_index;
	struct sockaddr_in to[LOAD_SIDES]; // where the system under test listens
	uint8_t headers[LOAD_SIDES][LOAD_HEADERS]; // of its frames, by load_headers()
	uint32_t sent[LOAD_SIDES],
		arrived[LOAD_SIDES]; // arrived: past the last that came of what the side sent
	uint64_t handle; // of eims-agw's context
	struct load_wic *wic; // while ICE and DTLS go on; NULL afterwards
	char ufrag[12], pwd[36]; // of eims-agw
	bool is_live; // media may be sent
};

struct load {
	struct load_call *calls;
	unsigned count;
	int sock[LOAD_SIDES], raw[LOAD_SIDES];
	struct in_addr self[LOAD_SIDES];
	struct srtp_ctx *srtp;
	uint16_t call_of_port[65536]; // by the access port of the system under test: call + 1
	uint64_t received[LOAD_SIDES]; // RTP that left from a side and came out at the other
	uint64_t rtcp, stun_requests;
	uint64_t wrong; // what came out differs from what was sent
	uint64_t missed; // when checked: gaps in what came of a call
	bool is_checked; // every packet that comes is decrypted and compared, else counted
	void (*turn)(struct load *load); // now and then while waiting; may be NULL
	void (*media)(
		struct load *load); // sends what is due while calls are being made; may be NULL
};

#define LOAD_ACCESS_IP "203.0.113.2"
#define LOAD_CORE_IP "198.51.100.2"
#define LOAD_SYSTEM_CORE_IP "198.51.100.10"

// Sockets on the addresses and links of this namespace, as bed.py makes them.
void load_init(struct load *load, unsigned calls);
void load_fini(struct load *load);

// An own UDP socket at an address of this namespace.
int load_socket(const char *ip, uint16_t port);

// Keys of a call's access side, both ways.
void load_keys(struct load_call *call, const uint8_t *tx, const uint8_t *rx); // key 16, salt 14

// Makes the frames' headers of calls, whose addresses are known.
void load_headers(struct load *load, unsigned first, unsigned n);

// Writes the next packet of a call for a side, not yet protected, behind the headers of a slot.
void load_write(struct load *load, unsigned index, enum load_side side, uint8_t *slot);
// Writes and, on the access side, protects the next packet of each call named.
void load_prepare(
	struct load *load, const uint16_t *calls, unsigned n, enum load_side side, uint8_t *slots);
// Sends n slots, at most a burst.
void load_send(struct load *load, unsigned n, enum load_side side, const uint8_t *slots);
// Takes up to a burst from each socket. How many there were.
unsigned load_receive(struct load *load);
// Receives until no media has come for so long.
void load_drain(struct load *load, unsigned quiet_ms);

// One trial: packets are made first, then sent at an even rate, both ways alike, calls in random order.
struct load_trial {
	double rate_pps, seconds; // in: both ways together
	uint64_t sent, received;
	uint64_t late_us; // the generator's worst delay against its plan
	double cpu[2]; // busy part of the cores 0 and 1
};
void load_trial(struct load *load, struct load_trial *trial);

static inline double load_trial_loss(const struct load_trial *trial)
{
	return 1 - (double)trial->received / (double)trial->sent;
}

// One packet a way and call, all that comes compared. False, with a sentence, when one is missing or differs.
bool load_is_whole(struct load *load);

// ---- eims-agw, over Iq ----
void load_agw_attach(struct load *load, const char *iq_path);
// Makes the contexts of calls [first, first + n), then connects them: ICE, DTLS.
void load_agw_add(struct load *load, unsigned first, unsigned n);
void load_agw_delete(struct load *load, unsigned first, unsigned n);
// Calls back with each counter, all workers together.
void load_agw_counters_each(
	void (*on_counter)(const char *name, uint64_t value, void *arg), void *arg);
void load_agw_detach(struct load *load);
// What came that isn't media.
void load_wic_take(struct load *load, unsigned index, const uint8_t *bytes, size_t len,
	const struct sockaddr_in *from);
void load_wic_start(struct load *load, unsigned index);
void load_wic_turn(struct load *load, unsigned index); // retransmits what is due
void load_wic_stop(struct load_call *call);
const uint8_t *load_wic_fingerprint(void); // 32 bytes
extern const char load_wic_ufrag[], load_wic_pwd[];

// ---- rtpengine, over its ng protocol ----
void load_rtpengine_add(struct load *load, const char *ng_ip, uint16_t ng_port);
void load_rtpengine_delete(struct load *load, const char *ng_ip, uint16_t ng_port);

uint64_t load_memory_of(const char *pid); // resident and huge, bytes

_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
