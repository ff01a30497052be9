// SPDX-License-Identifier: Apache-2.0
// All calls, by id; destroyed from the loop, never below a callback of their own.
#include "call_priv.h"
#include "clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct calls *calls_create(const struct calls_config *config)
{
	struct calls *calls = calloc(1, sizeof(*calls));

	if (calls == NULL)
		return NULL;
	calls->config = *config;
	LIST_INIT(&calls->orphanages);
	return calls;
}

static unsigned bucket_of(const char *id)
{
	unsigned hash = 5381;

	for (; *id != '\0'; id++)
		hash = hash * 33 + (unsigned char)*id;
	return hash % CALL_BUCKETS;
}

struct call *call_by_id(struct calls *calls, const char *id)
{
	struct call *call = calls->buckets[bucket_of(id)];

	while (call != NULL && strcmp(call->id, id) != 0)
		call = call->next;
	return call;
}

struct call *call_create(struct calls *calls, const struct call_setup *setup)
{
	struct call *call = calloc(1, sizeof(*call));
	unsigned bucket = bucket_of(setup->id);

	if (call == NULL)
		return NULL;
	call->calls = calls;
	memcpy(call->legs, setup->legs, sizeof(call->legs));
	call->web = setup->web;
	memcpy(call->id, setup->id, sizeof(call->id));
	call->families[IQ_LEG_ACCESS] = setup->families_access;
	call->families[IQ_LEG_CORE] = setup->families_core;
	call->started_us = clock_now_us();
	// Below 2^63: the o= line is a decimal that some parsers read as signed.
	if (getrandom(call->session_id, sizeof(call->session_id), 0) != sizeof(call->session_id)) {
		free(call);
		return NULL;
	}
	call->session_id[0] >>= 2;
	call->session_id[1] >>= 2;
	call->next = calls->buckets[bucket];
	calls->buckets[bucket] = call;
	calls->count++;
	return call;
}

static void call_destroy(struct call *call)
{
	exchange_wipe(call);
	for (unsigned side = 0; side < 2; side++) {
		sdp_destroy(call->local[side]);
		sdp_destroy(call->remote[side]);
	}
	call->calls->config.bag_unref(call->first_bag);
	call->calls->config.bag_unref(call->answer_bag);
	free(call);
}

static void call_unlist(struct call *call)
{
	struct call **at = &call->calls->buckets[bucket_of(call->id)];

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	call->calls->count--;
}

void call_discard(struct call *call)
{
	call_unlist(call);
	call_destroy(call);
}

static void calls_reap(struct calls *calls)
{
	while (calls->over != NULL) {
		struct call *call = calls->over;

		calls->over = call->next_over;
		call_destroy(call);
	}
}

static void on_reap(void *arg)
{
	struct calls *calls = arg;

	calls->reap_timer = NULL;
	calls_reap(calls);
}

void call_retire(struct call *call)
{
	struct calls *calls = call->calls;

	call_unlist(call);
	call->next_over = calls->over;
	calls->over = call;
	if (calls->reap_timer == NULL)
		calls->reap_timer =
			calls->config.timer_start(calls->config.loop, 0, on_reap, calls);
}

void calls_destroy(struct calls *calls)
{
	if (calls == NULL)
		return;
	for (unsigned i = 0; i < CALL_BUCKETS; i++) {
		while (calls->buckets[i] != NULL)
			call_forget(calls->buckets[i]);
	}
	if (calls->reap_timer != NULL)
		calls->config.timer_stop(calls->config.loop, calls->reap_timer);
	calls_reap(calls);
	orphans_forget(calls);
	free(calls);
}

void calls_end_all(struct calls *calls, int cause, const char *text)
{
	for (unsigned i = 0; i < CALL_BUCKETS; i++) {
		while (calls->buckets[i] != NULL)
			call_fail(calls->buckets[i], cause, text);
	}
}

void calls_end_unanswered(struct calls *calls, int cause, const char *text)
{
	for (unsigned i = 0; i < CALL_BUCKETS; i++) {
		struct call *next;

		for (struct call *call = calls->buckets[i]; call != NULL; call = next) {
			next = call->next;
			if (call->state != CALL_UP)
				call_fail(call, cause, text);
		}
	}
}

unsigned calls_count(const struct calls *calls)
{
	return calls->count;
}

static const char *state_name(const struct call *call)
{
	static const char *const names[] = {[CALL_STARTING] = "starting",
		[CALL_INVITING] = "inviting",
		[CALL_ANSWERING] = "answering",
		[CALL_UP] = "up",
		[CALL_OVER] = "over"};

	return names[call->state];
}

static void info_of(const struct call *call, uint64_t now_us, struct call_info *info)
{
	*info = (struct call_info){.id = call->id,
		.state = state_name(call),
		.web = call->web,
		.age_ms = (now_us - call->started_us) / 1000,
		.setup_ms = call->up_us != 0 ? (call->up_us - call->started_us) / 1000 : 0,
		.media = call->media,
		.is_parked = call->is_parked};
}

int call_info_get(struct calls *calls, const char *id, struct call_info *info)
{
	const struct call *call = call_by_id(calls, id);

	if (call == NULL)
		return -ENOENT;
	info_of(call, clock_now_us(), info);
	return 0;
}

unsigned calls_visit(
	struct calls *calls, void (*on_call)(const struct call_info *info, void *arg), void *arg)
{
	uint64_t now_us = clock_now_us();
	struct call_info info;
	unsigned count = 0;

	for (unsigned i = 0; i < CALL_BUCKETS; i++) {
		for (const struct call *call = calls->buckets[i]; call != NULL; call = call->next) {
			info_of(call, now_us, &info);
			on_call(&info, arg);
			count++;
		}
	}
	return count;
}
