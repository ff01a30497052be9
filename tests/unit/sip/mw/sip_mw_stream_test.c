// SPDX-License-Identifier: Apache-2.0
// Streams of Mw that say nothing good do not keep their sockets.
#include "clock.h"
#include "mw.h"

#include <sofia-sip/su_wait.h>

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define T1_MS 20 // a stream may idle 64 times as long
#define STEP_MS 5
#define GIVE_UP_US 20000000u

static void on_request(void *arg, struct uas *uas)
{
	(void)arg;
	(void)uas;
	fail_msg("a request");
}

static uint16_t free_port(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	getsockname(fd, (struct sockaddr *)&at, &len);
	close(fd);
	return ntohs(at.sin_port);
}

static int stream_open(uint16_t port, const char *text)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	return fd;
}

static void assert_closed(su_root_t *root, int fd, const char *text)
{
	char got[256];
	uint64_t give_up_us = clock_now_us() + GIVE_UP_US;
	ssize_t len;

	// By the clock: a step takes no time at all when one of sofia's timers is due within the millisecond.
	while (clock_now_us() < give_up_us) {
		len = recv(fd, got, sizeof(got), MSG_DONTWAIT);
		if (len == 0 || (len < 0 && errno == ECONNRESET))
			return;
		su_root_step(root, STEP_MS);
	}
	fail_msg("still open after: %s", text);
}

static void useless_streams_are_closed(void **state)
{
	static const char *const texts[] = {"\xff\xfe\r\n\r\n", "OPTIONS sip:x\r\nFoo: b\r\n\r\n",
		"OPTIONS sip:x SIP/2.0\r\nVia: "};
	struct sip_listen listen_at = {.address = "127.0.0.1", .port = free_port()};
	struct mw_config config = {.t1_ms = T1_MS, .on_request = on_request};
	char err[256] = "";
	struct mw *mw;

	(void)state;
	su_init();
	config.root = su_root_create(NULL);
	mw = mw_create(&config, err, sizeof(err));
	if (!mw || mw_listen(mw, &listen_at, err, sizeof(err)) < 0)
		fail_msg("%s", err);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int fd = stream_open(listen_at.port, texts[i]);

		assert_closed(config.root, fd, texts[i]);
		close(fd);
	}
	mw_destroy(mw);
	su_root_destroy(config.root);
	su_deinit();
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(useless_streams_are_closed)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
