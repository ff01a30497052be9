// SPDX-License-Identifier: Apache-2.0
// Loads the page's folder once; a request's path is only ever compared with names read from there.
#include "hex.h"
#include "log.h"
#include "wwsf_page.h"

#include <openssl/evp.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 64
#define FILE_BYTES_MAX (16 << 20)

struct page {
	struct page_file files[FILES_MAX];
	unsigned count;
};

static const char *content_type(const char *name)
{
	static const struct {
		const char *ending, *type;
	} types[] = {
		{".html", "text/html; charset=utf-8"},
		{".css", "text/css; charset=utf-8"},
		{".js", "text/javascript; charset=utf-8"},
		{".map", "application/json"},
		{".json", "application/json"},
		{".svg", "image/svg+xml"},
		{".png", "image/png"},
		{".ico", "image/x-icon"},
		{".wav", "audio/wav"},
		{".txt", "text/plain; charset=utf-8"},
	};
	size_t len = strlen(name);

	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		size_t ending = strlen(types[i].ending);

		if (len > ending && strcmp(name + len - ending, types[i].ending) == 0)
			return types[i].type;
	}
	return NULL;
}

static int bytes_read(int fd, struct page_file *file)
{
	size_t at = 0;

	file->bytes = malloc(file->len + 1);
	if (file->bytes == NULL)
		return -ENOMEM;
	while (at < file->len) {
		ssize_t n = read(fd, file->bytes + at, file->len - at);

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += (size_t)n;
	}
	return 0;
}

static int etag_fill(struct page_file *file)
{
	uint8_t hash[32];

	if (EVP_Digest(file->bytes, file->len, hash, NULL, EVP_sha256(), NULL) != 1)
		return -EIO;
	file->etag[0] = '"';
	hex_write(file->etag + 1, hash, 16);
	strcpy(file->etag + 33, "\"");
	return 0;
}

static int file_load(int folder, const char *name, struct page_file *file)
{
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int ret = -EINVAL;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_BYTES_MAX)
		goto out;
	file->len = (size_t)st.st_size;
	file->content_type = content_type(name);
	file->name = strdup(name);
	ret = file->name != NULL ? bytes_read(fd, file) : -ENOMEM;
	if (ret == 0)
		ret = etag_fill(file);
	if (ret < 0) {
		free(file->name);
		free(file->bytes);
		memset(file, 0, sizeof(*file));
	}
out:
	close(fd);
	return ret;
}

static int folder_load(struct page *page, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (dir == NULL)
		return -errno;
	while ((entry = readdir(dir)) != NULL && page->count < FILES_MAX) {
		const char *name = entry->d_name;
		int ret;

		if (name[0] == '.' || content_type(name) == NULL)
			continue;
		ret = file_load(dirfd(dir), name, &page->files[page->count]);
		if (ret == 0)
			page->count++;
		else
			log_warn("page %s/%s is not served: %s", path, name, strerror(-ret));
	}
	closedir(dir);
	return page_find(page, "/") != NULL ? 0 : -ENOENT;
}

struct page *page_load(const char *folder)
{
	struct page *page = calloc(1, sizeof(*page));
	int ret;

	if (page == NULL)
		return NULL;
	ret = folder_load(page, folder);
	if (ret < 0) {
		log_error("page %s: %s", folder,
			ret == -ENOENT ? "there is no index.html (build the page)"
				       : strerror(-ret));
		page_destroy(page);
		errno = -ret;
		return NULL;
	}
	return page;
}

void page_destroy(struct page *page)
{
	if (page == NULL)
		return;
	for (unsigned i = 0; i < page->count; i++) {
		free(page->files[i].name);
		free(page->files[i].bytes);
	}
	free(page);
}

const struct page_file *page_find(const struct page *page, const char *path)
{
	if (path[0] != '/')
		return NULL;
	path = path[1] == '\0' ? "index.html" : path + 1;
	for (unsigned i = 0; i < page->count; i++) {
		if (strcmp(page->files[i].name, path) == 0)
			return &page->files[i];
	}
	return NULL;
}
