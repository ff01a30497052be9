// SPDX-License-Identifier: Apache-2.0
// A shard's arena: everything its worker needs to carry media, in one mapping, addressed by index, without pointers.
//
// The structs are public because the stages read them at every packet. Only the shard's worker reads or writes them.
#pragma once

#include "breaker.h"
#include "ice.h"
#include "iq_msg.h"
#include "srtp.h"
#include "worker.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NO_INDEX 0xffff
#define SSRCS_INLINE 4 // of a transport, in its first line
#define FLOWS_MAX 64 // of a secure transport: bounds what a peer can make us keep
#define FLOWS_PLAIN_MAX 16 // of another: its old flows make room
#define NO_PT 0xff
#define SR_TIMES BREAKER_SR_TIMES // sender reports that a receiver may answer to

// One SSRC that we receive on a transport. hot: index and rewriting.
struct flow {
	struct srtp_index index;
	uint32_t ssrc;
	uint32_t ts_offset; // added on the way to the other leg, modulo 2^32
	uint16_t seq_offset;
	uint16_t next; // of the same transport
	uint8_t stream; // in the context; NO_PT: not known yet
	uint8_t proven; // a packet of it was authenticated
	uint8_t counted; // the sequence statistics have begun
	uint8_t relayed; // flow_relayed
	uint8_t left; // it has said BYE and nothing since
	// Reception statistics, RFC 3550 appendix A.1, A.3, A.8.
	uint64_t received;
	uint64_t octets;
	uint32_t base_seq, highest_seq; // extended
	uint32_t transit, jitter_scaled; // clock units, jitter times 16
	uint32_t clock_hz;
	uint32_t bad_seq; // with bit 16: the sequence number that would prove a restart
	uint32_t taken_seq,
		relayed_seq; // extended: from which on it is relayed with these offsets, highest relayed
	int32_t lost_told; // what the far end was last told that it has lost of this flow
	int32_t lost_base; // what the receiver had lost of other flows
} __rte_cache_aligned;
static_assert(sizeof(struct flow) == 128, "two lines");

enum flow_relayed {
	FLOW_NEVER_RELAYED,
	FLOW_RELAYED, // ts_offset and seq_offset hold
	FLOW_PAUSED, // they held until packets were kept back: the numbers begin anew
};

// What we send toward one leg for one stream: an SSRC of our own, whoever the source is.
// An RTP packet reads and writes the first line only; what RTCP needs besides begins in the middle of the index.
struct sender {
	uint64_t sent_us;
	uint64_t packets, octets;
	uint32_t ssrc;
	uint32_t ts_last;
	uint16_t seq_last;
	uint16_t source; // the flow that is relayed, NO_INDEX: none yet
	uint8_t started;
	uint8_t reserved[3];
	struct srtp_index index;
	uint32_t sr_times
		[SR_TIMES]; // middle of the NTP time of this source's last reports, newest first
	int32_t lost_last; // as the receiver last reported
	uint32_t reserved2[3];
} __rte_cache_aligned;
static_assert(sizeof(struct sender) == 128, "two lines");
static_assert(offsetof(struct sender, index) + SRTP_INDEX_RTP_BYTES == 64, "RTP has the first");

// Requests for key frames toward one leg.
struct key_frames {
	uint8_t due; // enum key_frame_want: waits for the next report
	uint8_t heard; // command number of the last FIR from the other leg
	uint8_t told; // of the last one sent
	uint8_t reserved;
};

enum key_frame_want { KEY_FRAME_NONE, KEY_FRAME_PLI, KEY_FRAME_FIR, KEY_FRAME_FIR_AGAIN };

// One m= section of a context.
struct stream {
	uint8_t enabled, kind, gate; // iq_stream
	uint8_t pt_count;
	uint8_t mid_len;
	uint8_t mid_ext_id;
	uint8_t ssrc_count;
	uint8_t reserved;
	uint16_t transport[IQ_LEGS];
	struct iq_pt pts[IQ_PTS_MAX]; // the first PTS_HOT in the first line
	uint8_t rtcp[IQ_LEGS]; // IQ_RTCP_ bits
	struct key_frames key_frames[IQ_LEGS]; // asked of each leg's source
	uint32_t ssrcs[IQ_SSRCS_MAX];
	char mid[32];
	uint8_t pt_map[IQ_LEGS]
		      [128]; // payload type on a leg: its place in pts, NO_PT: not negotiated
	struct sender sender[IQ_LEGS]; // toward each leg
	// Not for packets.
	uint8_t breakers[IQ_LEGS]; // enabled ones of what is sent toward each leg
	uint8_t closed; // ceased legs whose gate was closed by command since, bits 1 << iq_leg
	struct iq_trip trip; // the last
	uint64_t ceased_us; // when it was
	struct breaker breaker[IQ_LEGS];
} __rte_cache_aligned;

