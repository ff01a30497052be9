// SPDX-License-Identifier: Apache-2.0
// Answers as tables and sentences.
#include "ctl.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

static const char *text_of(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL && value[0] != '\0' ? value : "-";
}

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static bool is_set(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static void counters_print(const char *title, json_t *counters)
{
	printf("%s\n", title);
	for (void *at = json_object_iter(counters); at != NULL;
		at = json_object_iter_next(counters, at)) {
		json_int_t value = json_integer_value(json_object_iter_value(at));

		if (value != 0)
			printf("  %-32s %" JSON_INTEGER_FORMAT "\n", json_object_iter_key(at),
				value);
	}
}

static void each(const json_t *list, void (*print)(const json_t *item))
{
	for (size_t i = 0; i < json_array_size(list); i++)
		print(json_array_get(list, i));
}

static void gateway_print(const json_t *gateway)
{
	if (!is_set(gateway, "attached")) {
		printf("gateway at %s: not attached\n", text_of(gateway, "socket"));
		return;
	}
	printf("gateway %d at %s: attached, %d of %d contexts, %.1f %% busy%s\n",
		(int)number_of(gateway, "gateway"), text_of(gateway, "socket"),
		(int)number_of(gateway, "contexts"), (int)number_of(gateway, "contexts_max"),
		(double)number_of(gateway, "busy_permille") / 10,
		is_set(gateway, "draining") ? ", draining" : "");
}

static void gateway_counters_print(const json_t *gateway)
{
	if (is_set(gateway, "attached"))
		counters_print("counters of the gateway", json_object_get(gateway, "counters"));
}

void table_status(const json_t *root)
{
	const json_t *gateways = json_object_get(root, "gateways");

	printf("calls %d, registrations %d, orphaned contexts %d\n", (int)number_of(root, "calls"),
		(int)number_of(root, "registrations"), (int)number_of(root, "orphans"));
	each(gateways, gateway_print);
	counters_print("counters of SIP", json_object_get(root, "sip"));
	each(gateways, gateway_counters_print);
}

static void call_print(const json_t *call)
{
	printf("%-34s %-10s %-8s %8.1f %9d  %s\n", text_of(call, "id"),
		is_set(call, "parked") ? "parked" : text_of(call, "state"), text_of(call, "from"),
		(double)number_of(call, "age_ms") / 1000, (int)number_of(call, "setup_ms"),
		text_of(call, "context"));
}

void table_calls(const json_t *root)
{
	printf("%-34s %-10s %-8s %8s %9s  %s\n", "CALL", "STATE", "FROM", "AGE S", "SETUP MS",
		"CONTEXT");
	each(json_object_get(root, "calls"), call_print);
}

static void binding_print(const json_t *binding)
{
	printf("%-28s %-32s %-7s %-6s %9" JSON_INTEGER_FORMAT "  %s\n", text_of(binding, "impi"),
		text_of(binding, "impu"), text_of(binding, "scenario"),
		is_set(binding, "parked") ? "parked" : "bound",
		number_of(binding, "expires_at") - (json_int_t)time(NULL),
		text_of(binding, "instance"));
}

void table_registrations(const json_t *root)
{
	printf("%-28s %-32s %-7s %-6s %9s  %s\n", "IMPI", "IMPU", "BY", "STATE", "LEFT S",
		"INSTANCE");
	each(json_object_get(root, "registrations"), binding_print);
}

static void context_line(const json_t *context)
{
	printf("%-16s  %7d  %-10s %-34s", text_of(context, "context"),
		(int)number_of(context, "gateway"), text_of(context, "state"),
		text_of(context, "call"));
	if (json_object_get(context, "deleted_in_ms") != NULL)
		printf(" deleted in %.1f s", (double)number_of(context, "deleted_in_ms") / 1000);
	printf("\n");
}

static void context_print(const json_t *context)
{
	if (json_object_get(context, "error") != NULL)
		printf("(%s)\n", text_of(context, "error"));
	else
		context_line(context);
}

void table_contexts(const json_t *root)
{
	printf("%-16s  %-7s  %-10s %s\n", "CONTEXT", "GATEWAY", "STATE", "CALL");
	each(json_object_get(root, "contexts"), context_print);
}

static void counts_print(const char *what, const json_t *counts)
{
	printf("    %-4s %" JSON_INTEGER_FORMAT " packets, %" JSON_INTEGER_FORMAT
	       " octets, %d lost, jitter %.1f ms, refused: %d tag, %d replay, %d source\n",
		what, number_of(counts, "packets"), number_of(counts, "octets"),
		(int)number_of(counts, "lost"), (double)number_of(counts, "jitter_us") / 1000,
		(int)number_of(counts, "auth_failed"), (int)number_of(counts, "replayed"),
		(int)number_of(counts, "not_admitted"));
}

static void leg_print(const char *name, const json_t *leg)
{
	printf("  %-6s %s <-> %s, ICE %s, DTLS %s, consent %s\n", name, text_of(leg, "local"),
		text_of(leg, "remote"), text_of(leg, "ice"), text_of(leg, "dtls"),
		text_of(leg, "consent"));
	counts_print("in", json_object_get(leg, "in"));
	counts_print("out", json_object_get(leg, "out"));
}

void table_context(const json_t *root)
{
	context_line(root);
	printf("  age    %.1f s\n", (double)number_of(root, "age_ms") / 1000);
	leg_print("access", json_object_get(root, "access"));
	leg_print("core", json_object_get(root, "core"));
}
