// SPDX-License-Identifier: Apache-2.0
// The client's inside: a link a gateway, requests that wait for replies, walks.
#pragma once

#include "iq_client.h"

#include <sys/queue.h>
#include <sys/un.h>

#define CLIENT_BUCKETS 1024
#define CLIENT_REQUESTS_MAX 16384
#define CLIENT_TIMEOUT_MS 3000
#define CLIENT_KEEPALIVES 5 // unanswered ones that end a session

enum link_state { LINK_DOWN, LINK_GREETING, LINK_UP };

struct link;

struct request {
	LIST_ENTRY(request) bucket;
	TAILQ_ENTRY(request) turn; // in the link's unsent or sent
	struct link *link;
	uint64_t txn;
	uint64_t deadline_us;
	uint16_t type;
	bool is_repeatable;
	bool is_orphan; // nobody waits, but what it makes must be deleted
	bool is_sent; // in this session: it is in the sent list
	bool was_sent; // in any session
	iq_on_reply *on_reply;
	void *arg;
	uint32_t len;
	_Alignas(8) uint8_t payload[];
};
LIST_HEAD(request_bucket, request);
TAILQ_HEAD(request_list, request);

struct link {
	struct iq_client *client;
	struct sockaddr_un addr;
	enum link_state state;
	int sock; // -1 when down
	bool is_broken; // found outside of dispatch: to be ended by it
	bool was_up; // peer is the last instance seen
	bool failure_is_told; // of the attempts since the last session
	uint64_t due_us; // down: next attempt; greeting: its end; up: next keepalive
	struct iq_identity peer;
	struct iq_region *region;
	struct iq_stats *stats;
	struct iq_capacity capacity;
	bool capacity_is_known;
	struct request_list unsent, sent;
};

struct walk {
	LIST_ENTRY(walk) all;
	struct iq_client *client;
	int gateway;
	uint32_t pages;
	iq_on_entry *on_entry;
	iq_on_done *on_done;
	void *arg;
};
LIST_HEAD(walk_list, walk);

struct iq_client {
	struct iq_client_config config;
	int epoll_fd;
	int kick_fd; // our own eventfd: work is left for the next dispatch
	bool is_dispatching;
	uint64_t next_txn;
	uint64_t expiry_due_us;
	unsigned request_count;
	struct request_bucket buckets[CLIENT_BUCKETS];
	struct walk_list walks;
	struct link links[IQ_GATEWAYS_MAX];
	_Alignas(8) uint8_t message[IQ_PAYLOAD_MAX];
};

// client.c
struct link *client_link_find(const struct iq_client *client, int gateway);
void client_kick(struct iq_client *client);

// client_link.c
void link_init(struct link *link, struct iq_client *client);
void link_run(struct link *link);
void link_close(struct link *link); // without callbacks
void link_lost(struct link *link, const char *why);

// client_request.c
int request_add(struct link *link, const struct iq_command *command);
void request_free(struct request *request);
void requests_flush(struct link *link);
void requests_expire(struct iq_client *client);
void requests_requeue(struct link *link); // session lost: repeatable ones wait for the next
void requests_fail(struct link *link, int32_t status); // all of them
void requests_orphan(struct iq_client *client, const void *arg);
void reply_take(struct link *link, const struct iq_header *header);

// client_check.c
int reply_check(const struct request *request, const struct iq_header *header, uint8_t *message);
int state_check(const struct link *link, const struct iq_header *header, uint8_t *message);

// client_audit.c
void walks_orphan(struct iq_client *client, const void *arg);
void walks_free(struct iq_client *client);
