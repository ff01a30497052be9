// SPDX-License-Identifier: Apache-2.0
// Login sessions: they outlive a restart, so a token is renewed in mid-call all the same.
#include "hex.h"
#include "store_priv.h"
#include "wwsf_store.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <errno.h>
#include <stdio.h>

#define HASH_TEXT_MAX (2 * 32 + 1)

// A stolen database must not hold cookies that work, so it holds SHA-256 of them.
static int id_hash(const uint8_t *id, char text[static HASH_TEXT_MAX])
{
	uint8_t hash[32];

	if (EVP_Digest(id, SESSION_ID_BYTES, hash, NULL, EVP_sha256(), NULL) != 1)
		return -EIO;
	hex_write(text, hash, sizeof(hash));
	return 0;
}

// The user's sessions that would end first make room.
static int room_make(struct user_store *store, const char *name)
{
	const char *texts[] = {name, name};
	sqlite3_stmt *stmt = store_prepare(store,
		"DELETE FROM session WHERE name = ? AND hash NOT IN (SELECT hash FROM session"
		" WHERE name = ? ORDER BY expires DESC, rowid DESC LIMIT ?)",
		texts, 2);

	if (stmt != NULL)
		sqlite3_bind_int(stmt, 3, SESSIONS_PER_USER_MAX - 1);
	return store_run(store, stmt);
}

int session_add(struct user_store *store, const char *name, int64_t expires_s,
	uint8_t id[static SESSION_ID_BYTES])
{
	char hash[HASH_TEXT_MAX];
	const char *texts[] = {hash, name};
	sqlite3_stmt *stmt;
	int ret;

	if (RAND_bytes(id, SESSION_ID_BYTES) != 1 || id_hash(id, hash) < 0)
		return -EIO;
	pthread_mutex_lock(&store->lock);
	ret = room_make(store, name);
	if (ret < 0)
		goto out;
	stmt = store_prepare(
		store, "INSERT INTO session (hash, name, expires) VALUES (?, ?, ?)", texts, 2);
	if (stmt != NULL)
		sqlite3_bind_int64(stmt, 3, expires_s);
	ret = store_run(store, stmt);
out:
	pthread_mutex_unlock(&store->lock);
	return ret < 0 ? -EIO : 0;
}

static void expired_del(struct user_store *store, int64_t now_s)
{
	sqlite3_stmt *stmt =
		store_prepare(store, "DELETE FROM session WHERE expires <= ?", NULL, 0);

	if (stmt != NULL)
		sqlite3_bind_int64(stmt, 1, now_s);
	store_run(store, stmt);
}

int session_find(struct user_store *store, const uint8_t id[static SESSION_ID_BYTES], int64_t now_s,
	struct user *user)
{
	char hash[HASH_TEXT_MAX], name[USER_NAME_MAX + 1] = "";
	const char *text = hash;
	sqlite3_stmt *stmt;
	int step;

	if (id_hash(id, hash) < 0)
		return -EIO;
	pthread_mutex_lock(&store->lock);
	expired_del(store, now_s);
	stmt = store_prepare(store, "SELECT name FROM session WHERE hash = ?", &text, 1);
	step = stmt != NULL ? sqlite3_step(stmt) : SQLITE_ERROR;
	if (step == SQLITE_ROW)
		snprintf(name, sizeof(name), "%s", (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	pthread_mutex_unlock(&store->lock);
	if (step != SQLITE_ROW)
		return step == SQLITE_DONE ? -ENOENT : -EIO;
	return user_find(store, name, user);
}

int session_del(struct user_store *store, const uint8_t id[static SESSION_ID_BYTES])
{
	char hash[HASH_TEXT_MAX];
	const char *text = hash;
	int ret;

	if (id_hash(id, hash) < 0)
		return -EIO;
	pthread_mutex_lock(&store->lock);
	ret = store_run(
		store, store_prepare(store, "DELETE FROM session WHERE hash = ?", &text, 1));
	pthread_mutex_unlock(&store->lock);
	return ret;
}
