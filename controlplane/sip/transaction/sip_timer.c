// SPDX-License-Identifier: Apache-2.0
// One-shot timers on sofia's event loop.
#include "sip_timer.h"

#include <sofia-sip/su_wait.h>

#include <stdlib.h>

struct sip_timer {
	su_timer_t *timer;
	void (*on_timer)(void *arg);
	void *arg;
};

static void on_su_timer(su_root_magic_t *magic, su_timer_t *timer, su_timer_arg_t *arg)
{
	struct sip_timer once = *(struct sip_timer *)arg;

	(void)magic;
	su_timer_destroy(timer);
	free(arg);
	once.on_timer(once.arg);
}

void *sip_timer_start(void *root, unsigned ms, void (*on_timer)(void *arg), void *arg)
{
	struct sip_timer *once = malloc(sizeof(*once));

	if (!once)
		return NULL;
	once->on_timer = on_timer;
	once->arg = arg;
	once->timer = su_timer_create(su_root_task(root), ms ? ms : 1);
	if (!once->timer || su_timer_set(once->timer, on_su_timer, (su_timer_arg_t *)once) < 0) {
		su_timer_destroy(once->timer);
		free(once);
		return NULL;
	}
	return once;
}

void sip_timer_stop(void *root, void *timer)
{
	struct sip_timer *once = timer;

	(void)root;
	if (!once)
		return;
	su_timer_destroy(once->timer);
	free(once);
}
