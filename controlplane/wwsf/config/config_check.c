// SPDX-License-Identifier: Apache-2.0
// The rules of the configuration that a schema can't say, each with the sentence that helps.
#include "log.h"
#include "wwsf_config_priv.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int refuse(struct yaml_file *file, const char *reason, const char *place, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(struct yaml_file *file, const char *reason, const char *place, ...)
{
	char text[64];
	va_list ap;

	va_start(ap, place);
	vsnprintf(text, sizeof(text), place, ap);
	va_end(ap);
	return yaml_file_refuse(file, text, "%s: %s", text, reason);
}

// A decimal port of 1 to 65535 and nothing behind it; 0 when it isn't one.
static unsigned port_parse(const char *text)
{
	unsigned port = 0;

	for (unsigned i = 0; text[i] != '\0'; i++) {
		if (!isdigit((unsigned char)text[i]) || i == 5)
			return 0;
		port = port * 10 + (unsigned)(text[i] - '0');
	}
	return port <= 65535 ? port : 0;
}

int wwsf_listen_parse(const char *text, struct sockaddr_storage *address)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	char host[INET6_ADDRSTRLEN] = "";
	const char *colon = strrchr(text, ':');
	bool bracket = text[0] == '[';
	size_t len;
	in_port_t port;

	if (colon == NULL || (bracket && colon[-1] != ']'))
		return -EINVAL;
	len = (size_t)(colon - text) - (bracket ? 2 : 0);
	port = htons((uint16_t)port_parse(colon + 1));
	if (len >= sizeof(host) || port == 0)
		return -EINVAL;
	memcpy(host, text + (bracket ? 1 : 0), len);
	memset(address, 0, sizeof(*address));
	v4.sin_port = v6.sin6_port = port;
	if (!bracket && inet_pton(AF_INET, host, &v4.sin_addr) == 1)
		memcpy(address, &v4, sizeof(v4));
	else if (bracket && inet_pton(AF_INET6, host, &v6.sin6_addr) == 1)
		memcpy(address, &v6, sizeof(v6));
	else
		return -EINVAL;
	return 0;
}

// scheme://host[:port], all of it in characters that can't break out of a header or a CSP. The rest
// behind the authority is what may follow: "" for an origin, a path for a URL.
static bool url_is_plain(const char *text, const char *scheme, bool path_allowed)
{
	size_t scheme_len = strlen(scheme), host_len;

	if (strncmp(text, scheme, scheme_len) != 0)
		return false;
	text += scheme_len;
	host_len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-:[]");
	if (host_len == 0)
		return false;
	text += host_len;
	if (*text == '\0')
		return true;
	if (!path_allowed || *text != '/')
		return false;
	for (; *text != '\0'; text++) {
		if (!isalnum((unsigned char)*text) && strchr("/._~-", *text) == NULL)
			return false;
	}
	return true;
}

static bool name_is_plain(const char *text)
{
	for (const char *at = text; *at != '\0'; at++) {
		if (!isalnum((unsigned char)*at) && strchr("._-@:/[]", *at) == NULL)
			return false;
	}
	return true;
}

static int lists_check(const struct wwsf_config *config, struct yaml_file *file)
{
	struct sockaddr_storage address;

	for (unsigned i = 0; i < config->listen_count; i++) {
		if (wwsf_listen_parse(config->listen[i], &address) < 0)
			return refuse(file, "must be ADDRESS:PORT, an IPv6 address in brackets",
				"listen/%u", i);
	}
	for (unsigned i = 0; i < config->sites_count; i++) {
		if (!url_is_plain(config->sites[i].origin, "https://", false))
			return refuse(file,
				"must be https://HOST[:PORT] in lower case, without a path",
				"sites/%u/origin", i);
		if (!url_is_plain(config->sites[i].wss_url, "wss://", true))
			return refuse(file, "must be wss://HOST[:PORT][/PATH] in lower case",
				"sites/%u/wss_url", i);
	}
	if (config->cors_origin != NULL && !url_is_plain(config->cors_origin, "https://", false))
		return refuse(file, "must be https://HOST[:PORT] in lower case, without a path",
			"cors_origin");
	return 0;
}

static int names_check(const struct wwsf_config *config, struct yaml_file *file)
{
	const struct {
		const char *key, *value;
	} names[] = {
		{"domain", config->domain},
		{"issuer", config->issuer},
		{"audience", config->audience},
		{"wwsf_id", config->wwsf_id},
		{"waf_id", config->waf_id},
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!name_is_plain(names[i].value))
			return refuse(file, "may hold letters, digits and . _ - @ : / [ ] only",
				"%s", names[i].key);
	}
	return 0;
}

static int numbers_check(const struct wwsf_config *config, struct yaml_file *file)
{
	const struct {
		const char *key;
		uint32_t value, low, high;
		const char *reason;
	} numbers[] = {
		{"token_lifetime_s", config->token_lifetime_s, 5, 86400, "must be 5 to 86400"},
		{"session_lifetime_s", config->session_lifetime_s, 60, 30 * 86400,
			"must be 60 to 2592000"},
		{"threads", config->threads, 1, 64, "must be 1 to 64"},
		{"failures_per_user", config->failures_per_user, 1, 1000, "must be 1 to 1000"},
		{"failures_per_address", config->failures_per_address, 1, 100000,
			"must be 1 to 100000"},
		{"failures_window_s", config->failures_window_s, 1, 86400, "must be 1 to 86400"},
	};

	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (numbers[i].value < numbers[i].low || numbers[i].value > numbers[i].high)
			return refuse(file, numbers[i].reason, "%s", numbers[i].key);
	}
	return 0;
}

int wwsf_config_check(const struct wwsf_config *config, struct yaml_file *file)
{
	enum log_level level;
	int ret;

	ret = lists_check(config, file);
	if (ret == 0)
		ret = names_check(config, file);
	if (ret == 0)
		ret = numbers_check(config, file);
	if (ret == 0 && log_level_parse(config->log_level, &level) < 0)
		ret = refuse(file, "must be error, warn, info or debug", "log_level");
	return ret;
}
