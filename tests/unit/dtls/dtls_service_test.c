// SPDX-License-Identifier: Apache-2.0
// The DTLS service against plain OpenSSL: both roles, each profile, fragments, loss, wrong fingerprints, alerts.
#include "dtls.h"
#include "dtls_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
	struct dtls_service *service;
	struct dtls_port *port;
	struct dtls_peer *peer;
	struct dtls_id id;
	struct dtls_output last; // of the types other than DTLS_FLIGHT
	unsigned results, datagrams_to_peer;
	unsigned lose; // next datagrams toward the peer to lose
	bool hold; // keep the peer's datagrams back
};

static const struct dtls_id some_id = {.generation = 7, .transport = 42, .shard = 3};

static void world_open(struct world *world, const struct dtls_peer_config *peer, bool retain)
{
	struct dtls_config config = {
		.workers = 1, .threads = 1, .retain_call = retain, .linger_s = 0, .mtu = 1200};
	char err[200];

	memset(world, 0, sizeof(*world));
	world->service = dtls_service_create(&config, err, sizeof(err));
	assert_non_null(world->service);
	world->port = dtls_service_port(world->service, 0);
	world->peer = dtls_peer_create(peer);
	world->id = some_id;
}

static void world_close(struct world *world)
{
	dtls_peer_destroy(world->peer);
	dtls_service_destroy(world->service);
}

static void on_output(const struct dtls_output *output, void *arg)
{
	struct world *world = arg;

	for (unsigned i = 0; i < output->datagram_count; i++) {
		assert_in_range(output->datagrams[i].len, 1, 1200);
		if (world->lose > 0) {
			world->lose--;
			continue;
		}
		world->datagrams_to_peer++;
		dtls_peer_input(world->peer, output->datagrams[i].bytes, output->datagrams[i].len);
	}
	if (output->type != DTLS_FLIGHT) {
		world->last = *output;
		world->results++;
	}
}

static void step(struct world *world)
{
	uint8_t datagram[2000];
	size_t len;

	while (!world->hold &&
		(len = dtls_peer_output(world->peer, datagram, sizeof(datagram))) > 0)
		assert_true(dtls_datagram(world->port, world->id, datagram, (uint16_t)len));
	dtls_flush(world->port);
	dtls_poll(world->port, on_output, world);
	usleep(1000);
}

// Runs until a result is there and the peer is done, at most ten seconds.
static void run(struct world *world, unsigned results)
{
	for (unsigned i = 0; i < 8000 && world->results < results; i++) {
		dtls_peer_timeout(world->peer);
		step(world);
	}
	assert_int_equal(world->results, results);
	for (unsigned i = 0; i < 50; i++)
		step(world);
}

static void start(struct world *world, enum iq_dtls_role role, bool right_fingerprint)
{
	struct dtls_start start = {.id = world->id, .role = role, .fingerprint_count = 2};

	// Several fingerprints: one must match.
	start.fingerprints[0] = (struct iq_fingerprint){.hash = IQ_HASH_SHA512, .len = 64};
	start.fingerprints[1] = (struct iq_fingerprint){.hash = IQ_HASH_SHA256, .len = 32};
	dtls_peer_fingerprint(world->peer, start.fingerprints[1].bytes);
	start.fingerprints[1].bytes[31] ^= right_fingerprint ? 0 : 1;
	assert_true(dtls_start(world->port, &start));
}

static void keys_agree(const struct world *world)
{
	const struct srtp_suite_info *info = srtp_suite_info(world->last.suite);
	uint8_t key[32], salt[14];

	assert_int_equal(world->last.type, DTLS_CONNECTED);
	assert_true(dtls_peer_connected(world->peer));
	assert_int_equal(world->last.version, 0xfefd);
	assert_int_equal(world->last.profile, dtls_peer_profile(world->peer));
	assert_int_equal(world->last.profile, info->dtls_profile);
	assert_true(dtls_peer_tx_key(world->peer, info->key_len, info->salt_len, key, salt));
	assert_memory_equal(key, world->last.rx_key, info->key_len);
	assert_memory_equal(salt, world->last.rx_salt, info->salt_len);
	assert_memory_not_equal(world->last.rx_key, world->last.tx_key, info->key_len);
}

