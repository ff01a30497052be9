// SPDX-License-Identifier: Apache-2.0
// Wrong passwords, counted for an identity and the address they come from: nobody can lock out others from elsewhere.
#include "clock.h"
#include "registration_priv.h"

#include <stdlib.h>
#include <string.h>

enum { FAILURES_MAX = 65536 };

struct failure {
	struct table_entry entry; // first
	uint64_t since_us;
	unsigned count;
	char *impi, *peer;
};

static struct failure *failure_find(struct registrations *regs, const char *impi, const char *peer)
{
	uint64_t hash = table_hash_text(&regs->failures, impi, peer);
	struct table_entry *entry = NULL;

	while ((entry = table_find(&regs->failures, hash, entry)) != NULL) {
		struct failure *failure = (struct failure *)entry;

		if (strcmp(failure->impi, impi) == 0 && strcmp(failure->peer, peer) == 0)
			return failure;
	}
	return NULL;
}

static void failure_free(struct registrations *regs, struct failure *failure)
{
	table_del(&regs->failures, &failure->entry);
	free(failure->impi);
	free(failure->peer);
	free(failure);
}

static uint64_t lock_us(const struct registrations *regs)
{
	return regs->config->registration.lock_s * 1000000ull;
}

unsigned failures_locked_s(struct registrations *regs, const char *impi, const char *peer)
{
	struct failure *failure = failure_find(regs, impi, peer);
	uint64_t age_us;

	if (failure == NULL)
		return 0;
	age_us = clock_now_us() - failure->since_us;
	if (age_us >= lock_us(regs)) {
		failure_free(regs, failure);
		return 0;
	}
	if (failure->count < regs->config->registration.failures_max)
		return 0;
	return (unsigned)((lock_us(regs) - age_us) / 1000000u) + 1;
}

// Full of failures: those whose time is over go; if there are none, one is forgotten for each new one.
static void failures_tidy(struct registrations *regs)
{
	struct table_entry *entry = table_next(&regs->failures, NULL), *next;
	unsigned before = regs->failures.count;

	for (; entry != NULL; entry = next) {
		struct failure *failure = (struct failure *)entry;

		next = table_next(&regs->failures, entry);
		if (clock_now_us() - failure->since_us >= lock_us(regs))
			failure_free(regs, failure);
	}
	if (regs->failures.count == before)
		failure_free(regs, (struct failure *)table_next(&regs->failures, NULL));
}

void failures_add(struct registrations *regs, const char *impi, const char *peer)
{
	struct failure *failure = failure_find(regs, impi, peer);

	if (failure == NULL) {
		if (regs->failures.count >= FAILURES_MAX)
			failures_tidy(regs);
		failure = calloc(1, sizeof(*failure));
		if (failure == NULL)
			return;
		failure->impi = strdup(impi);
		failure->peer = strdup(peer);
		if (failure->impi == NULL || failure->peer == NULL) {
			free(failure->impi);
			free(failure->peer);
			free(failure);
			return;
		}
		table_add(&regs->failures, &failure->entry,
			table_hash_text(&regs->failures, impi, peer));
		failure->since_us = clock_now_us();
	}
	failure->count++;
}

void failures_forget(struct registrations *regs, const char *impi, const char *peer)
{
	struct failure *failure = failure_find(regs, impi, peer);

	if (failure != NULL)
		failure_free(regs, failure);
}

void failures_clear(struct registrations *regs)
{
	struct table_entry *entry;

	while ((entry = table_next(&regs->failures, NULL)) != NULL)
		failure_free(regs, (struct failure *)entry);
}
