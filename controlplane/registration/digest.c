// SPDX-License-Identifier: Apache-2.0
// Authorization values: the client's Digest with our mark (TS 24.229 section 7.2A.2), and that of a trusted node.
#include "registration_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct parameter {
	const char *name, *value; // value with its quotes
	size_t name_len, value_len;
};

bool digest_is(const char *value)
{
	value += strspn(value, " \t");
	return strncasecmp(value, "Digest", 6) == 0 && (value[6] == ' ' || value[6] == '\t');
}

// Length of a quoted string with its quotes, or of what runs to the next separator; 0: malformed.
static size_t value_len(const char *text)
{
	size_t len = 1;

	if (*text != '"')
		return strcspn(text, " \t,\"");
	while (text[len] != '"') {
		len += text[len] == '\\' ? 2 : 1;
		if (text[len - 1] == '\0' || text[len] == '\0')
			return 0;
	}
	return len + 1;
}

// Takes the next parameter: 1, 0 at the end, -EINVAL.
static int parameter_next(const char **at, struct parameter *parameter)
{
	const char *text = *at + strspn(*at, " \t,");

	if (*text == '\0')
		return 0;
	parameter->name = text;
	parameter->name_len = strcspn(text, " \t=,\"");
	if (parameter->name_len == 0)
		return -EINVAL;
	text += parameter->name_len;
	text += strspn(text, " \t");
	if (*text++ != '=')
		return -EINVAL;
	text += strspn(text, " \t");
	parameter->value = text;
	parameter->value_len = value_len(text);
	if (parameter->value_len == 0)
		return -EINVAL;
	text += parameter->value_len;
	text += strspn(text, " \t");
	if (*text != '\0' && *text != ',')
		return -EINVAL;
	*at = text;
	return 1;
}

static const char *parameters_of(const char *value)
{
	value += strspn(value, " \t");
	return value + 6;
}

static bool parameter_is(const struct parameter *parameter, const char *name)
{
	return parameter->name_len == strlen(name) &&
		strncasecmp(parameter->name, name, parameter->name_len) == 0;
}

int digest_parameter(const char *value, const char *name, char *text, size_t room)
{
	const char *at = parameters_of(value);
	struct parameter parameter;
	size_t used = 0;
	int ret;

	while ((ret = parameter_next(&at, &parameter)) > 0) {
		bool is_quoted;

		if (!parameter_is(&parameter, name))
			continue;
		is_quoted = parameter.value[0] == '"';
		for (size_t i = is_quoted; i < parameter.value_len - is_quoted; i++) {
			if (is_quoted && parameter.value[i] == '\\')
				i++;
			if (used + 1 >= room)
				return -ENOSPC;
			text[used++] = parameter.value[i];
		}
		text[used] = '\0';
		return 0;
	}
	return ret < 0 ? ret : -ENOENT;
}

// RFC 7616 section 3.4: a parameter must not occur twice. One of two names is ours, the other may be the core's.
static bool is_repeated(const char *rest, const struct parameter *parameter)
{
	struct parameter other;

	while (parameter_next(&rest, &other) > 0) {
		if (other.name_len == parameter->name_len &&
			strncasecmp(other.name, parameter->name, other.name_len) == 0)
			return true;
	}
	return false;
}

int digest_rewrite(const char *value, const char *integrity, char *text, size_t room)
{
	const char *at = parameters_of(value);
	struct parameter parameter;
	size_t used = (size_t)snprintf(text, room, "Digest ");
	int ret;

	while ((ret = parameter_next(&at, &parameter)) > 0) {
		if (parameter_is(&parameter, "integrity-protected") ||
			parameter_is(&parameter, "authorization-entity"))
			continue;
		if (is_repeated(at, &parameter))
			return -EINVAL;
		used += (size_t)snprintf(text + used, room - used, "%.*s=%.*s, ",
			(int)parameter.name_len, parameter.name, (int)parameter.value_len,
			parameter.value);
		if (used >= room)
			return -ENOSPC;
	}
	if (ret < 0)
		return ret;
	used += (size_t)snprintf(text + used, room - used, "integrity-protected=\"%s\"", integrity);
	return used < room ? 0 : -ENOSPC;
}

int tna_write(const char *impi, const char *domain, const char *entity, char *text, size_t room)
{
	int len = snprintf(text, room,
		"Digest username=\"%s\", realm=\"%s\", nonce=\"\", uri=\"sip:%s\", response=\"\", "
		"integrity-protected=\"auth-done\"%s%s%s",
		impi, domain, domain, entity[0] != '\0' ? ", authorization-entity=\"" : "", entity,
		entity[0] != '\0' ? "\"" : "");

	return len > 0 && (size_t)len < room ? 0 : -ENOSPC;
}