static void each_profile_as_server(void **state)
{
	static const struct {
		const char *offered;
		unsigned profile;
	} cases[] = {
		{"SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM", 7},
		{"SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM", 8},
		{"SRTP_AES128_CM_SHA1_80", 1},
		{"SRTP_AES128_CM_SHA1_32", 2},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dtls_peer_config peer = {.client = true, .profiles = cases[i].offered};
		struct world world;

		world_open(&world, &peer, true);
		start(&world, IQ_DTLS_SERVER, true);
		dtls_peer_input(world.peer, NULL, 0);
		run(&world, 1);
		assert_int_equal(world.last.profile, cases[i].profile);
		keys_agree(&world);
		world_close(&world);
	}
}

static void as_client(void **state)
{
	struct dtls_peer_config peer = {.client = false, .profiles = "SRTP_AES128_CM_SHA1_80"};
	struct world world;

	(void)state;
	world_open(&world, &peer, true);
	start(&world, IQ_DTLS_CLIENT, true);
	run(&world, 1);
	keys_agree(&world);
	world_close(&world);
}

static void rsa_peer_in_small_datagrams(void **state)
{
	struct dtls_peer_config peer = {.client = true,
		.rsa = true,
		.profiles = "SRTP_AEAD_AES_128_GCM",
		.small_records = true};
	struct world world;

	(void)state;
	world_open(&world, &peer, true);
	start(&world, IQ_DTLS_SERVER, true);
	dtls_peer_input(world.peer, NULL, 0);
	run(&world, 1);
	keys_agree(&world);
	world_close(&world);
}

static void hello_before_the_role_is_known(void **state)
{
	struct dtls_peer_config peer = {.client = true, .profiles = "SRTP_AEAD_AES_128_GCM"};
	struct world world;

	(void)state;
	world_open(&world, &peer, true);
	dtls_peer_input(world.peer, NULL, 0);
	for (unsigned i = 0; i < 50; i++)
		step(&world);
	assert_int_equal(world.datagrams_to_peer, 0); // nothing is said before the answer
	start(&world, IQ_DTLS_SERVER, true);
	run(&world, 1);
	keys_agree(&world);
	world_close(&world);
}

static void last_flight_lost(void **state)
{
	struct dtls_peer_config peer = {.client = true, .profiles = "SRTP_AEAD_AES_128_GCM"};
	struct world world;

	(void)state;
	world_open(&world, &peer, true);
	start(&world, IQ_DTLS_SERVER, true);
	world.lose = 1; // ServerHello's datagram: retransmitted by the client's timer or ours
	dtls_peer_input(world.peer, NULL, 0);
	run(&world, 1);
	for (unsigned i = 0; i < 3000 && !dtls_peer_connected(world.peer); i++) {
		dtls_peer_timeout(world.peer);
		step(&world);
	}
	keys_agree(&world);
	world_close(&world);
}

static void wrong_fingerprint(void **state)
{
	static const bool roles[] = {true, false};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct dtls_peer_config peer = {
			.client = roles[i], .profiles = "SRTP_AEAD_AES_128_GCM"};
		struct world world;

		world_open(&world, &peer, true);
		start(&world, roles[i] ? IQ_DTLS_SERVER : IQ_DTLS_CLIENT, false);
		dtls_peer_input(world.peer, NULL, 0);
		run(&world, 1);
		assert_int_equal(world.last.type, DTLS_FAILED);
		assert_int_equal(world.last.error, 1);
		assert_true(dtls_peer_failed(world.peer)); // the fatal alert reached it
		world_close(&world);
	}
}

