// SPDX-License-Identifier: Apache-2.0
// What the files of shared/iq share with each other.
#pragma once

#include "iq_abi.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Everything but *ring is private to this side: the other one can't spoil it.
struct iq_ring_end {
	struct iq_ring *ring;
	uint32_t own; // our index: head of a producer, tail of a consumer
	uint32_t peer; // the last good index of the other side
	int wake_sock; // of the other side, -1: none
	bool broken; // the other side spoiled something
};

void ring_end_init(struct iq_ring_end *end, struct iq_ring *ring);

// A new memfd of this size: descriptor, or -errno.
int memfd_make(const char *name, size_t size);

// Size of a memfd that nobody can shrink under a reader's feet, or -errno.
int64_t memfd_size(int fd, char *why, size_t why_len);

// Writes "<who> speaks Iq a.b, we c.d".
void version_differs(char *why, size_t why_len, const char *who, unsigned major, unsigned minor);
