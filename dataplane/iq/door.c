// SPDX-License-Identifier: Apache-2.0
// The door as main sees it: commands in, replies and events out, the lease.
#include "clock.h"
#include "door_priv.h"
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATH_DEFAULT "/run/isthmus/iq.sock"
#define LEASE_DEFAULT_S 3600
#define STATES_DEFAULT 65536
#define LAST_BURST 256 // as many as a ring can hold

static int path_set(struct iq_door *door)
{
	const char *path = door->config.path != NULL ? door->config.path : PATH_DEFAULT;

	if (strlen(path) >= sizeof(door->addr.sun_path)) {
		log_error("iq: the socket's path has more than %zu characters: configure a shorter "
			  "one",
			sizeof(door->addr.sun_path) - 1);
		return -ENAMETOOLONG;
	}
	door->addr.sun_family = AF_UNIX;
	snprintf(door->addr.sun_path, sizeof(door->addr.sun_path), "%s", path);
	door->config.path = door->addr.sun_path;
	return 0;
}

static void door_init(struct iq_door *door, const struct iq_door_config *config)
{
	door->config = *config;
	if (config->lease_s == 0)
		door->config.lease_s = LEASE_DEFAULT_S;
	door->epoll_fd = door->listen_fd = door->session.sock = -1;
	for (unsigned i = 0; i < DOOR_GREETINGS; i++)
		door->greetings[i].sock = -1;
	states_init(&door->states, config->states_max != 0 ? config->states_max : STATES_DEFAULT);
	door->gone_since_us = clock_now_us();
	door->self.gateway = config->gateway;
}

struct iq_door *iq_door_create(const struct iq_door_config *config)
{
	struct iq_door *door = calloc(1, sizeof(*door));
	int ret;

	if (door == NULL)
		return NULL;
	door_init(door, config);
	if (getrandom(&door->self.instance, sizeof(door->self.instance), 0) < 0) {
		ret = -errno;
		goto err;
	}
	ret = answers_init(&door->answers);
	if (ret < 0)
		goto err;
	ret = path_set(door);
	if (ret < 0)
		goto err;
	door->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	ret = door->epoll_fd < 0 ? -errno : door_listen(door);
	if (ret < 0)
		goto err;
	return door;
err:
	iq_door_destroy(door);
	errno = -ret;
	return NULL;
}

void iq_door_destroy(struct iq_door *door)
{
	if (door == NULL)
		return;
	if (door->answers.all != NULL)
		session_close(door, "the gateway stops");
	door_unlisten(door);
	if (door->epoll_fd >= 0)
		close(door->epoll_fd);
	answers_fini(&door->answers);
	states_fini(&door->states);
	explicit_bzero(door->command, sizeof(door->command));
	free(door);
}

int iq_door_fd(const struct iq_door *door)
{
	return door->epoll_fd;
}

static void answer_now(struct iq_door *door, struct answer *answer, int32_t status)
{
	answer_fill(answer, status, NULL, 0);
	answer_queue(door, answer);
}

static void ack_take(struct iq_door *door, struct answer *answer)
{
	struct iq_state_ack ack;

	memcpy(&ack, door->command, sizeof(ack));
	if (states_ack(&door->states, &ack)) {
		door->counts.acknowledged++;
		if (door->config.on_ack != NULL)
			door->config.on_ack(ack.handle, ack.version, door->config.arg);
	}
	answer_now(door, answer, 0);
}

// A command that isn't to be carried out, with an id that keeps no place: no answer is as good when there's no room.
static void command_refuse(struct iq_door *door, uint64_t txn)
{
	struct iq_reply wrong = {.status = -EINVAL};

	(void)iq_send(iq_region_out(door->session.region), IQ_REPLY, txn, &wrong, sizeof(wrong));
}

// A transaction that is known already: answered with the first reply, which may still be to come.
static void command_repeated(
	struct iq_door *door, struct answer *answer, const struct iq_header *header)
{
	door->counts.repeated++;
	if (answer->type != header->type) {
		command_refuse(door, header->txn); // its id is another command's
		return;
	}
	answer->session = door->session.number;
	if (answer->done)
		answer_queue(door, answer);
}

struct handler {
	iq_door_handler *call;
	void *arg;
};

