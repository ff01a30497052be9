// SPDX-License-Identifier: Apache-2.0
// The operator's door: who may ask, what there is to ask, and that the loop answers, or nobody.
#include "admin_priv.h"
#include "call.h"
#include "iq_client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define TOKEN "0123456789abcdef0123456789abcdef"

static char folder[64], sock_path[96], token_path[96], absent_path[96];
static struct admin *admin;
static struct calls *calls;
static struct iq_client *iq;
static uint16_t tcp_port;
static atomic_bool loop_is_over, loop_is_deaf;
static pthread_t loop_thread;

static struct call_bag *bag_ref(struct call_bag *bag)
{
	return bag;
}

static void bag_unref(struct call_bag *bag)
{
	(void)bag;
}

static void rooms_open(void)
{
	const char *const paths[] = {absent_path};
	const struct iq_client_config iq_config = {.paths = paths, .count = 1};
	const struct calls_config config = {.bag_ref = bag_ref, .bag_unref = bag_unref};

	iq = iq_client_create(&iq_config);
	calls = calls_create(&config);
	assert_non_null(iq);
	assert_non_null(calls);
}

static void *loop_run(void *arg)
{
	struct pollfd fd = {.fd = admin_fd(admin), .events = POLLIN};

	while (!loop_is_over) {
		if (poll(&fd, 1, 10) > 0 && !loop_is_deaf)
			admin_dispatch(admin);
		else if (loop_is_deaf)
			usleep(1000);
	}
	return arg;
}

static int start(const struct admin_config *how)
{
	struct admin_config config = *how;
	char why[256] = "";

	config.iq = iq;
	config.calls = calls;
	admin = admin_start(&config, why, sizeof(why));
	if (admin == NULL) {
		assert_string_not_equal(why, "");
		return -errno;
	}
	loop_is_over = loop_is_deaf = false;
	assert_int_equal(pthread_create(&loop_thread, NULL, loop_run, NULL), 0);
	return 0;
}

static void stop(void)
{
	loop_is_over = true;
	pthread_join(loop_thread, NULL);
	admin_stop(admin);
	admin = NULL;
}

static char said[4096];

static size_t on_bytes(char *bytes, size_t one, size_t len, void *arg)
{
	(void)one;
	(void)arg;
	strncat(said, bytes, len < sizeof(said) - strlen(said) - 1 ? len : 0);
	return len;
}

// The status of an answer whose text is in said; 0: none came.
static long ask(const char *method, const char *path, const char *token, bool over_tcp)
{
	CURL *curl = curl_easy_init();
	struct curl_slist *headers = NULL;
	char url[256], header[128];
	long status = 0;

	said[0] = '\0';
	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", tcp_port, path);
	if (!over_tcp)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, sock_path);
	if (token != NULL) {
		snprintf(header, sizeof(header), "Authorization: %s", token);
		headers = curl_slist_append(NULL, header);
	}
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 10L);
	if (curl_easy_perform(curl) == CURLE_OK)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return status;
}

static int open_door(void **state)
{
	const struct admin_config how = {.path = sock_path};

	(void)state;
	return start(&how);
}

static int close_door(void **state)
{
	(void)state;
	stop();
	return 0;
}

static void test_answers(void **state)
{
	(void)state;
	assert_int_equal(ask("GET", "/v1/calls", NULL, false), 200);
	assert_string_equal(said, "{\"calls\":[]}");
	assert_int_equal(ask("GET", "/v1/contexts", NULL, false), 503);
	assert_non_null(strstr(said, "no media gateway is attached"));
	assert_int_equal(ask("DELETE", "/v1/contexts/0100000000000001", NULL, false), 503);
	assert_non_null(strstr(said, "media gateway 1 is not attached"));
}

static void test_what_is_not_there(void **state)
{
	static const struct {
		const char *method, *path;
		long status;
	} cases[] = {
		{"GET", "/", 404},
		{"GET", "/v1/call", 404},
		{"GET", "/v1/contexts/0100", 404},
		{"GET", "/v1/contexts/010000000000000g", 404},
		{"GET", "/v1/contexts/0000000000000000", 404},
		{"PUT", "/v1/contexts/0100000000000001", 405},
		{"DELETE", "/v1/calls", 405},
		{"POST", "/v1/status", 405},
		{"PROPFIND", "/v1/status", 404},
	};
	char path[400];

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(ask(cases[i].method, cases[i].path, NULL, false), cases[i].status);
		assert_int_equal(strncmp(said, "{\"error\":\"", 10), 0);
	}
	snprintf(path, sizeof(path), "/%0300d", 0);
	assert_int_equal(ask("GET", path, NULL, false), 404);
}

