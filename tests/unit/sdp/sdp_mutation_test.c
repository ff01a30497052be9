// SPDX-License-Identifier: Apache-2.0
// Many mutations of real descriptions: no crash, and every promise of mediation. Every truncation of them
// is in the replay of the fuzz seeds.
#include "sdp_mediate.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_SEEDS 32
#define MAX_BYTES 20000
#define ROUNDS 1000

struct seed {
	char *data;
	size_t len;
};

static struct seed seeds[MAX_SEEDS];
static unsigned seed_count;

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

// A copy of exactly the size, so that a read behind the end is seen.
static unsigned run(const char *data, size_t len)
{
	char *copy = malloc(len ? len : 1);
	unsigned done;

	memcpy(copy, data, len);
	done = mediate(copy, len);
	free(copy);
	return done;
}

static void seeds_do_something(void **state)
{
	unsigned all = 0;

	(void)state;
	assert_in_range(seed_count, 5, MAX_SEEDS);
	for (unsigned i = 0; i < seed_count; i++)
		all |= run(seeds[i].data, seeds[i].len);
	assert_int_equal(all,
		MEDIATE_IMS_OFFER | MEDIATE_WEB_ANSWER | MEDIATE_WEB_OFFER | MEDIATE_IMS_ANSWER);
}

// The start of the line behind a random place.
static size_t some_line(const char *data, size_t len, uint32_t *random)
{
	size_t at = next_random(random) % len;
	const char *end = memchr(data + at, '\n', len - at);

	return end ? (size_t)(end + 1 - data) : 0;
}

static size_t line_len(const char *data, size_t len, size_t at)
{
	const char *end = memchr(data + at, '\n', len - at);

	return end ? (size_t)(end + 1 - (data + at)) : len - at;
}

static size_t insert(char *data, size_t len, size_t at, const char *what, size_t what_len)
{
	if (len + what_len > MAX_BYTES)
		return len;
	memmove(data + at + what_len, data + at, len - at);
	memcpy(data + at, what, what_len);
	return len + what_len;
}

static size_t mutate(char *data, size_t len, uint32_t *random)
{
	static const char *const words[] = {"0", "65536", "4294967296", "-1", " ", "/", ":", "\r\n",
		"a=bundle-only\r\n", "a=inactive\r\n", "a=setup:active\r\n",
		"m=audio 0 RTP/AVP 0\r\n", "a=mid:0\r\n", "a=group:BUNDLE 0 1\r\n",
		"99999999999999999999", "\xff", "=", ";"};
	size_t at = some_line(data, len, random), n = line_len(data, len, at);
	const char *word = words[next_random(random) % (sizeof(words) / sizeof(words[0]))];
	char line[1024];

	switch (next_random(random) % 5) {
	case 0: // one byte
		data[next_random(random) % len] = (char)next_random(random);
		return len;
	case 1: // a line less
		memmove(data + at, data + at + n, len - at - n);
		return len - n;
	case 2: // a line twice
		n = n < sizeof(line) ? n : sizeof(line);
		memcpy(line, data + at, n);
		return insert(data, len, some_line(data, len, random), line, n);
	case 3: // a line elsewhere
		n = n < sizeof(line) ? n : sizeof(line);
		memcpy(line, data + at, n);
		memmove(data + at, data + at + n, len - at - n);
		return insert(data, len - n, some_line(data, len - n, random), line, n);
	default: // a word somewhere
		return insert(data, len, next_random(random) % len, word, strlen(word));
	}
}

static void mutations(void **state)
{
	char *data = malloc(MAX_BYTES);
	uint32_t random = 20261120;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < seed_count; i++) {
			size_t len = seeds[i].len;

			memcpy(data, seeds[i].data, len);
			for (unsigned n = 1 + next_random(&random) % 4; n > 0 && len > 64; n--)
				len = mutate(data, len, &random);
			run(data, len);
		}
	}
	free(data);
}

static int load(void **state)
{
	DIR *dir = opendir(SEED_DIR);
	struct dirent *entry;

	(void)state;
	while (dir && (entry = readdir(dir)) && seed_count < MAX_SEEDS) {
		struct seed *seed = &seeds[seed_count];
		char path[512];
		FILE *file;

		snprintf(path, sizeof(path), "%s/%s", SEED_DIR, entry->d_name);
		file = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
		if (!file)
			continue;
		seed->data = malloc(MAX_BYTES);
		seed->len = fread(seed->data, 1, MAX_BYTES, file);
		seed_count++;
		fclose(file);
	}
	if (dir)
		closedir(dir);
	return seed_count == 0 ? -1 : 0;
}

static int unload(void **state)
{
	(void)state;
	while (seed_count > 0)
		free(seeds[--seed_count].data);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seeds_do_something),
		cmocka_unit_test(mutations),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