#define PTS_HOT 4
static_assert(offsetof(struct stream, pts) + PTS_HOT * sizeof(struct iq_pt) <= 64, "one line");

#define TRANSPORT_LIVE 1
#define TRANSPORT_ICE 2 // sources and paths come from ICE
#define TRANSPORT_SECURE 4 // SRTP both ways
#define TRANSPORT_KEYS 8 // and the keys are there
#define TRANSPORT_MUX 16 // RTCP on the RTP port
#define TRANSPORT_REMOTE 32 // without ICE: the remote address is known
#define TRANSPORT_STOPPING 64 // and nothing else: deleted, but the DTLS service is still to be told

// A local port pair.
struct transport {
	uint32_t ssrc[SSRCS_INLINE];
	uint16_t flow[SSRCS_INLINE];
	uint16_t flow_more; // chain of further flows
	uint16_t flow_count;
	uint16_t context, secure; // secure: NO_INDEX without ICE and DTLS
	uint8_t flags, leg, number; // number: of the leg
	uint8_t network, set;
	uint8_t reserved[3];
	uint16_t port; // even
	uint16_t reserved1;
	uint32_t generation;
	uint64_t last_rx_us;
	uint8_t reserved2[8];
	struct path out[ICE_COMPONENTS]; // where RTP and RTCP go; family 0: nowhere yet
	uint32_t auth_failed, replayed, not_admitted, reserved3;
	uint64_t gone_packets, gone_octets, gone_lost; // of flows that are no more
	uint8_t reserved4[24];
} __rte_cache_aligned;
static_assert(offsetof(struct transport, out) == 64, "lookup reads one line");
static_assert(sizeof(struct transport) == 192, "three lines");

#define HELLOS_MAX 4 // pieces of one

// What an access transport has besides: keys, ICE, DTLS.
struct secure {
	struct srtp_key rx, tx;
	struct ice_view view;
	struct iq_fingerprint fingerprints[IQ_FINGERPRINTS_MAX];
	uint8_t fingerprint_count;
	uint8_t dtls_role, dtls_state, dtls_error; // iq_dtls_role, iq_dtls_state
	uint16_t dtls_version, dtls_cipher, srtp_profile;
	uint8_t dtls_started; // the service was told
	uint8_t dtls_punted; // it has something to forget
	uint8_t lingering; // it was told that media has come
	uint8_t hello_count, hello_next; // of hellos, and the place of the next one
	uint8_t reserved[3];
	uint32_t hellos[HELLOS_MAX]; // checksums of what was punted lately of ClientHellos
	uint64_t hellos_us; // when the first of them was
	uint64_t clear_full_us, cipher_full_us; // when it may punt its full burst of each again
	uint8_t ice[ICE_AGENT_BYTES] __attribute__((aligned(64)));
} __rte_cache_aligned;

struct context {
	iq_handle handle;
	char ref[IQ_REF_LEN];
	uint64_t created_us;
	uint64_t told_us; // when main was last told of its state
	uint64_t hops_full_us; // when it may name its full burst of new next hops again
	uint32_t version, acked; // terminal changes, and what the controller has acknowledged
	uint32_t changed; // IQ_CHANGED_ bits since then
	uint8_t untold; // main's ring was full: tell again from the timer
	uint8_t controlling;
	uint8_t streams __rte_cache_aligned; // from here on the media path reads
	uint8_t access_transports;
	uint8_t network[IQ_LEGS], set[IQ_LEGS], families[IQ_LEGS]; // IQ_FAMILY_ bits
	uint16_t stream[IQ_STREAMS_MAX];
	uint16_t transport[IQ_LEGS][IQ_STREAMS_MAX];
	char ufrag[12], pwd[36], cname[20];
	uint8_t fingerprint[32];
} __rte_cache_aligned;
static_assert(
	offsetof(struct context, ufrag) - offsetof(struct context, streams) <= 64, "one line");

enum pool_kind { POOL_CONTEXT, POOL_TRANSPORT, POOL_SECURE, POOL_STREAM, POOL_FLOW, POOL_COUNT };