static void no_common_profile(void **state)
{
	struct dtls_peer_config peer = {.client = true};
	struct world world;

	(void)state;
	world_open(&world, &peer, true);
	start(&world, IQ_DTLS_SERVER, true);
	dtls_peer_input(world.peer, NULL, 0);
	run(&world, 1);
	assert_int_equal(world.last.type, DTLS_FAILED);
	assert_int_equal(world.last.error, 2);
	world_close(&world);
}

static void close_notify_ends_it(void **state)
{
	struct dtls_peer_config peer = {.client = true, .profiles = "SRTP_AEAD_AES_128_GCM"};
	struct world world;

	(void)state;
	world_open(&world, &peer, true);
	start(&world, IQ_DTLS_SERVER, true);
	dtls_peer_input(world.peer, NULL, 0);
	run(&world, 1);
	dtls_peer_close(world.peer);
	run(&world, 2);
	assert_int_equal(world.last.type, DTLS_CLOSED);
	world_close(&world);
}

static void several_records_in_one_datagram(void **state)
{
	struct dtls_peer_config peer = {.client = true, .profiles = "SRTP_AEAD_AES_128_GCM"};
	struct world world;
	uint8_t datagram[2000];
	size_t len = 0, more;

	(void)state;
	world_open(&world, &peer, true);
	start(&world, IQ_DTLS_SERVER, true);
	dtls_peer_input(world.peer, NULL, 0);
	run(&world, 1);
	dtls_peer_send(world.peer, "one");
	dtls_peer_send(world.peer, "two");
	dtls_peer_close(world.peer);
	while ((more = dtls_peer_output(world.peer, datagram + len, sizeof(datagram) - len)) > 0)
		len += more;
	assert_true(dtls_datagram(world.port, world.id, datagram, (uint16_t)len));
	run(&world, 2);
	assert_int_equal(world.last.type, DTLS_CLOSED);
	world_close(&world);
}

static void stop_says_close_notify(void **state)
{
	struct dtls_peer_config peer = {.client = true, .profiles = "SRTP_AEAD_AES_128_GCM"};
	struct world world;

	(void)state;
	world_open(&world, &peer, true);
	start(&world, IQ_DTLS_SERVER, true);
	dtls_peer_input(world.peer, NULL, 0);
	run(&world, 1);
	assert_true(dtls_stop(world.port, world.id, true));
	for (unsigned i = 0; i < 1000 && !dtls_peer_failed(world.peer); i++)
		step(&world);
	assert_true(dtls_peer_failed(world.peer));
	world_close(&world);
}

static void garbage_is_survived(void **state)
{
	struct dtls_peer_config peer = {.client = true, .profiles = "SRTP_AEAD_AES_128_GCM"};
	struct world world;
	uint8_t bytes[1500];

	(void)state;
	world_open(&world, &peer, true);
	start(&world, IQ_DTLS_SERVER, true);
	srand(1);
	for (unsigned i = 0; i < 500; i++) {
		for (unsigned j = 0; j < sizeof(bytes); j++)
			bytes[j] = (uint8_t)rand();
		bytes[0] = (uint8_t)(20 + rand() % 44);
		bytes[1] = 0xfe;
		bytes[2] = 0xfd;
		(void)dtls_datagram(world.port, world.id, bytes, (uint16_t)(rand() % 1500));
		dtls_flush(world.port);
	}
	dtls_peer_input(world.peer, NULL, 0);
	run(&world, 1);
	keys_agree(&world);
	world_close(&world);
}

// A datagram with one record of epoch 0, as anybody can write who knows the addresses.
static void forge(struct world *world, uint8_t type, const uint8_t *body, uint8_t len)
{
	uint8_t datagram[64] = {type, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, len};

	memcpy(datagram + 13, body, len);
	assert_true(dtls_datagram(world->port, world->id, datagram, (uint16_t)(13 + len)));
	dtls_flush(world->port);
}

static const uint8_t fatal_alert[] = {2, 40};
static const uint8_t hello_done[] = {14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}; // no first message

