// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target over corpus files, and over every prefix of each: replay FILE|FOLDER...
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX (64 * 1024)

static unsigned files;

// A copy of exactly len bytes: the sanitizer sees any access outside.
static void input_run(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	FUZZ_CHECK(copy);
	memcpy(copy, data, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static int file_replay(const char *path)
{
	static uint8_t data[FILE_MAX];
	FILE *file = fopen(path, "rb");
	size_t len;

	if (!file) {
		fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
		return -errno;
	}
	len = fread(data, 1, sizeof(data), file);
	fclose(file);
	for (size_t cut = 0; cut <= len; cut++)
		input_run(data, cut);
	files++;
	return 0;
}

static int folder_replay(const char *path)
{
	DIR *folder = opendir(path);
	char name[PATH_MAX];
	struct dirent *entry;
	int ret = 0;

	if (!folder)
		return -errno;
	while (ret == 0 && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		ret = file_replay(name);
	}
	closedir(folder);
	return ret;
}

int main(int argc, char **argv)
{
	struct stat st;
	int ret = 0;

	for (int i = 1; ret == 0 && i < argc; i++) {
		if (stat(argv[i], &st) < 0)
			ret = -errno;
		else
			ret = S_ISDIR(st.st_mode) ? folder_replay(argv[i]) : file_replay(argv[i]);
	}
	printf("replay: %u files\n", files);
	return ret == 0 && files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
