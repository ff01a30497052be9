// SPDX-License-Identifier: Apache-2.0
// A stack between a browser, played by function calls, and a core, played by sockets on loopback.
#include "sip_test_bench.h"

#include "clock.h"
#include "sip_test_rooms.h"

#include <sofia-sip/su_wait.h>

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define STEP_MS 5
#define WAIT_US 5000000u // until a message is given up; by the clock, for a step may take no time

struct sip_stack *bench_stack;
unsigned bench_port;
static su_root_t *root;
static int core = -1, core_listen = -1, core_tcp = -1, stranger = -1;
static unsigned core_port;
static char core_uri[64], core_text[65536], stranger_text[4096];

static struct sockaddr_in address(const char *ip, unsigned port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	inet_pton(AF_INET, ip, &at.sin_addr);
	return at;
}

static int bound_socket(int type, const char *ip, unsigned *port)
{
	struct sockaddr_in at = address(ip, *port);
	socklen_t len = sizeof(at);
	int one = 1, fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&at, len) < 0) {
		close(fd);
		return -1;
	}
	getsockname(fd, (struct sockaddr *)&at, &len);
	*port = ntohs(at.sin_port);
	return fd;
}

// A port that UDP and TCP have free; another process may still take it first.
static unsigned free_port(void)
{
	unsigned port = 0;
	int udp = bound_socket(SOCK_DGRAM, "127.0.0.1", &port);

	close(udp);
	return port;
}

int bench_setup(void **state)
{
	static const char *const peers[] = {"127.0.0.2"};
	static struct sip_listen listen_at = {.address = "127.0.0.1"};
	const struct sip_doors doors = {.ws = test_ws, .listens = &listen_at, .listen_count = 1};
	unsigned any = 0;
	char err[256] = "";

	(void)state;
	test_rooms_reset();
	su_init();
	root = su_root_create(NULL);
	core_port = 0;
	core = bound_socket(SOCK_DGRAM, "127.0.0.2", &core_port);
	core_listen = bound_socket(SOCK_STREAM, "127.0.0.2", &core_port);
	stranger = bound_socket(SOCK_DGRAM, "127.0.0.3", &any);
	assert_true(core >= 0 && core_listen >= 0 && stranger >= 0);
	listen(core_listen, 4);
	snprintf(core_uri, sizeof(core_uri), "sip:127.0.0.2:%u", core_port);
	for (int tries = 0; !bench_stack && tries < 10; tries++) {
		bench_port = free_port();
		listen_at.port = (uint16_t)bench_port;
		bench_stack =
			sip_stack_create(&(struct sip_config){.root = root,
						 .registrations = test_registrations,
						 .core = core_uri,
						 .peers = peers,
						 .peer_count = 1,
						 .home_domain = "ims.test",
						 .host = "gw.ims.test",
						 .ioi = "ims.test",
						 .access_network = "IEEE-802.11;network-provided",
						 .families_access = 1,
						 .families_core = 1,
						 .t1_ms = 500},
				err, sizeof(err));
		if (bench_stack && sip_stack_open(bench_stack, &doors, err, sizeof(err)) < 0) {
			sip_stack_destroy(bench_stack);
			bench_stack = NULL;
		}
	}
	if (!bench_stack)
		fail_msg("%s", err);
	sip_stack_calls_set(bench_stack, test_calls);
	return 0;
}

int bench_teardown(void **state)
{
	struct sip_counters counters;

	(void)state;
	sip_counters_get(bench_stack, &counters);
	assert_int_equal(rooms.calls_live, 0);
	sip_stack_destroy(bench_stack);
	bench_stack = NULL;
	su_root_destroy(root);
	su_deinit();
	close(core);
	close(core_listen);
	close(stranger);
	if (core_tcp >= 0)
		close(core_tcp);
	core_tcp = -1;
	return 0;
}

const char *next_to_wic(void)
{
	for (uint64_t end = clock_now_us() + WAIT_US; clock_now_us() < end;) {
		if (rooms.to_wic_read < rooms.to_wic_count)
			return rooms.to_wic[rooms.to_wic_read++];
		su_root_step(root, STEP_MS);
	}
	fail_msg("nothing was sent to the browser");
	return NULL;
}