static void forged_datagrams_break_nothing(void **state)
{
	static const uint8_t text[] = {'x'};
	static const struct {
		uint8_t type;
		const uint8_t *body;
		uint8_t len;
	} cases[] = {{21, fatal_alert, 2}, {23, text, 1}, {22, hello_done, 12}};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dtls_peer_config peer = {
			.client = true, .profiles = "SRTP_AEAD_AES_128_GCM"};
		struct world world;

		world_open(&world, &peer, true);
		start(&world, IQ_DTLS_SERVER, true);
		forge(&world, cases[i].type, cases[i].body, cases[i].len);
		dtls_peer_input(world.peer, NULL, 0);
		run(&world, 1);
		keys_agree(&world);
		world_close(&world);
	}
}

static void forged_datagrams_after_the_keys(void **state)
{
	struct dtls_peer_config peer = {.client = true, .profiles = "SRTP_AEAD_AES_128_GCM"};
	struct world world;

	(void)state;
	world_open(&world, &peer, true);
	start(&world, IQ_DTLS_SERVER, true);
	dtls_peer_input(world.peer, NULL, 0);
	run(&world, 1);
	forge(&world, 21, fatal_alert, 2);
	forge(&world, 22, hello_done, 12);
	for (unsigned i = 0; i < 50; i++)
		step(&world);
	assert_int_equal(world.results, 1);
	dtls_peer_close(world.peer); // which is still heard
	run(&world, 2);
	assert_int_equal(world.last.type, DTLS_CLOSED);
	world_close(&world);
}

static void a_forged_alert_amid_a_handshake(void **state)
{
	struct dtls_peer_config peer = {.client = true, .profiles = "SRTP_AEAD_AES_128_GCM"};
	struct world world;

	(void)state;
	world_open(&world, &peer, true);
	start(&world, IQ_DTLS_SERVER, true);
	dtls_peer_input(world.peer, NULL, 0);
	for (unsigned i = 0; i < 1000 && world.datagrams_to_peer == 0; i++)
		step(&world);
	forge(&world, 21, fatal_alert, 2);
	run(&world, 1);
	keys_agree(&world);
	world_close(&world);
}

// Handshake messages of a client, well formed and wrong.
struct forgery {
	uint8_t type, seq, len;
	uint8_t body[40];
};

static void forge_message(struct world *world, const struct forgery *forgery)
{
	uint8_t message[12 + 40] = {
		forgery->type, 0, 0, forgery->len, 0, forgery->seq, 0, 0, 0, 0, 0, forgery->len};

	memcpy(message + 12, forgery->body, forgery->len);
	forge(world, 22, message, (uint8_t)(12 + forgery->len));
}

static void steps(struct world *world, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		step(world);
}

// Somebody who knows the addresses writes what the client is about to say, each at the worst moment. The handshake goes
// on as if nothing had been, without the pause that a doubt makes.
static void forged_messages_after_our_flight(void **state)
{
	static const struct forgery forgeries[] = {
		{1, 0, 34, {0xfe, 0xfd, 'o', 't', 'h', 'e', 'r'}}, // a hello
		{11, 1, 16, {0, 0, 13, 0, 0, 10, 0x30, 8}}, // a certificate
		{11, 1, 3, {0}}, // none
		{16, 2, 34, {33, 2}}, // a key that isn't on the curve
		{15, 3, 10, {4, 3, 0, 6}}, // a signature
		{20, 4, 12, {0}}, // the end, in the clear
		{14, 1, 0, {0}}, // what a server says
		{0, 1, 0, {0}}, // HelloRequest
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]); i++) {
		struct dtls_peer_config peer = {
			.client = true, .profiles = "SRTP_AEAD_AES_128_GCM"};
		struct world world;

		world_open(&world, &peer, true);
		start(&world, IQ_DTLS_SERVER, true);
		dtls_peer_input(world.peer, NULL, 0);
		for (unsigned k = 0; k < 1000 && world.datagrams_to_peer == 0; k++)
			step(&world);
		world.hold = true;
		forge_message(&world, &forgeries[i]);
		steps(&world, 20);
		world.hold = false;
		steps(&world, 400);
		assert_int_equal(world.results, 1);
		keys_agree(&world);
		world_close(&world);
	}
}

