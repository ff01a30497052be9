// SPDX-License-Identifier: Apache-2.0
// The door's socket: who may come in, and what those hear who may not.
#include "clock.h"
#include "door_priv.h"
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define GREETING_MAX_US 2000000u
#define ACCEPT_BURST 8

// A socket file that nobody serves is in the way; anything else is somebody's.
static int stale_remove(const struct sockaddr_un *addr)
{
	struct stat st;
	int sock, err;

	if (lstat(addr->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode)) {
		log_error("iq: %s is not a socket: remove it or configure another path",
			addr->sun_path);
		return -EEXIST;
	}
	sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return -errno;
	err = connect(sock, (const struct sockaddr *)addr, sizeof(*addr)) < 0 ? errno : 0;
	close(sock);
	if (err != ECONNREFUSED) {
		log_error("iq: another program serves %s: stop it or configure another path",
			addr->sun_path);
		return -EADDRINUSE;
	}
	return unlink(addr->sun_path) < 0 ? -errno : 0;
}

// The folder of the path, if it isn't there; its parent must be.
static void folder_make(const char *path)
{
	char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash == NULL || slash == folder)
		return;
	*slash = '\0';
	// What fails here fails again, and is told, at bind.
	(void)mkdir(folder, 0755);
}

static int socket_bind(struct iq_door *door)
{
	const char *path = door->addr.sun_path;
	int ret = stale_remove(&door->addr);

	if (ret < 0)
		return ret;
	folder_make(path);
	door->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (door->listen_fd < 0 ||
		bind(door->listen_fd, (struct sockaddr *)&door->addr, sizeof(door->addr)) < 0)
		return -errno;
	// The file's owner may open it, SO_PEERCRED says who did.
	if (chmod(path, 0600) < 0 ||
		(door->config.uid != geteuid() && door->config.uid != 0 &&
			chown(path, door->config.uid, (gid_t)-1) < 0) ||
		listen(door->listen_fd, DOOR_GREETINGS) < 0) {
		ret = -errno;
		unlink(path);
		return ret;
	}
	return 0;
}

int door_listen(struct iq_door *door)
{
	struct epoll_event event = {.events = EPOLLIN};
	int ret = socket_bind(door);

	if (ret == 0 && epoll_ctl(door->epoll_fd, EPOLL_CTL_ADD, door->listen_fd, &event) < 0)
		ret = -errno;
	if (ret < 0) {
		log_error("iq: can't listen on %s: %s", door->addr.sun_path, strerror(-ret));
		if (door->listen_fd >= 0)
			close(door->listen_fd);
		door->listen_fd = -1;
	}
	return ret;
}

void door_unlisten(struct iq_door *door)
{
	for (unsigned i = 0; i < DOOR_GREETINGS; i++) {
		if (door->greetings[i].sock >= 0)
			close(door->greetings[i].sock);
	}
	if (door->listen_fd < 0)
		return;
	close(door->listen_fd);
	unlink(door->addr.sun_path);
}

static void visitor_refuse(struct iq_door *door, int sock, int status, const char *text)
{
	log_warn("iq: controller refused: %s", text);
	door->counts.refused++;
	iq_welcome_refuse(sock, status, text);
	close(sock);
}

static bool visitor_is_allowed(struct iq_door *door, int sock)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	char text[128];

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		cred.uid = (uid_t)-1;
	else if (cred.uid == 0 || cred.uid == door->config.uid)
		return true;
	snprintf(text, sizeof(text),
		"user %u may not control this gateway, only root and user %u (configured)",
		cred.uid, door->config.uid);
	visitor_refuse(door, sock, -EPERM, text);
	return false;
}

static void visitor_greet(struct iq_door *door, int sock)
{
	struct epoll_event event = {.events = EPOLLIN};

	for (unsigned i = 0; i < DOOR_GREETINGS; i++) {
		struct greeting *greeting = &door->greetings[i];

		if (greeting->sock >= 0)
			continue;
		if (epoll_ctl(door->epoll_fd, EPOLL_CTL_ADD, sock, &event) < 0)
			break;
		*greeting = (struct greeting){.sock = sock, .since_us = clock_now_us()};
		return;
	}
	visitor_refuse(door, sock, -EBUSY, "too many controllers connect at once");
}

static void visitor_admit(struct iq_door *door, int sock, uint32_t pid)
{
	char text[128];
	int ret;

	if (session_is_open(door) && !session_peer_is_gone(door)) {
		snprintf(text, sizeof(text),
			"the controller with process id %u is attached; one at a time",
			door->session.pid);
		visitor_refuse(door, sock, -EBUSY, text);
		return;
	}
	session_close(door, "another one comes");
	ret = session_open(door, sock, pid);
	if (ret == -EPIPE || ret == -ECONNRESET) {
		close(sock); // it left meanwhile
	} else if (ret < 0) {
		snprintf(text, sizeof(text), "the rings can't be made: %s", strerror(-ret));
		visitor_refuse(door, sock, ret, text);
	}
}

static void greeting_advance(struct iq_door *door, struct greeting *greeting)
{
	char why[200] = "";
	int sock = greeting->sock;
	uint32_t pid = 0;
	int ret = iq_hello_recv(sock, &pid, why, sizeof(why));

	if (ret == -EAGAIN && clock_now_us() - greeting->since_us < GREETING_MAX_US)
		return;
	greeting->sock = -1;
	epoll_ctl(door->epoll_fd, EPOLL_CTL_DEL, sock, NULL);
	if (ret == 0)
		visitor_admit(door, sock, pid);
	else if (ret == -EPROTO)
		visitor_refuse(door, sock, ret, why);
	else
		close(sock);
}

void door_accept(struct iq_door *door)
{
	for (int i = 0; i < ACCEPT_BURST; i++) {
		int sock = accept4(door->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (sock < 0)
			break;
		if (visitor_is_allowed(door, sock))
			visitor_greet(door, sock);
	}
	for (unsigned i = 0; i < DOOR_GREETINGS; i++) {
		if (door->greetings[i].sock >= 0)
			greeting_advance(door, &door->greetings[i]);
	}
}