// In tests the core is 127.0.0.2:9; on the wire it has another port.
static void text_replace(char *text, const char *from, const char *to)
{
	static char copy[65536];
	size_t len = strlen(from);
	char *out = copy;

	for (const char *in = text; *in;)
		if (strncmp(in, from, len) == 0) {
			out += sprintf(out, "%s", to);
			in += len;
		} else {
			*out++ = *in++;
		}
	*out = '\0';
	strcpy(text, copy);
}

static const char *receive_on(int fd, char *text, size_t room)
{
	for (uint64_t end = clock_now_us() + WAIT_US; clock_now_us() < end;) {
		ssize_t len = recv(fd, text, room - 1, 0);

		if (len > 0) {
			text[len] = '\0';
			text_replace(text, core_uri + 4, "127.0.0.2:9");
			return text;
		}
		su_root_step(root, STEP_MS);
	}
	fail_msg("nothing was sent");
	return NULL;
}

// nta's 100 to our INVITE is no news.
const char *next_to_core(void)
{
	const char *text;

	do {
		text = receive_on(core, core_text, sizeof(core_text));
	} while (starts(text, "SIP/2.0 100"));
	return text;
}

const char *next_to_core_by_tcp(void)
{
	for (uint64_t end = clock_now_us() + WAIT_US; core_tcp < 0 && clock_now_us() < end;) {
		core_tcp = accept4(core_listen, NULL, NULL, SOCK_NONBLOCK);
		su_root_step(root, STEP_MS);
	}
	assert_true(core_tcp >= 0);
	return receive_on(core_tcp, core_text, sizeof(core_text));
}

const char *next_to_stranger(void)
{
	return receive_on(stranger, stranger_text, sizeof(stranger_text));
}

bool nothing_more(void)
{
	for (int i = 0; i < 10; i++)
		su_root_step(root, STEP_MS);
	return rooms.to_wic_read == rooms.to_wic_count &&
		recv(core, core_text, sizeof(core_text), 0) < 0;
}

void from_wic(const char *fmt, ...)
{
	static char text[65536];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (rooms.to_wic_read == rooms.to_wic_count)
		rooms.to_wic_read = rooms.to_wic_count = 0;
	sip_stack_on_ws(
		&(struct ws_event){
			.type = WS_MESSAGE, .conn = TEST_CONN, .data = text, .len = strlen(text)},
		bench_stack);
}

static void send_from(int fd, const char *fmt, va_list ap)
{
	static char text[65536];
	struct sockaddr_in to = address("127.0.0.1", bench_port);

	vsnprintf(text, sizeof(text), fmt, ap);
	text_replace(text, "127.0.0.2:9", core_uri + 4);
	assert_true(sendto(fd, text, strlen(text), 0, (struct sockaddr *)&to, sizeof(to)) > 0);
}

void from_core(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	send_from(core, fmt, ap);
	va_end(ap);
}

void from_stranger(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	send_from(stranger, fmt, ap);
	va_end(ap);
}

static const char *line_of(const char *message, const char *name)
{
	size_t len = strlen(name);
	const char *line = message;

	while ((line = strstr(line, "\r\n")) != NULL) {
		line += 2;
		if (strncasecmp(line, name, len) == 0 && line[len] == ':')
			return line;
		if (*line == '\r')
			return NULL;
	}
	return NULL;
}

bool has_header(const char *message, const char *name)
{
	return line_of(message, name) != NULL;
}

static char *turn(void)
{
	static char buffers[8][2048];
	static unsigned at;

	return buffers[at++ % 8];
}

const char *header(const char *message, const char *name)
{
	const char *line = line_of(message, name);
	char *value = turn();

	if (!line)
		fail_msg("no %s in: %s", name, message);
	line += strlen(name) + 1;
	line += strspn(line, " ");
	snprintf(value, 2048, "%.*s", (int)strcspn(line, "\r"), line);
	return value;
}

const char *request_uri(const char *message)
{
	char *value = turn();
	const char *at = strchr(message, ' ') + 1;

	snprintf(value, 2048, "%.*s", (int)strcspn(at, " "), at);
	return value;
}

