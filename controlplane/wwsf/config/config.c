// SPDX-License-Identifier: Apache-2.0
// The YAML file of wwsf: schema, defaults, and errors told with file, line and reason.
#include "wwsf_config.h"
#include "wwsf_config_priv.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdio.h>
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

// A zero that somebody wrote stays, to be refused; a key that isn't there gets the preset.
static int defaults_fill(struct wwsf_config *config, struct yaml_file *file)
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
		if (*numbers[i].value == 0 && !yaml_file_has(file, numbers[i].key))
			*numbers[i].value = numbers[i].preset;
	}
	if (config->log_level == NULL)
		config->log_level = strdup("info");
	return config->log_level != NULL ? 0 : -ENOMEM;
}

int wwsf_config_load(const char *path, struct wwsf_config **out, char *why)
{
	struct yaml_file *file = yaml_file_open(path, why, WWSF_WHY_MAX);
	void *values = NULL;
	int ret;

	if (file == NULL)
		return -errno;
	ret = yaml_file_load(file, &config_schema, &values);
	if (ret == 0)
		ret = defaults_fill(values, file);
	if (ret == 0)
		ret = wwsf_config_check(values, file);
	if (ret == -ENOMEM)
		snprintf(why, WWSF_WHY_MAX, "%s: no memory", path);
	yaml_file_close(file);
	if (ret == 0)
		*out = values;
	else
		wwsf_config_destroy(values);
	return ret;
}

void wwsf_config_destroy(struct wwsf_config *config)
{
	yaml_values_free(&config_schema, config);
}
