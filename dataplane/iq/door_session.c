// SPDX-License-Identifier: Apache-2.0
// A controller's stay: fresh rings for each, so that one who left can't write into the next one's.
#include "clock.h"
#include "door_priv.h"
#include "log.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

bool session_is_open(const struct iq_door *door)
{
	return door->session.sock >= 0;
}

bool session_peer_is_gone(const struct iq_door *door)
{
	struct pollfd fd = {.fd = door->session.sock, .events = POLLRDHUP};

	return poll(&fd, 1, 0) == 1 && (fd.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

int session_open(struct iq_door *door, int sock, uint32_t pid)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP};
	struct session *session = &door->session;
	struct iq_region *region = iq_region_create();
	int ret;

	if (region == NULL)
		return -errno;
	iq_region_wake_set(region, sock);
	// A door that isn't polled yet wants to be woken by the first command.
	iq_ring_sleep(iq_region_in(region));
	ret = iq_welcome_send(
		sock, &door->self, iq_region_fd(region), iq_stats_fd(door->config.stats));
	if (ret == 0 && epoll_ctl(door->epoll_fd, EPOLL_CTL_ADD, sock, &event) < 0)
		ret = -errno;
	if (ret < 0) {
		iq_region_destroy(region);
		return ret;
	}
	session->sock = sock;
	session->region = region;
	session->pid = pid;
	session->number++;
	door->gone_since_us = 0;
	door->counts.attached++;
	states_session_begin(&door->states);
	log_info("iq: controller with process id %u attached", pid);
	return 0;
}

void session_close(struct iq_door *door, const char *why)
{
	struct session *session = &door->session;

	if (!session_is_open(door))
		return;
	log_warn("iq: controller with process id %u let go: %s", session->pid, why);
	close(session->sock);
	session->sock = -1;
	iq_region_destroy(session->region);
	session->region = NULL;
	door->counts.lost++;
	door->gone_since_us = clock_now_us();
	answers_session_end(&door->answers);
}
