// SPDX-License-Identifier: Apache-2.0
// The store on SQLite: a table a kind, write-ahead log, one process at a time.
#include "clock.h"
#include "store_sqlite_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const sqlite_tables[STORE_KINDS] = {
	[STORE_REGISTRATION] = "registrations",
	[STORE_DIALOG] = "dialogs",
	[STORE_TOKEN_KEY] = "keys",
};

static const char *const texts[STATEMENTS] = {
	[PUT] = "INSERT OR REPLACE INTO %s (key, version, expires, value) VALUES (?1, ?2, ?3, ?4)",
	[DEL] = "DELETE FROM %s WHERE key = ?1",
	[LOAD] = "SELECT key, version, expires, value FROM %s WHERE key > ?1"
		 " AND (expires = 0 OR expires > ?2) ORDER BY key LIMIT ?3",
	[EXPIRE] = "DELETE FROM %s WHERE expires <> 0 AND expires <= ?1",
};

int sqlite_errno(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_PERM:
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
		return -EACCES;
	default:
		return -EIO;
	}
}

int sqlite_run(struct sqlite *sqlite, const char *text)
{
	return sqlite_errno(sqlite3_exec(sqlite->db, text, NULL, NULL, NULL));
}

int sqlite_prepare_all(struct sqlite *sqlite)
{
	char text[256];
	int rc = SQLITE_OK;

	for (int kind = 0; kind < STORE_KINDS; kind++) {
		for (int i = 0; i < STATEMENTS && rc == SQLITE_OK; i++) {
			snprintf(text, sizeof(text), texts[i], sqlite_tables[kind]);
			rc = sqlite3_prepare_v3(sqlite->db, text, -1, SQLITE_PREPARE_PERSISTENT,
				&sqlite->statements[kind][i], NULL);
		}
	}
	return sqlite_errno(rc);
}

static int step_reset(sqlite3_stmt *statement)
{
	int rc = sqlite3_step(statement);

	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return sqlite_errno(rc);
}

static int op_run(struct sqlite *sqlite, const struct op *op)
{
	const struct store_record *record = &op->record;
	sqlite3_stmt *statement = sqlite->statements[op->kind][op->type == OP_PUT ? PUT : DEL];

	sqlite3_bind_text(statement, 1, record->key, -1, SQLITE_STATIC);
	if (op->type == OP_PUT) {
		sqlite3_bind_int64(statement, 2, record->version);
		sqlite3_bind_int64(statement, 3, record->expires_s);
		if (record->len > 0)
			sqlite3_bind_blob(
				statement, 4, record->value, (int)record->len, SQLITE_STATIC);
		else
			sqlite3_bind_zeroblob(statement, 4, 0);
	}
	return step_reset(statement);
}

// A durable commit flushes the log, and with it every commit before.
static int sync_set(struct sqlite *sqlite, bool is_full)
{
	int ret;

	if (sqlite->is_full_sync == is_full)
		return 0;
	ret = sqlite_run(
		sqlite, is_full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
	if (ret == 0)
		sqlite->is_full_sync = is_full;
	return ret;
}

static int sqlite_batch(void *db, const struct op_list *ops, bool is_durable)
{
	struct sqlite *sqlite = db;
	const struct op *op;
	int ret = sync_set(sqlite, is_durable);

	if (ret == 0)
		ret = sqlite_run(sqlite, "BEGIN IMMEDIATE");
	if (ret < 0)
		return ret;
	STAILQ_FOREACH (op, ops, turn) {
		ret = op_run(sqlite, op);
		if (ret < 0)
			break;
	}
	if (ret == 0)
		ret = sqlite_run(sqlite, "COMMIT");
	// Some errors have rolled back already.
	if (ret < 0 && !sqlite3_get_autocommit(sqlite->db))
		(void)sqlite_run(sqlite, "ROLLBACK");
	return ret;
}

static struct row *row_make(sqlite3_stmt *statement)
{
	size_t key_len = (size_t)sqlite3_column_bytes(statement, 0);
	const void *key = sqlite3_column_text(statement, 0);
	size_t len = (size_t)sqlite3_column_bytes(statement, 3);
	const void *value = sqlite3_column_blob(statement, 3);
	struct row *row;

	if (key == NULL || (value == NULL && len > 0))
		return NULL;
	row = calloc(1, sizeof(*row) + key_len + 1 + len);
	if (row == NULL)
		return NULL;
	row->size = key_len + 1 + len;
	memcpy(row->bytes, key, key_len);
	if (len > 0)
		memcpy(row->bytes + key_len + 1, value, len);
	row->record = (struct store_record){
		.key = (const char *)row->bytes,
		.version = (uint32_t)sqlite3_column_int64(statement, 1),
		.expires_s = sqlite3_column_int64(statement, 2),
		.value = row->bytes + key_len + 1,
		.len = len,
	};
	return row;
}

static int sqlite_load(void *db, enum store_kind kind, const char *after, struct page *page)
{
	struct sqlite *sqlite = db;
	sqlite3_stmt *statement = sqlite->statements[kind][LOAD];
	int rc, ret = 0;

	sqlite3_bind_text(statement, 1, after, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, clock_wall_s());
	sqlite3_bind_int(statement, 3, STORE_PAGE);
	while (ret == 0 && (rc = sqlite3_step(statement)) != SQLITE_DONE) {
		struct row *row = rc == SQLITE_ROW ? row_make(statement) : NULL;

		if (row != NULL)
			page->rows[page->count++] = row;
		else
			ret = rc == SQLITE_ROW ? -ENOMEM : sqlite_errno(rc);
	}
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return ret;
}

static int sqlite_expire(void *db, int64_t now_s)
{
	struct sqlite *sqlite = db;
	int ret = 0;

	for (int kind = 0; kind < STORE_KINDS && ret == 0; kind++) {
		sqlite3_bind_int64(sqlite->statements[kind][EXPIRE], 1, now_s);
		ret = step_reset(sqlite->statements[kind][EXPIRE]);
	}
	return ret;
}

const struct backend backend_sqlite = {
	.open = sqlite_open,
	.close = sqlite_close_all,
	.batch = sqlite_batch,
	.load = sqlite_load,
	.expire = sqlite_expire,
};
