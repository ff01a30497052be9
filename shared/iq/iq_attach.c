// SPDX-License-Identifier: Apache-2.0
// The socket: hello, welcome with descriptors, wake-ups.
//
// Wake-ups are bytes on the socket and not eventfds, because O_NONBLOCK of an eventfd belongs to
// both processes: the other one could clear it and let our read or write wait for ever.
// MSG_DONTWAIT is ours alone.
#include "iq.h"
#include "iq_abi.h"
#include "iq_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FDS 2

int iq_hello_send(int sock)
{
	struct iq_hello hello = {
		.magic = IQ_MAGIC,
		.major = IQ_ABI_MAJOR,
		.minor = IQ_ABI_MINOR,
		.pid = (uint32_t)getpid(),
	};

	if (send(sock, &hello, sizeof(hello), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

// What recv's result says of the connection: 0 go on, -EAGAIN nothing there, -ECONNRESET gone.
static int recv_status(ssize_t len)
{
	if (len > 0)
		return 0;
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return -EAGAIN;
	return -ECONNRESET;
}

int iq_hello_recv(int sock, uint32_t *pid, char *why, size_t why_len)
{
	struct iq_hello hello;
	ssize_t len = recv(sock, &hello, sizeof(hello), MSG_DONTWAIT | MSG_TRUNC);
	int ret = recv_status(len);

	if (ret < 0)
		return ret;
	if (len != (ssize_t)sizeof(hello) || hello.magic != IQ_MAGIC) {
		snprintf(why, why_len, "this isn't the hello of an Iq controller");
		return -EPROTO;
	}
	if (hello.major != IQ_ABI_MAJOR) {
		version_differs(why, why_len, "the controller", hello.major, hello.minor);
		return -EPROTO;
	}
	*pid = hello.pid;
	return 0;
}

static int welcome_send(int sock, struct iq_welcome *welcome, const int *fds)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(FDS * sizeof(int))] = {0};
	struct iovec iov = {.iov_base = welcome, .iov_len = sizeof(*welcome)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *cmsg;

	welcome->magic = IQ_MAGIC;
	welcome->major = IQ_ABI_MAJOR;
	welcome->minor = IQ_ABI_MINOR;
	if (fds != NULL) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(FDS * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, FDS * sizeof(int));
	}
	if (sendmsg(sock, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

int iq_welcome_send(int sock, const struct iq_identity *self, int region_fd, int stats_fd)
{
	struct iq_welcome welcome = {.instance = self->instance, .gateway = self->gateway};
	int fds[FDS] = {region_fd, stats_fd};

	return welcome_send(sock, &welcome, fds);
}

void iq_welcome_refuse(int sock, int status, const char *text)
{
	struct iq_welcome welcome = {.status = status};

	snprintf(welcome.text, sizeof(welcome.text), "%s", text);
	// A peer that can't take the sentence finds the socket closed.
	(void)welcome_send(sock, &welcome, NULL);
	// Bytes unread at close would reset the connection before the sentence is read.
	shutdown(sock, SHUT_RD);
	(void)iq_wake_drain(sock);
}

// Takes exactly two descriptors out of a message; closes whatever else came.
static int fds_take(struct msghdr *msg, int fds[FDS])
{
	int got[FDS] = {-1, -1};
	size_t count = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		// The control buffer has room for two; the kernel closes the rest.
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(got, CMSG_DATA(c), (count < FDS ? count : FDS) * sizeof(int));
		break;
	}
	if (count == FDS) {
		memcpy(fds, got, sizeof(got));
		return 0;
	}
	for (size_t i = 0; i < FDS; i++) {
		if (got[i] >= 0)
			close(got[i]);
	}
	return -EPROTO;
}

// 0 when the welcome itself is in order and says yes.
static int welcome_check(const struct iq_welcome *welcome, ssize_t len, char *why, size_t why_len)
{
	if (len != (ssize_t)sizeof(*welcome) || welcome->magic != IQ_MAGIC) {
		snprintf(why, why_len, "this isn't the welcome of an Iq gateway");
		return -EPROTO;
	}
	if (welcome->status != 0) {
		snprintf(why, why_len, "%.*s", (int)strnlen(welcome->text, IQ_WELCOME_TEXT),
			welcome->text);
		return welcome->status > -4096 && welcome->status < 0 ? welcome->status : -EPROTO;
	}
	if (welcome->major != IQ_ABI_MAJOR) {
		version_differs(why, why_len, "eims-agw", welcome->major, welcome->minor);
		return -EPROTO;
	}
	return 0;
}

int iq_welcome_recv(int sock, struct iq_identity *peer, int fds[FDS], char *why, size_t why_len)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(FDS * sizeof(int))];
	struct iq_welcome welcome = {0};
	struct iovec iov = {.iov_base = &welcome, .iov_len = sizeof(welcome)};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t len = recvmsg(sock, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	int ret = recv_status(len);
	int got[FDS];

	if (ret < 0)
		return ret;
	ret = fds_take(&msg, got);
	if (welcome_check(&welcome, len, why, why_len) < 0) {
		if (ret == 0) {
			close(got[0]);
			close(got[1]);
		}
		return welcome_check(&welcome, len, why, why_len);
	}
	if (ret < 0) {
		snprintf(why, why_len, "the welcome came without its descriptors");
		return ret;
	}
	memcpy(fds, got, sizeof(got));
	*peer = (struct iq_identity){.instance = welcome.instance, .gateway = welcome.gateway};
	return 0;
}

void iq_wake(int sock)
{
	if (sock < 0)
		return;
	// Full: wake-ups wait there already. Gone: the reader of this socket will notice.
	(void)send(sock, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool iq_wake_drain(int sock)
{
	char byte;
	int ret;

	// Bounded: a peer that writes without end mustn't keep us here.
	for (int i = 0; i < 64; i++) {
		ret = recv_status(recv(sock, &byte, 1, MSG_DONTWAIT));
		if (ret == -EAGAIN)
			return true;
		if (ret < 0)
			return false;
	}
	return true;
}
