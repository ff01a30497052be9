// SPDX-License-Identifier: Apache-2.0
// Gateways in processes of their own that write garbage, lie in their replies, or kill themselves
// at every step: the client goes on, every command is completed once, and the next gateway is
// attached.
#include "gateway.h"
#include "iq_abi.h"
#include "iq_client.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[48], path[64];
static struct iq_client *client;
static unsigned attached, lost, asked, replied, good, states;

static void send_reserve(void);

static void on_attached(int gateway, bool is_new, void *arg)
{
	(void)gateway, (void)is_new, (void)arg;
	attached++;
	send_reserve();
}

static void on_lost(int gateway, void *arg)
{
	(void)gateway, (void)arg;
	lost++;
}

static void on_state(const struct iq_context_state *state, void *arg)
{
	(void)arg;
	assert_int_equal(iq_handle_gateway(state->handle), 1);
	assert_true(memchr(state->ref, '\0', sizeof(state->ref)) != NULL);
	states++;
}

static void on_reply(int32_t status, const void *payload, void *arg)
{
	const struct iq_context_local *local = payload;

	(void)arg;
	replied++;
	assert_true(status <= 0);
	if (status != 0)
		return;
	good++;
	assert_int_equal(iq_handle_gateway(local->handle), 1);
	assert_in_range(local->streams, 1, IQ_STREAMS_MAX);
	assert_true(memchr(local->pwd, '\0', sizeof(local->pwd)) != NULL);
}

static void send_reserve(void)
{
	struct iq_context_reserve reserve = {.streams = 1};
	struct iq_command command = {.gateway = 1,
		.type = IQ_CONTEXT_RESERVE,
		.timeout_ms = 300,
		.payload = &reserve,
		.on_reply = on_reply};

	if (iq_client_send(client, &command) == 0)
		asked++;
}

static int open_all(void **state)
{
	const char *paths[] = {path};
	struct iq_client_config config = {.paths = paths,
		.count = 1,
		.retry_ms = 1,
		.keepalive_ms = 100,
		.on_attached = on_attached,
		.on_lost = on_lost,
		.on_state = on_state};

	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/iq-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/iq.sock", folder);
	client = iq_client_create(&config);
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	iq_client_destroy(client);
	return rmdir(folder);
}

static void turn(void)
{
	struct pollfd fd = {.fd = iq_client_fd(client), .events = POLLIN};

	poll(&fd, 1, 1);
	iq_client_dispatch(client);
}

// A gateway that behaves must be attached and answer.
static void client_still_works(void)
{
	struct gateway honest = {0};
	unsigned before = good;

	unlink(path);
	assert_int_equal(gateway_start(&honest, path, 1), 0);
	for (int i = 0; i < 5000 && good == before; i++) {
		turn();
		gateway_poll(&honest);
	}
	assert_int_equal(good, before + 1);
	gateway_stop(&honest);
	// Nothing stays pending once the session is gone.
	for (int i = 0; i < 5000 && (replied < asked || lost < attached); i++)
		turn();
	assert_int_equal(replied, asked);
	assert_int_equal(lost, attached);
}

static void run_child(void (*child)(int step), int step)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		alarm(30); // a child that hangs fails
		child(step);
		_exit(0);
	}
	while (waitpid(pid, &status, WNOHANG) == 0)
		turn();
	assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
	client_still_works();
}

static void die(void)
{
	kill(getpid(), SIGKILL);
}

// A bare gateway: listens, accepts, takes the hello; the rest is the test's.
struct bare {
	int listener, sock;
	struct iq_region *region;
	struct iq_region_layout *shared;
	struct iq_stats *stats;
};

static void bare_listen(struct bare *b)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	unlink(path);
	b->listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	if (bind(b->listener, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
		listen(b->listener, 4) < 0)
		_exit(9);
}

static void bare_accept(struct bare *b)
{
	char byte;

	b->sock = accept(b->listener, NULL, NULL);
	recv(b->sock, &byte, 1, 0);
}

static void bare_welcome(struct bare *b)
{
	static const char *const names[] = {"rx"};
	struct iq_identity self = {.instance = 1, .gateway = 1};

	b->region = iq_region_create();
	b->stats = iq_stats_create(names, 1, 1);
	b->shared = mmap(NULL, sizeof(*b->shared), PROT_READ | PROT_WRITE, MAP_SHARED,
		iq_region_fd(b->region), 0);
	iq_region_wake_set(b->region, b->sock);
	iq_ring_sleep(iq_region_in(b->region));
	if (iq_welcome_send(b->sock, &self, iq_region_fd(b->region), iq_stats_fd(b->stats)) < 0)
		_exit(8);
}

