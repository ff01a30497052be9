// SPDX-License-Identifier: Apache-2.0
// isthmusctl: asks the operator's door of ep-cscf and prints what it says.
#pragma once

#include <jansson.h>
#include <stddef.h>

#define CTL_DOOR "/run/isthmus/ep-cscf.sock"

enum ctl_exit { CTL_OK, CTL_REFUSED, CTL_USAGE, CTL_UNREACHABLE };

struct ctl_door {
	const char *where; // path of a unix socket, or http://ADDRESS:PORT
	const char *token; // file; NULL: none
};

// Asks once. CTL_OK and the answer, owned by the caller; else a sentence in why.
enum ctl_exit ctl_ask(const struct ctl_door *door, const char *method, const char *path,
	json_t **answer, char why[256]);

// table.c: answers for people, on standard output.
void table_status(const json_t *root);
void table_calls(const json_t *root);
void table_registrations(const json_t *root);
void table_contexts(const json_t *root);
void table_context(const json_t *root);
