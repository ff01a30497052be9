// SPDX-License-Identifier: Apache-2.0
// The signalling stack: W2 transactions, Mw over nta, REGISTER relay, and the legs that calls drive.
//
// Everything here runs on the event loop's thread (sofia's su_root).
#pragma once

#include "call.h"
#include "registration.h"
#include "sip_bag.h"
#include "sip_config.h"
#include "sip_timer.h"
#include "ws.h"

#include <stddef.h>

struct sip_stack;

// Nothing comes in yet: first what was before is restored. NULL with errno, and a sentence in err.
struct sip_stack *sip_stack_create(const struct sip_config *config, char *err, size_t err_len);

// Opens the Mw sockets and takes the browsers' server. 0, or -errno with a sentence in err.
int sip_stack_open(
	struct sip_stack *stack, const struct sip_doors *doors, char *err, size_t err_len);
void sip_stack_close(struct sip_stack *stack); // the server is gone

void sip_stack_destroy(struct sip_stack *stack);

// INVITEs are refused with 503 until this was called, and again after calls NULL.
void sip_stack_calls_set(struct sip_stack *stack, struct calls *calls);

// What ws_dispatch() delivers: a ws_on_event whose arg is the stack. It also tells registrations of connections.
void sip_stack_on_ws(const struct ws_event *event, void *stack);

// What registrations tell: a registrations_config.on_event may pass it on. Parks, resumes and ends the calls of the
// binding, and tells the core of bindings that ended here.
void sip_stack_on_registration(struct sip_stack *stack, const struct registration_event *event);

// For calls_config: a leg of the stack, rebuilt from what its record() wrote. 0; -EINVAL; -EEXIST; -ENOMEM.
int sip_leg_restore(void *stack, struct call *call, enum call_side side, const char *text,
	size_t len, struct call_leg *out);

void sip_counters_get(const struct sip_stack *stack, struct sip_counters *out);
