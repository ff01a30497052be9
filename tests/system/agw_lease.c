// SPDX-License-Identifier: Apache-2.0
// A controller that drains a gateway, leaves its contexts behind, and comes back when their lease is over.
//
// usage: agw_lease IQ-SOCKET leave|return
#include "agw_iq.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONTEXTS 4

static int32_t reserve_try(struct controller *controller)
{
	struct iq_context_reserve reserve = {.ref = "agw test",
		.families = {IQ_FAMILY_V4, IQ_FAMILY_V4},
		.streams = 1,
		.access_transports = 1};

	return command_try(controller, IQ_CONTEXT_RESERVE, 0, &reserve);
}

static void drain(struct controller *controller, bool on)
{
	struct iq_drain wish = {.on = on};

	command(controller, IQ_DRAIN, 0, &wish);
}

static unsigned audit(struct controller *controller)
{
	struct iq_audit next = {0};
	struct iq_audit_page page;
	unsigned count = 0;

	do {
		command(controller, IQ_AUDIT, 0, &next);
		memcpy(&page, controller->reply, sizeof(page));
		next.cursor = page.cursor;
		count += page.count;
	} while (page.cursor != 0);
	return count;
}

// A draining gateway takes no new context and keeps those it has.
static void leave(struct controller *controller)
{
	struct iq_context_local local;

	for (unsigned i = 0; i + 1 < CONTEXTS; i++)
		audio_reserve(controller, &local);
	drain(controller, true);
	if (reserve_try(controller) != -EBUSY)
		die("a context on a draining gateway: %d", controller->status);
	command(controller, IQ_CONTEXT_GET, local.handle,
		&(struct iq_context_ref){.handle = local.handle});
	drain(controller, false);
	audio_reserve(controller, &local);
	if (audit(controller) != CONTEXTS)
		die("the audit doesn't show %u contexts", CONTEXTS);
}

static void come_back(struct controller *controller)
{
	for (unsigned i = 0; i < 500 && controller->gone_count < CONTEXTS; i++) {
		controller_turn(controller);
		usleep(10000);
	}
	if (controller->gone_count != CONTEXTS)
		die("told of %u contexts gone, not %u", controller->gone_count, CONTEXTS);
	if (audit(controller) != 0)
		die("there are contexts still");
	for (unsigned i = 0; i < CONTEXTS; i++) {
		struct iq_context_ref ref = {.handle = controller->gone[i]};

		if (command_try(controller, IQ_CONTEXT_GET, ref.handle, &ref) != -ENOENT)
			die("a context that is gone: %d", controller->status);
	}
	if (reserve_try(controller) != 0)
		die("no new context: %d", controller->status);
}

int main(int argc, char **argv)
{
	static struct controller controller;

	if (argc != 3)
		die("usage: agw_lease IQ-SOCKET leave|return");
	controller_init(&controller, argv[1]);
	if (strcmp(argv[2], "leave") == 0)
		leave(&controller);
	else
		come_back(&controller);
	controller_fini(&controller);
	return 0;
}
