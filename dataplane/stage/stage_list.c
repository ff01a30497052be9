// SPDX-License-Identifier: Apache-2.0
// The one list of stages: what the gateway runs, the tests test and the benchmarks measure.
#include "stage.h"

const struct worker_stage stage_list[STAGE_COUNT] = {
	{"parse", stage_parse},
	[STAGE_REENTRY] = {"owner", stage_owner},
	{"lookup", stage_lookup},
	{"stun", stage_stun},
	{"dtls", stage_dtls},
	{"admit", stage_admit},
	{"flow", stage_flow},
	{"unprotect", stage_unprotect},
	{"rtcp", stage_rtcp},
	{"demux", stage_demux},
	{"rewrite", stage_rewrite},
	{"protect", stage_protect},
	{"tx", stage_tx},
};
