// SPDX-License-Identifier: Apache-2.0
// Which legs are a browser's: they are parked, resumed and ended with its binding.
#include "leg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct binding_legs {
	struct sip_table_node node;
	struct sip_leg *first;
	unsigned count;
};

static struct binding_legs *binding_find(struct sip_stack *stack, registration_id binding)
{
	char key[24];
	struct sip_table_node *node;

	snprintf(key, sizeof(key), "%llx", (unsigned long long)binding);
	node = sip_table_find(&stack->bindings, key);
	return node ? sip_table_object(node, struct binding_legs, node) : NULL;
}

static struct binding_legs *binding_make(struct sip_stack *stack, registration_id binding)
{
	struct binding_legs *legs = calloc(1, sizeof(*legs));
	char key[24];

	snprintf(key, sizeof(key), "%llx", (unsigned long long)binding);
	if (legs && sip_table_add(&stack->bindings, &legs->node, key) < 0) {
		free(legs);
		return NULL;
	}
	return legs;
}

int sip_leg_bind(struct sip_leg *leg)
{
	struct binding_legs *legs = binding_find(leg->stack, leg->binding);

	if (!legs)
		legs = binding_make(leg->stack, leg->binding);
	if (!legs)
		return -ENOMEM;
	leg->next_of_binding = legs->first;
	legs->first = leg;
	legs->count++;
	return 0;
}

void sip_leg_unbind(struct sip_leg *leg)
{
	struct binding_legs *legs = leg->w2 ? binding_find(leg->stack, leg->binding) : NULL;

	if (!legs)
		return;
	for (struct sip_leg **at = &legs->first; *at; at = &(*at)->next_of_binding)
		if (*at == leg) {
			*at = leg->next_of_binding;
			legs->count--;
			break;
		}
	if (legs->first)
		return;
	sip_table_del(&leg->stack->bindings, &legs->node);
	free(legs);
}

void sip_legs_of_binding(struct sip_stack *stack, registration_id binding,
	void (*visit)(struct sip_leg *leg, void *arg), void *arg)
{
	struct binding_legs *legs = binding_find(stack, binding);
	unsigned count = legs ? legs->count : 0, i = 0;
	struct sip_leg **all = count ? calloc(count, sizeof(struct sip_leg *)) : NULL;

	if (!all)
		return;
	for (struct sip_leg *leg = legs->first; leg; leg = leg->next_of_binding) {
		sip_leg_ref(leg);
		all[i++] = leg;
	}
	for (i = 0; i < count; i++) {
		visit(all[i], arg);
		sip_leg_unref(all[i]);
	}
	free(all);
}
