// SPDX-License-Identifier: Apache-2.0
// One libmicrohttpd daemon an address, and the change of certificate under way.
#include "file.h"
#include "http_priv.h"
#include "log.h"

#include <openssl/crypto.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PEM_BYTES_MAX (256 * 1024)
#define CONNECTIONS_MAX 1024U
#define CONNECTIONS_PER_ADDRESS_MAX 128U
#define CONNECTION_BYTES_MAX (32 * 1024)
#define IDLE_S 20U
#define QUIESCE_MS 2000

// Forward secrecy and AEAD only.
#define TLS_PRIORITIES                                                                             \
	"NONE:+VERS-TLS1.3:+VERS-TLS1.2:+ECDHE-ECDSA:+ECDHE-RSA:+AES-128-GCM:+AES-256-GCM:"        \
	"+CHACHA20-POLY1305:+AEAD:+SIGN-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:"      \
	"+COMP-NULL:+CTYPE-X509:%SERVER_PRECEDENCE"

struct tls_files {
	char *certificate;
	char *private_key;
};

static char *file_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = NULL;
	struct stat st;
	ssize_t len = -1;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size < PEM_BYTES_MAX)
		text = calloc(1, (size_t)st.st_size + 1);
	if (text != NULL)
		len = read(fd, text, (size_t)st.st_size);
	if (len <= 0) {
		log_error("%s: %s", path, fd < 0 ? strerror(errno) : "can't be read as PEM");
		free(text);
		text = NULL;
	}
	if (fd >= 0)
		close(fd);
	return text;
}

static void tls_files_free(struct tls_files *files)
{
	if (files->private_key != NULL)
		OPENSSL_cleanse(files->private_key, strlen(files->private_key));
	free(files->private_key);
	free(files->certificate);
}

static int tls_files_read(const struct wwsf_config *config, struct tls_files *files)
{
	files->certificate = file_read(config->certificate);
	files->private_key = file_read(config->private_key);
	if (file_is_world_readable(config->private_key))
		log_warn("the private key %s may be read by everybody: chmod o-r",
			config->private_key);
	if (files->certificate != NULL && files->private_key != NULL)
		return 0;
	tls_files_free(files);
	return -EINVAL;
}

static void on_log(void *arg, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

static void on_log(void *arg, const char *fmt, va_list ap)
{
	const struct http *http = arg;
	char text[256];

	vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = '\0';
	log_line(http->starting ? LOG_LEVEL_ERROR : LOG_LEVEL_DEBUG, "https: %s", text);
}

// fd: a socket that listens already, or -1.
static struct MHD_Daemon *daemon_start(
	struct http *http, unsigned index, const struct tls_files *files, int fd)
{
	const struct wwsf_config *config = http->service->config;
	struct sockaddr_storage address;
	struct MHD_OptionItem socket_option[] = {
		{fd < 0 ? MHD_OPTION_SOCK_ADDR : MHD_OPTION_LISTEN_SOCKET, fd,
			fd < 0 ? &address : NULL},
		{MHD_OPTION_END, 0, NULL},
	};
	struct MHD_OptionItem pool_option[] = {
		{MHD_OPTION_THREAD_POOL_SIZE, config->threads, NULL},
		{MHD_OPTION_END, 0, NULL},
	};
	unsigned flags =
		MHD_USE_TLS | MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG;

	wwsf_listen_parse(config->listen[index], &address);
	if (address.ss_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	if (config->threads < 2) // a pool of one is refused
		pool_option[0].option = MHD_OPTION_END;
	return MHD_start_daemon(flags, 0, NULL, NULL, http_on_request, http,
		MHD_OPTION_EXTERNAL_LOGGER, on_log, http, MHD_OPTION_ARRAY, socket_option,
		MHD_OPTION_ARRAY, pool_option, MHD_OPTION_HTTPS_MEM_CERT, files->certificate,
		MHD_OPTION_HTTPS_MEM_KEY, files->private_key, MHD_OPTION_HTTPS_PRIORITIES,
		TLS_PRIORITIES, MHD_OPTION_NOTIFY_COMPLETED, http_on_completed, NULL,
		MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		CONNECTIONS_PER_ADDRESS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES_MAX, MHD_OPTION_END);
}

struct http *http_start(struct service *service)
{
	const struct wwsf_config *config = service->config;
	struct tls_files files = {0};
	struct http *http;

	if (tls_files_read(config, &files) < 0) {
		errno = EINVAL;
		return NULL;
	}
	http = calloc(1, sizeof(*http));
	if (http == NULL)
		goto out;
	http->service = service;
	http->starting = true;
	for (; http->count < config->listen_count; http->count++) {
		http->daemons[http->count] = daemon_start(http, http->count, &files, -1);
		if (http->daemons[http->count] == NULL) {
			log_error("can't listen on %s with certificate %s",
				config->listen[http->count], config->certificate);
			http_stop(http);
			http = NULL;
			errno = EADDRNOTAVAIL;
			goto out;
		}
		log_info("listening on https://%s", config->listen[http->count]);
	}
	http->starting = false;
out:
	tls_files_free(&files);
	return http;
}

void http_stop(struct http *http)
{
	if (http == NULL)
		return;
	for (unsigned i = 0; i < http->count; i++)
		MHD_stop_daemon(http->daemons[i]);
	free(http);
}

// Stops a daemon that another has replaced, once its connections are done or time is up.
static void daemon_retire(struct MHD_Daemon *daemon)
{
	const struct timespec pause = {.tv_nsec = 20 * 1000000};
	int fd = MHD_quiesce_daemon(daemon);

	if (fd >= 0)
		close(fd);
	for (int waited_ms = 0; waited_ms < QUIESCE_MS; waited_ms += 20) {
		const union MHD_DaemonInfo *info =
			MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

		if (info == NULL || info->num_connections == 0)
			break;
		nanosleep(&pause, NULL);
	}
	MHD_stop_daemon(daemon);
}

static int daemon_replace(struct http *http, unsigned index, const struct tls_files *files)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(http->daemons[index], MHD_DAEMON_INFO_LISTEN_FD);
	int fd = info != NULL ? fcntl(info->listen_fd, F_DUPFD_CLOEXEC, 0) : -1;
	struct MHD_Daemon *fresh;

	if (fd < 0)
		return -EBADF;
	// Both accept for a moment, so that nobody is refused.
	fresh = daemon_start(http, index, files, fd);
	if (fresh == NULL) {
		close(fd);
		return -EINVAL;
	}
	daemon_retire(http->daemons[index]);
	http->daemons[index] = fresh;
	return 0;
}

int http_certificate_reload(struct http *http)
{
	struct tls_files files = {0};
	int ret;

	ret = tls_files_read(http->service->config, &files);
	if (ret < 0)
		return ret;
	for (unsigned i = 0; i < http->count && ret == 0; i++)
		ret = daemon_replace(http, i, &files);
	tls_files_free(&files);
	if (ret < 0)
		log_error("the certificate or its key is not usable: the old one stays");
	else
		log_info("certificate read again");
	return ret;
}
