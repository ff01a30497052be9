// SPDX-License-Identifier: Apache-2.0
// A binding as flat text, one key=value a line, and back: another process goes on with it, parked until its client returns.
#include "clock.h"
#include "log.h"
#include "registration_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXTS 12

struct field {
	const char *name;
	char **value;
};

static void fields_of(struct binding *binding, struct field fields[TEXTS])
{
	const struct field all[TEXTS] = {
		{"impi", &binding->impi},
		{"instance", &binding->instance},
		{"aor", &binding->aor},
		{"contact", &binding->contact},
		{"route", &binding->service_route},
		{"associated", &binding->associated_uri},
		{"charging", &binding->charging},
		{"ioi", &binding->term_ioi},
		{"origin", &binding->origin},
		{"wwsf", &binding->wwsf_id},
		{"organization", &binding->organization},
		{"waf", &binding->waf_id},
	};

	memcpy(fields, all, sizeof(all));
}

static int numbers_write(const struct binding *binding, char *buf, size_t room)
{
	return snprintf(buf, room,
		"flow=%016" PRIx64 "\ngeneration=%" PRIu32
		"\nscenario=%d\nhas_instance=%d\nexpires=%" PRId64 "\ntoken_expires=%" PRId64 "\n",
		binding->flow.id, binding->flow.generation, (int)binding->scenario,
		binding->has_instance, binding->expires_at_s, binding->token_expires_at_s);
}

int registration_record(struct registrations *regs, registration_id id, char *buf, size_t room)
{
	struct binding *binding = binding_of_id(regs, id);
	struct field fields[TEXTS];
	int len;

	if (binding == NULL)
		return -ENOENT;
	len = numbers_write(binding, buf, room);
	fields_of(binding, fields);
	for (unsigned i = 0; i < TEXTS && len >= 0 && (size_t)len < room; i++) {
		// A token's claim may hold anything; a line of its own it mustn't make.
		if (strchr(*fields[i].value, '\n') != NULL)
			return -EINVAL;
		len += snprintf(
			buf + len, room - (size_t)len, "%s=%s\n", fields[i].name, *fields[i].value);
	}
	return len >= 0 && (size_t)len < room ? len : -ENOSPC;
}

static int line_take(struct binding *binding, const char *name, const char *value)
{
	struct field fields[TEXTS];

	fields_of(binding, fields);
	for (unsigned i = 0; i < TEXTS; i++) {
		if (strcmp(fields[i].name, name) != 0)
			continue;
		free(*fields[i].value);
		return text_copy(fields[i].value, value);
	}
	if (strcmp(name, "flow") == 0)
		binding->flow.id = strtoull(value, NULL, 16);
	else if (strcmp(name, "generation") == 0)
		binding->flow.generation = (uint32_t)strtoul(value, NULL, 10);
	else if (strcmp(name, "scenario") == 0)
		binding->scenario =
			strcmp(value, "1") == 0 ? REGISTRATION_WEB_AUTH : REGISTRATION_IMS_AUTH;
	else if (strcmp(name, "has_instance") == 0)
		binding->has_instance = strcmp(value, "1") == 0;
	else if (strcmp(name, "expires") == 0)
		binding->expires_at_s = strtoll(value, NULL, 10);
	else if (strcmp(name, "token_expires") == 0)
		binding->token_expires_at_s = strtoll(value, NULL, 10);
	return 0;
}

static int lines_take(struct binding *binding, char *text)
{
	char *rest = text, *line;
	int ret = 0;

	while (ret == 0 && (line = strsep(&rest, "\n")) != NULL) {
		char *equals = strchr(line, '=');

		if (equals == NULL)
			continue;
		*equals = '\0';
		ret = line_take(binding, line, equals + 1);
	}
	return ret;
}

static bool is_whole(struct binding *binding)
{
	struct field fields[TEXTS];

	fields_of(binding, fields);
	for (unsigned i = 0; i < TEXTS; i++) {
		if (*fields[i].value == NULL)
			return false;
	}
	return binding->flow.id != 0 && binding->impi[0] != '\0' && binding->expires_at_s > 0;
}

static int binding_complete(struct registrations *regs, struct binding *binding)
{
	int ret = text_copy(&binding->home_domain, regs->config->home.domains[0]);

	if (ret == 0)
		ret = impus_parse(binding->associated_uri, binding->aor, &binding->impus,
			&binding->impu_count);
	if (ret == 0)
		ret = flow_token_write(regs, &binding->flow, binding->flow_token);
	return ret;
}

// Microseconds from now until a wall clock's second, at least one.
static uint64_t due_us(int64_t at_s)
{
	int64_t left_s = at_s - clock_wall_s();

	return clock_now_us() + (left_s > 0 ? (uint64_t)left_s * 1000000u : 1);
}

static void binding_insert(struct registrations *regs, struct binding *binding)
{
	binding_enlist(regs, binding);
	binding->expires_us = due_us(binding->expires_at_s);
	if (binding->token_expires_at_s != 0)
		binding->token_us = due_us(binding->token_expires_at_s);
	// Tokens of the flows to come must differ from those of the flows that were.
	if (regs->next_generation <= binding->flow.generation)
		regs->next_generation = binding->flow.generation + 1;
	binding_park(regs, binding);
}

int registration_restore(
	struct registrations *regs, registration_id id, const char *text, size_t len)
{
	struct binding *binding = calloc(1, sizeof(*binding));
	char *copy = strndup(text, len);
	int ret = -ENOMEM;

	if (binding == NULL || copy == NULL)
		goto out;
	binding->id = id;
	ret = lines_take(binding, copy);
	if (ret == 0 && (id == 0 || !is_whole(binding)))
		ret = -EINVAL;
	if (ret == 0 &&
		(binding_of_id(regs, id) != NULL ||
			binding_of_key(regs, binding->impi, binding->instance) != NULL))
		ret = -EEXIST;
	if (ret == 0)
		ret = binding_complete(regs, binding);
	if (ret == 0) {
		binding_insert(regs, binding);
		binding = NULL;
	}
out:
	if (binding != NULL)
		binding_free(binding);
	free(copy);
	return ret;
}
