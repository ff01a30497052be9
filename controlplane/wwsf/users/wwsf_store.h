// SPDX-License-Identifier: Apache-2.0
// Users and their login sessions, in one SQLite file. All functions: any thread.
#pragma once

#include "wwsf_password.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USER_NAME_MAX 64
#define USER_URI_MAX 256
#define USER_IMPUS_MAX 16
#define SESSION_ID_BYTES 32
#define SESSIONS_PER_USER_MAX 64

// How a user proves who he is: to the IMS core by SIP digest, or to us by password for a token.
enum user_mode { USER_MODE_IMS, USER_MODE_TOKEN };

struct user {
	char name[USER_NAME_MAX + 1];
	enum user_mode mode;
	char impi[USER_URI_MAX + 1];
	char impus[USER_IMPUS_MAX][USER_URI_MAX + 1];
	unsigned impus_count;
	char password[PASSWORD_RECORD_MAX]; // scrypt record; empty in ims mode
};

// Opens or makes the file (mode by umask). NULL with errno; the reason is logged.
struct user_store *user_store_open(const char *path);
void user_store_close(struct user_store *store);

// 1 to USER_NAME_MAX of letters, digits and . _ @ + - ; the first a letter or digit.
bool user_name_valid(const char *name);

// 0, -EEXIST, -EINVAL for a wrong name or no IMPU, -EIO.
int user_add(struct user_store *store, const struct user *user);
// 0, -ENOENT, -EIO. The user's sessions end.
int user_del(struct user_store *store, const char *name);
// 0, -ENOENT, -EIO. Fills user only on success.
int user_find(struct user_store *store, const char *name, struct user *user);
// Calls on_user with every name in order. 0 or -EIO.
int user_each(
	struct user_store *store, void (*on_user)(const struct user *user, void *arg), void *arg);

// Makes a session that ends at expires_s (seconds since 1970) and writes its secret id. Only a hash
// of the id is kept. The oldest session of a user ends when he has SESSIONS_PER_USER_MAX. 0 or -EIO.
int session_add(struct user_store *store, const char *name, int64_t expires_s,
	uint8_t id[static SESSION_ID_BYTES]);
// Finds the user of a session that lives at now_s. 0, -ENOENT, -EIO.
int session_find(struct user_store *store, const uint8_t id[static SESSION_ID_BYTES], int64_t now_s,
	struct user *user);
// 0 also when there was none; -EIO.
int session_del(struct user_store *store, const uint8_t id[static SESSION_ID_BYTES]);
