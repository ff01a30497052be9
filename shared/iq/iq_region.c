// SPDX-License-Identifier: Apache-2.0
// The memfd that holds the rings: made and sealed by one side, checked and mapped by the other.
#include "iq.h"
#include "iq_abi.h"
#include "iq_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define REGION_MAX (sizeof(struct iq_region_head) + IQ_PAIRS * sizeof(struct iq_pair))

struct iq_region {
	void *base;
	size_t size;
	int fd; // -1 on the controller's side
	struct iq_ring_end out, in;
};

int memfd_make(const char *name, size_t size)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int err;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)size) == 0)
		return fd;
	err = errno;
	close(fd);
	return -err;
}

int64_t memfd_size(int fd, char *why, size_t why_len)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;

	if (seals < 0 || (seals & (F_SEAL_SHRINK | F_SEAL_GROW)) != (F_SEAL_SHRINK | F_SEAL_GROW)) {
		snprintf(why, why_len, "the shared memory isn't sealed against resizing");
		return -EPROTO;
	}
	if (fstat(fd, &st) < 0)
		return -errno;
	return st.st_size;
}

void version_differs(char *why, size_t why_len, const char *who, unsigned major, unsigned minor)
{
	snprintf(why, why_len, "%s speaks Iq %u.%u, this side %d.%d: run both from one release",
		who, major, minor, IQ_ABI_MAJOR, IQ_ABI_MINOR);
}

static struct iq_region *region_open(int fd, size_t size)
{
	struct iq_region *region = calloc(1, sizeof(*region));

	if (region == NULL)
		return NULL;
	region->fd = -1;
	region->size = size;
	region->base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (region->base == MAP_FAILED) {
		free(region);
		return NULL;
	}
	// Keys pass through: not into core files.
	madvise(region->base, size, MADV_DONTDUMP);
	return region;
}

static void head_write(struct iq_region_layout *layout)
{
	layout->head = (struct iq_region_head){
		.magic = IQ_MAGIC,
		.major = IQ_ABI_MAJOR,
		.minor = IQ_ABI_MINOR,
		.pair_count = 1,
		.total = sizeof(*layout),
		.pair_offset = {offsetof(struct iq_region_layout, pair)},
	};
}

struct iq_region *iq_region_create(void)
{
	size_t size = sizeof(struct iq_region_layout);
	int fd = memfd_make("isthmus-iq", size);
	struct iq_region_layout *layout;
	struct iq_region *region;
	int err;

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	region = region_open(fd, size);
	if (region == NULL)
		goto err;
	layout = region->base;
	head_write(layout);
	region->fd = fd;
	ring_end_init(&region->out, &layout->pair.event);
	ring_end_init(&region->in, &layout->pair.command);
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return region;
	err = errno;
	iq_region_destroy(region);
	errno = err;
	return NULL;
err:
	err = errno;
	close(fd);
	errno = err;
	return NULL;
}

static int head_check(const struct iq_region_head *head, int64_t size, char *why, size_t why_len)
{
	uint64_t at = head->pair_offset[0];

	if (head->magic != IQ_MAGIC) {
		snprintf(why, why_len, "the shared memory isn't Iq's");
		return -EPROTO;
	}
	if (head->major != IQ_ABI_MAJOR) {
		version_differs(why, why_len, "eims-agw", head->major, head->minor);
		return -EPROTO;
	}
	if (head->total != (uint64_t)size || head->total > REGION_MAX || head->pair_count < 1 ||
		head->pair_count > IQ_PAIRS || at < sizeof(*head) || at % IQ_LINE != 0 ||
		at > head->total || head->total - at < sizeof(struct iq_pair)) {
		snprintf(why, why_len, "the shared memory's layout differs from Iq %d.%d",
			IQ_ABI_MAJOR, IQ_ABI_MINOR);
		return -EPROTO;
	}
	return 0;
}

// The size of the region when its head is sound, or -errno. The head is read before anything is
// mapped.
static int64_t head_read(int fd, struct iq_region_head *head, char *why, size_t why_len)
{
	int64_t size = memfd_size(fd, why, why_len);
	int ret;

	if (size < 0)
		return size;
	if (pread(fd, head, sizeof(*head), 0) != (ssize_t)sizeof(*head)) {
		snprintf(why, why_len, "the shared memory is too short");
		return -EPROTO;
	}
	ret = head_check(head, size, why, why_len);
	return ret < 0 ? ret : size;
}

struct iq_region *iq_region_map(int fd, char *why, size_t why_len)
{
	struct iq_region_head head;
	int64_t size = head_read(fd, &head, why, why_len);
	struct iq_region *region;
	struct iq_pair *pair;

	if (size < 0) {
		errno = (int)-size;
		return NULL;
	}
	region = region_open(fd, (size_t)size);
	if (region == NULL)
		return NULL;
	pair = (struct iq_pair *)((uint8_t *)region->base + head.pair_offset[0]);
	ring_end_init(&region->out, &pair->command);
	ring_end_init(&region->in, &pair->event);
	return region;
}

int iq_region_fd(const struct iq_region *region)
{
	return region->fd;
}

void iq_region_wake_set(struct iq_region *region, int sock)
{
	region->out.wake_sock = sock;
	region->in.wake_sock = sock;
}

void iq_region_destroy(struct iq_region *region)
{
	if (region == NULL)
		return;
	munmap(region->base, region->size);
	if (region->fd >= 0)
		close(region->fd);
	free(region);
}

struct iq_ring_end *iq_region_out(struct iq_region *region)
{
	return &region->out;
}

struct iq_ring_end *iq_region_in(struct iq_region *region)
{
	return &region->in;
}
