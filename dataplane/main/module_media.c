// SPDX-License-Identifier: Apache-2.0
// What workers carry media with: the DTLS service, a shard's arena each, a context of the SRTP machine each.
#include "agw.h"
#include "arena.h"
#include "context.h"
#include "log.h"
#include "seed.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define FLIGHT_MTU 1200 // bytes of a DTLS datagram: fits any path

static const char *path_or_null(const char *path)
{
	return path[0] == '\0' ? NULL : path;
}

static int dtls_init(struct agw *agw)
{
	struct dtls_config config = {.workers = agw->config.worker_count,
		.threads = agw->config.dtls_threads,
		.certificate = path_or_null(agw->config.certificate),
		.private_key = path_or_null(agw->config.private_key),
		.retain_call = agw->config.dtls_retain_call,
		.linger_s = agw->config.dtls_linger_s,
		.mtu = FLIGHT_MTU};
	char reason[256] = "";

	agw->dtls = dtls_service_create(&config, reason, sizeof(reason));
	if (agw->dtls != NULL)
		return 0;
	log_error("dtls: %s", reason);
	return -EINVAL;
}

// Shards fill evenly, but not exactly: a quarter more than the average, so that contexts_max can be reached.
static uint16_t contexts_of_shard(const struct agw *agw)
{
	uint32_t average = (agw->config.contexts_max + SHARDS - 1) / SHARDS;

	return (uint16_t)(average + average / 4 + 1);
}

static int shards_init(struct agw *agw)
{
	struct shard_config config = {.gateway = agw->config.gateway,
		.contexts = contexts_of_shard(agw),
		.has_huge_pages = agw->config.has_hugepages,
		.networks = &agw->networks};
	unsigned huge = 0;

	for (unsigned i = 0; i < SHARDS; i++) {
		int ret = seed_generator(config.random);

		if (ret < 0)
			return ret;
		config.number = (uint8_t)i;
		agw->shards[i] = shard_create(&config, &agw->shard_fds[i]);
		if (agw->shards[i] == NULL) {
			ret = -errno;
			log_error("arena of shard %u: %s (lower contexts_max, now %u)", i,
				strerror(errno), agw->config.contexts_max);
			return ret;
		}
		huge += agw->shards[i]->is_huge;
	}
	log_info("media: %u arenas of %llu KiB for %u contexts each, %u on huge pages", SHARDS,
		(unsigned long long)agw->shards[0]->bytes / 1024, config.contexts, huge);
	return 0;
}

static int srtp_init(struct agw *agw)
{
	for (unsigned i = 0; i < agw->config.worker_count; i++) {
		agw->srtp[i] = srtp_ctx_create(SRTP_ARCH_AUTO);
		if (agw->srtp[i] == NULL) {
			log_error("srtp: no machine for worker %u", i);
			return -ENOMEM;
		}
	}
	log_info("media: SRTP by %s", srtp_ctx_arch_name(agw->srtp[0]));
	return 0;
}

static void media_fini(struct agw *agw)
{
	for (unsigned i = 0; i < agw->config.worker_count; i++) {
		srtp_ctx_destroy(agw->srtp[i]);
		agw->srtp[i] = NULL;
	}
	for (unsigned i = 0; i < SHARDS; i++) {
		if (agw->shards[i] == NULL)
			continue;
		shard_destroy(agw->shards[i]);
		close(agw->shard_fds[i]);
		agw->shards[i] = NULL;
	}
	dtls_service_destroy(agw->dtls);
	agw->dtls = NULL;
}

static int media_init(struct agw *agw)
{
	int ret = dtls_init(agw);

	if (ret == 0)
		ret = shards_init(agw);
	if (ret == 0)
		ret = srtp_init(agw);
	if (ret < 0)
		media_fini(agw);
	return ret;
}

const struct agw_module media_module = {.name = "media", .init = media_init, .fini = media_fini};