static void command_take(
	struct iq_door *door, const struct iq_header *header, const struct handler *handler)
{
	int size = iq_command_size(header->type);
	struct answer *answer = answer_find(&door->answers, header->txn);

	// What comes unasked has it (IQ_CONTEXT_STATE), and main's own commands.
	if (header->txn == 0) {
		door->counts.invalid++;
		command_refuse(door, 0);
		return;
	}
	if (answer != NULL) {
		command_repeated(door, answer, header);
		return;
	}
	// commands_drain made sure of the place.
	answer = answer_add(&door->answers, header->txn, header->type);
	answer->session = door->session.number;
	if (size < 0 || header->len != (uint32_t)size) {
		door->counts.invalid++;
		answer_now(door, answer, size < 0 ? size : -EINVAL);
		return;
	}
	door->counts.commands++;
	if (header->type == IQ_STATE_ACK)
		ack_take(door, answer);
	else
		handler->call(door, header, door->command, handler->arg);
}

static int commands_drain(struct iq_door *door, int burst, const struct handler *handler)
{
	struct iq_header header;
	int count = 0;
	int ret = 0;

	// With every place in work the commands wait in the ring, and the controller behind them.
	while (count < burst && session_is_open(door) && answers_have_room(&door->answers)) {
		ret = iq_recv(iq_region_in(door->session.region), &header, door->command,
			sizeof(door->command));
		if (ret <= 0)
			break;
		command_take(door, &header, handler);
		explicit_bzero(door->command, header.len);
		count++;
	}
	if (ret < 0) {
		door->counts.spoiled++;
		session_close(door, "it spoiled the command ring");
	}
	return count;
}

// Takes commands until the ring is empty and we may sleep, or the burst is over.
static int session_poll(struct iq_door *door, const struct handler *handler)
{
	bool is_alive = iq_wake_drain(door->session.sock);
	// What a controller said before it left counts.
	int burst = is_alive ? IQ_DOOR_BURST : LAST_BURST;
	int count = 0;

	do {
		count += commands_drain(door, burst - count, handler);
		answers_flush(door);
	} while (session_is_open(door) && count < burst && answers_have_room(&door->answers) &&
		!iq_ring_sleep(iq_region_in(door->session.region)));
	if (!is_alive)
		session_close(door, "its socket closed");
	if (session_is_open(door))
		states_flush(door);
	return count;
}

int iq_door_poll(struct iq_door *door, iq_door_handler *on_command, void *arg)
{
	struct handler handler = {.call = on_command, .arg = arg};
	int count = session_is_open(door) ? session_poll(door, &handler) : 0;

	door_accept(door);
	return count;
}

int iq_door_reply(
	struct iq_door *door, uint64_t txn, int32_t status, const void *payload, uint32_t len)
{
	struct answer *answer = answer_find(&door->answers, txn);
	int size;

	if (answer == NULL || answer->done)
		return -ENOENT;
	size = iq_reply_size(answer->type);
	if (len != (status == 0 ? (uint32_t)size : 0))
		return -EINVAL;
	answer_fill(answer, status, payload, len);
	if (session_is_open(door) && answer->session == door->session.number) {
		answer_queue(door, answer);
		answers_flush(door);
	} else {
		answer_keep(&door->answers, answer);
	}
	return 0;
}

int iq_door_event(struct iq_door *door, uint16_t type, const void *payload, uint32_t len)
{
	if (type == IQ_CAPACITY && len == sizeof(struct iq_capacity)) {
		memcpy(&door->states.capacity, payload, len);
		door->states.capacity_is_new = true;
		return 0;
	}
	if (type == IQ_CONTEXT_STATE && len == sizeof(struct iq_context_state))
		return states_put(&door->states, payload);
	return -EINVAL;
}

bool iq_door_is_attached(const struct iq_door *door)
{
	return session_is_open(door);
}

uint64_t iq_door_gone_since_us(const struct iq_door *door)
{
	return session_is_open(door) ? 0 : door->gone_since_us;
}

bool iq_door_lease_is_over(const struct iq_door *door)
{
	return !session_is_open(door) &&
		clock_now_us() - door->gone_since_us >= door->config.lease_s * UINT64_C(1000000);
}

const struct iq_door_counts *iq_door_counts(const struct iq_door *door)
{
	return &door->counts;
}
