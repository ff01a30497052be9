// SPDX-License-Identifier: Apache-2.0
// Sizes of the parts of RTCP packets, in bytes (RFC 3550 6.4, RFC 4585 6.1).
#pragma once

#define RTCP_HEAD 4
#define RTCP_RR_HEAD 8 // with the sender's SSRC
#define RTCP_SR_HEAD 28 // with SSRC and sender info
#define RTCP_FB_HEAD 12 // with both SSRCs
#define RTCP_REPORT 24
#define RTCP_COUNT_MAX 31