const char *contact_uri(const char *message)
{
	const char *contact = header(message, "Contact");
	char *value = turn();

	snprintf(value, 2048, "%.*s", (int)strcspn(contact + 1, ">"), contact + 1);
	return value;
}

const char *tag_of(const char *message, const char *name)
{
	const char *at = strstr(header(message, name), ";tag=");
	char *value = turn();

	assert_non_null(at);
	snprintf(value, 2048, "%.*s", (int)strcspn(at + 5, ";\r"), at + 5);
	return value;
}

bool starts(const char *message, const char *start)
{
	return strncmp(message, start, strlen(start)) == 0;
}

const char *response_to(const char *request, const char *status, const char *tag, const char *more)
{
	static const char *const copied[] = {"Via", "Record-Route", "From", "Call-ID", "CSeq"};
	static char text[16384];
	int len = snprintf(text, sizeof(text), "SIP/2.0 %s\r\n", status);

	for (size_t i = 0; i < 5; i++)
		for (const char *at = request, *line; (line = line_of(at, copied[i])); at = line)
			len += snprintf(text + len, sizeof(text) - (size_t)len, "%.*s\r\n",
				(int)strcspn(line, "\r"), line);
	snprintf(text + len, sizeof(text) - (size_t)len, "To: %s%s%s\r\n%s%s",
		header(request, "To"), *tag ? ";tag=" : "", tag, more,
		strstr(more, "\r\n\r\n") ? "" : "\r\n");
	return text;
}

int bench_registered(void **state)
{
	int ret = bench_setup(state);

	rooms.bound = true;
	return ret;
}

void send_wic_invite(const char *more)
{
	from_wic("INVITE sip:bob@ims.test SIP/2.0\r\nVia: SIP/2.0/WSS "
		 "x1.invalid;branch=z9hG4bKi1\r\n"
		 "Max-Forwards: 70\r\nFrom: <sip:alice@ims.test>;tag=al\r\nTo: "
		 "<sip:bob@ims.test>\r\n"
		 "Call-ID: call1\r\nCSeq: 5 INVITE\r\n"
		 "Contact: <sip:alice@x1.invalid;transport=ws>;+g.x=\"y\"\r\n%s",
		more);
}

// A call from the browser up to the 200; what the browser got last is returned.
const char *wic_call_answered(char *core_contact, size_t room)
{
	const char *out;

	send_wic_invite(SDP);
	out = next_to_core();
	snprintf(core_contact, room, "%s", contact_uri(out));
	assert_true(starts(next_to_wic(), "SIP/2.0 100 "));
	from_core("%s",
		response_to(out, "200 OK", "bo",
			"Contact: <sip:bob@127.0.0.2:9>\r\nRecord-Route: "
			"<sip:127.0.0.2:9;lr>\r\n" SDP));
	return next_to_wic();
}

void from_core_in_dialog(const char *method, const char *uri, unsigned cseq, const char *more)
{
	from_core("%s %s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:9;rport;branch=z9hG4bKd%u%s\r\n"
		  "Max-Forwards: 70\r\nFrom: <sip:bob@ims.test>;tag=bo\r\n"
		  "To: <sip:alice@ims.test>;tag=al\r\nCall-ID: call1\r\nCSeq: %u %s\r\n%s",
		method, uri, cseq, method, cseq, method, more);
}

void from_wic_in_dialog(const char *method, unsigned cseq, const char *more)
{
	from_wic("%s sip:x@gw.ims.test;transport=ws SIP/2.0\r\n"
		 "Via: SIP/2.0/WSS x1.invalid;branch=z9hG4bKw%u%s\r\nMax-Forwards: 70\r\n"
		 "From: <sip:alice@ims.test>;tag=al\r\nTo: <sip:bob@ims.test>;tag=bo\r\n"
		 "Call-ID: call1\r\nCSeq: %u %s\r\n%s",
		method, cseq, method, cseq, method, more);
}

void hang_up(const char *core_contact)
{
	from_core_in_dialog("BYE", core_contact, 90, "\r\n");
	assert_true(starts(next_to_core(), "SIP/2.0 200 OK"));
	assert_true(starts(next_to_wic(), "BYE "));
}
