// SPDX-License-Identifier: Apache-2.0
// Media contexts: what Iq commands do to a shard, and what the shard tells back. On the shard's worker only.
#pragma once

#include "arena.h"
#include "dtls.h"

#include <stddef.h>
#include <stdint.h>

struct shard_config {
	uint8_t number, gateway;
	uint16_t contexts; // most that the shard holds
	bool has_huge_pages; // of 2 MB, reserved: taken while there are enough
	const struct networks *networks;
	uint64_t random[2];
};

// An arena in a memfd of its own, not dumped in cores; the machine's small pages take the place of huge ones that are
// missing (shard->is_huge). NULL with errno. The descriptor is returned too, for whoever keeps it over a restart. Main,
// before the workers start.
struct shard *shard_create(const struct shard_config *config, int *fd);
void shard_destroy(struct shard *shard);

// A message between main and a worker: an Iq command on its way in, a reply or state on its way out.
struct context_msg {
	uint16_t type; // iq_type
	uint8_t shard;
	uint8_t reserved;
	int32_t status; // of a reply
	uint64_t txn;
	uint32_t len;
	uint32_t reserved2;
	uint8_t payload[];
};

// What main adds to IQ_CONTEXT_RESERVE, behind the command's struct: randomness is drawn by main, since a worker makes
// no system call.
struct context_seed {
	char ufrag[12], pwd[36], cname[20];
	uint8_t fingerprint[32];
	uint64_t tiebreaker;
	uint32_t ssrc[IQ_STREAMS_MAX][IQ_LEGS];
	uint16_t seq[IQ_STREAMS_MAX][IQ_LEGS]; // first sequence numbers, below 2^15 (RFC 3711)
	uint8_t lite;
	uint8_t reserved[3];
};

// worker_ops of the media plane: commands, timers, outputs of the DTLS service.
void context_on_command(struct worker *w, void *data, uint32_t len);
void context_on_timer(struct worker *w, uint8_t shard, uint16_t transport);
void context_on_idle(struct worker *w);

// For the stages.

// A STUN datagram: answered, counted.
void context_on_stun(struct worker *w, struct shard *shard, uint16_t transport, struct rte_mbuf *m);
// A DTLS datagram from a source that context_admits_dtls().
void context_on_dtls(struct worker *w, struct shard *shard, uint16_t transport, struct rte_mbuf *m);
// The first authenticated packet on a transport.
void context_on_media(struct worker *w, struct shard *shard, uint16_t transport);
// Whether media from a packet's source is taken: a succeeded pair, or the signalled address.
bool context_admits(struct shard *shard, const struct transport *transport, const struct pkt *pkt);
// The same of DTLS: also a source whose check was authenticated, before ours of it succeeded.
bool context_admits_dtls(
	struct shard *shard, const struct transport *transport, const struct pkt *pkt);

// Whether media that came before its keys may wait for them.
bool context_awaits_keys(struct shard *shard, const struct transport *transport);

// Whether RTP (component 0) or RTCP (1) may leave through a transport now; false counts why not.
bool context_may_send(struct worker *w, struct shard *shard, const struct transport *transport,
	unsigned component);

// A report has come about what stream n sends: its circuit breakers are looked at soon.
void context_breakers_due(
	struct worker *w, struct shard *shard, const struct context *context, unsigned n);

// Sends a plain RTCP packet, its bytes copied, toward a leg of a stream, protected there. False, and counted, where nothing
// may leave.
bool context_rtcp_send(struct worker *w, struct shard *shard, struct stream *stream,
	enum iq_leg leg, const uint8_t *bytes, uint16_t len);

// The state as the controller sees it.
void context_state_get(struct worker *w, struct shard *shard, const struct context *context,
	struct iq_context_state *out);
