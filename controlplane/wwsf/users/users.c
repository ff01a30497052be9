// SPDX-License-Identifier: Apache-2.0
// Users of the store: a row each, and a row for each of their public identities, in order.
#include "store_priv.h"
#include "wwsf_store.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

bool user_name_valid(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > USER_NAME_MAX || !isalnum((unsigned char)name[0]))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)name[i]) && strchr("._@+-", name[i]) == NULL)
			return false;
	}
	return true;
}

static int impus_insert(struct user_store *store, const struct user *user)
{
	const char *texts[2] = {user->name, NULL};
	int ret = 0;

	for (unsigned i = 0; i < user->impus_count && ret == 0; i++) {
		sqlite3_stmt *stmt;

		texts[1] = user->impus[i];
		stmt = store_prepare(store,
			"INSERT INTO impu (name, uri, position) VALUES (?, ?, ?)", texts,
			COUNT(texts));
		if (stmt != NULL)
			sqlite3_bind_int(stmt, 3, (int)i);
		ret = store_run(store, stmt);
	}
	return ret;
}

int user_add(struct user_store *store, const struct user *user)
{
	const char *texts[] = {user->name, user->mode == USER_MODE_IMS ? "ims" : "token",
		user->impi, user->password};
	int ret;

	if (!user_name_valid(user->name) || user->impi[0] == '\0' || user->impus_count == 0)
		return -EINVAL;
	pthread_mutex_lock(&store->lock);
	ret = store_run(store, store_prepare(store, "BEGIN IMMEDIATE", NULL, 0));
	if (ret < 0)
		goto out;
	ret = store_run(store,
		store_prepare(store,
			"INSERT INTO user (name, mode, impi, password) VALUES (?, ?, ?, ?)", texts,
			COUNT(texts)));
	if (ret == 0)
		ret = impus_insert(store, user);
	if (ret == 0)
		ret = store_run(store, store_prepare(store, "COMMIT", NULL, 0));
	if (ret < 0)
		store_run(store, store_prepare(store, "ROLLBACK", NULL, 0));
out:
	pthread_mutex_unlock(&store->lock);
	return ret;
}

int user_del(struct user_store *store, const char *name)
{
	int ret;

	pthread_mutex_lock(&store->lock);
	ret = store_run(store, store_prepare(store, "DELETE FROM user WHERE name = ?", &name, 1));
	if (ret == 0 && sqlite3_changes(store->db) == 0)
		ret = -ENOENT;
	pthread_mutex_unlock(&store->lock);
	return ret;
}

static void column_copy(sqlite3_stmt *stmt, int column, char *text, size_t text_len)
{
	const unsigned char *value = sqlite3_column_text(stmt, column);

	snprintf(text, text_len, "%s", value != NULL ? (const char *)value : "");
}

static int impus_read(struct user_store *store, struct user *user)
{
	const char *name = user->name;
	sqlite3_stmt *stmt = store_prepare(
		store, "SELECT uri FROM impu WHERE name = ? ORDER BY position", &name, 1);
	int step = SQLITE_DONE;

	if (stmt == NULL)
		return -EIO;
	while (user->impus_count < USER_IMPUS_MAX && (step = sqlite3_step(stmt)) == SQLITE_ROW)
		column_copy(stmt, 0, user->impus[user->impus_count++], sizeof(user->impus[0]));
	sqlite3_finalize(stmt);
	return step == SQLITE_ROW || step == SQLITE_DONE ? 0 : -EIO;
}

static int user_read(struct user_store *store, const char *name, struct user *user)
{
	struct user found = {0};
	sqlite3_stmt *stmt = store_prepare(
		store, "SELECT name, mode, impi, password FROM user WHERE name = ?", &name, 1);
	char mode[8];
	int step, ret;

	if (stmt == NULL)
		return -EIO;
	step = sqlite3_step(stmt);
	if (step == SQLITE_ROW) {
		column_copy(stmt, 0, found.name, sizeof(found.name));
		column_copy(stmt, 1, mode, sizeof(mode));
		found.mode = strcmp(mode, "ims") == 0 ? USER_MODE_IMS : USER_MODE_TOKEN;
		column_copy(stmt, 2, found.impi, sizeof(found.impi));
		column_copy(stmt, 3, found.password, sizeof(found.password));
	}
	sqlite3_finalize(stmt);
	if (step != SQLITE_ROW)
		return step == SQLITE_DONE ? -ENOENT : -EIO;
	ret = impus_read(store, &found);
	if (ret == 0)
		*user = found;
	return ret;
}

int user_find(struct user_store *store, const char *name, struct user *user)
{
	int ret;

	pthread_mutex_lock(&store->lock);
	ret = user_read(store, name, user);
	pthread_mutex_unlock(&store->lock);
	return ret;
}

int user_each(
	struct user_store *store, void (*on_user)(const struct user *user, void *arg), void *arg)
{
	char name[USER_NAME_MAX + 1] = "";
	struct user user;
	int ret;

	// One name at a time, so that on_user runs without the lock.
	do {
		const char *after = name;
		sqlite3_stmt *stmt;

		pthread_mutex_lock(&store->lock);
		stmt = store_prepare(store,
			"SELECT name FROM user WHERE name > ? ORDER BY name LIMIT 1", &after, 1);
		ret = stmt == NULL ? -EIO : sqlite3_step(stmt) == SQLITE_ROW ? 0 : -ENOENT;
		if (ret == 0)
			column_copy(stmt, 0, name, sizeof(name));
		sqlite3_finalize(stmt);
		if (ret == 0)
			ret = user_read(store, name, &user);
		pthread_mutex_unlock(&store->lock);
		if (ret == 0)
			on_user(&user, arg);
	} while (ret == 0);
	return ret == -ENOENT ? 0 : ret;
}
