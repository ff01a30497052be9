// SPDX-License-Identifier: Apache-2.0
// The life of the operator's door.
#include "admin_priv.h"
#include "iq_client.h"
#include "log.h"

#include <openssl/crypto.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 32U
#define CONNECTION_BYTES_MAX (16 * 1024)
#define IDLE_S 20U
#define STOP_MS 1000

static void on_log(void *arg, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

static void on_log(void *arg, const char *fmt, va_list ap)
{
	char text[256];

	(void)arg;
	vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = '\0';
	log_debug("admin: %s", text);
}

static int daemon_start(struct admin *admin, char *why, size_t why_len)
{
	int fd = door_listen(&admin->config, why, why_len);

	if (fd < 0)
		return fd;
	admin->daemon = MHD_start_daemon(MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ITC |
			MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME,
		0, NULL, NULL, desk_on_request, admin, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED, desk_on_completed, NULL,
		MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES_MAX, MHD_OPTION_END);
	if (admin->daemon != NULL)
		return 0;
	close(fd);
	snprintf(why, why_len, "the HTTP server of the admin door can't be started");
	return -EIO;
}

struct admin *admin_start(const struct admin_config *config, char *why, size_t why_len)
{
	struct admin *admin = calloc(1, sizeof(*admin));
	int ret;

	if (admin == NULL)
		return NULL;
	admin->config = *config;
	LIST_INIT(&admin->open);
	STAILQ_INIT(&admin->submitted);
	pthread_mutex_init(&admin->lock, NULL);
	admin->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ret = admin->event_fd < 0 ? -errno : door_token_read(admin, why, why_len);
	if (ret == 0)
		ret = daemon_start(admin, why, why_len);
	if (ret == 0)
		return admin;
	admin_stop(admin);
	errno = -ret;
	return NULL;
}

static void open_refuse(struct admin *admin)
{
	struct ask *ask;

	while ((ask = LIST_FIRST(&admin->open)) != NULL) {
		iq_client_cancel(admin->config.iq, ask);
		json_decref(ask->list);
		ask_refuse(ask, 503, "ep-cscf is stopping");
	}
}

// The last answers are on their way for a moment.
static void daemon_stop(struct MHD_Daemon *daemon)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000000};
	int fd = MHD_quiesce_daemon(daemon);

	for (int waited_ms = 0; waited_ms < STOP_MS; waited_ms += 10) {
		const union MHD_DaemonInfo *info =
			MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

		if (info == NULL || info->num_connections == 0)
			break;
		nanosleep(&pause, NULL);
	}
	MHD_stop_daemon(daemon);
	if (fd >= 0)
		close(fd);
}

void admin_stop(struct admin *admin)
{
	if (admin == NULL)
		return;
	pthread_mutex_lock(&admin->lock);
	admin->is_stopping = true; // the thread refuses by itself from here on
	pthread_mutex_unlock(&admin->lock);
	if (admin->event_fd >= 0)
		admin_dispatch(admin);
	open_refuse(admin);
	if (admin->daemon != NULL)
		daemon_stop(admin->daemon);
	if (admin->daemon != NULL && admin->config.path != NULL)
		unlink(admin->config.path);
	if (admin->event_fd >= 0)
		close(admin->event_fd);
	pthread_mutex_destroy(&admin->lock);
	OPENSSL_cleanse(admin->token, sizeof(admin->token));
	free(admin);
}

int admin_fd(const struct admin *admin)
{
	return admin->event_fd;
}

void admin_dispatch(struct admin *admin)
{
	struct ask_queue submitted = STAILQ_HEAD_INITIALIZER(submitted);
	struct ask *ask;
	eventfd_t count;

	// Empty is as good as read.
	(void)eventfd_read(admin->event_fd, &count);
	pthread_mutex_lock(&admin->lock);
	STAILQ_CONCAT(&submitted, &admin->submitted);
	pthread_mutex_unlock(&admin->lock);
	while ((ask = STAILQ_FIRST(&submitted)) != NULL) {
		STAILQ_REMOVE_HEAD(&submitted, turn);
		LIST_INSERT_HEAD(&admin->open, ask, open);
		ask_route(ask);
	}
}
