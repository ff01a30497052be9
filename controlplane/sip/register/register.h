// SPDX-License-Identifier: Apache-2.0
// REGISTER between browsers and the core, and the withdrawal of bindings that ended here.
#pragma once

#include "sip_stack.h"

// register_relay.c: a REGISTER of a browser; takes it over.
void register_receive(struct sip_stack *stack, struct uas *uas);
// The headers of every REGISTER of ours: Path with ;ob where the client's request asks for it, Require; and the network's.
int register_path_add(
	struct sip_stack *stack, msg_t *msg, const sip_t *request, const char *flow_token);
int register_network_add(struct sip_stack *stack, msg_t *msg, const char *home_domain);

// register_withdraw.c: the core is told that a binding is gone (expires 0), where it doesn't know yet.
void register_withdraw(struct sip_stack *stack, const struct registration_view *view);
