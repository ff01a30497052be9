// SPDX-License-Identifier: Apache-2.0
// Opening an SQLite store: lock, log, schema, damage; each with the sentence that says what to do.
#include "store_sqlite_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCHEMA_VERSION 1
#define APPLICATION_ID 0x49737468 // "Isth"

// First column of the first row as a number.
static int sql_number(struct sqlite *sqlite, const char *text, int *number)
{
	sqlite3_stmt *statement;
	int rc = sqlite3_prepare_v2(sqlite->db, text, -1, &statement, NULL);

	if (rc == SQLITE_OK) {
		rc = sqlite3_step(statement);
		if (rc == SQLITE_ROW)
			*number = sqlite3_column_int(statement, 0);
		sqlite3_finalize(statement);
	}
	return sqlite_errno(rc);
}

static int schema_make(struct sqlite *sqlite)
{
	char text[512];
	int ret = sqlite_run(sqlite, "BEGIN IMMEDIATE");

	for (int kind = 0; kind < STORE_KINDS && ret == 0; kind++) {
		snprintf(text, sizeof(text),
			"CREATE TABLE %s (key TEXT PRIMARY KEY, version INTEGER NOT NULL,"
			" expires INTEGER NOT NULL, value BLOB NOT NULL) WITHOUT ROWID;"
			"CREATE INDEX %s_expires ON %s (expires) WHERE expires <> 0",
			sqlite_tables[kind], sqlite_tables[kind], sqlite_tables[kind]);
		ret = sqlite_run(sqlite, text);
	}
	snprintf(text, sizeof(text), "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
		APPLICATION_ID, SCHEMA_VERSION);
	return ret < 0 ? ret : sqlite_run(sqlite, text);
}

// Makes the schema in an empty file, accepts this version's.
static int schema_check(struct sqlite *sqlite, const char *path, char *why, size_t why_len)
{
	int application = 0, version = 0, objects = 0;
	int ret = sql_number(sqlite, "SELECT count(*) FROM sqlite_master", &objects);

	if (ret == 0)
		ret = sql_number(sqlite, "PRAGMA application_id", &application);
	if (ret == 0)
		ret = sql_number(sqlite, "PRAGMA user_version", &version);
	if (ret < 0)
		return ret;
	if (objects == 0 && application == 0)
		return schema_make(sqlite);
	if (application != APPLICATION_ID) {
		snprintf(why, why_len,
			"%s is another program's database: configure another path for the store",
			path);
		return -EUCLEAN;
	}
	if (version != SCHEMA_VERSION) {
		snprintf(why, why_len,
			"the store %s has schema version %d, this program knows %d: run the "
			"release that wrote it, or move the file away",
			path, version, SCHEMA_VERSION);
		return -EPROTO;
	}
	return 0;
}

// 0 when the first column of the first row is this text, other when it is another one, -errno.
static int text_check(struct sqlite *sqlite, const char *query, const char *want, int other)
{
	sqlite3_stmt *statement;
	int rc = sqlite3_prepare_v2(sqlite->db, query, -1, &statement, NULL);
	const char *text;
	int ret;

	if (rc != SQLITE_OK)
		return sqlite_errno(rc);
	rc = sqlite3_step(statement);
	ret = sqlite_errno(rc);
	text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
	if (ret == 0 && (text == NULL || strcmp(text, want) != 0))
		ret = other;
	sqlite3_finalize(statement);
	return ret;
}

static void why_tell(int ret, const char *path, char *why, size_t why_len)
{
	if (why[0] != '\0')
		return;
	if (ret == -EBUSY)
		snprintf(why, why_len,
			"another process has the store %s open: stop it or configure another path",
			path);
	else if (ret == -EUCLEAN)
		snprintf(why, why_len,
			"the store %s is damaged or isn't a database: move it away and a new one "
			"is "
			"made; clients register again, calls in progress end",
			path);
	else if (ret == -EOPNOTSUPP)
		snprintf(why, why_len,
			"the file system of the store %s can't keep a write-ahead log: configure a "
			"path on a local disk",
			path);
	else
		snprintf(why, why_len, "the store %s can't be opened: %s", path, strerror(-ret));
}

// The file holds keys: nobody else may read it, nor the log beside it, which takes its mode.
static int file_make(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

void sqlite_close_all(void *arg)
{
	struct sqlite *sqlite = arg;

	for (int kind = 0; kind < STORE_KINDS; kind++) {
		for (int i = 0; i < STATEMENTS; i++)
			sqlite3_finalize(sqlite->statements[kind][i]);
	}
	sqlite3_close(sqlite->db);
	free(sqlite);
}

int sqlite_open(void **db, const char *location, char *why, size_t why_len)
{
	struct sqlite *sqlite = calloc(1, sizeof(*sqlite));
	int ret;

	why[0] = '\0';
	if (sqlite == NULL)
		return -ENOMEM;
	ret = file_make(location);
	if (ret == 0)
		ret = sqlite_errno(sqlite3_open_v2(location, &sqlite->db,
			SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL));
	// The lock keeps a second process out, and spares the shared index of the log.
	if (ret == 0)
		ret = sqlite_run(sqlite,
			"PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
			"PRAGMA synchronous = NORMAL; PRAGMA secure_delete = FAST;"
			"BEGIN EXCLUSIVE; COMMIT");
	if (ret == 0)
		ret = text_check(sqlite, "PRAGMA journal_mode", "wal", -EOPNOTSUPP);
	if (ret == 0)
		ret = schema_check(sqlite, location, why, why_len);
	if (ret == 0)
		ret = text_check(sqlite, "PRAGMA quick_check(1)", "ok", -EUCLEAN);
	if (ret == 0)
		ret = sqlite_prepare_all(sqlite);
	if (ret < 0) {
		why_tell(ret, location, why, why_len);
		sqlite_close_all(sqlite);
		return ret;
	}
	*db = sqlite;
	return 0;
}
