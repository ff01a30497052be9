// SPDX-License-Identifier: Apache-2.0
// Requests outside of calls, both ways, and the dialogs of their subscriptions.
#pragma once

#include "sip_stack.h"

// Any request outside of dialogs but INVITE and REGISTER; takes it over.
void relay_from_wic(struct sip_stack *stack, struct uas *uas);
void relay_from_core(
	struct sip_stack *stack, struct uas *uas, const struct registration_view *view);

// Ends the subscription that owns a leg (sip_leg.owner), for the end of the stack.
void relay_abandon(void *owner);
