// SPDX-License-Identifier: Apache-2.0
// A server for the loopback tests: echoes messages and obeys a few of them; tells what it sees on standard output.
//
// ws_echo CERTIFICATE KEY PORT THREADS PER_ADDRESS PING_S; ends when standard input ends.
#include "ws.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct ws_server *server;

static void message_obey(const struct ws_event *event)
{
	if (event->len == 5 && memcmp(event->data, "close", 5) == 0) {
		ws_send(server, event->conn, "bye", 3);
		ws_close(server, event->conn, 1001, "as you wish");
	} else if (event->len == 5 && memcmp(event->data, "bound", 5) == 0) {
		ws_bound(server, event->conn);
	} else if (event->len == 5 && memcmp(event->data, "flood", 5) == 0) {
		char *block = calloc(1, 16384);
		int ret = 0, sent = 0;

		memset(block, 'x', 16384);
		while ((ret = ws_send(server, event->conn, block, 16384)) == 0)
			sent++;
		printf("flood %d %d %d\n", sent, ret, ws_send(server, event->conn, block, 1));
		free(block);
	} else {
		ws_send(server, event->conn, event->data, event->len);
	}
}

static void on_event(const struct ws_event *event, void *arg)
{
	(void)arg;
	if (event->type == WS_OPENED)
		printf("opened %llx %s %s %u\n", (unsigned long long)event->conn, event->origin,
			event->peer, event->peer_port);
	else if (event->type == WS_MESSAGE)
		message_obey(event);
	else
		printf("closed %llx\n", (unsigned long long)event->conn);
	fflush(stdout);
}

static void counters_print(void)
{
	struct ws_counters c;

	ws_counters_get(server, &c);
	printf("counters opened=%llu closed=%llu origin=%llu protocol=%llu limit=%llu size=%llu "
	       "rate=%llu "
	       "dead=%llu idle=%llu\n",
		(unsigned long long)c.opened, (unsigned long long)c.closed,
		(unsigned long long)c.refused_origin, (unsigned long long)c.refused_protocol,
		(unsigned long long)c.refused_limit, (unsigned long long)c.closed_size,
		(unsigned long long)c.closed_rate, (unsigned long long)c.closed_dead,
		(unsigned long long)c.closed_idle);
	fflush(stdout);
}

// Obeys standard input: "c" prints the counters, its end ends the program.
static int input_obey(void)
{
	char text[16];
	ssize_t n = read(STDIN_FILENO, text, sizeof(text));

	if (n > 0)
		counters_print();
	return n > 0;
}

int main(int argc, char **argv)
{
	static const char *const origins[] = {"https://web.ims.test"};
	struct ws_listen listens[] = {{.address = "127.0.0.1"}, {.address = "::1"}};
	struct ws_config config = {
		.listens = listens,
		.listen_count = 2,
		.origins = origins,
		.origin_count = 1,
		.connections_max = 3000,
		.message_max = 65536,
		.messages_per_s = 50,
		.idle_unbound_s = 5,
	};
	char err[256];

	if (argc != 7)
		return 2;
	config.certificate = argv[1];
	config.private_key = argv[2];
	listens[0].port = listens[1].port = (uint16_t)atoi(argv[3]);
	config.threads = (unsigned)atoi(argv[4]);
	config.connections_per_address_max = (unsigned)atoi(argv[5]);
	config.ping_interval_s = (unsigned)atoi(argv[6]);
	server = ws_start(&config, err, sizeof(err));
	if (server == NULL) {
		printf("failed %s\n", err);
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		struct pollfd fds[] = {{.fd = ws_fd(server), .events = POLLIN},
			{.fd = STDIN_FILENO, .events = POLLIN}};

		poll(fds, 2, -1);
		if (fds[1].revents != 0 && !input_obey())
			break;
		if (fds[0].revents != 0)
			ws_dispatch(server, on_event, NULL);
	}
	ws_stop(server);
	printf("stopped\n");
	return 0;
}
