// SPDX-License-Identifier: Apache-2.0
// Who isn't the core gets a few 403 and nothing else; a cut response is as if it hadn't come.
#include "clock.h"
#include "mw.h"
#include "sip_message.h"

#include <sofia-sip/su_wait.h>

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define T1_MS 20
#define STEP_MS 5
#define GIVE_UP_US 20000000u

static struct sip_listen listen_at = {.address = "127.0.0.1"};
static su_root_t *root;
static struct mw *mw;
static int peer; // a socket at 127.0.0.1
static struct sockaddr_in gateway;
static unsigned requests, responses;
static int last_status;
static bool last_had_message;
static uint64_t now_us;

// Time stands still where strangers are counted by the second.
static uint64_t fixed_us(void *arg)
{
	(void)arg;
	return now_us;
}

static int64_t fixed_s(void *arg)
{
	(void)arg;
	return 1;
}

static const struct clock_source fixed = {fixed_us, fixed_s, NULL};

static void on_request(void *arg, struct uas *uas)
{
	msg_t *response = sip_message_response(uas->request, 200, NULL, "gw");

	(void)arg;
	requests++;
	uas_respond(uas, response);
	uas_release(uas);
}

static void on_response(void *arg, int status, msg_t *response)
{
	(void)arg;
	responses++;
	last_status = status;
	last_had_message = response != NULL;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in at;
	socklen_t len = sizeof(at);

	getsockname(fd, (struct sockaddr *)&at, &len);
	return ntohs(at.sin_port);
}

