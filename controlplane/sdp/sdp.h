// SPDX-License-Identifier: Apache-2.0
// SDP offer/answer between a browser (WebRTC) and the IMS: pure functions, any thread, no I/O.
#pragma once

#include "sdp_offer.h"
#include "sdp_plan.h"
#include "sdp_text.h"
#include "sdp_value.h"
