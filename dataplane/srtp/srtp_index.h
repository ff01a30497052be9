// SPDX-License-Identifier: Apache-2.0
// Packet indices and replay windows (RFC 3711 3.3.1, 3.3.2, 3.4).
#pragma once

#include "srtp.h"

#include <errno.h>
#include <string.h>

#define SRTP_WINDOW 128
#define SRTP_INDEX_END (1ULL << 48) // RTP indices are below
#define SRTCP_INDEX_END (1ULL << 31) // RTCP indices are below

typedef unsigned __int128 srtp_bits;

static inline uint64_t srtp_index_highest(const struct srtp_index *ix)
{
	return (uint64_t)ix->roc << 16 | ix->highest_seq;
}

// RFC 3711 3.3.1. Where the RFC would take ROC - 1 below zero there is no such packet: ROC stays 0.
// SRTP_INDEX_END or more means that the key has expired.
static inline uint64_t srtp_index_estimate(const struct srtp_index *ix, uint16_t seq)
{
	uint64_t roc = ix->roc;
	int distance = seq - ix->highest_seq;

	if (ix->started && distance > 32768 && ix->highest_seq < 32768 && roc > 0)
		roc--;
	else if (ix->started && ix->highest_seq >= 32768 && -distance > 32768)
		roc++;
	return roc << 16 | seq;
}

// 0, or -EEXIST when index is marked or lies below the window that ends at highest.
static inline int srtp_window_check(const uint64_t window[2], uint64_t highest, uint64_t index)
{
	uint64_t age = highest - index;

	if (index > highest)
		return 0;
	if (age >= SRTP_WINDOW)
		return -EEXIST;
	return window[age >> 6] >> (age & 63) & 1 ? -EEXIST : 0;
}

// Marks an index that srtp_window_check() let pass; the window then ends at the higher of the two.
static inline void srtp_window_mark(uint64_t window[2], uint64_t highest, uint64_t index)
{
	srtp_bits bits;

	memcpy(&bits, window, sizeof(bits));
	if (index <= highest)
		bits |= (srtp_bits)1 << (highest - index);
	else
		bits = index - highest < SRTP_WINDOW ? bits << (index - highest) | 1 : 1;
	memcpy(window, &bits, sizeof(bits));
}

// 0, -EEXIST, or -EKEYEXPIRED.
static inline int srtp_index_check(const struct srtp_index *ix, uint64_t index)
{
	if (index >= SRTP_INDEX_END)
		return -EKEYEXPIRED;
	return ix->started ? srtp_window_check(ix->window, srtp_index_highest(ix), index) : 0;
}

static inline void srtp_index_mark(struct srtp_index *ix, uint64_t index)
{
	uint64_t highest = ix->started ? srtp_index_highest(ix) : index;

	srtp_window_mark(ix->window, highest, index);
	ix->started = 1;
	if (index >= highest) {
		ix->roc = (uint32_t)(index >> 16);
		ix->highest_seq = (uint16_t)index;
	}
}

static inline int srtcp_index_check(const struct srtp_index *ix, uint32_t index)
{
	return ix->rtcp_started ? srtp_window_check(ix->rtcp_window, ix->rtcp_index, index) : 0;
}

static inline void srtcp_index_mark(struct srtp_index *ix, uint32_t index)
{
	uint32_t highest = ix->rtcp_started ? ix->rtcp_index : index;

	srtp_window_mark(ix->rtcp_window, highest, index);
	ix->rtcp_started = 1;
	if (index > highest)
		highest = index;
	ix->rtcp_index = highest;
}
