// SPDX-License-Identifier: Apache-2.0
// The YAML file of wwsf: schema, defaults, and errors told with file, line and reason.
#include "wwsf_config.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 1024

#define TEXT(key, member)                                                                          \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, struct wwsf_config, member, 1, TEXT_MAX)
#define TEXT_OPTIONAL(key, member)                                                                 \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct wwsf_config,  \
		member, 1, TEXT_MAX)
#define NUMBER(key, member) CYAML_FIELD_UINT(key, CYAML_FLAG_OPTIONAL, struct wwsf_config, member)

static const cyaml_schema_value_t text_schema = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, TEXT_MAX),
};

static const cyaml_schema_field_t site_fields[] = {
	CYAML_FIELD_STRING_PTR("origin", CYAML_FLAG_POINTER, struct wwsf_site, origin, 1, TEXT_MAX),
	CYAML_FIELD_STRING_PTR(
		"wss_url", CYAML_FLAG_POINTER, struct wwsf_site, wss_url, 1, TEXT_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t site_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct wwsf_site, site_fields),
};

static const cyaml_schema_field_t config_fields[] = {
	CYAML_FIELD_SEQUENCE_COUNT("listen", CYAML_FLAG_POINTER, struct wwsf_config, listen,
		listen_count, &text_schema, 1, WWSF_LISTEN_MAX),
	CYAML_FIELD_SEQUENCE_COUNT("sites", CYAML_FLAG_POINTER, struct wwsf_config, sites,
		sites_count, &site_schema, 1, WWSF_LISTEN_MAX),
	TEXT_OPTIONAL("cors_origin", cors_origin),
	TEXT("certificate", certificate),
	TEXT("private_key", private_key),
	TEXT("page", page),
	TEXT("database", database),
	TEXT("keys", keys),
	TEXT("domain", domain),
	TEXT("issuer", issuer),
	TEXT("audience", audience),
	TEXT("wwsf_id", wwsf_id),
	TEXT("waf_id", waf_id),
	NUMBER("token_lifetime_s", token_lifetime_s),
	NUMBER("session_lifetime_s", session_lifetime_s),
	NUMBER("threads", threads),
	NUMBER("failures_per_user", failures_per_user),
	NUMBER("failures_per_address", failures_per_address),
	NUMBER("failures_window_s", failures_window_s),
	TEXT_OPTIONAL("log_level", log_level),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t config_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct wwsf_config, config_fields),
};

// What libcyaml says: the first line is the reason, the first place behind it is the innermost.
struct complaint {
	char reason[256];
	unsigned line;
};

static void complaint_note(cyaml_log_t level, void *arg, const char *fmt, va_list ap)
{
	struct complaint *complaint = arg;
	char text[256];
	const char *at;

	(void)level;
	vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = '\0';
	at = strstr(text, "(line: ");
	if (at != NULL && complaint->line == 0)
		sscanf(at, "(line: %u", &complaint->line);
	if (complaint->reason[0] == '\0')
		snprintf(complaint->reason, sizeof(complaint->reason), "%s",
			strncmp(text, "Load: ", 6) == 0 ? text + 6 : text);
}

// Whether a line has the key, in front of a value or (*empty) of nothing.
static bool line_has_key(const char *at, const char *key, bool *empty)
{
	size_t len = strlen(key);

	if (*at == '-')
		at += 1 + strspn(at + 1, " ");
	if (strncmp(at, key, len) != 0 || at[len] != ':')
		return false;
	at += len + 1;
	at += strspn(at, " \r\n");
	*empty = *at == '\0' || *at == '#';
	return true;
}

