// SPDX-License-Identifier: Apache-2.0
// The one list of a worker's counters. Names are what metrics and operators see.
#pragma once

#include <stdint.h>

#define WORKER_COUNTERS(X)                                                                         \
	X(rx_packets)                                                                              \
	X(tx_packets)                                                                              \
	X(busy_cycles)                                                                             \
	X(idle_cycles)                                                                             \
	X(steer_hits)                                                                              \
	X(steer_misses)                                                                            \
	X(handed_over)                                                                             \
	X(held)                                                                                    \
	X(hairpins)                                                                                \
	X(to_main)                                                                                 \
	X(fragments_sent)                                                                          \
	X(reassembled)                                                                             \
	X(stun_requests)                                                                           \
	X(stun_responses)                                                                          \
	X(stun_errors)                                                                             \
	X(dtls_punted)                                                                             \
	X(dtls_repeated)                                                                           \
	X(rtcp_relayed)                                                                            \
	X(key_frames_asked)                                                                        \
	X(breakers_tripped)                                                                        \
	X(drop_malformed)                                                                          \
	X(drop_not_ours)                                                                           \
	X(drop_checksum)                                                                           \
	X(drop_fragment)                                                                           \
	X(drop_to_main_full)                                                                       \
	X(drop_handover_full)                                                                      \
	X(drop_handover_hops)                                                                      \
	X(drop_no_transport)                                                                       \
	X(drop_classify)                                                                           \
	X(drop_stun_malformed)                                                                     \
	X(drop_stun_integrity)                                                                     \
	X(drop_stun_unknown_user)                                                                  \
	X(drop_stun_budget)                                                                        \
	X(drop_stun_late)                                                                          \
	X(drop_dtls_source)                                                                        \
	X(drop_dtls_full)                                                                          \
	X(drop_dtls_budget)                                                                        \
	X(drop_source)                                                                             \
	X(drop_no_keys)                                                                            \
	X(drop_rtp_malformed)                                                                      \
	X(drop_rtcp_malformed)                                                                     \
	X(drop_ssrc_limit)                                                                         \
	X(drop_srtp_auth)                                                                          \
	X(drop_srtp_replay)                                                                        \
	X(drop_srtp_expired)                                                                       \
	X(drop_gate)                                                                               \
	X(drop_demux)                                                                              \
	X(drop_payload_type)                                                                       \
	X(drop_sequence)                                                                           \
	X(drop_no_remote)                                                                          \
	X(drop_no_consent)                                                                         \
	X(drop_no_neighbour)                                                                       \
	X(drop_tx_full)                                                                            \
	X(drop_no_mbuf)

enum worker_counter {
#define X(name) COUNTER_##name,
	WORKER_COUNTERS(X)
#undef X
		COUNTER_COUNT
};

// Name of a counter, for the stats page.
const char *worker_counter_name(enum worker_counter counter);
