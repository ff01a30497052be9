// SPDX-License-Identifier: Apache-2.0
// The process: what its modules share, and the ladder they are started by.
#pragma once

#include "call.h"
#include "cscf_config.h"
#include "iq_client.h"
#include "registration.h"
#include "sip.h"
#include "store.h"
#include "ws.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct admin;
struct auth;

// Set by the modules in their order; each may use what stands above its own.
struct cscf {
	const struct cscf_config *config;
	void *root; // su_root_t
	struct store *store;
	struct iq_client *iq;
	uint64_t media_lost_us[UINT8_MAX + 1]; // by gateway: since when, 0: there, or never missed
	bool media_seen[UINT8_MAX + 1]; // by gateway: attached before in this process
	struct auth *auth;
	struct registrations *registrations;
	struct ws_server *ws;
	struct sip_stack *sip;
	struct calls *calls;
	struct admin *admin; // NULL: no door is configured
};

struct module {
	const char *name;
	int (*init)(struct cscf *cscf, char *why, size_t why_len); // 0, or -errno with a sentence
	void (*fini)(struct cscf *cscf);
};

// In init order; fini in reverse.
extern const struct module *const modules[];
extern const unsigned module_count;

extern const struct module module_store, module_media, module_auth, module_registration, module_sip,
	module_calls, module_doors, module_admin;

// Calls on_readable(arg) from the loop whenever fd is readable. 0 or -errno; undone by loop_forget.
int loop_watch(struct cscf *cscf, int fd, void (*on_readable)(void *arg), void *arg);
void loop_forget(struct cscf *cscf, int fd);
// Calls on_tick(arg) every ms until the loop is destroyed.
int loop_every(struct cscf *cscf, unsigned ms, void (*on_tick)(void *arg), void *arg);

// Reads all records of a kind before it returns: only while the process starts, and nobody waits. 0 or -errno.
int load_all(struct cscf *cscf, enum store_kind kind, store_on_record *on_record);

int loop_create(struct cscf *cscf);
int loop_run(struct cscf *cscf); // until SIGTERM or SIGINT: which one
void loop_destroy(struct cscf *cscf);
