// SPDX-License-Identifier: Apache-2.0
// What is said over Iq: commands of ep-cscf, replies and events of eims-agw (TS 29.334 in our own encoding).
//
// Every struct is plain data of fixed size, host byte order, no pointers; both processes run on one machine. A message
// is a type, a transaction id and one of these structs; the rings cut it into slots. Numbers that come from the other
// process are checked before use, also by ep-cscf. The layout is part of the ABI: change it only with IQ_ABI_MAJOR.
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#define IQ_ABI_MAJOR 2
#define IQ_ABI_MINOR 0

#define IQ_STREAMS_MAX 8 // m= sections with RTP in a context
#define IQ_PTS_MAX 24 // payload types of a stream
#define IQ_CANDIDATES_MAX 24 // remote candidates of a transport
#define IQ_FINGERPRINTS_MAX 4 // remote certificate fingerprints of a transport
#define IQ_SSRCS_MAX 4 // announced SSRCs of a stream
#define IQ_REF_LEN 64 // the controller's own name for a context, NUL-padded
#define IQ_NAME_LEN 16 // name of a network, NUL-padded
#define IQ_CREDENTIAL_LEN                                                                          \
	260 // ICE ufrag or password, NUL-terminated (RFC 8445: up to 256 characters)

// A context: gateway id 8 bits, shard 8, index 24, generation 24. 0 is no context.
typedef uint64_t iq_handle;

static inline iq_handle iq_handle_make(
	uint8_t gateway, uint8_t shard, uint32_t index, uint32_t generation)
{
	return (uint64_t)gateway << 56 | (uint64_t)shard << 48 |
		(uint64_t)(index & 0xffffff) << 24 | (generation & 0xffffff);
}
static inline uint8_t iq_handle_gateway(iq_handle h)
{
	return (uint8_t)(h >> 56);
}
static inline uint8_t iq_handle_shard(iq_handle h)
{
	return (uint8_t)(h >> 48);
}
static inline uint32_t iq_handle_index(iq_handle h)
{
	return (uint32_t)(h >> 24) & 0xffffff;
}
static inline uint32_t iq_handle_generation(iq_handle h)
{
	return (uint32_t)h & 0xffffff;
}

enum iq_type {
	// Commands. Each is answered by IQ_REPLY with the same transaction id; a repeated transaction id
	// is answered again with the first reply and not carried out again. No command has the id 0.
	IQ_CONTEXT_RESERVE = 1, // iq_context_reserve -> iq_context_local
	IQ_LEG_SET = 2, // iq_leg_set -> nothing
	IQ_STREAMS_SET = 3, // iq_streams_set -> nothing
	IQ_CANDIDATES_ADD = 4, // iq_candidates_add -> nothing
	IQ_CONTEXT_DELETE = 5, // iq_context_ref -> iq_context_state (the last one)
	IQ_CONTEXT_GET = 6, // iq_context_ref -> iq_context_state
	IQ_AUDIT = 7, // iq_audit -> iq_audit_page
	IQ_STATE_ACK = 8, // iq_state_ack -> nothing
	IQ_KEEPALIVE = 9, // nothing -> iq_capacity
	IQ_DRAIN = 10, // iq_drain -> nothing: no new contexts, or take them again
	// From eims-agw.
	IQ_REPLY = 64, // iq_reply and the struct named above
	IQ_CONTEXT_STATE =
		65, // iq_context_state: something terminal changed; repeated until acknowledged
	IQ_CAPACITY = 66, // iq_capacity
};

struct iq_reply {
	int32_t status; // 0 or -errno: -ENOENT no such context, -EINVAL, -ENOSPC, -EBUSY draining
	uint32_t len; // of the struct that follows
};

struct iq_addr {
	uint8_t ip[16]; // network order; IPv4 in the first four bytes
	uint16_t port; // host order
	uint8_t family; // 4, 6, or 0: no address
	uint8_t reserved;
};
static_assert(sizeof(struct iq_addr) == 20, "ABI");

