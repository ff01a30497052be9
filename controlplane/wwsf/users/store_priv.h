// SPDX-License-Identifier: Apache-2.0
// What users.c and sessions.c share of the open store.
#pragma once

#include <pthread.h>
#include <sqlite3.h>

struct user_store {
	pthread_mutex_t lock; // one statement at a time: a login costs 0.1 s of scrypt outside it
	sqlite3 *db;
};

// Prepares sql and binds the text arguments in order. NULL and a log line on error.
sqlite3_stmt *store_prepare(
	struct user_store *store, const char *sql, const char *const *texts, unsigned texts_count);
// Runs a statement that answers no rows, and finishes it. 0, -EEXIST on a constraint, -EIO.
int store_run(struct user_store *store, sqlite3_stmt *stmt);
