// SPDX-License-Identifier: Apache-2.0
// The socket of the door, and who may come in: by the kernel's word on a unix socket, by a bearer token on any.
#include "admin_priv.h"
#include "file.h"
#include "log.h"

#include <openssl/crypto.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 16
#define TOKEN_MIN 32 // characters

// A socket file that nobody serves is left from a process that was killed. One whose process is too busy to take us isn't.
static int stale_remove(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat st;
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (lstat(address->sun_path, &st) < 0)
		ret = errno == ENOENT ? 0 : -errno;
	else if (!S_ISSOCK(st.st_mode))
		ret = -EEXIST;
	else if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
		errno == EAGAIN)
		ret = -EADDRINUSE;
	else if (errno != ECONNREFUSED)
		ret = -errno;
	else if (unlink(address->sun_path) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static int unix_bind(int fd, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int ret;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	ret = stale_remove(&address);
	if (ret < 0)
		return ret;
	// Before it has a name: the file never has another mode.
	if (fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return 0;
}

static int tcp_bind(int fd, const struct admin_config *config)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(config->port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(config->port)};
	bool is_v6 = strchr(config->address, ':') != NULL;
	const struct sockaddr *address = is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
	const int on = 1;

	if (inet_pton(is_v6 ? AF_INET6 : AF_INET, config->address,
		    is_v6 ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr) != 1)
		return -EINVAL;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		bind(fd, address, is_v6 ? sizeof(v6) : sizeof(v4)) < 0)
		return -errno;
	return 0;
}

static int family_of(const struct admin_config *config)
{
	if (config->path != NULL)
		return AF_UNIX;
	return strchr(config->address, ':') != NULL ? AF_INET6 : AF_INET;
}

int door_listen(const struct admin_config *config, char *why, size_t why_len)
{
	int fd = socket(family_of(config), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int ret = fd < 0 ? -errno : 0;

	if (ret == 0)
		ret = config->path != NULL ? unix_bind(fd, config->path) : tcp_bind(fd, config);
	if (ret == 0 && listen(fd, BACKLOG) < 0)
		ret = -errno;
	if (ret == 0)
		return fd;
	if (config->path != NULL)
		snprintf(why, why_len, "the admin socket %s can't be made: %s", config->path,
			strerror(-ret));
	else
		snprintf(why, why_len, "admin can't listen on %s port %u: %s", config->address,
			config->port, strerror(-ret));
	if (fd >= 0)
		close(fd);
	return ret;
}

int door_token_read(struct admin *admin, char *why, size_t why_len)
{
	const char *path = admin->config.token;
	FILE *file;

	if (path == NULL)
		return 0;
	file = fopen(path, "re");
	if (file == NULL) {
		snprintf(why, why_len, "the token of admin can't be read from %s: %s", path,
			strerror(errno));
		return -EINVAL;
	}
	if (fgets(admin->token, sizeof(admin->token), file) == NULL)
		admin->token[0] = '\0';
	fclose(file);
	admin->token[strcspn(admin->token, "\r\n")] = '\0';
	if (strlen(admin->token) < TOKEN_MIN) {
		snprintf(why, why_len,
			"the first line of %s must be a token of at least %d characters", path,
			TOKEN_MIN);
		return -EINVAL;
	}
	if (file_is_world_readable(path))
		log_warn("the token %s may be read by everybody: chmod o-r", path);
	return 0;
}

static bool token_is_good(const struct admin *admin, struct MHD_Connection *connection)
{
	const char *value = MHD_lookup_connection_value(
		connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
	size_t len = strlen(admin->token);

	return value != NULL && strncasecmp(value, "Bearer ", 7) == 0 && strlen(value + 7) == len &&
		CRYPTO_memcmp(value + 7, admin->token, len) == 0;
}

static bool peer_is_trusted(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (info == NULL || getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return false;
	return peer.uid == 0 || peer.uid == geteuid();
}

unsigned door_verdict(const struct admin *admin, struct MHD_Connection *connection)
{
	if (admin->config.path != NULL && !peer_is_trusted(connection))
		return 403;
	if (admin->config.token != NULL && !token_is_good(admin, connection))
		return 401;
	return 0;
}