enum iq_leg { IQ_LEG_ACCESS = 0, IQ_LEG_CORE = 1, IQ_LEGS = 2 };

#define IQ_FAMILY_V4 1
#define IQ_FAMILY_V6 2

// Reserves a context (handle 0) or grows one that exists: more streams, or new ICE credentials (a restart).
struct iq_context_reserve {
	iq_handle handle;
	char ref[IQ_REF_LEN];
	char network[IQ_LEGS][IQ_NAME_LEN]; // "" takes the first network of the leg's role
	uint8_t families[IQ_LEGS]; // IQ_FAMILY_ bits wanted; those the network has are given
	uint8_t streams; // 1 to IQ_STREAMS_MAX
	uint8_t access_transports; // 1 when everything is bundled, else one a stream
	uint8_t ice_controlling; // 1 when the WIC gets our offer first (RFC 8445 section 6.1.1)
	uint8_t ice_restart;
	uint8_t reserved[2];
};
static_assert(sizeof(struct iq_context_reserve) == 112, "ABI");

// A local transport; its RTCP port, where RTCP isn't muxed, is port + 1. Both families have one port number.
struct iq_local_transport {
	struct iq_addr v4, v6;
};

struct iq_context_local {
	iq_handle handle;
	struct iq_local_transport access[IQ_STREAMS_MAX];
	struct iq_local_transport core[IQ_STREAMS_MAX];
	uint32_t ssrc[IQ_STREAMS_MAX][IQ_LEGS]; // what this gateway sends with toward each leg
	uint8_t fingerprint[32]; // SHA-256 of the DTLS certificate
	char ufrag[12];
	char pwd[36];
	char cname[20];
	uint8_t streams, access_transports;
	uint8_t reserved[2];
};

enum iq_dtls_role { IQ_DTLS_UNDECIDED = 0, IQ_DTLS_SERVER = 1, IQ_DTLS_CLIENT = 2 };
enum iq_security { IQ_SECURITY_NONE = 0, IQ_SECURITY_DTLS_SRTP = 1, IQ_SECURITY_SDES = 2 };
enum iq_hash { IQ_HASH_SHA256 = 1, IQ_HASH_SHA384 = 2, IQ_HASH_SHA512 = 3 };
enum iq_candidate_type {
	IQ_CANDIDATE_HOST,
	IQ_CANDIDATE_SRFLX,
	IQ_CANDIDATE_PRFLX,
	IQ_CANDIDATE_RELAY
};

struct iq_candidate {
	struct iq_addr addr;
	uint32_t priority;
	uint32_t foundation; // equal numbers for equal foundations
	uint8_t component; // 1 or 2
	uint8_t type; // iq_candidate_type
	uint8_t reserved[2];
};
static_assert(sizeof(struct iq_candidate) == 32, "ABI");

struct iq_fingerprint {
	uint8_t hash; // iq_hash
	uint8_t len;
	uint8_t bytes[64];
	uint8_t reserved[2];
};

struct iq_remote_transport {
	struct iq_addr rtp, rtcp; // without ICE: where to send; family 0: not known yet
	uint8_t security; // iq_security
	uint8_t dtls_role; // iq_dtls_role of this gateway; another role or other fingerprints: a new association
	uint8_t rtcp_mux;
	uint8_t ice; // 1: the peer does ICE and ufrag, pwd are its own
	uint8_t ice_lite; // the peer is lite
	uint8_t end_of_candidates;
	uint8_t fingerprint_count;
	uint8_t candidate_count;
	struct iq_fingerprint fingerprints[IQ_FINGERPRINTS_MAX];
	char ufrag[IQ_CREDENTIAL_LEN];
	char pwd[IQ_CREDENTIAL_LEN];
	struct iq_candidate candidates[IQ_CANDIDATES_MAX];
};

// The whole remote description of a leg, replacing what was known. Same values again change nothing.
struct iq_leg_set {
	iq_handle handle;
	uint8_t leg; // iq_leg
	uint8_t transport_count;
	uint8_t reserved[6];
	struct iq_remote_transport transports[IQ_STREAMS_MAX];
};

