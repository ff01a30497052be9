// SPDX-License-Identifier: Apache-2.0
// What the two files of the SQLite backend share.
#pragma once

#include "store_priv.h"

#include <sqlite3.h>

enum statement { PUT, DEL, LOAD, EXPIRE, STATEMENTS };

struct sqlite {
	sqlite3 *db;
	sqlite3_stmt *statements[STORE_KINDS][STATEMENTS];
	bool is_full_sync; // what PRAGMA synchronous says now
};

extern const char *const sqlite_tables[STORE_KINDS];

// Opens for backend.open, which see.
int sqlite_open(void **db, const char *location, char *why, size_t why_len);
void sqlite_close_all(void *sqlite);

int sqlite_prepare_all(struct sqlite *sqlite);

// Runs statements without parameters or results: 0 or -errno.
int sqlite_run(struct sqlite *sqlite, const char *text);

// -errno for a result code, 0 for OK, ROW and DONE.
int sqlite_errno(int rc);
