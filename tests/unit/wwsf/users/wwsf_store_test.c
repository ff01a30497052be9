// SPDX-License-Identifier: Apache-2.0
// Users, their scrypt records and their sessions, on a real SQLite file.
#include "hex.h"
#include "wwsf_store.h"

#include <openssl/evp.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	char path[64];
	struct user_store *store;
};

static struct fixture fixture;

static int store_make(void **state)
{
	(void)state;
	snprintf(fixture.path, sizeof(fixture.path), "/tmp/wwsf_store_XXXXXX");
	close(mkstemp(fixture.path));
	fixture.store = user_store_open(fixture.path);
	return fixture.store != NULL ? 0 : -1;
}

static int store_remove(void **state)
{
	static const char *const endings[] = {"", "-wal", "-shm"};
	char path[80];

	(void)state;
	user_store_close(fixture.store);
	for (unsigned i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s%s", fixture.path, endings[i]);
		unlink(path);
	}
	return 0;
}

static const struct user alice = {
	.name = "alice",
	.mode = USER_MODE_IMS,
	.impi = "alice@ims.test",
	.impus = {"sip:alice@ims.test", "tel:+15550100"},
	.impus_count = 2,
};

// The record against the older interface of OpenSSL, with the parameters that it claims.
static void scrypt_is_scrypt(void **state)
{
	char record[PASSWORD_RECORD_MAX], want[65];
	uint8_t salt[16], hash[32];

	(void)state;
	assert_int_equal(password_hash("alicepw", record), 0);
	assert_memory_equal(record, "scrypt$15$8$1$", 14);
	assert_int_equal(hex_parse(salt, sizeof(salt), record + 14), 0);
	assert_int_equal(EVP_PBE_scrypt("alicepw", 7, salt, sizeof(salt), 32768, 8, 1, 64 << 20,
				 hash, sizeof(hash)),
		1);
	hex_write(want, hash, sizeof(hash));
	assert_string_equal(record + 14 + 32 + 1, want);
}

static void password_records(void **state)
{
	char record[PASSWORD_RECORD_MAX], other[PASSWORD_RECORD_MAX];

	(void)state;
	assert_int_equal(password_hash("bobpw", record), 0);
	assert_int_equal(password_hash("bobpw", other), 0);
	assert_string_not_equal(record, other);
	assert_true(password_verify("bobpw", record));
	assert_false(password_verify("bobpW", record));
	assert_false(password_verify("", record));
	record[strlen(record) - 1] ^= 1;
	assert_false(password_verify("bobpw", record));
	other[strlen(other) - 1] = '\0';
	assert_false(password_verify("bobpw", other));
	assert_false(password_verify("bobpw", ""));
}

static void users_come_back(void **state)
{
	struct user user = {0};

	(void)state;
	assert_int_equal(user_add(fixture.store, &alice), 0);
	assert_int_equal(user_add(fixture.store, &alice), -EEXIST);
	user_store_close(fixture.store);
	fixture.store = user_store_open(fixture.path);
	assert_non_null(fixture.store);
	assert_int_equal(user_find(fixture.store, "alice", &user), 0);
	assert_memory_equal(&user, &alice, sizeof(user));
	assert_int_equal(user_find(fixture.store, "Alice", &user), -ENOENT);
	assert_int_equal(user_find(fixture.store, "x' OR '1'='1", &user), -ENOENT);
	assert_int_equal(user_del(fixture.store, "alice"), 0);
	assert_int_equal(user_del(fixture.store, "alice"), -ENOENT);
	assert_int_equal(user_find(fixture.store, "alice", &user), -ENOENT);
	// Its identities went with it: the same user can be stored again.
	assert_int_equal(user_add(fixture.store, &alice), 0);
}

static void wrong_users_are_refused(void **state)
{
	static const char *const names[] = {"", ".a", "a b", "a'b", "\xc3\xa9", "a\n"};
	struct user user = alice;

	(void)state;
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(user.name, sizeof(user.name), "%s", names[i]);
		assert_int_equal(user_add(fixture.store, &user), -EINVAL);
	}
	user = alice;
	user.impus_count = 0;
	assert_int_equal(user_add(fixture.store, &user), -EINVAL);
}

static void sessions_end(void **state)
{
	uint8_t id[SESSION_ID_BYTES], other[SESSION_ID_BYTES];
	struct user user;

	(void)state;
	assert_int_equal(user_add(fixture.store, &alice), 0);
	assert_int_equal(session_add(fixture.store, "nobody", 100, id), -EIO);
	assert_int_equal(session_add(fixture.store, "alice", 100, id), 0);
	assert_int_equal(session_add(fixture.store, "alice", 200, other), 0);
	assert_int_equal(session_find(fixture.store, id, 99, &user), 0);
	assert_string_equal(user.name, "alice");
	assert_int_equal(session_find(fixture.store, id, 100, &user), -ENOENT);
	// Expired ones are gone for good, whatever the clock does next.
	assert_int_equal(session_find(fixture.store, id, 99, &user), -ENOENT);
	assert_int_equal(session_find(fixture.store, other, 100, &user), 0);
	assert_int_equal(session_del(fixture.store, other), 0);
	assert_int_equal(session_del(fixture.store, other), 0);
	assert_int_equal(session_find(fixture.store, other, 100, &user), -ENOENT);
	assert_int_equal(session_add(fixture.store, "alice", 300, id), 0);
	assert_int_equal(user_del(fixture.store, "alice"), 0);
	assert_int_equal(session_find(fixture.store, id, 100, &user), -ENOENT);
}

static void sessions_are_bounded(void **state)
{
	uint8_t first[SESSION_ID_BYTES], second[SESSION_ID_BYTES], id[SESSION_ID_BYTES];
	struct user user;

	(void)state;
	assert_int_equal(user_add(fixture.store, &alice), 0);
	assert_int_equal(session_add(fixture.store, "alice", 100, first), 0);
	assert_int_equal(session_add(fixture.store, "alice", 101, second), 0);
	for (unsigned i = 2; i < SESSIONS_PER_USER_MAX; i++)
		assert_int_equal(session_add(fixture.store, "alice", 102, id), 0);
	assert_int_equal(session_find(fixture.store, first, 1, &user), 0);
	assert_int_equal(session_add(fixture.store, "alice", 102, id), 0);
	assert_int_equal(session_find(fixture.store, first, 1, &user), -ENOENT);
	assert_int_equal(session_find(fixture.store, second, 1, &user), 0);
	assert_int_equal(session_find(fixture.store, id, 1, &user), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scrypt_is_scrypt),
		cmocka_unit_test(password_records),
		cmocka_unit_test_setup_teardown(users_come_back, store_make, store_remove),
		cmocka_unit_test_setup_teardown(wrong_users_are_refused, store_make, store_remove),
		cmocka_unit_test_setup_teardown(sessions_end, store_make, store_remove),
		cmocka_unit_test_setup_teardown(sessions_are_bounded, store_make, store_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