#define IQ_GATE_TO_CORE 1 // media from the access leg may pass
#define IQ_GATE_TO_ACCESS 2 // media from the core leg may pass
#define IQ_GATE_BOTH 3

enum iq_kind { IQ_KIND_AUDIO = 1, IQ_KIND_VIDEO = 2 };

// What the peer of a leg understands and may be sent for a stream.
#define IQ_RTCP_AVPF 1 // feedback at any time (RFC 4585), else only along with regular reports
#define IQ_RTCP_NACK 2 // generic NACK
#define IQ_RTCP_PLI 4
#define IQ_RTCP_FIR 8 // RFC 5104
#define IQ_RTCP_RSIZE 16 // feedback without a report before it (RFC 5506)
#define IQ_RTCP_NONE 32 // the peer sends no RTCP (b=RS:0 and b=RR:0): its silence means nothing

// RTP circuit breakers (RFC 8083), numbered as its section 4 does; a stream enables them by bits 1 << number.
enum iq_breaker {
	IQ_BREAKER_NONE = 0,
	IQ_BREAKER_RTCP_TIMEOUT = 1, // nobody reports about what we send
	IQ_BREAKER_MEDIA_TIMEOUT = 2, // it is reported not to arrive
	IQ_BREAKER_CONGESTION = 3, // ten times what TCP would take on such a path
	IQ_BREAKER_USABILITY = 4, // so much is lost or so late that nobody can use it
};
#define IQ_BREAKERS_ALL 30

struct iq_pt {
	uint8_t access, core; // payload type numbers on each leg
	uint8_t telephone_event;
	uint8_t reserved;
	uint32_t clock_hz[IQ_LEGS];
};
static_assert(sizeof(struct iq_pt) == 12, "ABI");

struct iq_stream {
	uint8_t enabled; // 0: a rejected section; its place stays
	uint8_t kind; // iq_kind
	uint8_t gate; // IQ_GATE_ bits
	uint8_t access_transport;
	uint8_t core_transport;
	uint8_t mid_ext_id; // header extension id of the mid on the access leg, 0: none
	uint8_t pt_count;
	uint8_t ssrc_count;
	uint8_t rtcp[IQ_LEGS]; // IQ_RTCP_ bits of each leg's peer
	uint8_t breakers[IQ_LEGS]; // of what is sent toward each leg: bits 1 << iq_breaker
	uint8_t reserved[4];
	char mid[32]; // NUL-terminated
	uint32_t ssrcs[IQ_SSRCS_MAX]; // announced by the WIC (a=ssrc)
	struct iq_pt pts[IQ_PTS_MAX];
};

struct iq_streams_set {
	iq_handle handle;
	uint8_t count;
	uint8_t reserved[7];
	struct iq_stream streams[IQ_STREAMS_MAX];
};

struct iq_candidates_add {
	iq_handle handle;
	uint8_t transport; // of the access leg
	uint8_t count;
	uint8_t end_of_candidates;
	uint8_t reserved[5];
	struct iq_candidate candidates[IQ_CANDIDATES_MAX];
};

struct iq_context_ref {
	iq_handle handle;
};

// One direction as this gateway saw it.
struct iq_counts {
	uint64_t packets, octets; // RTP, payload octets
	uint64_t lost; // gaps in the sequence numbers received (RFC 3550 appendix A.3)
	uint32_t jitter_us; // RFC 3550 appendix A.8
	uint32_t auth_failed, replayed,
		not_admitted; // dropped: bad tag; repeated or too old; source unknown
};

enum iq_ice_state { IQ_ICE_NONE, IQ_ICE_CHECKING, IQ_ICE_CONNECTED, IQ_ICE_FAILED };
enum iq_dtls_state {
	IQ_DTLS_NONE,
	IQ_DTLS_WAITING,
	IQ_DTLS_CONNECTED,
	IQ_DTLS_FAILED,
	IQ_DTLS_CLOSED
};
enum iq_consent_state { IQ_CONSENT_NONE, IQ_CONSENT_LIVE, IQ_CONSENT_EXPIRED, IQ_CONSENT_REVOKED };