// A stranger's hello was first and got the answer; the client's own is heard all the same, once nothing has come of it.
static void a_hello_of_somebody_else(void **state)
{
	struct dtls_peer_config peer = {.client = true, .profiles = "SRTP_AEAD_AES_128_GCM"};
	struct dtls_peer *stranger = dtls_peer_create(&peer);
	struct world world;
	uint8_t datagram[2000];
	size_t len;

	(void)state;
	world_open(&world, &peer, true);
	start(&world, IQ_DTLS_SERVER, true);
	dtls_peer_input(stranger, NULL, 0);
	while ((len = dtls_peer_output(stranger, datagram, sizeof(datagram))) > 0)
		assert_true(dtls_datagram(world.port, world.id, datagram, (uint16_t)len));
	world.lose = 100;
	steps(&world, 600);
	assert_int_equal(world.results, 0);
	world.lose = 0;
	dtls_peer_input(world.peer, NULL, 0);
	run(&world, 1);
	keys_agree(&world);
	dtls_peer_destroy(stranger);
	world_close(&world);
}

#define HEADS 25 // of a record and of the message in it

// A piece of the hello that a datagram holds whole, in a datagram of its own.
static void hello_piece(struct world *world, const uint8_t *hello, unsigned offset, unsigned len)
{
	static uint8_t record; // no number twice, and none that the peer gives
	uint8_t datagram[2000];

	memcpy(datagram, hello, HEADS);
	datagram[10] = (uint8_t)(20 + record++ % 40);
	memcpy(datagram + HEADS, hello + HEADS + offset, len);
	datagram[11] = (uint8_t)((12 + len) >> 8);
	datagram[12] = (uint8_t)(12 + len);
	datagram[20] = (uint8_t)(offset >> 8);
	datagram[21] = (uint8_t)offset;
	datagram[23] = (uint8_t)(len >> 8);
	datagram[24] = (uint8_t)len;
	assert_true(dtls_datagram(world->port, world->id, datagram, (uint16_t)(HEADS + len)));
	steps(world, 20);
}

// A browser's hello takes more than a datagram, and they may change places on the way. Nothing is said again here.
static void pieces_of_a_hello_in_any_order(void **state)
{
	static const struct {
		unsigned count,
			pieces[6]; // of 50 bytes; 3: the rest, 4: the end without a byte, 5: all but the first
	} cases[] = {
		{2, {0, 5}},
		{2, {5, 0}},
		{4, {3, 2, 0, 1}},
		{4, {0, 1, 2, 3}},
		{4, {0, 3, 1, 2}},
		{3, {4, 5, 0}},
		{3, {0, 4, 5}},
		{5, {3, 3, 0, 0, 5}},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dtls_peer_config peer = {
			.client = true, .profiles = "SRTP_AEAD_AES_128_GCM"};
		struct world world;
		uint8_t hello[2000];
		unsigned len;

		world_open(&world, &peer, true);
		start(&world, IQ_DTLS_SERVER, true);
		dtls_peer_input(world.peer, NULL, 0);
		len = (unsigned)dtls_peer_output(world.peer, hello, sizeof(hello)) - HEADS;
		assert_in_range(len, 151, 1000);
		for (unsigned k = 0; k < cases[i].count; k++) {
			const unsigned begin[] = {0, 50, 100, 150, len, 50};
			const unsigned size[] = {50, 50, 50, len - 150, 0, len - 50};
			unsigned piece = cases[i].pieces[k];

			hello_piece(&world, hello, begin[piece], size[piece]);
		}
		steps(&world, 300);
		assert_int_equal(world.results, 1);
		keys_agree(&world);
		world_close(&world);
	}
}

