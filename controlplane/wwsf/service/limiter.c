// SPDX-License-Identifier: Apache-2.0
// Failure counts in a fixed set-associative table: no memory grows, the oldest of a set gives way.
#include "clock.h"
#include "wwsf_limiter.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SETS 1024
#define WAYS 8

struct count {
	uint8_t tag[16];
	uint64_t start_us; // of its window
	unsigned failures; // 0: free
};

struct limiter {
	pthread_mutex_t lock;
	uint64_t window_us;
	uint8_t secret[32];
	struct count counts[SETS][WAYS];
};

struct limiter *limiter_create(unsigned window_s)
{
	struct limiter *limiter = calloc(1, sizeof(*limiter));

	if (limiter == NULL)
		return NULL;
	if (RAND_bytes(limiter->secret, sizeof(limiter->secret)) != 1) {
		free(limiter);
		errno = EIO;
		return NULL;
	}
	pthread_mutex_init(&limiter->lock, NULL);
	limiter->window_us = (uint64_t)window_s * 1000000;
	return limiter;
}

void limiter_destroy(struct limiter *limiter)
{
	if (limiter == NULL)
		return;
	pthread_mutex_destroy(&limiter->lock);
	free(limiter);
}

static void key_hash(const struct limiter *limiter, const void *key, size_t len, uint8_t *hash)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	// Failing to hash puts all keys in one place: stricter, never looser.
	memset(hash, 0, 32);
	if (ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
		EVP_DigestUpdate(ctx, limiter->secret, sizeof(limiter->secret)) == 1 &&
		EVP_DigestUpdate(ctx, key, len) == 1)
		EVP_DigestFinal_ex(ctx, hash, NULL);
	EVP_MD_CTX_free(ctx);
}

// The live count of the key, or NULL; *spare is where a new one may go.
static struct count *count_find(
	struct limiter *limiter, const uint8_t *hash, uint64_t now_us, struct count **spare)
{
	struct count *set = limiter->counts[((hash[16] << 8) | hash[17]) % SETS];

	*spare = &set[0];
	for (unsigned i = 0; i < WAYS; i++) {
		if (set[i].failures != 0 && now_us - set[i].start_us >= limiter->window_us)
			set[i].failures = 0;
		if (set[i].failures != 0 && memcmp(set[i].tag, hash, sizeof(set[i].tag)) == 0)
			return &set[i];
		if ((*spare)->failures != 0 &&
			(set[i].failures == 0 || set[i].start_us < (*spare)->start_us))
			*spare = &set[i];
	}
	return NULL;
}

unsigned limiter_take(struct limiter *limiter, const void *key, size_t len, unsigned max)
{
	uint64_t now_us = clock_now_us();
	struct count *count, *spare;
	unsigned wait_s = 0;
	uint8_t hash[32];

	key_hash(limiter, key, len, hash);
	pthread_mutex_lock(&limiter->lock);
	count = count_find(limiter, hash, now_us, &spare);
	if (count == NULL) {
		count = spare;
		memcpy(count->tag, hash, sizeof(count->tag));
		count->start_us = now_us;
		count->failures = 0;
	}
	if (count->failures >= max)
		wait_s = (unsigned)((count->start_us + limiter->window_us - now_us) / 1000000) + 1;
	else
		count->failures++;
	pthread_mutex_unlock(&limiter->lock);
	return wait_s;
}

void limiter_return(struct limiter *limiter, const void *key, size_t len)
{
	struct count *count, *spare;
	uint8_t hash[32];

	key_hash(limiter, key, len, hash);
	pthread_mutex_lock(&limiter->lock);
	count = count_find(limiter, hash, clock_now_us(), &spare);
	if (count != NULL)
		count->failures--;
	pthread_mutex_unlock(&limiter->lock);
}