struct iq_leg_state {
	struct iq_addr local, remote; // of the first transport: selected pair, or where RTP goes
	uint8_t ice, dtls, consent; // the three enums above, worst of the leg's transports
	uint8_t dtls_error; // 1: fingerprint mismatch, 2: no common SRTP profile, 3: timeout, 4: alert
	uint16_t dtls_version; // 0xfefd
	uint16_t dtls_cipher; // IANA number
	uint16_t srtp_profile; // RFC 5764 number, 0: none
	uint16_t local_type; // iq_candidate_type of the selected pair
	uint16_t remote_type;
	uint16_t reserved0;
	uint32_t rtt_us; // of the last consent check, 0: unknown
	uint32_t reserved1;
	struct iq_counts in, out;
};

#define IQ_CHANGED_ICE 1
#define IQ_CHANGED_DTLS 2
#define IQ_CHANGED_CONSENT 4
#define IQ_CHANGED_INACTIVE 8
#define IQ_CHANGED_GONE 16 // deleted by the gateway itself: lease over, or drained
#define IQ_CHANGED_BREAKER 32 // a circuit breaker tripped

// Why a stream is no longer sent toward a leg, with the numbers that decided; what a breaker doesn't look at is 0. The gate
// stays shut until it was closed by a command and opened again.
struct iq_trip {
	uint8_t breaker; // iq_breaker, of the last trip of the stream; IQ_BREAKER_NONE: none so far
	uint8_t leg; // toward which it was sent
	uint8_t cause; // the stream whose breaker it was: video is cut first when audio meets congestion
	// Legs toward which the stream is not sent, bits 1 << iq_leg, until its gate is closed by command and then, 15 s after
	// the trip or later, opened again. Opened sooner it stays shut.
	uint8_t ceased;
	uint32_t loss_permille; // mean over the intervals
	uint32_t rtt_us;
	uint32_t rate, limit; // bytes/s: sent, and the most that was tolerable
	uint32_t packet; // mean bytes
	uint32_t intervals,
		intervals_max; // of reports: looked at, or without progress; how many of those are tolerable
	uint32_t silence_ms, silence_max_ms; // since anything was heard of the receiver
};
static_assert(sizeof(struct iq_trip) == 40, "ABI");

struct iq_context_state {
	iq_handle handle;
	char ref[IQ_REF_LEN];
	uint32_t version; // grows with every terminal change; named by the acknowledgement
	uint32_t changed; // IQ_CHANGED_ bits not yet acknowledged
	uint64_t age_us;
	struct iq_leg_state legs[IQ_LEGS];
	struct iq_trip trips[IQ_STREAMS_MAX];
};

struct iq_state_ack {
	iq_handle handle;
	uint32_t version;
	uint32_t reserved;
};

#define IQ_AUDIT_MAX 64

struct iq_audit {
	iq_handle cursor; // 0 begins; then the cursor of the page before
};

struct iq_audit_entry {
	iq_handle handle;
	char ref[IQ_REF_LEN];
};

struct iq_audit_page {
	iq_handle cursor; // 0: this was the last page
	uint32_t count;
	uint32_t reserved;
	struct iq_audit_entry entries[IQ_AUDIT_MAX];
};

struct iq_capacity {
	uint32_t contexts, contexts_max;
	uint32_t busy_permille; // busy cycles of the busiest worker
	uint8_t draining;
	uint8_t reserved[3];
};

struct iq_drain {
	uint8_t on;
	uint8_t reserved[7];
};

#define IQ_PAYLOAD_MAX 16384 // no message is longer
static_assert(sizeof(struct iq_leg_set) <= IQ_PAYLOAD_MAX, "fits a message");
static_assert(sizeof(struct iq_streams_set) <= IQ_PAYLOAD_MAX, "fits a message");
static_assert(sizeof(struct iq_audit_page) <= IQ_PAYLOAD_MAX, "fits a message");
