// SPDX-License-Identifier: Apache-2.0
// The door's inside: session, answers, states.
#pragma once

#include "iq_door.h"

#include <sys/queue.h>
#include <sys/un.h>

#define DOOR_ANSWERS 512 // commands in work and replies kept
#define DOOR_BUCKETS 1024
#define DOOR_GREETINGS 4 // connections whose hello hasn't come
#define DOOR_REPLY_MAX (sizeof(struct iq_reply) + sizeof(struct iq_audit_page)) // the longest

// A command's place: it waits for the handler, then holds the reply.
struct answer {
	LIST_ENTRY(answer) bucket;
	TAILQ_ENTRY(answer) age; // among all in use, oldest first; or among the free
	TAILQ_ENTRY(answer) turn; // among the unsent
	uint64_t txn;
	uint64_t unsent_since_us;
	uint32_t session; // that asked last
	uint32_t len; // of bytes
	uint16_t type;
	bool done; // the handler has answered
	bool unsent; // done, and waits for room
	_Alignas(8) uint8_t bytes[DOOR_REPLY_MAX];
};
LIST_HEAD(answer_bucket, answer);
TAILQ_HEAD(answer_list, answer);

struct answers {
	struct answer *all;
	struct answer_bucket buckets[DOOR_BUCKETS];
	struct answer_list free, used, unsent;
};

// A context's state that waits for its acknowledgement.
struct pending {
	LIST_ENTRY(pending) bucket;
	TAILQ_ENTRY(pending) turn; // among the unsent or the sent
	uint64_t sent_us;
	bool sent; // in this session
	struct iq_context_state state;
};
LIST_HEAD(pending_bucket, pending);
TAILQ_HEAD(pending_list, pending);

struct states {
	struct pending_bucket buckets[DOOR_BUCKETS];
	struct pending_list unsent, sent; // sent: oldest first
	uint32_t count, max;
	struct iq_capacity capacity;
	bool capacity_is_new;
};

struct greeting {
	int sock; // -1: none
	uint64_t since_us;
};

struct session {
	int sock; // -1: none
	uint32_t number; // grows with each
	uint32_t pid;
	struct iq_region *region;
};

struct iq_door {
	struct iq_door_config config;
	struct sockaddr_un addr;
	struct iq_identity self;
	int epoll_fd, listen_fd;
	uint64_t gone_since_us;
	struct greeting greetings[DOOR_GREETINGS];
	struct session session;
	struct answers answers;
	struct states states;
	struct iq_door_counts counts;
	_Alignas(8) uint8_t command[IQ_PAYLOAD_MAX];
};

// door_listen.c
int door_listen(struct iq_door *door);
void door_unlisten(struct iq_door *door);
void door_accept(struct iq_door *door); // connections and hellos; may open a session

// door_session.c
bool session_is_open(const struct iq_door *door);
bool session_peer_is_gone(const struct iq_door *door);
int session_open(struct iq_door *door, int sock, uint32_t pid); // takes sock
void session_close(struct iq_door *door, const char *why);

// door_answers.c
int answers_init(struct answers *answers);
void answers_fini(struct answers *answers);
struct answer *answer_find(struct answers *answers, uint64_t txn);
struct answer *answer_add(
	struct answers *answers, uint64_t txn, uint16_t type); // NULL: all in work
bool answers_have_room(const struct answers *answers);
void answer_fill(struct answer *answer, int32_t status, const void *payload, uint32_t len);
void answer_queue(struct iq_door *door, struct answer *answer); // to this session
void answer_keep(struct answers *answers, struct answer *answer); // for a repetition, if any
void answers_flush(struct iq_door *door);
void answers_session_end(struct answers *answers);

// door_states.c
void states_init(struct states *states, uint32_t max);
void states_fini(struct states *states);
int states_put(struct states *states, const struct iq_context_state *state);
bool states_ack(struct states *states, const struct iq_state_ack *ack);
void states_session_begin(struct states *states);
void states_flush(struct iq_door *door);
