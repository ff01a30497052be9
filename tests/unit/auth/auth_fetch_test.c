// SPDX-License-Identifier: Apache-2.0
// Key sets from an https URL: a token waits for them, an unknown kid has them fetched once, a dead server is told as such.
#include "auth.h"
#include "auth_vectors.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define ES256 "{\"alg\":\"ES256\",\"kid\":\"%s\"}"
#define CLAIMS                                                                                     \
	"{\"iss\":\"https://"                                                                      \
	"waf.test\",\"aud\":\"ep-cscf.test\",\"exp\":9000000000,\"scope\":\"ims\","                \
	"\"ims_impi\":\"alice@ims.test\",\"ims_impu\":[\"sip:alice@ims.test\"],\"wwsf_id\":"       \
	"\"wwsf.test\"}"

// An https server that gives the same body to everybody.
struct server {
	SSL_CTX *ctx;
	int fd;
	uint16_t port;
	pthread_t thread;
	char ca[32];
	_Atomic unsigned requests;
	char *body;
	const char *status;
};

static X509 *certificate_make(EVP_PKEY *key)
{
	X509_EXTENSION *name =
		X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
	X509 *x509 = X509_new();

	X509_set_version(x509, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
	X509_gmtime_adj(X509_getm_notBefore(x509), -60);
	X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
		(const uint8_t *)"keys", -1, -1, 0);
	X509_set_issuer_name(x509, X509_get_subject_name(x509));
	X509_set_pubkey(x509, key);
	X509_add_ext(x509, name, -1);
	X509_EXTENSION_free(name);
	assert_true(X509_sign(x509, key, EVP_sha256()) > 0);
	return x509;
}

static void request_serve(struct server *server, int fd)
{
	SSL *ssl = SSL_new(server->ctx);
	char request[2048], answer[8192];
	int len;

	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof(request)) > 0) {
		atomic_fetch_add(&server->requests, 1);
		len = snprintf(answer, sizeof(answer),
			"HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
			server->status, strlen(server->body), server->body);
		SSL_write(ssl, answer, len);
		SSL_shutdown(ssl);
	}
	SSL_free(ssl);
	close(fd);
}

static void *server_run(void *arg)
{
	struct server *server = arg;
	int fd;

	while ((fd = accept(server->fd, NULL, NULL)) >= 0)
		request_serve(server, fd);
	return NULL;
}

static void server_start(struct server *server, char *body)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	EVP_PKEY *key = vector_key_ec("P-256");
	X509 *x509 = certificate_make(key);
	FILE *file;
	int fd;

	*server = (struct server){.body = body, .status = "200 OK", .ca = "/tmp/auth_ca_XXXXXX"};
	fd = mkstemp(server->ca);
	file = fdopen(fd, "w");
	assert_non_null(file);
	PEM_write_X509(file, x509);
	fclose(file);
	server->ctx = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate(server->ctx, x509);
	SSL_CTX_use_PrivateKey(server->ctx, key);
	X509_free(x509);
	EVP_PKEY_free(key);
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(server->fd, 8), 0);
	getsockname(server->fd, (struct sockaddr *)&address, &len);
	server->port = ntohs(address.sin_port);
	assert_int_equal(pthread_create(&server->thread, NULL, server_run, server), 0);
}

static void server_stop(struct server *server)
{
	shutdown(server->fd, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->fd);
	SSL_CTX_free(server->ctx);
	unlink(server->ca);
	free(server->body);
}

struct outcome {
	unsigned calls;
	enum auth_error error;
};

static void on_result(const struct auth_result *result, void *arg)
{
	struct outcome *outcome = arg;

	outcome->calls++;
	outcome->error = result->error;
}

static void check_start(struct auth *auth, const struct cscf_config *config, EVP_PKEY *key,
	const char *kid, struct outcome *outcome)
{
	char header[64], *token;

	snprintf(header, sizeof(header), ES256, kid);
	token = vector_token(key, header, CLAIMS);
	*outcome = (struct outcome){0};
	auth_check(auth, &config->wwsfs[0], token, strlen(token), on_result, outcome);
	free(token);
}

