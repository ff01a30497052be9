// SPDX-License-Identifier: Apache-2.0
// Wrong passwords and tokens, counted for an identity and the address they come from, and for the address alone: who
// tries many identities or reconnects is stopped too, and nobody can lock out others from elsewhere.
#include "clock.h"
#include "registration_priv.h"

#include <stdlib.h>
#include <string.h>

enum { FAILURES_MAX = 65536 };
// An address may fail as often as so many identities, since it may be a whole house's.
#define ADDRESS_FACTOR 20
#define ANYBODY "" // the identity of an address's own count

struct failure {
	struct table_entry entry; // first
	TAILQ_ENTRY(failure) by_age;
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
	TAILQ_REMOVE(&regs->failures_by_age, failure, by_age);
	free(failure->impi);
	free(failure->peer);
	free(failure);
}

static uint64_t lock_us(const struct registrations *regs)
{
	return regs->config->registration.lock_s * 1000000ull;
}

static unsigned locked_s(
	struct registrations *regs, const char *impi, const char *peer, unsigned failures_max)
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
	if (failure->count < failures_max)
		return 0;
	return (unsigned)((lock_us(regs) - age_us) / 1000000u) + 1;
}

unsigned failures_locked_s(struct registrations *regs, const char *impi, const char *peer)
{
	unsigned failures_max = regs->config->registration.failures_max;
	unsigned all_s = locked_s(regs, ANYBODY, peer, failures_max * ADDRESS_FACTOR);

	if (all_s > 0 || impi == NULL)
		return all_s;
	return locked_s(regs, impi, peer, failures_max);
}

// The oldest go: those whose time is over, a few for each new one, and one more when there is no room.
static void failures_tidy(struct registrations *regs)
{
	enum { A_FEW = 4 };
	struct failure *oldest = TAILQ_FIRST(&regs->failures_by_age);

	for (unsigned i = 0; i < A_FEW && oldest != NULL; i++) {
		bool is_over = clock_now_us() - oldest->since_us >= lock_us(regs);

		if (!is_over && regs->failures.count < FAILURES_MAX)
			return;
		failure_free(regs, oldest);
		oldest = TAILQ_FIRST(&regs->failures_by_age);
	}
}

static struct failure *failure_create(
	struct registrations *regs, const char *impi, const char *peer)
{
	struct failure *failure = calloc(1, sizeof(*failure));

	if (failure == NULL)
		return NULL;
	failure->impi = strdup(impi);
	failure->peer = strdup(peer);
	if (failure->impi == NULL || failure->peer == NULL) {
		free(failure->impi);
		free(failure->peer);
		free(failure);
		return NULL;
	}
	failure->since_us = clock_now_us();
	table_add(&regs->failures, &failure->entry, table_hash_text(&regs->failures, impi, peer));
	TAILQ_INSERT_TAIL(&regs->failures_by_age, failure, by_age);
	return failure;
}

static void count(struct registrations *regs, const char *impi, const char *peer)
{
	struct failure *failure = failure_find(regs, impi, peer);

	// One that nobody asked about since its time was over begins anew.
	if (failure != NULL && clock_now_us() - failure->since_us >= lock_us(regs)) {
		failure_free(regs, failure);
		failure = NULL;
	}
	if (failure == NULL) {
		failures_tidy(regs);
		failure = failure_create(regs, impi, peer);
	}
	if (failure != NULL)
		failure->count++;
}

void failures_add(struct registrations *regs, const char *impi, const char *peer)
{
	count(regs, ANYBODY, peer);
	if (impi != NULL)
		count(regs, impi, peer);
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
