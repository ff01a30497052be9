// SPDX-License-Identifier: Apache-2.0
// The stats page: counters with their names, a block a worker, each under a sequence lock.
#include "iq.h"
#include "iq_abi.h"
#include "iq_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define READ_TRIES 1000

struct iq_stats {
	uint8_t *base;
	int fd; // -1 on the reader's side
	struct iq_stats_head head; // private copy
	struct iq_stats_name *names; // private copy
};

static size_t line_round(size_t size)
{
	return (size + IQ_LINE - 1) / IQ_LINE * IQ_LINE;
}

static struct iq_stats_block *block_at(const struct iq_stats *stats, uint32_t worker)
{
	return (struct iq_stats_block *)(stats->base + stats->head.blocks_offset +
		(size_t)worker * stats->head.block_size);
}

static void head_make(struct iq_stats_head *head, uint32_t counters, uint32_t workers)
{
	size_t names = sizeof(*head);
	size_t blocks = line_round(names + counters * sizeof(struct iq_stats_name));
	size_t block = line_round(sizeof(struct iq_stats_block) + counters * sizeof(uint64_t));

	*head = (struct iq_stats_head){
		.magic = IQ_STATS_MAGIC,
		.major = IQ_ABI_MAJOR,
		.minor = IQ_ABI_MINOR,
		.counters = counters,
		.workers = workers,
		.names_offset = (uint32_t)names,
		.blocks_offset = (uint32_t)blocks,
		.block_size = (uint32_t)block,
		.total = blocks + block * workers,
	};
}

// Maps the page and copies the names, so that readers never see them change.
static int page_map(struct iq_stats *stats, int fd, int prot)
{
	size_t names_size = stats->head.counters * sizeof(struct iq_stats_name);
	void *base = mmap(NULL, stats->head.total, prot, MAP_SHARED | MAP_POPULATE, fd, 0);

	if (base == MAP_FAILED)
		return -errno;
	stats->base = base;
	stats->names = malloc(names_size);
	if (stats->names == NULL)
		return -ENOMEM;
	memcpy(stats->names, stats->base + stats->head.names_offset, names_size);
	for (uint32_t i = 0; i < stats->head.counters; i++)
		stats->names[i].text[IQ_STATS_NAME_LEN - 1] = '\0';
	return 0;
}

static int page_fill(struct iq_stats *stats, const char *const *names)
{
	struct iq_stats_name *shared = (void *)(stats->base + stats->head.names_offset);

	memcpy(stats->base, &stats->head, sizeof(stats->head));
	for (uint32_t i = 0; i < stats->head.counters; i++) {
		snprintf(shared[i].text, sizeof(shared[i].text), "%s", names[i]);
		stats->names[i] = shared[i];
	}
	// Our mapping stays writable; no other can be made.
	if (fcntl(stats->fd, F_ADD_SEALS,
		    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) < 0)
		return -errno;
	return 0;
}

struct iq_stats *iq_stats_create(const char *const *names, uint32_t counters, uint32_t workers)
{
	struct iq_stats *stats;
	int ret;

	if (counters == 0 || counters > IQ_STATS_COUNTERS_MAX || workers == 0 ||
		workers > IQ_STATS_WORKERS_MAX) {
		errno = EINVAL;
		return NULL;
	}
	stats = calloc(1, sizeof(*stats));
	if (stats == NULL)
		return NULL;
	head_make(&stats->head, counters, workers);
	ret = stats->fd = memfd_make("isthmus-stats", stats->head.total);
	if (ret < 0)
		goto err;
	ret = page_map(stats, stats->fd, PROT_READ | PROT_WRITE);
	if (ret == 0)
		ret = page_fill(stats, names);
	if (ret == 0)
		return stats;
err:
	iq_stats_destroy(stats);
	errno = -ret;
	return NULL;
}