struct pool {
	uint64_t offset,
		next_offset; // of the objects and of the free chain, from the arena's start
	uint32_t size; // of an object
	uint16_t count, used, free; // free: head of the chain
	uint16_t reserved;
};

#define PORT_PAIRS 256 // of a shard at one address set: 65536 ports / (2 * SHARDS)

// Port pairs of one address set, oldest freed first.
struct port_pool {
	uint64_t freed_us[PORT_PAIRS];
	uint16_t free[PORT_PAIRS];
	uint16_t head, count;
	uint8_t reserved[4];
};

#define SHARD_MAGIC 0x49535448u

struct shard {
	uint32_t magic;
	uint32_t layout; // hash of every size above, and of orders that have changed
	uint64_t bytes; // of the mapping
	uint8_t number, gateway;
	uint8_t is_huge; // on huge pages
	uint8_t pool_base[NETWORKS_MAX]; // first port pool of a network
	uint16_t port_pools;
	uint32_t generation; // last given to a context
	uint64_t random[2];
	uint64_t ports_offset, by_port_offset;
	struct pool pools[POOL_COUNT];
};

static inline void *shard_at(struct shard *shard, enum pool_kind kind, uint16_t index)
{
	const struct pool *pool = &shard->pools[kind];

	return (uint8_t *)shard + pool->offset + (uint64_t)pool->size * index;
}
static inline struct transport *shard_transport(struct shard *shard, uint16_t index)
{
	return shard_at(shard, POOL_TRANSPORT, index);
}
static inline struct secure *shard_secure(struct shard *shard, uint16_t index)
{
	return shard_at(shard, POOL_SECURE, index);
}
static inline struct flow *shard_flow(struct shard *shard, uint16_t index)
{
	return shard_at(shard, POOL_FLOW, index);
}
static inline struct stream *shard_stream(struct shard *shard, uint16_t index)
{
	return shard_at(shard, POOL_STREAM, index);
}
static inline struct context *shard_context(struct shard *shard, uint16_t index)
{
	return shard_at(shard, POOL_CONTEXT, index);
}
// What was negotiated for a payload type on a leg; NULL: nothing.
static inline const struct iq_pt *stream_pt(const struct stream *stream, unsigned leg, uint8_t pt)
{
	unsigned count = stream->pt_count < PTS_HOT ? stream->pt_count : PTS_HOT;
	uint8_t place;

	// The preferred ones, without the two more lines that the map would take.
	for (unsigned i = 0; i < count; i++) {
		if ((leg == IQ_LEG_ACCESS ? stream->pts[i].access : stream->pts[i].core) == pt)
			return &stream->pts[i];
	}
	place = stream->pt_map[leg][pt];
	return place == NO_PT ? NULL : &stream->pts[place];
}
static inline struct ice_agent *secure_ice(struct secure *secure)
{
	return (struct ice_agent *)secure->ice;
}

// The transport at a local port, NO_INDEX: none. One read.
static inline uint16_t shard_lookup(
	struct shard *shard, uint8_t network, uint8_t set, uint16_t port)
{
	const uint16_t *by_port =
		(const uint16_t *)((const uint8_t *)shard + shard->by_port_offset);

	return by_port[(unsigned)(shard->pool_base[network] + set) * PORT_PAIRS + (port >> 8)];
}

// The extended number of a sequence number, seen from one close to it.
static inline uint32_t seq_extend(uint32_t near, uint16_t seq)
{
	return near + (uint32_t)(int16_t)(uint16_t)(seq - (uint16_t)near);
}

// Packets missing so far (RFC 3550 appendix A.3), none when more came than were expected.
static inline uint64_t flow_lost(const struct flow *flow)
{
	uint64_t expected = flow->counted ? (uint64_t)flow->highest_seq - flow->base_seq + 1 : 0;

	return expected > flow->received ? expected - flow->received : 0;
}

// The flow of an SSRC on a transport: index, or NO_INDEX.
uint16_t flow_find(struct shard *shard, const struct transport *transport, uint32_t ssrc);

// A new, unproven flow: NO_INDEX when the transport has as many as it may (without SRTP: that are being relayed) or the
// pool is empty.
uint16_t flow_add(struct shard *shard, uint16_t transport, uint32_t ssrc);
void flow_del(struct shard *shard, uint16_t flow, uint16_t transport);

// 64 bits of a generator seeded by main (xoroshiro128+): for jitter and transaction ids, not for keys.
uint64_t shard_random(struct shard *shard);