static int bound(int type)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, type, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void mw_open(const char *trusted)
{
	static const char *peers[1];
	struct mw_config config = {
		.peers = peers, .peer_count = 1, .t1_ms = T1_MS, .on_request = on_request};
	static char core[64];
	char err[256];
	int fd = bound(SOCK_STREAM);

	peers[0] = trusted;
	listen_at.port = port_of(fd);
	close(fd);
	peer = bound(SOCK_DGRAM);
	snprintf(core, sizeof(core), "sip:127.0.0.1:%u", port_of(peer));
	config.core = core;
	su_init();
	config.root = root = su_root_create(NULL);
	mw = mw_create(&config, err, sizeof(err));
	assert_non_null(mw);
	assert_int_equal(mw_listen(mw, &listen_at, err, sizeof(err)), 0);
	gateway = (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons(listen_at.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	requests = responses = 0;
	clock_inject(&fixed);
}

static void mw_close(void)
{
	clock_inject(NULL);
	mw_destroy(mw);
	su_root_destroy(root);
	su_deinit();
	close(peer);
}

static void say(const char *text)
{
	assert_int_equal(
		sendto(peer, text, strlen(text), 0, (struct sockaddr *)&gateway, sizeof(gateway)),
		strlen(text));
}

// What comes to the peer within some turns of the loop; "" for nothing.
static const char *heard(void)
{
	static char text[4096];
	ssize_t len = -1;

	for (int i = 0; i < 100 && len < 0; i++) {
		su_root_step(root, STEP_MS);
		len = recv(peer, text, sizeof(text) - 1, MSG_DONTWAIT);
		if (len < 0)
			usleep(1000);
	}
	text[len > 0 ? len : 0] = '\0';
	return text;
}

static void ask(const char *method, const char *to_tag, unsigned n)
{
	char text[1024];

	snprintf(text, sizeof(text),
		"%s sip:gw@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%u\r\n"
		"From: <sip:x@y.test>;tag=f\r\nTo: <sip:z@y.test>%s\r\nCall-ID: c%u\r\n"
		"CSeq: 1 %s\r\nMax-Forwards: 70\r\nContact: <sip:x@127.0.0.1>\r\n"
		"Content-Length: 0\r\n\r\n",
		method, port_of(peer), n, to_tag, n, method);
	say(text);
}

static void strangers_get_a_403_in_dialogs_too(void **state)
{
	(void)state;
	mw_open("127.0.0.9");
	ask("OPTIONS", "", 1);
	assert_non_null(strstr(heard(), "SIP/2.0 403 "));
	ask("BYE", ";tag=t", 2);
	assert_non_null(strstr(heard(), "SIP/2.0 403 "));
	ask("INVITE", "", 3);
	assert_non_null(strstr(heard(), "SIP/2.0 403 "));
	assert_string_equal(heard(), ""); // nobody repeats it: there is no transaction
	ask("ACK", ";tag=t", 3);
	assert_string_equal(heard(), "");
	assert_int_equal(requests, 0);
	assert_int_equal(mw_counters(mw).forbidden, 4);
	mw_close();
}

static void many_of_them_are_not_answered(void **state)
{
	unsigned answers = 0;

	(void)state;
	mw_open("127.0.0.9");
	for (unsigned i = 0; i < 60; i++) {
		ask("OPTIONS", "", 100 + i);
		answers += *heard() != '\0';
	}
	assert_int_equal(answers, 20);
	assert_int_equal(mw_counters(mw).forbidden, 60);
	now_us += 1000000;
	ask("OPTIONS", "", 300);
	assert_non_null(strstr(heard(), "SIP/2.0 403 "));
	mw_close();
}

static void the_core_is_answered(void **state)
{
	(void)state;
	mw_open("127.0.0.1");
	ask("OPTIONS", "", 1);
	assert_non_null(strstr(heard(), "SIP/2.0 200 "));
	ask("OPTIONS", "", 1); // again: the transaction answers
	assert_non_null(strstr(heard(), "SIP/2.0 200 "));
	assert_int_equal(requests, 1);
	ask("CANCEL", "", 7);
	assert_non_null(strstr(heard(), "SIP/2.0 481 "));
	mw_close();
}

// Answers the request with the status, announcing five bytes of a body.
static void answer(const char *request, const char *status, const char *body)
{
	const char *via = strstr(request, "Via: "), *from = strstr(request, "From: ");
	char text[4096];

	snprintf(text, sizeof(text),
		"SIP/2.0 %s\r\n%.*s\r\n%.*s\r\nTo: <sip:bob@y.test>;tag=b\r\nCall-ID: c\r\n"
		"CSeq: 1 INVITE\r\nContact: <sip:b@127.0.0.1>\r\nContent-Type: application/sdp\r\n"
		"Content-Length: 5\r\n\r\n%s",
		status, (int)strcspn(via, "\r"), via, (int)strcspn(from, "\r"), from, body);
	say(text);
}

static void cut_responses_are_dropped(void **state)
{
	struct sip_sender *sender;
	static char invite[4096];
	struct uac *uac;
	msg_t *msg;

	(void)state;
	mw_open("127.0.0.1");
	sender = mw_sender(mw);
	msg = sip_message_request("INVITE", "sip:bob@127.0.0.1");
	sip_message_add(msg, "From", "<sip:a@y.test>;tag=a");
	sip_message_add(msg, "To", "<sip:bob@y.test>");
	sip_message_add(msg, "Call-ID", "c");
	sip_message_add(msg, "CSeq", "1 INVITE");
	sip_message_add(msg, "Contact", "<sip:a@127.0.0.1>");
	uac = sender->send(sender, 0, msg, on_response, NULL);
	assert_non_null(uac);
	snprintf(invite, sizeof(invite), "%s", heard());
	assert_non_null(strstr(invite, "INVITE "));
	answer(invite, "183 Session Progress", "");
	heard();
	assert_int_equal(responses, 0);
	answer(invite, "183 Session Progress", "v=");
	heard();
	assert_int_equal(responses, 0);
	answer(invite, "200 OK", "v=0\r\n");
	heard();
	assert_int_equal(responses, 1);
	assert_int_equal(last_status, 200);
	assert_true(last_had_message);
	assert_int_equal(mw_counters(mw).cut, 1); // sofia has dropped the other by itself
	uac_release(uac);
	mw_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strangers_get_a_403_in_dialogs_too),
		cmocka_unit_test(many_of_them_are_not_answered),
		cmocka_unit_test(the_core_is_answered),
		cmocka_unit_test(cut_responses_are_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
