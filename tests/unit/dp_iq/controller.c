// SPDX-License-Identifier: Apache-2.0
// A bare controller for tests of the door.
#include "controller.h"

#include "clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

char test_path[64];
static char folder[48];
static uint64_t held_us;

int folder_make(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/iq-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(test_path, sizeof(test_path), "%s/iq.sock", folder);
	return 0;
}

int folder_remove(void **state)
{
	(void)state;
	clock_release();
	unlink(test_path);
	return rmdir(folder);
}

static uint64_t held_now(void *arg)
{
	(void)arg;
	return held_us;
}

static int64_t held_wall(void *arg)
{
	(void)arg;
	return 1700000000;
}

void clock_hold(void)
{
	static const struct clock_source source = {.now_us = held_now, .wall_s = held_wall};

	held_us = clock_now_us();
	clock_inject(&source);
}

void clock_step(uint64_t us)
{
	held_us += us;
}

void clock_release(void)
{
	clock_inject(NULL);
}

void on_command(
	struct iq_door *door, const struct iq_header *header, const void *payload, void *arg)
{
	static const uint8_t zeros[IQ_PAYLOAD_MAX];
	struct executed *e = arg;

	assert_non_null(payload);
	e->count++;
	e->last = *header;
	if (e->answers)
		assert_int_equal(iq_door_reply(door, header->txn, 0, zeros,
					 (uint32_t)iq_reply_size(header->type)),
			0);
}

struct iq_stats *stats_make(void)
{
	static const char *const names[] = {"rx", "tx"};

	return iq_stats_create(names, 2, 1);
}

struct iq_door *door_make(const struct iq_stats *stats)
{
	struct iq_door_config config = {.path = test_path,
		.gateway = 3,
		.uid = getuid(),
		.stats = stats,
		.lease_s = 60,
		.states_max = 1000};

	return iq_door_create(&config);
}

int controller_connect(struct controller *c)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	memset(c, 0, sizeof(*c));
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", test_path);
	c->sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	return connect(c->sock, (struct sockaddr *)&addr, sizeof(addr)) < 0 ? -errno : 0;
}

int controller_welcome(struct controller *c)
{
	int fds[2];
	int ret = iq_welcome_recv(c->sock, &c->peer, fds, c->why, sizeof(c->why));

	if (ret < 0)
		return ret;
	c->region = iq_region_map(fds[0], c->why, sizeof(c->why));
	c->stats = iq_stats_map(fds[1], c->why, sizeof(c->why));
	c->region_fd = fds[0];
	close(fds[1]);
	if (c->region == NULL || c->stats == NULL)
		return -EPROTO;
	iq_region_wake_set(c->region, c->sock);
	return 0;
}

int controller_attach(struct controller *c, struct iq_door *door, struct executed *e)
{
	int ret = controller_connect(c);

	if (ret < 0)
		return ret;
	ret = iq_hello_send(c->sock);
	if (ret < 0)
		return ret;
	iq_door_poll(door, on_command, e);
	return controller_welcome(c);
}

void controller_leave(struct controller *c)
{
	iq_region_destroy(c->region);
	iq_stats_destroy(c->stats);
	if (c->region != NULL)
		close(c->region_fd);
	close(c->sock);
	memset(c, 0, sizeof(*c));
}

int command_send(struct controller *c, uint16_t type, uint64_t txn, uint64_t first)
{
	uint8_t payload[IQ_PAYLOAD_MAX] = {0};

	memcpy(payload, &first, sizeof(first));
	return iq_send(
		iq_region_out(c->region), type, txn, payload, (uint32_t)iq_command_size(type));
}

int message_take(struct controller *c, struct iq_header *header, void *buf)
{
	return iq_recv(iq_region_in(c->region), header, buf, IQ_PAYLOAD_MAX);
}

int32_t reply_expect(struct controller *c, uint64_t txn)
{
	_Alignas(8) uint8_t buf[IQ_PAYLOAD_MAX];
	struct iq_reply *reply = (void *)buf;
	struct iq_header header;

	assert_int_equal(message_take(c, &header, buf), 1);
	assert_int_equal(header.type, IQ_REPLY);
	assert_int_equal(header.txn, txn);
	assert_int_equal(reply->len, header.len - sizeof(*reply));
	return reply->status;
}
