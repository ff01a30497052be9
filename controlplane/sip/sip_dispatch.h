// SPDX-License-Identifier: Apache-2.0
// What the transaction layers deliver, and whom it is for.
#pragma once

#include "sip_stack.h"

void sip_on_w2_request(void *stack, struct uas *uas);
void sip_on_w2_ack(void *stack, ws_conn conn, msg_t *ack);
void sip_on_mw_request(void *stack, struct uas *uas);
