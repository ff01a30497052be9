// SPDX-License-Identifier: Apache-2.0
// The event loop: sofia's su_root with the descriptors of the other rooms.
#include "cscf.h"
#include "log.h"

#include <sofia-sip/su_wait.h>

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define WATCHES_MAX 16

struct watch {
	int fd, index; // index: su_root's name of the registration
	void (*on_readable)(void *arg);
	void *arg;
};

struct tick {
	su_timer_t *timer;
	void (*on_tick)(void *arg);
	void *arg;
};

static struct watch watches[WATCHES_MAX];
static unsigned watch_count;
static struct tick ticks[WATCHES_MAX];
static unsigned tick_count;
static int signal_fd = -1;
static int stopped_by;

static int on_event(su_root_magic_t *magic, su_wait_t *wait, su_wakeup_arg_t *arg)
{
	struct watch *watch = (struct watch *)arg;

	(void)magic;
	(void)wait;
	watch->on_readable(watch->arg);
	return 0;
}

int loop_watch(struct cscf *cscf, int fd, void (*on_readable)(void *arg), void *arg)
{
	struct watch *watch = &watches[watch_count];
	su_wait_t wait[1] = {SU_WAIT_INIT};

	if (watch_count == WATCHES_MAX)
		return -ENOSPC;
	*watch = (struct watch){.fd = fd, .on_readable = on_readable, .arg = arg};
	if (su_wait_create(wait, fd, SU_WAIT_IN) < 0)
		return -EIO;
	watch->index = su_root_register(cscf->root, wait, on_event, (su_wakeup_arg_t *)watch, 0);
	if (watch->index < 0)
		return -EIO;
	watch_count++;
	return 0;
}

void loop_forget(struct cscf *cscf, int fd)
{
	for (unsigned i = 0; i < watch_count; i++) {
		if (watches[i].fd != fd)
			continue;
		su_root_deregister(cscf->root, watches[i].index);
		watches[i].fd = -1; // its place stays: the loop holds pointers to the others
	}
}

static void on_timer(su_root_magic_t *magic, su_timer_t *timer, su_timer_arg_t *arg)
{
	struct tick *tick = (struct tick *)arg;

	(void)magic;
	(void)timer;
	tick->on_tick(tick->arg);
}

int loop_every(struct cscf *cscf, unsigned ms, void (*on_tick)(void *arg), void *arg)
{
	struct tick *tick = &ticks[tick_count];

	if (tick_count == WATCHES_MAX)
		return -ENOSPC;
	*tick = (struct tick){.on_tick = on_tick, .arg = arg};
	tick->timer = su_timer_create(su_root_task(cscf->root), ms);
	if (tick->timer == NULL)
		return -ENOMEM;
	tick_count++;
	return su_timer_set_for_ever(tick->timer, on_timer, (su_timer_arg_t *)tick) < 0 ? -EIO : 0;
}

static void on_signal(void *arg)
{
	struct cscf *cscf = arg;
	struct signalfd_siginfo info;

	if (read(signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	stopped_by = (int)info.ssi_signo;
	log_info("stopping on signal %u", info.ssi_signo);
	su_root_break(cscf->root);
}

// Before any thread starts, so that all of them have the signals blocked.
static int signals_take(struct cscf *cscf)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signal_fd < 0)
		return -errno;
	return loop_watch(cscf, signal_fd, on_signal, cscf);
}

int loop_create(struct cscf *cscf)
{
	if (su_init() < 0)
		return -EIO;
	cscf->root = su_root_create(NULL);
	if (cscf->root == NULL)
		return -ENOMEM;
	return signals_take(cscf);
}

int loop_run(struct cscf *cscf)
{
	su_root_run(cscf->root);
	return stopped_by;
}

void loop_destroy(struct cscf *cscf)
{
	for (unsigned i = 0; i < tick_count; i++)
		su_timer_destroy(ticks[i].timer);
	if (signal_fd >= 0) {
		loop_forget(cscf, signal_fd);
		close(signal_fd);
	}
	if (cscf->root != NULL)
		su_root_destroy(cscf->root);
	su_deinit();
}