static void bare_attach(struct bare *b)
{
	bare_listen(b);
	bare_accept(b);
	bare_welcome(b);
}

// The next reservation's id.
static uint64_t bare_command(struct bare *b)
{
	struct iq_header header;
	uint8_t buf[IQ_PAYLOAD_MAX];

	for (;;) {
		if (iq_recv(iq_region_in(b->region), &header, buf, sizeof(buf)) != 1)
			usleep(500);
		else if (header.type == IQ_CONTEXT_RESERVE)
			return header.txn;
	}
}

struct answer_bytes {
	struct iq_reply reply;
	struct iq_context_local local;
};

static struct answer_bytes answer_make(void)
{
	struct answer_bytes a = {.reply = {.len = sizeof(a.local)},
		.local = {.handle = iq_handle_make(1, 0, 1, 1), .streams = 1}};

	return a;
}

#define STEPS 11

static void child_that_dies(int step)
{
	struct answer_bytes a = answer_make();
	struct iq_ring *ring;
	struct bare b;
	uint64_t txn;

	bare_listen(&b);
	if (step == 0)
		die();
	b.sock = accept(b.listener, NULL, NULL);
	if (step == 1)
		die();
	recv(b.sock, &txn, 1, 0);
	if (step == 2)
		die(); // took the hello
	bare_welcome(&b);
	if (step == 3)
		die();
	txn = bare_command(&b);
	if (step == 4)
		die(); // took the command
	ring = &b.shared->pair.event;
	ring->slots[0].txn = txn;
	ring->slots[0].type = IQ_REPLY;
	ring->slots[0].len = sizeof(a);
	if (step == 5)
		die(); // a slot's header is written
	memcpy(ring->slots[0].data, &a, sizeof(a));
	if (step == 6)
		die(); // all of it
	ring->head = 1;
	if (step == 7)
		die(); // published
	iq_wake(b.sock);
	if (step == 8)
		die(); // woken
	usleep(3000);
	if (step == 9)
		die(); // the client is idle
	b.shared->pair.command.asleep = 1;
	b.shared->pair.command.starved = 1;
	die();
}

static void dies_at_every_step(void **state)
{
	(void)state;
	for (int step = 0; step < STEPS; step++)
		run_child(child_that_dies, step);
	assert_true(lost > STEPS);
}

// A real door, killed at any moment of a busy exchange.
static void child_in_full_swing(int step)
{
	struct gateway honest = {0};
	struct iq_context_state s = {.handle = iq_handle_make(1, 0, 1, 1)};

	srandom((unsigned)step);
	if (gateway_start(&honest, path, 1) < 0)
		_exit(9);
	for (long left = 50 + random() % 1500; left > 0; left--) {
		s.version++;
		iq_door_event(honest.door, IQ_CONTEXT_STATE, &s, sizeof(s));
		gateway_poll(&honest);
		if (left % 16 == 0)
			usleep(100);
	}
	die();
}

static void dies_in_full_swing(void **state)
{
	(void)state;
	for (int step = 1; step <= 15; step++)
		run_child(child_in_full_swing, step);
	assert_true(states > 0);
}

static void child_that_spoils_fields(int step)
{
	static const uint32_t values[] = {0xffffffffu, 0x80000000u, 1, 257};
	struct answer_bytes a = answer_make();
	struct bare b;
	uint32_t *word;

	bare_attach(&b);
	word = (uint32_t *)b.shared + step;
	for (unsigned i = 0; i < 4; i++) {
		iq_send(iq_region_out(b.region), IQ_REPLY, 1, &a, sizeof(a));
		*word = values[i];
		iq_wake(b.sock);
		usleep(1500);
		*word ^= values[i];
	}
}