static void test_socket_file(void **state)
{
	const struct admin_config how = {.path = sock_path};
	char why[256] = "";
	struct stat st;

	(void)state;
	assert_int_equal(stat(sock_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	// Another process mustn't take it from us.
	assert_null(admin_start(&how, why, sizeof(why)));
	assert_non_null(strstr(why, "in use"));
}

// What waits when the loop ends is refused, not left hanging.
static void *ask_late(void *arg)
{
	*(long *)arg = ask("GET", "/v1/calls", NULL, false);
	return NULL;
}

static void test_stop_answers(void **state)
{
	struct pollfd fd = {.fd = admin_fd(admin), .events = POLLIN};
	pthread_t asking;
	long status = 0;

	(void)state;
	loop_is_deaf = true;
	assert_int_equal(pthread_create(&asking, NULL, ask_late, &status), 0);
	assert_int_equal(poll(&fd, 1, 5000), 1);
	stop();
	pthread_join(asking, NULL);
	assert_true(status == 503 || status == 200);
	assert_int_equal(access(sock_path, F_OK), -1);
	assert_int_equal(open_door(NULL), 0);
}

static void token_write(const char *text)
{
	FILE *file = fopen(token_path, "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	chmod(token_path, 0600);
}

static void test_token(void **state)
{
	const struct admin_config how = {
		.address = "127.0.0.1", .port = tcp_port, .token = token_path};

	(void)state;
	token_write(TOKEN "\n");
	assert_int_equal(start(&how), 0);
	assert_int_equal(ask("GET", "/v1/calls", "Bearer " TOKEN, true), 200);
	assert_int_equal(ask("GET", "/v1/calls", "bearer " TOKEN, true), 200);
	assert_int_equal(ask("GET", "/v1/calls", NULL, true), 401);
	assert_int_equal(ask("GET", "/v1/calls", "Bearer " TOKEN "0", true), 401);
	assert_int_equal(
		ask("GET", "/v1/calls", "Bearer 1123456789abcdef0123456789abcdef", true), 401);
	assert_int_equal(ask("DELETE", "/v1/contexts/0100000000000001", "Basic " TOKEN, true), 401);
	stop();
}

static void test_weak_token(void **state)
{
	const struct admin_config how = {
		.address = "127.0.0.1", .port = tcp_port, .token = token_path};

	(void)state;
	token_write("short\n");
	assert_int_equal(start(&how), -EINVAL);
	token_write("\n");
	assert_int_equal(start(&how), -EINVAL);
	unlink(token_path);
	assert_int_equal(start(&how), -EINVAL);
}

// A socket file that a killed process has left isn't in the way; another kind of file is.
static void test_stale(void **state)
{
	const struct admin_config how = {.path = sock_path};
	struct admin_config left = how;
	char why[256];
	FILE *file;
	pid_t child;
	int status;

	(void)state;
	left.iq = iq;
	left.calls = calls;
	child = fork();
	if (child == 0)
		_exit(admin_start(&left, why, sizeof(why)) != NULL ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(access(sock_path, F_OK), 0);
	assert_int_equal(start(&how), 0);
	assert_int_equal(ask("GET", "/v1/calls", NULL, false), 200);
	stop();
	file = fopen(sock_path, "we");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(start(&how), -EEXIST);
	unlink(sock_path);
}

// Another run of this test may be under way beside this one.
static uint16_t free_port(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	close(fd);
	return ntohs(at.sin_port);
}

// A socket that is served stays, also while its process is too busy to take another connection.
static void test_busy(void **state)
{
	const struct admin_config how = {.path = sock_path};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), callers[2];

	(void)state;
	memcpy(address.sun_path, sock_path, strlen(sock_path) + 1);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 0), 0);
	for (unsigned i = 0; i < 2; i++) {
		callers[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(callers[i], (struct sockaddr *)&address, sizeof(address));
	}
	assert_int_equal(start(&how), -EADDRINUSE);
	assert_int_equal(access(sock_path, F_OK), 0);
	close(callers[0]);
	close(callers[1]);
	close(listener);
	unlink(sock_path);
}

static void test_text(void **state)
{
	json_t *whole = json_text("sip:b\303\244r@ims.test"), *broken = json_text("b\344r");

	(void)state;
	assert_string_equal(json_string_value(whole), "sip:b\303\244r@ims.test");
	assert_string_equal(json_string_value(broken), "b?r");
	json_decref(whole);
	json_decref(broken);
}

static int world_open(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/admin-test-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(sock_path, sizeof(sock_path), "%s/door", folder);
	snprintf(token_path, sizeof(token_path), "%s/token", folder);
	snprintf(absent_path, sizeof(absent_path), "%s/absent", folder);
	tcp_port = free_port();
	curl_global_init(CURL_GLOBAL_DEFAULT);
	rooms_open();
	return 0;
}

static int world_close(void **state)
{
	(void)state;
	calls_destroy(calls);
	iq_client_destroy(iq);
	unlink(token_path);
	rmdir(folder);
	curl_global_cleanup();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers, open_door, close_door),
		cmocka_unit_test_setup_teardown(test_what_is_not_there, open_door, close_door),
		cmocka_unit_test_setup_teardown(test_socket_file, open_door, close_door),
		cmocka_unit_test_setup_teardown(test_stop_answers, open_door, close_door),
		cmocka_unit_test(test_token),
		cmocka_unit_test(test_weak_token),
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
