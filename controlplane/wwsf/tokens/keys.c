// SPDX-License-Identifier: Apache-2.0
// The folder of signing keys: reading, ordering by age, making the first one.
#include "log.h"
#include "wwsf_jwk.h"
#include "wwsf_keys.h"

#include <openssl/ec.h>
#include <openssl/pem.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int key_create(int folder, const char *name)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	int ret = -EIO, fd = -1;
	FILE *file = NULL;

	if (pkey == NULL)
		return -EIO;
	fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		ret = -errno;
		goto out;
	}
	file = fdopen(fd, "w");
	if (file == NULL) {
		close(fd);
		goto out;
	}
	if (PEM_write_PrivateKey(file, pkey, NULL, NULL, 0, NULL, NULL) == 1)
		ret = 0;
	if (fclose(file) != 0)
		ret = -EIO;
out:
	EVP_PKEY_free(pkey);
	return ret;
}

static int key_read(int folder, const char *name, struct signing_key *key)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	int ret = -EINVAL;
	struct stat st;
	FILE *file;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || (st.st_mode & 077) != 0) {
		log_error("key %s may be read by others: chmod 600", name);
		close(fd);
		return -EACCES;
	}
	file = fdopen(fd, "r");
	if (file == NULL) {
		close(fd);
		return -ENOMEM;
	}
	key->changed_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	key->pkey = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	fclose(file);
	if (key->pkey != NULL)
		ret = jwk_fill(key);
	if (ret < 0) {
		log_error("key %s is not the PEM of an EC P-256 private key", name);
		EVP_PKEY_free(key->pkey);
		key->pkey = NULL;
	}
	return ret;
}

static bool name_is_key(const char *name)
{
	size_t len = strlen(name);

	return name[0] != '.' && len > 4 && strcmp(name + len - 4, ".pem") == 0;
}

static int keys_read(int folder, struct key_set *set)
{
	struct dirent *entry;
	DIR *dir = fdopendir(dup(folder));
	int ret = 0;

	if (dir == NULL)
		return -errno;
	// The descriptor is shared with the duplicate, and so is its place in the folder.
	rewinddir(dir);
	while (ret == 0 && (entry = readdir(dir)) != NULL) {
		if (!name_is_key(entry->d_name))
			continue;
		if (set->count == KEYS_MAX) {
			log_error("more than %d signing keys: remove old ones", KEYS_MAX);
			ret = -E2BIG;
			break;
		}
		ret = key_read(folder, entry->d_name, &set->keys[set->count]);
		if (ret == 0)
			set->count++;
	}
	closedir(dir);
	return ret;
}

static int newest_first(const void *left, const void *right)
{
	const struct signing_key *a = left, *b = right;

	if (a->changed_ns != b->changed_ns)
		return a->changed_ns < b->changed_ns ? 1 : -1;
	return strcmp(a->id, b->id);
}

struct key_set *key_set_load(const char *path)
{
	struct key_set *set = calloc(1, sizeof(*set));
	int folder, ret;

	if (set == NULL)
		return NULL;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		log_warn("keys %s: %s", path, strerror(errno));
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ret = folder < 0 ? -errno : keys_read(folder, set);
	if (ret == 0 && set->count == 0) {
		log_info("no signing key in %s: making es256.pem", path);
		ret = key_create(folder, "es256.pem");
		if (ret == 0)
			ret = keys_read(folder, set);
	}
	if (folder >= 0)
		close(folder);
	if (ret < 0) {
		log_error("keys %s: %s", path, strerror(-ret));
		key_set_destroy(set);
		errno = -ret;
		return NULL;
	}
	qsort(set->keys, set->count, sizeof(set->keys[0]), newest_first);
	return set;
}

void key_set_destroy(struct key_set *set)
{
	if (set == NULL)
		return;
	for (unsigned i = 0; i < set->count; i++)
		EVP_PKEY_free(set->keys[i].pkey);
	free(set);
}