static enum auth_error outcome_wait(struct auth *auth, struct outcome *outcome)
{
	while (outcome->calls == 0) {
		struct pollfd fd = {.fd = auth_fd(auth), .events = POLLIN};

		assert_int_equal(poll(&fd, 1, 20000), 1);
		auth_dispatch(auth);
	}
	assert_int_equal(outcome->calls, 1);
	return outcome->error;
}

static char *set_of(EVP_PKEY *key, const char *kid)
{
	char *jwk = vector_jwk(key, kid), *set = NULL;

	assert_true(asprintf(&set, "{\"keys\":[%s]}", jwk) > 0);
	free(jwk);
	return set;
}

static void test_fetched(void **state)
{
	EVP_PKEY *key = vector_key_ec("P-256");
	struct outcome first, second, third;
	struct auth_config auth_config = {0};
	struct cscf_config *config;
	struct server server;
	struct auth *auth;
	char url[64];

	(void)state;
	server_start(&server, set_of(key, "one"));
	snprintf(url, sizeof(url), "https://127.0.0.1:%u/keys", server.port);
	auth_config.config = config = vector_config(url, server.ca);
	auth = auth_create(&auth_config);
	assert_non_null(auth);
	check_start(auth, config, key, "one", &first);
	check_start(auth, config, key, "one", &second);
	assert_int_equal(first.calls + second.calls, 0);
	assert_int_equal(outcome_wait(auth, &first), AUTH_OK);
	assert_int_equal(outcome_wait(auth, &second), AUTH_OK);
	assert_int_equal(atomic_load(&server.requests), 1);
	// With keys at hand nothing waits; an unknown one isn't fetched again so soon.
	check_start(auth, config, key, "one", &third);
	assert_int_equal(third.calls, 1);
	check_start(auth, config, key, "two", &third);
	assert_int_equal(third.calls, 1);
	assert_int_equal(third.error, AUTH_INVALID_TOKEN);
	assert_int_equal(atomic_load(&server.requests), 1);
	auth_destroy(auth);
	server_stop(&server);
	EVP_PKEY_free(key);
}

static void test_unavailable(void **state)
{
	EVP_PKEY *key = vector_key_ec("P-256");
	struct auth_config auth_config = {0};
	struct cscf_config *config;
	struct outcome outcome;
	struct server server;
	struct auth *auth;
	char url[64];

	(void)state;
	server_start(&server, set_of(key, "one"));
	snprintf(url, sizeof(url), "https://127.0.0.1:%u/keys", server.port);
	// An error; then, of another client, a certificate that nobody vouches for.
	server.status = "500 Oh";
	for (unsigned i = 0; i < 2; i++) {
		auth_config.config = config = vector_config(url, i == 0 ? server.ca : "/dev/null");
		auth = auth_create(&auth_config);
		check_start(auth, config, key, "one", &outcome);
		assert_int_equal(outcome_wait(auth, &outcome), AUTH_UNAVAILABLE);
		auth_destroy(auth);
		server.status = "200 OK";
	}
	assert_int_equal(atomic_load(&server.requests), 1);
	// One that waits when everything ends is told so.
	auth_config.config = config = vector_config(url, server.ca);
	auth = auth_create(&auth_config);
	check_start(auth, config, key, "one", &outcome);
	auth_destroy(auth);
	assert_int_equal(outcome.calls, 1);
	assert_int_equal(outcome.error, AUTH_UNAVAILABLE);
	server_stop(&server);
	EVP_PKEY_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fetched),
		cmocka_unit_test(test_unavailable),
	};

	signal(SIGPIPE, SIG_IGN); // a client that doesn't like our certificate
	return cmocka_run_group_tests(tests, NULL, NULL);
}
