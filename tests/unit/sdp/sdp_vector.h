// SPDX-License-Identifier: Apache-2.0
// The vector files: reading, running, and reading allocations (also used by the property tests).
#pragma once

#include "sdp.h"

#include <stdio.h>

// Runs one file; what is wrong goes to out. The number of failures.
int vector_run(const char *dir, const char *name, FILE *out);

// An allocation block: "session 7", "cname x", "role active", "section 0 <ip> <port> <rtcp> ...",
// "ice 0 <ufrag> <pwd> <ssrc>". 0 or -1.
int vector_local_parse(char *text, struct sdp_local *local);

// A plan as text, a line a fact.
void vector_plan_print(const struct sdp_plan *plan, FILE *out);
