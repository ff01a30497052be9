// SPDX-License-Identifier: Apache-2.0
// The stages of the media path, in the order a worker runs them. One file a stage; none calls another.
//
// Each takes a burst of n packets, returns how many go on, moved to the front in their order (worker.h).
#pragma once

#include "worker.h"

// Ethernet, VLAN, IP, UDP: fills where a packet arrived; what isn't UDP for one of our addresses goes to main.
uint16_t stage_parse(struct worker *w, struct rte_mbuf **pkts, uint16_t n);
// Packets of another worker's shard are handed over to it.
uint16_t stage_owner(struct worker *w, struct rte_mbuf **pkts, uint16_t n);
// The transport of the local port, and what the first byte says (RFC 7983).
uint16_t stage_lookup(struct worker *w, struct rte_mbuf **pkts, uint16_t n);
// STUN ends here: answered by the transport's ICE agent.
uint16_t stage_stun(struct worker *w, struct rte_mbuf **pkts, uint16_t n);
// DTLS from sources whose check was authenticated is punted to its service; the rest ends here.
uint16_t stage_dtls(struct worker *w, struct rte_mbuf **pkts, uint16_t n);
// Media from sources that passed no check ends here; a little of what comes before its keys waits, the rest ends too.
uint16_t stage_admit(struct worker *w, struct rte_mbuf **pkts, uint16_t n);
// The flow of the SSRC, made when it's new.
uint16_t stage_flow(struct worker *w, struct rte_mbuf **pkts, uint16_t n);
// SRTP and SRTCP to plain; bad tags and replays end here. Runs also while a gate is shut: the rollover counter counts.
uint16_t stage_unprotect(struct worker *w, struct rte_mbuf **pkts, uint16_t n);
// RTCP ends here: translated and sent to the other leg.
uint16_t stage_rtcp(struct worker *w, struct rte_mbuf **pkts, uint16_t n);
// The m= section of an RTP packet (RFC 9143), reception statistics, gates.
uint16_t stage_demux(struct worker *w, struct rte_mbuf **pkts, uint16_t n);
// The header as the other leg wants it: SSRC, payload type, sequence number, timestamp, no extensions.
uint16_t stage_rewrite(struct worker *w, struct rte_mbuf **pkts, uint16_t n);
// Plain to SRTP where the other leg is secure.
uint16_t stage_protect(struct worker *w, struct rte_mbuf **pkts, uint16_t n);
// Out to the port: headers, checksums, fragments, hairpins. Nothing goes on.
uint16_t stage_tx(struct worker *w, struct rte_mbuf **pkts, uint16_t n);

// All of them in order: what every worker runs (worker_config). Packets that come from another worker, and held ones,
// enter again at STAGE_REENTRY.
#define STAGE_COUNT 13
#define STAGE_REENTRY 1 // owner
extern const struct worker_stage stage_list[STAGE_COUNT];
