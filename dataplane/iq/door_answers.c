// SPDX-License-Identifier: Apache-2.0
// Transactions: commands in work, replies that wait for room, replies kept for repetitions. No
// memory is taken later.
#include "clock.h"
#include "door_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define UNSENT_MAX_US 10000000u // a controller that doesn't read for so long is as good as gone

int answers_init(struct answers *answers)
{
	answers->all = calloc(DOOR_ANSWERS, sizeof(*answers->all));
	if (answers->all == NULL)
		return -ENOMEM;
	TAILQ_INIT(&answers->free);
	TAILQ_INIT(&answers->used);
	TAILQ_INIT(&answers->unsent);
	for (unsigned i = 0; i < DOOR_BUCKETS; i++)
		LIST_INIT(&answers->buckets[i]);
	for (unsigned i = 0; i < DOOR_ANSWERS; i++)
		TAILQ_INSERT_TAIL(&answers->free, &answers->all[i], age);
	return 0;
}

void answers_fini(struct answers *answers)
{
	if (answers->all == NULL)
		return;
	// Replies hold ICE passwords.
	explicit_bzero(answers->all, DOOR_ANSWERS * sizeof(*answers->all));
	free(answers->all);
	answers->all = NULL;
}

static struct answer_bucket *bucket_of(struct answers *answers, uint64_t txn)
{
	return &answers->buckets[txn % DOOR_BUCKETS];
}

struct answer *answer_find(struct answers *answers, uint64_t txn)
{
	struct answer *answer;

	LIST_FOREACH (answer, bucket_of(answers, txn), bucket) {
		if (answer->txn == txn)
			return answer;
	}
	return NULL;
}

static void answer_del(struct answers *answers, struct answer *answer)
{
	LIST_REMOVE(answer, bucket);
	TAILQ_REMOVE(&answers->used, answer, age);
	if (answer->unsent)
		TAILQ_REMOVE(&answers->unsent, answer, turn);
	explicit_bzero(answer->bytes, answer->len);
	answer->len = 0;
	TAILQ_INSERT_TAIL(&answers->free, answer, age);
}

// The oldest reply that has left.
static struct answer *oldest_find(const struct answers *answers)
{
	struct answer *answer;

	TAILQ_FOREACH (answer, &answers->used, age) {
		if (answer->done && !answer->unsent)
			return answer;
	}
	return NULL;
}

bool answers_have_room(const struct answers *answers)
{
	return !TAILQ_EMPTY(&answers->free) || oldest_find(answers) != NULL;
}

struct answer *answer_add(struct answers *answers, uint64_t txn, uint16_t type)
{
	struct answer *answer;

	if (!answers_have_room(answers))
		return NULL;
	if (TAILQ_EMPTY(&answers->free))
		answer_del(answers, oldest_find(answers));
	answer = TAILQ_FIRST(&answers->free);
	TAILQ_REMOVE(&answers->free, answer, age);
	answer->txn = txn;
	answer->type = type;
	answer->done = false;
	answer->unsent = false;
	answer->len = 0;
	LIST_INSERT_HEAD(bucket_of(answers, txn), answer, bucket);
	TAILQ_INSERT_TAIL(&answers->used, answer, age);
	return answer;
}

void answer_fill(struct answer *answer, int32_t status, const void *payload, uint32_t len)
{
	struct iq_reply reply = {.status = status, .len = len};

	memcpy(answer->bytes, &reply, sizeof(reply));
	if (len > 0)
		memcpy(answer->bytes + sizeof(reply), payload, len);
	answer->len = (uint32_t)sizeof(reply) + len;
	answer->done = true;
}

void answer_queue(struct iq_door *door, struct answer *answer)
{
	if (answer->unsent)
		return;
	answer->unsent = true;
	answer->unsent_since_us = clock_now_us();
	TAILQ_INSERT_TAIL(&door->answers.unsent, answer, turn);
}

void answer_keep(struct answers *answers, struct answer *answer)
{
	// What changes nothing may as well be done again.
	if (!iq_command_changes(answer->type))
		answer_del(answers, answer);
}

// The reply has left, or nobody waits for it any more.
static void answer_settle(struct answers *answers, struct answer *answer)
{
	TAILQ_REMOVE(&answers->unsent, answer, turn);
	answer->unsent = false;
	answer_keep(answers, answer);
}

void answers_flush(struct iq_door *door)
{
	struct answers *answers = &door->answers;
	struct answer *answer;
	int ret;

	while ((answer = TAILQ_FIRST(&answers->unsent)) != NULL && session_is_open(door)) {
		ret = iq_send(iq_region_out(door->session.region), IQ_REPLY, answer->txn,
			answer->bytes, answer->len);
		if (ret == 0) {
			answer_settle(answers, answer);
			continue;
		}
		if (ret != -EAGAIN) {
			door->counts.spoiled++;
			session_close(door, "it spoiled the event ring");
		} else if (clock_now_us() - answer->unsent_since_us > UNSENT_MAX_US) {
			session_close(door, "it hasn't read its replies for 10 s");
		}
		return;
	}
}

void answers_session_end(struct answers *answers)
{
	struct answer *answer;

	while ((answer = TAILQ_FIRST(&answers->unsent)) != NULL)
		answer_settle(answers, answer);
}
