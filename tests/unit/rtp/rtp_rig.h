// SPDX-License-Identifier: Apache-2.0
// A shard with one context, made by hand: two sections bundled on one access transport, a core transport each.
#pragma once

#include "context_priv.h"
#include "rtp.h"

#include <stdint.h>

#define RIG_STREAMS 3 // audio, video, audio

struct rtp_rig {
	struct shard *shard;
	int fd;
	struct context *context;
	uint16_t access, core[RIG_STREAMS]; // transports
};

int rig_up(void **state);
int rig_down(void **state);

struct stream *rig_stream(const struct rtp_rig *rig, unsigned n);
// A flow of an SSRC on a transport: its index.
uint16_t rig_flow(const struct rtp_rig *rig, uint16_t transport, uint32_t ssrc);

// A small generator, the same in every run.
uint32_t rig_random(void);
