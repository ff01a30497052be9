// SPDX-License-Identifier: Apache-2.0
// What must survive a restart of ep-cscf: records by kind and key, written by a thread of the
// store's own.
//
// All calls belong to the thread of the event loop and never wait for the disk; callbacks come from
// store_dispatch. Operations take effect in the order of their submission.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

enum store_kind {
	STORE_REGISTRATION, // bindings, by binding id
	STORE_DIALOG, // confirmed calls as flat records, by the call's id
	STORE_TOKEN_KEY, // keys of flow tokens, by rotation id
	STORE_KINDS
};

#define STORE_KEY_MAX 1024 // characters of a key
#define STORE_VALUE_MAX 65536 // bytes of a value

struct store_record {
	const char *key;
	uint32_t version; // of the value's layout: its owner's business
	int64_t expires_s; // seconds since 1970, 0: never; expired records are not loaded, and removed in time
	const void *value;
	size_t len; // in bytes
};

// status: 0 or -errno: -ENOSPC disk full, -EIO, -ENOMEM, -EBUSY. Nothing of the operation is stored
// then.
typedef void store_on_done(int status, void *arg);
typedef void store_on_record(const struct store_record *record, void *arg);

struct store_done {
	bool is_durable; // on_done comes when the disk has it: it outlives a power cut, and so does all before it
	store_on_done *on_done; // NULL: nobody is told
	void *arg; // the owner, by which store_cancel finds it
};

struct store_config {
	const char *location; // path of an SQLite file, made if it isn't there
	unsigned ops_max; // submitted and not yet completed; 0: 65536
	size_t bytes_max; // of their keys and values; 0: 64 MiB
};

// Opens and checks the store and starts its thread. NULL with errno, and a sentence in why that
// says what to do: EBUSY another process has it open, EUCLEAN damaged or not a store, EPROTO of a
// newer schema, others from the system.
struct store *store_open(const struct store_config *config, char *why, size_t why_len);

// Writes what was submitted, waits for it, and closes; callbacks don't come any more. NULL is fine.
void store_close(struct store *store);

// One descriptor for poll or epoll: readable when store_dispatch has completions.
int store_fd(const struct store *store);

// Calls back for what is complete. Callbacks may submit and cancel.
void store_dispatch(struct store *store);

// Writes a record, replacing one of the same key; everything is copied. done may be NULL (written
// behind, nobody is told). 0; -EINVAL key empty or too long, value too long; -EAGAIN too much is
// waiting; -ENOMEM.
int store_put(struct store *store, enum store_kind kind, const struct store_record *record,
	const struct store_done *done);

// Removes a record; there being none is no error. As store_put.
int store_del(
	struct store *store, enum store_kind kind, const char *key, const struct store_done *done);

// Reads all records of a kind that haven't expired, in the order of their keys, some at a time:
// on_record for each, valid during the call, then done. What is written meanwhile may or may not be
// among them. As store_put; done is needed.
int store_load_all(struct store *store, enum store_kind kind, store_on_record *on_record,
	const struct store_done *done);

// The owner dies: its callbacks never come. What it submitted is still written.
void store_cancel(struct store *store, const void *arg);