// The line where the entry-th value of a key stands (it is a list, or repeated in the entries of
// one); else that of the key; 0 when it isn't there.
static unsigned key_line(const char *path, const char *key, unsigned entry)
{
	unsigned line = 0, found = 0, values = 0;
	bool is_list = false, empty;
	char text[TEXT_MAX + 64];
	FILE *file = fopen(path, "re");

	while (file != NULL && fgets(text, sizeof(text), file) != NULL) {
		const char *at = text + strspn(text, " ");

		line++;
		if (line_has_key(at, key, &empty)) {
			found = line;
			is_list = empty;
			values += !empty;
		} else if (is_list && *at == '-') {
			found = line;
			values++;
		}
		if (values == entry + 1)
			break;
	}
	if (file != NULL)
		fclose(file);
	return found;
}

static void complaint_tell(
	const char *path, struct complaint *complaint, cyaml_err_t err, char *why)
{
	static const char unknown[] = "Unexpected key: ";

	// libcyaml tells the place of the last thing that was right.
	if (strncmp(complaint->reason, unknown, strlen(unknown)) == 0)
		complaint->line = key_line(path, complaint->reason + strlen(unknown), 0);
	if (complaint->reason[0] == '\0')
		snprintf(complaint->reason, sizeof(complaint->reason), "%s", cyaml_strerror(err));
	if (complaint->line != 0)
		snprintf(why, WWSF_WHY_MAX, "%s:%u: %s", path, complaint->line, complaint->reason);
	else
		snprintf(why, WWSF_WHY_MAX, "%s: %s", path, complaint->reason);
}

// A zero that somebody wrote stays, to be refused; a key that isn't there gets the preset.
static int defaults_fill(struct wwsf_config *config, const char *path)
{
	const struct {
		const char *key;
		uint32_t *value, preset;
	} numbers[] = {
		{"token_lifetime_s", &config->token_lifetime_s, 600},
		{"session_lifetime_s", &config->session_lifetime_s, 8 * 3600},
		{"threads", &config->threads, 4},
		{"failures_per_user", &config->failures_per_user, 5},
		{"failures_per_address", &config->failures_per_address, 20},
		{"failures_window_s", &config->failures_window_s, 300},
	};

	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (*numbers[i].value == 0 && key_line(path, numbers[i].key, 0) == 0)
			*numbers[i].value = numbers[i].preset;
	}
	if (config->log_level == NULL)
		config->log_level = strdup("info");
	return config->log_level != NULL ? 0 : -ENOMEM;
}

static const cyaml_config_t *loader(struct complaint *complaint, cyaml_config_t *storage)
{
	*storage = (cyaml_config_t){
		.log_fn = complaint_note,
		.log_ctx = complaint,
		.mem_fn = cyaml_mem,
		.log_level = CYAML_LOG_ERROR,
	};
	return storage;
}

int wwsf_config_load(const char *path, struct wwsf_config **out, char *why)
{
	struct wwsf_config_fault fault = {0};
	struct wwsf_config *config = NULL;
	struct complaint complaint = {0};
	cyaml_config_t storage;
	cyaml_err_t err;
	int ret;

	err = cyaml_load_file(
		path, loader(&complaint, &storage), &config_schema, (cyaml_data_t **)&config, NULL);
	if (err != CYAML_OK) {
		complaint_tell(path, &complaint, err, why);
		return -EINVAL;
	}
	if (config == NULL) {
		snprintf(why, WWSF_WHY_MAX, "%s: the file is empty", path);
		return -EINVAL;
	}
	ret = defaults_fill(config, path);
	if (ret == 0)
		ret = wwsf_config_check(config, &fault);
	if (ret < 0) {
		snprintf(why, WWSF_WHY_MAX, "%s:%u: %s: %s", path,
			fault.key != NULL ? key_line(path, fault.key, fault.entry) : 0,
			fault.key != NULL ? fault.key : "memory",
			fault.reason != NULL ? fault.reason : strerror(-ret));
		wwsf_config_destroy(config);
		return ret;
	}
	*out = config;
	return 0;
}

void wwsf_config_destroy(struct wwsf_config *config)
{
	struct complaint complaint = {0};
	cyaml_config_t storage;

	if (config != NULL)
		cyaml_free(loader(&complaint, &storage), &config_schema, config, 0);
}
