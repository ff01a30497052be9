// SPDX-License-Identifier: Apache-2.0
// Media contexts that no call owns: found by an audit, kept for a time in which somebody may look at them, then deleted.
#include "call_priv.h"
#include "clock.h"
#include "log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct orphan {
	LIST_ENTRY(orphan) all;
	iq_handle media;
	char ref[IQ_REF_LEN];
};
LIST_HEAD(orphan_list, orphan);

// What one audit has found.
struct orphanage {
	LIST_ENTRY(orphanage) all;
	struct calls *calls;
	uint8_t gateway;
	struct orphan_list orphans;
	unsigned count;
	uint64_t due_us;
	void *timer; // NULL while the audit is under way
};

static void orphanage_destroy(struct orphanage *found)
{
	const struct calls_config *config = &found->calls->config;
	struct orphan *orphan;

	iq_client_cancel(config->iq, found);
	if (found->timer != NULL)
		config->timer_stop(config->loop, found->timer);
	while ((orphan = LIST_FIRST(&found->orphans)) != NULL) {
		LIST_REMOVE(orphan, all);
		free(orphan);
	}
	LIST_REMOVE(found, all);
	free(found);
}

void orphans_forget(struct calls *calls)
{
	while (!LIST_EMPTY(&calls->orphanages))
		orphanage_destroy(LIST_FIRST(&calls->orphanages));
}

static void orphan_delete(const struct calls *calls, const struct orphan *orphan)
{
	struct iq_context_ref ref = {.handle = orphan->media};
	const struct iq_command command = {.gateway = iq_handle_gateway(orphan->media),
		.type = IQ_CONTEXT_DELETE,
		.is_repeatable = true,
		.payload = &ref};

	log_info("media context %016llx of %s still has no call: deleted",
		(unsigned long long)orphan->media, orphan->ref);
	if (iq_client_send(calls->config.iq, &command) < 0)
		log_warn("media context of %s can't be deleted now", orphan->ref);
}

static void on_due(void *arg)
{
	struct orphanage *found = arg;
	const struct orphan *orphan;

	found->timer = NULL;
	LIST_FOREACH (orphan, &found->orphans, all) {
		if (call_by_id(found->calls, orphan->ref) == NULL)
			orphan_delete(found->calls, orphan);
	}
	orphanage_destroy(found);
}

static const struct orphanage *orphanage_of(const struct calls *calls, iq_handle media)
{
	const struct orphanage *found;
	const struct orphan *orphan;

	LIST_FOREACH (found, &calls->orphanages, all) {
		LIST_FOREACH (orphan, &found->orphans, all) {
			if (orphan->media == media)
				return found;
		}
	}
	return NULL;
}

static void call_adopt(struct call *call, iq_handle media)
{
	if (!call->is_restored || call->media != media)
		return;
	call->is_restored = false;
	log_info("call %s: its media context lives", call->id);
}

static void on_entry(const struct iq_audit_entry *entry, void *arg)
{
	struct orphanage *found = arg;
	struct call *call = call_by_id(found->calls, entry->ref);
	struct orphan *orphan;

	if (call != NULL)
		call_adopt(call, entry->handle);
	if (call != NULL || orphanage_of(found->calls, entry->handle) != NULL)
		return;
	orphan = calloc(1, sizeof(*orphan));
	if (orphan == NULL)
		return; // the next audit finds it
	orphan->media = entry->handle;
	memcpy(orphan->ref, entry->ref, sizeof(orphan->ref));
	LIST_INSERT_HEAD(&found->orphans, orphan, all);
	found->count++;
	log_info("media context %016llx of %s has no call here: kept for %u ms",
		(unsigned long long)entry->handle, entry->ref, found->calls->config.orphan_time_ms);
}

// Restored calls whose context was not among those of their gateway have no media any more.
static void unadopted_end(struct calls *calls, uint8_t gateway)
{
	for (unsigned i = 0; i < CALL_BUCKETS; i++) {
		struct call *next;

		for (struct call *call = calls->buckets[i]; call != NULL; call = next) {
			next = call->next;
			if (!call->is_restored || iq_handle_gateway(call->media) != gateway)
				continue;
			call->media = 0; // nothing is left to delete
			call_fail(call, 503, "its media context is gone");
		}
	}
}

static void on_audited(int32_t status, void *arg)
{
	struct orphanage *found = arg;
	const struct calls_config *config = &found->calls->config;

	if (status < 0)
		log_warn("the audit of media gateway %u broke off: %s", found->gateway,
			strerror(-status));
	else
		unadopted_end(found->calls, found->gateway);
	if (found->count == 0) {
		orphanage_destroy(found);
		return;
	}
	found->due_us = clock_now_us() + config->orphan_time_ms * UINT64_C(1000);
	found->timer = config->timer_start(config->loop, config->orphan_time_ms, on_due, found);
}

void calls_on_media_attached(struct calls *calls, uint8_t gateway)
{
	struct orphanage *found = calloc(1, sizeof(*found));

	if (found == NULL) {
		log_warn("media gateway %u can't be audited: no memory", gateway);
		return;
	}
	found->calls = calls;
	found->gateway = gateway;
	LIST_INIT(&found->orphans);
	LIST_INSERT_HEAD(&calls->orphanages, found, all);
	if (iq_client_audit(calls->config.iq, gateway, on_entry, on_audited, found) < 0) {
		log_warn("media gateway %u can't be audited", gateway);
		orphanage_destroy(found);
	}
}

int64_t calls_orphan_left_ms(const struct calls *calls, iq_handle media)
{
	const struct orphanage *found = orphanage_of(calls, media);
	uint64_t now_us = clock_now_us();

	if (found == NULL)
		return -1;
	if (found->timer == NULL) // the audit is under way: its time hasn't begun
		return found->calls->config.orphan_time_ms;
	return found->due_us > now_us ? (int64_t)((found->due_us - now_us) / 1000) : 0;
}

unsigned calls_orphan_count(const struct calls *calls)
{
	const struct orphanage *found;
	unsigned count = 0;

	LIST_FOREACH (found, &calls->orphanages, all)
		count += found->count;
	return count;
}