static void spoils_each_field(void **state)
{
	size_t pair = offsetof(struct iq_region_layout, pair) / 4;
	size_t event = pair + offsetof(struct iq_pair, event) / 4;
	size_t slot = offsetof(struct iq_ring, slots) / 4;

	(void)state;
	for (size_t i = 0; i < 8; i++)
		run_child(child_that_spoils_fields, (int)i);
	for (size_t i = 0; i < 2; i++) {
		run_child(child_that_spoils_fields, (int)(pair + i));
		run_child(child_that_spoils_fields, (int)(pair + 16 + i));
		run_child(child_that_spoils_fields, (int)(event + i));
		run_child(child_that_spoils_fields, (int)(event + 16 + i));
	}
	for (size_t i = 0; i < 5; i++)
		run_child(child_that_spoils_fields, (int)(event + slot + i));
}

static void child_that_writes_garbage(int step)
{
	struct bare b;
	uint8_t *bytes;

	bare_attach(&b);
	bytes = (uint8_t *)&b.shared->pair;
	srandom((unsigned)step);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof(b.shared->pair); i++)
			bytes[i] = (uint8_t)random();
		if (step % 2) {
			b.shared->pair.event.head = (uint32_t)(random() % 300);
			b.shared->pair.event.slots[0].len = 8;
			b.shared->pair.event.slots[0].part = 0;
		}
		iq_wake(b.sock);
	}
	send(b.sock, bytes, 1000, MSG_DONTWAIT | MSG_NOSIGNAL);
	usleep(2000);
}

static void writes_garbage_everywhere(void **state)
{
	(void)state;
	for (int step = 0; step < 10; step++)
		run_child(child_that_writes_garbage, step);
}

#define LIES 11

// Well-formed messages that say what can't be.
static void child_that_lies(int step)
{
	struct iq_context_state s = {.handle = iq_handle_make(1, 0, 1, 1)};
	struct answer_bytes a = answer_make();
	struct iq_ring_end *out;
	struct bare b;
	uint32_t len = sizeof(a);
	uint64_t txn;

	bare_attach(&b);
	out = iq_region_out(b.region);
	txn = bare_command(&b);
	memset(a.local.pwd, 'x', sizeof(a.local.pwd));
	if (step == 0)
		len = 3;
	else if (step == 1)
		a.reply.len = 0xffffffffu;
	else if (step == 2)
		a.reply.status = 1;
	else if (step == 3)
		a.reply.status = INT32_MIN;
	else if (step == 4)
		a.local.handle = iq_handle_make(2, 0, 1, 1);
	else if (step == 5)
		a.local.streams = 200;
	else if (step == 6)
		a.reply.len = len = 8;
	else if (step == 7)
		a.local.access_transports = 9;
	else if (step == 8)
		s.handle = 0;
	else if (step == 9)
		iq_send(out, 999, 0, &a, len);
	else
		iq_send(out, IQ_REPLY, txn + 12345, &a, len);
	memset(s.ref, 'r', sizeof(s.ref));
	iq_send(out, IQ_CAPACITY, 0, &s, 3);
	iq_send(out, IQ_CONTEXT_STATE, 0, &s, step == 7 ? 20 : sizeof(s));
	iq_send(out, IQ_REPLY, txn, &a, len);
	iq_send(out, IQ_REPLY, txn, &a, len); // twice
	usleep(5000);
}

static void lies_in_good_form(void **state)
{
	unsigned before;

	(void)state;
	for (int step = 0; step < LIES; step++) {
		before = good;
		run_child(child_that_lies, step);
		// The honest gateway's reply, and the liar's only where nothing was wrong with it.
		assert_int_equal(good - before, step >= 9 ? 2 : 1);
	}
}

static void child_of_another_version(int step)
{
	struct iq_welcome welcome = {.magic = IQ_MAGIC, .major = IQ_ABI_MAJOR + 1};
	struct bare b;

	bare_listen(&b);
	for (int i = 0; i < 3; i++) {
		bare_accept(&b);
		if (step == 1)
			welcome.magic = 0;
		send(b.sock, &welcome, step == 2 ? 5 : sizeof(welcome), 0);
		recv(b.sock, &welcome, 0, 0);
	}
}

static void strange_welcomes(void **state)
{
	(void)state;
	for (int step = 0; step < 4; step++)
		run_child(child_of_another_version, step);
	assert_int_equal(attached, good);
}

static int counts_clear(void **state)
{
	attached = lost = asked = replied = good = states = 0;
	return open_all(state);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, counts_clear, close_all)
	const struct CMUnitTest tests[] = {
		T(dies_at_every_step),
		T(dies_in_full_swing),
		T(spoils_each_field),
		T(writes_garbage_everywhere),
		T(lies_in_good_form),
		T(strange_welcomes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
