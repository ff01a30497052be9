// SPDX-License-Identifier: Apache-2.0
// Calls and registrations as JSON.
#include "admin_priv.h"
#include "call.h"
#include "registration.h"

#include <inttypes.h>
#include <stdio.h>

static void on_call(const struct call_info *info, void *arg)
{
	char media[20] = "";

	if (info->media != 0)
		snprintf(media, sizeof(media), "%016" PRIx64, info->media);
	json_array_append_new(arg,
		json_pack("{s:o, s:s, s:s, s:I, s:I, s:s, s:b}", "id", json_text(info->id), "state",
			info->state, "from", info->web == CALL_A ? "browser" : "core", "age_ms",
			(json_int_t)info->age_ms, "setup_ms", (json_int_t)info->setup_ms, "context",
			media, "parked", info->is_parked));
}

void calls_answer(struct ask *ask)
{
	json_t *list = json_array();

	calls_visit(ask->admin->config.calls, on_call, list);
	ask_answer(ask, 200, json_pack("{s:o}", "calls", list));
}

static void on_registration(const struct registration_view *view, void *arg)
{
	char id[20];

	snprintf(id, sizeof(id), "%016" PRIx64, view->id);
	json_array_append_new(arg,
		json_pack("{s:s, s:o, s:o, s:o, s:s, s:b, s:I, s:o}", "id", id, "impi",
			json_text(view->impi), "impu",
			json_text(view->impu_count > 0 ? view->impus[0] : ""), "instance",
			json_text(view->instance), "scenario",
			view->scenario == REGISTRATION_WEB_AUTH ? "token" : "digest", "parked",
			view->conn == 0, "expires_at", (json_int_t)view->expires_at_s, "origin",
			json_text(view->origin)));
}

void registrations_answer(struct ask *ask)
{
	json_t *list = json_array();

	registrations_visit(ask->admin->config.registrations, on_registration, list);
	ask_answer(ask, 200, json_pack("{s:o}", "registrations", list));
}