// The numbers must be those that this side would have made of counters and workers.
static int head_check(const struct iq_stats_head *head, int64_t size, char *why, size_t why_len)
{
	struct iq_stats_head want;

	if (head->magic == IQ_STATS_MAGIC && head->major != IQ_ABI_MAJOR) {
		version_differs(why, why_len, "the stats page", head->major, head->minor);
		return -EPROTO;
	}
	head_make(&want, head->counters, head->workers);
	want.minor = head->minor;
	if (head->counters == 0 || head->counters > IQ_STATS_COUNTERS_MAX || head->workers == 0 ||
		head->workers > IQ_STATS_WORKERS_MAX || (int64_t)want.total != size ||
		memcmp(&want, head, offsetof(struct iq_stats_head, reserved)) != 0) {
		snprintf(why, why_len, "the stats page's layout differs from Iq %d.%d",
			IQ_ABI_MAJOR, IQ_ABI_MINOR);
		return -EPROTO;
	}
	return 0;
}

struct iq_stats *iq_stats_map(int fd, char *why, size_t why_len)
{
	int64_t size = memfd_size(fd, why, why_len);
	struct iq_stats *stats;
	int ret;

	if (size < 0) {
		errno = (int)-size;
		return NULL;
	}
	stats = calloc(1, sizeof(*stats));
	if (stats == NULL)
		return NULL;
	stats->fd = -1;
	ret = -EPROTO;
	if (pread(fd, &stats->head, sizeof(stats->head), 0) == (ssize_t)sizeof(stats->head))
		ret = head_check(&stats->head, size, why, why_len);
	else
		snprintf(why, why_len, "the stats page is too short");
	if (ret == 0)
		ret = page_map(stats, fd, PROT_READ);
	if (ret == 0)
		return stats;
	iq_stats_destroy(stats);
	errno = -ret;
	return NULL;
}

void iq_stats_destroy(struct iq_stats *stats)
{
	if (stats == NULL)
		return;
	if (stats->base != NULL)
		munmap(stats->base, stats->head.total);
	if (stats->fd >= 0)
		close(stats->fd);
	free(stats->names);
	free(stats);
}

int iq_stats_fd(const struct iq_stats *stats)
{
	return stats->fd;
}

uint32_t iq_stats_counters(const struct iq_stats *stats)
{
	return stats->head.counters;
}

uint32_t iq_stats_workers(const struct iq_stats *stats)
{
	return stats->head.workers;
}

const char *iq_stats_counter_name(const struct iq_stats *stats, uint32_t counter)
{
	return counter < stats->head.counters ? stats->names[counter].text : NULL;
}

void iq_stats_write(struct iq_stats *stats, uint32_t worker, const uint64_t *values)
{
	struct iq_stats_block *block = block_at(stats, worker);
	uint32_t sequence = atomic_load_explicit(&block->sequence, memory_order_relaxed);

	atomic_store_explicit(&block->sequence, sequence + 1, memory_order_relaxed);
	// Pairs with the acquire fence in iq_stats_read: who sees a new value sees the odd
	// sequence.
	atomic_thread_fence(memory_order_release);
	for (uint32_t i = 0; i < stats->head.counters; i++)
		atomic_store_explicit(&block->values[i], values[i], memory_order_relaxed);
	// Pairs with the acquire load in iq_stats_read.
	atomic_store_explicit(&block->sequence, sequence + 2, memory_order_release);
}

static bool block_read(const struct iq_stats *stats, struct iq_stats_block *block, uint64_t *values)
{
	// Pairs with the last release in iq_stats_write.
	uint32_t before = atomic_load_explicit(&block->sequence, memory_order_acquire);

	if (before & 1)
		return false;
	for (uint32_t i = 0; i < stats->head.counters; i++)
		values[i] = atomic_load_explicit(&block->values[i], memory_order_relaxed);
	// Pairs with the release fence in iq_stats_write.
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&block->sequence, memory_order_relaxed) == before;
}

int iq_stats_read(const struct iq_stats *stats, uint32_t worker, uint64_t *values)
{
	uint64_t seen[IQ_STATS_COUNTERS_MAX];

	if (worker >= stats->head.workers)
		return -ENOENT;
	for (int i = 0; i < READ_TRIES; i++) {
		if (block_read(stats, block_at(stats, worker), seen)) {
			memcpy(values, seen, stats->head.counters * sizeof(uint64_t));
			return 0;
		}
	}
	return -EAGAIN;
}
