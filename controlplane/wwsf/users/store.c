// SPDX-License-Identifier: Apache-2.0
// The SQLite file: opening, schema, and the two verbs that users and sessions are made of.
#include "log.h"
#include "store_priv.h"
#include "wwsf_store.h"

#include <errno.h>
#include <stdlib.h>

static const char schema[] =
	"PRAGMA journal_mode = WAL;"
	"PRAGMA foreign_keys = ON;"
	"CREATE TABLE IF NOT EXISTS user (name TEXT PRIMARY KEY, mode TEXT NOT NULL"
	"  CHECK (mode IN ('ims', 'token')), impi TEXT NOT NULL, password TEXT NOT NULL) STRICT;"
	"CREATE TABLE IF NOT EXISTS impu (name TEXT NOT NULL REFERENCES user ON DELETE CASCADE,"
	"  position INTEGER NOT NULL, uri TEXT NOT NULL, PRIMARY KEY (name, position)) STRICT;"
	"CREATE TABLE IF NOT EXISTS session (hash TEXT PRIMARY KEY,"
	"  name TEXT NOT NULL REFERENCES user ON DELETE CASCADE, expires INTEGER NOT NULL) STRICT;"
	"CREATE INDEX IF NOT EXISTS session_expires ON session (expires);";

struct user_store *user_store_open(const char *path)
{
	struct user_store *store = calloc(1, sizeof(*store));
	char *text = NULL;

	if (store == NULL)
		return NULL;
	pthread_mutex_init(&store->lock, NULL);
	if (sqlite3_open(path, &store->db) != SQLITE_OK) {
		log_error("database %s: %s", path, sqlite3_errmsg(store->db));
		goto err;
	}
	// "user add" may run beside the server.
	sqlite3_busy_timeout(store->db, 3000);
	if (sqlite3_exec(store->db, schema, NULL, NULL, &text) != SQLITE_OK) {
		log_error("database %s: %s", path, text != NULL ? text : "schema");
		sqlite3_free(text);
		goto err;
	}
	return store;
err:
	user_store_close(store);
	errno = EIO;
	return NULL;
}

void user_store_close(struct user_store *store)
{
	if (store == NULL)
		return;
	sqlite3_close(store->db);
	pthread_mutex_destroy(&store->lock);
	free(store);
}

sqlite3_stmt *store_prepare(
	struct user_store *store, const char *sql, const char *const *texts, unsigned texts_count)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) != SQLITE_OK) {
		log_error("database: %s", sqlite3_errmsg(store->db));
		return NULL;
	}
	for (unsigned i = 0; i < texts_count; i++) {
		if (sqlite3_bind_text(stmt, (int)i + 1, texts[i], -1, SQLITE_TRANSIENT) !=
			SQLITE_OK) {
			log_error("database: %s", sqlite3_errmsg(store->db));
			sqlite3_finalize(stmt);
			return NULL;
		}
	}
	return stmt;
}

int store_run(struct user_store *store, sqlite3_stmt *stmt)
{
	int ret;

	if (stmt == NULL)
		return -EIO;
	ret = sqlite3_step(stmt);
	sqlite3_finalize(stmt);
	if (ret == SQLITE_DONE)
		return 0;
	if (ret == SQLITE_CONSTRAINT)
		return -EEXIST;
	log_error("database: %s", sqlite3_errmsg(store->db));
	return -EIO;
}
