// SPDX-License-Identifier: Apache-2.0
// Timers in doubly linked lists of ids, one list a slot; setting and stopping is O(1).
#include "timer_wheel.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define NONE UINT32_MAX
#define HEAD 0x80000000u // in prev: the rest is the number of the list
#define DUE TIMER_SLOTS // the list of those that are due
#define TICKS_MAX 0x3fffffffu // further away than that is clamped: 62 days

static struct timer_node *node_of(struct timer_wheel *wheel, uint32_t id)
{
	return &wheel->groups[id >> 16][id & 0xffff];
}

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_us, uint32_t group_len)
{
	*wheel = (struct timer_wheel){.base_us = now_us, .group_len = group_len};
	for (unsigned i = 0; i <= TIMER_SLOTS; i++)
		wheel->heads[i] = NONE;
}

void timer_wheel_fini(struct timer_wheel *wheel)
{
	for (unsigned i = 0; i < TIMER_GROUPS; i++) {
		free(wheel->groups[i]);
		wheel->groups[i] = NULL;
	}
}

int timer_wheel_group_add(struct timer_wheel *wheel, uint8_t group)
{
	struct timer_node *nodes = calloc(wheel->group_len, sizeof(*nodes));

	if (nodes == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < wheel->group_len; i++)
		nodes[i].prev = NONE;
	wheel->groups[group] = nodes;
	return 0;
}

static void node_unlink(struct timer_wheel *wheel, struct timer_node *node)
{
	if (node->prev == NONE)
		return;
	if (node->prev & HEAD)
		wheel->heads[node->prev & ~HEAD] = node->next;
	else
		node_of(wheel, node->prev)->next = node->next;
	if (node->next != NONE)
		node_of(wheel, node->next)->prev = node->prev;
	node->prev = NONE;
}

static void node_link(struct timer_wheel *wheel, uint32_t id, uint32_t list)
{
	struct timer_node *node = node_of(wheel, id);

	node->prev = HEAD | list;
	node->next = wheel->heads[list];
	if (node->next != NONE)
		node_of(wheel, node->next)->prev = id;
	wheel->heads[list] = id;
}

// The first tick at or after the deadline that isn't collected yet.
static uint32_t tick_of(const struct timer_wheel *wheel, uint64_t deadline_us)
{
	uint64_t now_tick = wheel->tick;
	uint64_t tick = 0;

	if (deadline_us > wheel->base_us)
		tick = (deadline_us - wheel->base_us + TIMER_TICK_US - 1) / TIMER_TICK_US;
	if (tick <= now_tick)
		return (uint32_t)now_tick + 1;
	return (uint32_t)(tick - now_tick > TICKS_MAX ? now_tick + TICKS_MAX : tick);
}

void timer_wheel_set(struct timer_wheel *wheel, uint8_t group, uint16_t index, uint64_t deadline_us)
{
	uint32_t id = (uint32_t)group << 16 | index;
	struct timer_node *node;

	assert(group < TIMER_GROUPS && wheel->groups[group] != NULL && index < wheel->group_len);
	node = node_of(wheel, id);
	node_unlink(wheel, node);
	if (deadline_us == 0)
		return;
	node->tick = tick_of(wheel, deadline_us);
	node_link(wheel, id, node->tick & (TIMER_SLOTS - 1));
}

// Moves what is due in this tick to the list of the due; others in the slot are for later turns.
static void slot_collect(struct timer_wheel *wheel)
{
	uint32_t id = wheel->heads[wheel->tick & (TIMER_SLOTS - 1)];

	while (id != NONE) {
		struct timer_node *node = node_of(wheel, id);
		uint32_t next = node->next;

		if (node->tick == (uint32_t)wheel->tick) {
			node_unlink(wheel, node);
			node_link(wheel, id, DUE);
		}
		id = next;
	}
}

unsigned timer_wheel_run(
	struct timer_wheel *wheel, uint64_t now_us, unsigned max, timer_fn run, void *arg)
{
	uint64_t target = (now_us - wheel->base_us) / TIMER_TICK_US;
	unsigned ran = 0;

	for (;;) {
		while (wheel->heads[DUE] != NONE) {
			uint32_t id = wheel->heads[DUE];

			if (ran == max)
				return ran;
			node_unlink(wheel, node_of(wheel, id));
			run((uint8_t)(id >> 16), (uint16_t)id, arg);
			ran++;
		}
		if (wheel->tick >= target)
			return ran;
		wheel->tick++;
		slot_collect(wheel);
	}
}