// The end of a hello of another length, from anybody: the client's is heard when it comes again.
static void the_end_of_another_hello(void **state)
{
	struct dtls_peer_config peer = {.client = true, .profiles = "SRTP_AEAD_AES_128_GCM"};
	uint8_t longer[2000] = {22, 0xfe, 0xfd};
	struct world world;

	(void)state;
	world_open(&world, &peer, true);
	start(&world, IQ_DTLS_SERVER, true);
	longer[13] = 1;
	longer[15] = 4; // 1024 bytes
	hello_piece(&world, longer, 1000, 24);
	dtls_peer_input(world.peer, NULL, 0);
	run(&world, 1);
	keys_agree(&world);
	world_close(&world);
}

static void an_alert_and_then_nothing(void **state)
{
	struct dtls_peer_config peer = {.client = true, .profiles = "SRTP_AEAD_AES_128_GCM"};
	struct world world;

	(void)state;
	world_open(&world, &peer, true);
	start(&world, IQ_DTLS_SERVER, true);
	forge(&world, 21, fatal_alert, 2);
	run(&world, 1);
	assert_int_equal(world.last.type, DTLS_FAILED);
	assert_int_equal(world.last.error, 4);
	world_close(&world);
}

static void new_beginnings_are_bounded(void **state)
{
	struct dtls_peer_config peer = {.client = true, .profiles = "SRTP_AEAD_AES_128_GCM"};
	static const struct forgery cut_hello = {1, 0, 34, {0xfe, 0xfd}};
	struct world world;

	(void)state;
	world_open(&world, &peer, true);
	start(&world, IQ_DTLS_SERVER, true);
	for (unsigned i = 0; i < 100; i++)
		forge_message(&world, &cut_hello);
	for (unsigned i = 0; i < 8000 && world.results == 0; i++)
		step(&world);
	assert_int_equal(world.results, 1);
	assert_int_equal(world.last.type, DTLS_FAILED);
	assert_int_equal(world.last.error, 4);
	world_close(&world);
}

static void other_generation_is_another(void **state)
{
	struct dtls_peer_config peer = {.client = true, .profiles = "SRTP_AEAD_AES_128_GCM"};
	struct world world;

	(void)state;
	world_open(&world, &peer, true);
	start(&world, IQ_DTLS_SERVER, false);
	world.id.generation++;
	start(&world, IQ_DTLS_SERVER, true);
	dtls_peer_input(world.peer, NULL, 0);
	run(&world, 1);
	keys_agree(&world);
	assert_int_equal(world.last.id.generation, some_id.generation + 1);
	world_close(&world);
}

static void certificate_files_are_checked(void **state)
{
	struct dtls_config config = {.workers = 1, .certificate = "/nonexistent.pem"};
	char err[200] = "";

	(void)state;
	assert_null(dtls_service_create(&config, err, sizeof(err)));
	assert_non_null(strstr(err, "/nonexistent.pem"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_profile_as_server),
		cmocka_unit_test(as_client),
		cmocka_unit_test(rsa_peer_in_small_datagrams),
		cmocka_unit_test(hello_before_the_role_is_known),
		cmocka_unit_test(last_flight_lost),
		cmocka_unit_test(wrong_fingerprint),
		cmocka_unit_test(no_common_profile),
		cmocka_unit_test(close_notify_ends_it),
		cmocka_unit_test(several_records_in_one_datagram),
		cmocka_unit_test(stop_says_close_notify),
		cmocka_unit_test(garbage_is_survived),
		cmocka_unit_test(forged_datagrams_break_nothing),
		cmocka_unit_test(forged_datagrams_after_the_keys),
		cmocka_unit_test(a_forged_alert_amid_a_handshake),
		cmocka_unit_test(forged_messages_after_our_flight),
		cmocka_unit_test(a_hello_of_somebody_else),
		cmocka_unit_test(pieces_of_a_hello_in_any_order),
		cmocka_unit_test(the_end_of_another_hello),
		cmocka_unit_test(an_alert_and_then_nothing),
		cmocka_unit_test(new_beginnings_are_bounded),
		cmocka_unit_test(other_generation_is_another),
		cmocka_unit_test(certificate_files_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
