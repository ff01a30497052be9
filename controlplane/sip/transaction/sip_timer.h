// SPDX-License-Identifier: Apache-2.0
// Where one-shot timers come from: sofia's loop, or a test's own clock.
#pragma once

struct sip_timers {
	// Calls on_timer(arg) once after ms; a handle, or NULL with errno. The handle is gone when on_timer is called.
	void *(*start)(void *loop, unsigned ms, void (*on_timer)(void *arg), void *arg);
	void (*stop)(void *loop, void *timer); // NULL is legal
	void *loop;
};

// The same functions of sip.h, for a loop that is an su_root_t.
void *sip_timer_start(void *root, unsigned ms, void (*on_timer)(void *arg), void *arg);
void sip_timer_stop(void *root, void *timer);
