// SPDX-License-Identifier: Apache-2.0
// The client and the real door in one process, driven by turns under a held clock.
#include "bench.h"

#include "clock.h"
#include "door_priv.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[48];
char path[2][64];
struct gateway gw[2];
struct iq_client *client;
struct got got;
static uint64_t now_us = 1000000;

static uint64_t held_now(void *arg)
{
	(void)arg;
	return now_us;
}

static int64_t held_wall(void *arg)
{
	(void)arg;
	return 0;
}

static const struct clock_source held = {.now_us = held_now, .wall_s = held_wall};

static void on_attached(int gateway, bool is_new, void *arg)
{
	(void)arg;
	got.attached++;
	got.fresh += is_new;
	got.gateway = gateway;
}

static void on_lost(int gateway, void *arg)
{
	(void)arg;
	got.lost++;
	got.gateway = gateway;
}

static void on_state(const struct iq_context_state *state, void *arg)
{
	(void)arg;
	got.states++;
	got.version = state->version;
}

void on_reply(int32_t status, const void *payload, void *arg)
{
	(void)arg;
	got.replies++;
	got.status = status;
	assert_true(status == 0 || payload == NULL);
}

static void on_local(int32_t status, const void *payload, void *arg)
{
	on_reply(status, payload, arg);
	if (status == 0)
		got.local = *(const struct iq_context_local *)payload;
}

void turn(void)
{
	for (int i = 0; i < 4; i++) {
		iq_client_dispatch(client);
		for (int k = 0; k < 2; k++) {
			if (gw[k].door != NULL)
				gateway_poll(&gw[k]);
		}
	}
	iq_client_dispatch(client);
}

void turn_after(uint64_t us)
{
	now_us += us;
	turn();
}

void client_make(unsigned count)
{
	const char *paths[] = {path[0], path[1]};
	struct iq_client_config config = {.paths = paths,
		.count = count,
		.on_attached = on_attached,
		.on_lost = on_lost,
		.on_state = on_state};

	client = iq_client_create(&config);
	assert_non_null(client);
}

int bench_open(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/iq-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path[0], sizeof(path[0]), "%s/a", folder);
	snprintf(path[1], sizeof(path[1]), "%s/b", folder);
	clock_inject(&held);
	memset(gw, 0, sizeof(gw));
	memset(&got, 0, sizeof(got));
	assert_int_equal(gateway_start(&gw[0], path[0], 1), 0);
	client_make(1);
	turn();
	assert_int_equal(got.attached, 1);
	assert_int_equal(got.fresh, 1);
	return 0;
}

int bench_close(void **state)
{
	(void)state;
	iq_client_destroy(client);
	for (int i = 0; i < 2; i++) {
		if (gw[i].door != NULL)
			gateway_stop(&gw[i]);
	}
	clock_inject(NULL);
	return rmdir(folder);
}

int send_reserve(bool is_repeatable, void *arg)
{
	struct iq_context_reserve reserve = {.streams = 1};
	struct iq_command command = {.gateway = IQ_GATEWAY_ANY,
		.type = IQ_CONTEXT_RESERVE,
		.is_repeatable = is_repeatable,
		.payload = &reserve,
		.on_reply = on_local,
		.arg = arg};

	return iq_client_send(client, &command);
}

int send_ref(uint16_t type, iq_handle handle)
{
	struct iq_context_ref ref = {.handle = handle};
	struct iq_command command = {.gateway = iq_handle_gateway(handle),
		.type = type,
		.payload = &ref,
		.on_reply = on_reply,
		.arg = &got};

	return iq_client_send(client, &command);
}

// The session ends while both live.
void session_cut(void)
{
	session_close(gw[0].door, "the test cuts it");
}

void reply_forge(unsigned k, uint64_t txn, uint32_t len, const void *payload)
{
	_Alignas(8) uint8_t bytes[IQ_PAYLOAD_MAX];
	struct iq_reply reply = {.len = len};

	memcpy(bytes, &reply, sizeof(reply));
	if (len > 0)
		memcpy(bytes + sizeof(reply), payload, len);
	assert_int_equal(iq_send(iq_region_out(gw[k].door->session.region), IQ_REPLY, txn, bytes,
				 (uint32_t)sizeof(reply) + len),
		0);
}
