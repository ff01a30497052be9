// SPDX-License-Identifier: Apache-2.0
// The state of the whole: gateways and their counters, how many calls and registrations, what the SIP stack has counted.
#include "admin_priv.h"
#include "call.h"
#include "iq_client.h"
#include "registration.h"
#include "sip.h"

#include <stdlib.h>

// All workers' counters, added up; those that never counted are left out.
static json_t *counters_json(const struct iq_stats *stats)
{
	uint32_t count = iq_stats_counters(stats), workers = iq_stats_workers(stats);
	uint64_t *values = calloc(count, 2 * sizeof(*values));
	uint64_t *sums = values != NULL ? values + count : NULL;
	json_t *root = json_object();

	for (uint32_t worker = 0; values != NULL && worker < workers; worker++) {
		if (iq_stats_read(stats, worker, values) < 0)
			continue;
		for (uint32_t i = 0; i < count; i++)
			sums[i] += values[i];
	}
	for (uint32_t i = 0; values != NULL && i < count; i++) {
		if (sums[i] > 0)
			json_object_set_new(root, iq_stats_counter_name(stats, i),
				json_integer((json_int_t)sums[i]));
	}
	free(values);
	return root;
}

static json_t *gateway_json(struct iq_client *iq, const struct iq_gateway *gateway)
{
	const struct iq_capacity *capacity = iq_client_capacity(iq, gateway->id);
	const struct iq_stats *stats = iq_client_stats(iq, gateway->id);
	json_t *root = json_pack(
		"{s:s, s:b, s:i}", "socket", gateway->path, "attached", 1, "gateway", gateway->id);

	if (capacity != NULL)
		json_object_update_new(root,
			json_pack("{s:I, s:I, s:I, s:b}", "contexts",
				(json_int_t)capacity->contexts, "contexts_max",
				(json_int_t)capacity->contexts_max, "busy_permille",
				(json_int_t)capacity->busy_permille, "draining",
				capacity->draining));
	if (stats != NULL)
		json_object_set_new(root, "counters", counters_json(stats));
	return root;
}

struct gateways {
	struct iq_client *iq;
	json_t *list;
};

static void on_gateway(const struct iq_gateway *gateway, void *arg)
{
	struct gateways *gateways = arg;

	json_array_append_new(gateways->list,
		gateway->id >= 0 ? gateway_json(gateways->iq, gateway)
				 : json_pack("{s:s, s:b}", "socket", gateway->path, "attached", 0));
}

static json_t *sip_json(const struct sip_stack *sip)
{
	struct sip_counters c;

	sip_counters_get(sip, &c);
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:i, s:i}",
		"w2_requests", (json_int_t)c.w2_requests, "w2_responses",
		(json_int_t)c.w2_responses, "w2_refused", (json_int_t)c.w2_refused, "w2_dropped",
		(json_int_t)c.w2_dropped, "w2_fatal", (json_int_t)c.w2_fatal, "w2_unmatched",
		(json_int_t)c.w2_unmatched, "mw_requests", (json_int_t)c.mw_requests,
		"mw_forbidden", (json_int_t)c.mw_forbidden, "mw_cut", (json_int_t)c.mw_cut,
		"registers", (json_int_t)c.registers, "invites", (json_int_t)c.invites, "relays",
		(json_int_t)c.relays, "w2_transactions", (int)c.w2_transactions, "legs",
		(int)c.legs);
}

void status_answer(struct ask *ask)
{
	const struct admin_config *config = &ask->admin->config;
	struct gateways gateways = {config->iq, json_array()};

	iq_client_visit(config->iq, on_gateway, &gateways);
	ask_answer(ask, 200,
		json_pack("{s:o, s:i, s:i, s:i, s:o}", "gateways", gateways.list, "calls",
			(int)calls_count(config->calls), "registrations",
			(int)registrations_count(config->registrations), "orphans",
			(int)calls_orphan_count(config->calls), "sip", sip_json(config->sip)));
}
