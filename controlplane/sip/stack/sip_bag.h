// SPDX-License-Identifier: Apache-2.0
// Bags of headers: how a message passes through the call, which never looks inside.
#pragma once

#include "call.h"

#include <sofia-sip/msg.h>
#include <sofia-sip/sip.h>

struct call_bag {
	unsigned refs;
	msg_t *msg;
};

struct call_bag *bag_create(msg_t *msg); // takes a reference of its own; NULL: no memory

// What the call gets to see of a message; bag NULL is legal.
struct call_msg call_msg_of(const sip_t *sip, struct call_bag *bag);

struct call_bag *sip_bag_ref(struct call_bag *bag);
void sip_bag_unref(struct call_bag *bag); // NULL is legal
