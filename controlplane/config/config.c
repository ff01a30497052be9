// SPDX-License-Identifier: Apache-2.0
// The schema of ep-cscf's YAML file, and the life of a snapshot.
#include "config_priv.h"
#include "log.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1024, LIST_MAX = 64 };

#define TEXT(key, type, member)                                                                    \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 1, TEXT_MAX)
#define TEXT_OPTIONAL(key, type, member)                                                           \
	CYAML_FIELD_STRING_PTR(                                                                    \
		key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, 1, TEXT_MAX)
#define NUMBER(key, type, member) CYAML_FIELD_UINT(key, CYAML_FLAG_OPTIONAL, type, member)
#define LIST(key, flags, type, member, schema)                                                     \
	CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER | (flags), type, member,                \
		member##_count, schema, 1, LIST_MAX)

static const cyaml_schema_value_t text_schema = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, TEXT_MAX)};

static const cyaml_strval_t log_names[] = {{"error", LOG_LEVEL_ERROR}, {"warn", LOG_LEVEL_WARN},
	{"info", LOG_LEVEL_INFO}, {"debug", LOG_LEVEL_DEBUG}};
static const cyaml_strval_t mode_names[] = {
	{"digest", CSCF_MODE_DIGEST}, {"token", CSCF_MODE_TOKEN}};
static const cyaml_strval_t algorithm_names[] = {{"ES256", CSCF_ALGORITHM_ES256},
	{"RS256", CSCF_ALGORITHM_RS256}, {"PS256", CSCF_ALGORITHM_PS256}};
static const cyaml_strval_t breakers_names[] = {
	{"log", CSCF_BREAKERS_LOG},
	{"release", CSCF_BREAKERS_RELEASE},
	{"off", CSCF_BREAKERS_OFF},
};
static const cyaml_strval_t waf_identity_names[] = {
	{"third-party", CSCF_WAF_IDENTITY_THIRD_PARTY}, {"always", CSCF_WAF_IDENTITY_ALWAYS}};

static const cyaml_schema_field_t home_fields[] = {
	LIST("domains", 0, struct cscf_home, domains, &text_schema),
	TEXT_OPTIONAL("visited_network_id", struct cscf_home, visited_network_id),
	TEXT_OPTIONAL("ioi", struct cscf_home, ioi),
	TEXT_OPTIONAL("access_network", struct cscf_home, access_network),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t w2_fields[] = {
	TEXT("host", struct cscf_w2, host),
	LIST("listens", 0, struct cscf_w2, listens, &text_schema),
	TEXT("certificate", struct cscf_w2, certificate),
	TEXT("private_key", struct cscf_w2, private_key),
	CYAML_FIELD_BOOL("allow_no_origin", CYAML_FLAG_OPTIONAL, struct cscf_w2, allow_no_origin),
	NUMBER("threads", struct cscf_w2, threads),
	NUMBER("connections_max", struct cscf_w2, connections_max),
	NUMBER("connections_per_address", struct cscf_w2, connections_per_address),
	NUMBER("message_max", struct cscf_w2, message_max),
	NUMBER("messages_per_s", struct cscf_w2, messages_per_s),
	NUMBER("ping_s", struct cscf_w2, ping_s),
	NUMBER("idle_unbound_s", struct cscf_w2, idle_unbound_s),
	NUMBER("park_time_ms", struct cscf_w2, park_time_ms),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t mw_fields[] = {
	LIST("listens", 0, struct cscf_mw, listens, &text_schema),
	TEXT("core", struct cscf_mw, core),
	LIST("peers", 0, struct cscf_mw, peers, &text_schema),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t wwsf_fields[] = {
	TEXT("id", struct cscf_wwsf, id),
	TEXT_OPTIONAL("organization", struct cscf_wwsf, organization),
	LIST("origins", 0, struct cscf_wwsf, origins, &text_schema),
	CYAML_FIELD_FLAGS("modes", CYAML_FLAG_STRICT, struct cscf_wwsf, modes, mode_names,
		CYAML_ARRAY_LEN(mode_names)),
	TEXT_OPTIONAL("issuer", struct cscf_wwsf, issuer),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t wwsf_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct cscf_wwsf, wwsf_fields)};

static const cyaml_schema_field_t issuer_fields[] = {
	TEXT("issuer", struct cscf_issuer, issuer),
	TEXT("waf_id", struct cscf_issuer, waf_id),
	TEXT("jwks", struct cscf_issuer, jwks),
	TEXT_OPTIONAL("jwks_ca", struct cscf_issuer, jwks_ca),
	TEXT("audience", struct cscf_issuer, audience),
	TEXT_OPTIONAL("scope", struct cscf_issuer, scope),
	NUMBER("clock_skew_s", struct cscf_issuer, clock_skew_s),
	CYAML_FIELD_FLAGS("algorithms", CYAML_FLAG_STRICT, struct cscf_issuer, algorithms,
		algorithm_names, CYAML_ARRAY_LEN(algorithm_names)),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t issuer_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct cscf_issuer, issuer_fields)};

static const cyaml_schema_field_t tna_fields[] = {
	CYAML_FIELD_ENUM("waf_identity", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct cscf_tna,
		waf_identity, waf_identity_names, CYAML_ARRAY_LEN(waf_identity_names)),
	LIST("operator_domains", CYAML_FLAG_OPTIONAL, struct cscf_tna, operator_domains,
		&text_schema),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t registration_fields[] = {
	NUMBER("expires_max_s", struct cscf_registration, expires_max_s),
	NUMBER("failures_max", struct cscf_registration, failures_max),
	NUMBER("lock_s", struct cscf_registration, lock_s),
	NUMBER("requests_per_minute", struct cscf_registration, requests_per_minute),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t media_fields[] = {
	LIST("gateways", 0, struct cscf_media, gateways, &text_schema),
	NUMBER("setup_timeout_ms", struct cscf_media, setup_timeout_ms),
	NUMBER("orphan_time_ms", struct cscf_media, orphan_time_ms),
	CYAML_FIELD_ENUM("breakers", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct cscf_media,
		breakers, breakers_names, CYAML_ARRAY_LEN(breakers_names)),
	CYAML_FIELD_BOOL("core_breakers", CYAML_FLAG_OPTIONAL, struct cscf_media, core_breakers),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t admin_fields[] = {
	TEXT("listen", struct cscf_admin, listen),
	TEXT_OPTIONAL("token", struct cscf_admin, token),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t config_fields[] = {
	CYAML_FIELD_ENUM("log", CYAML_FLAG_STRICT, struct cscf_config, log, log_names,
		CYAML_ARRAY_LEN(log_names)),
	CYAML_FIELD_MAPPING("home", CYAML_FLAG_DEFAULT, struct cscf_config, home, home_fields),
	CYAML_FIELD_MAPPING("w2", CYAML_FLAG_DEFAULT, struct cscf_config, w2, w2_fields),
	CYAML_FIELD_MAPPING("mw", CYAML_FLAG_DEFAULT, struct cscf_config, mw, mw_fields),
	LIST("wwsfs", 0, struct cscf_config, wwsfs, &wwsf_schema),
	LIST("issuers", CYAML_FLAG_OPTIONAL, struct cscf_config, issuers, &issuer_schema),
	CYAML_FIELD_MAPPING("tna", CYAML_FLAG_OPTIONAL, struct cscf_config, tna, tna_fields),
	CYAML_FIELD_MAPPING("registration", CYAML_FLAG_OPTIONAL, struct cscf_config, registration,
		registration_fields),
	CYAML_FIELD_MAPPING("media", CYAML_FLAG_DEFAULT, struct cscf_config, media, media_fields),
	CYAML_FIELD_MAPPING("admin", CYAML_FLAG_OPTIONAL, struct cscf_config, admin, admin_fields),
	TEXT("store", struct cscf_config, store),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t config_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct cscf_config, config_fields)};

static int config_check_and_keep(struct cscf_config *config, struct yaml_file *file)
{
	struct config_check check = {.config = config, .file = file};
	int ret;

	config->refs = 1;
	ret = config_check_all(&check);
	if (ret < 0)
		cscf_config_unref(config);
	return ret;
}

struct cscf_config *cscf_config_load(const char *path, char *why)
{
	struct yaml_file *file = yaml_file_open(path, why, CSCF_CONFIG_WHY_MAX);
	void *values = NULL;
	int ret;

	if (file == NULL)
		return NULL;
	ret = yaml_file_load(file, &config_schema, &values);
	if (ret == 0)
		ret = config_check_and_keep(values, file);
	if (ret == -ENOMEM)
		snprintf(why, CSCF_CONFIG_WHY_MAX, "%s: no memory", path);
	yaml_file_close(file);
	errno = -ret;
	return ret == 0 ? values : NULL;
}

const struct cscf_config *cscf_config_ref(const struct cscf_config *config)
{
	((struct cscf_config *)config)->refs++;
	return config;
}

void cscf_config_unref(const struct cscf_config *config)
{
	struct cscf_config *last = (struct cscf_config *)config;

	if (last == NULL || --last->refs > 0)
		return;
	free(last->origins);
	free(last->w2.endpoints);
	free(last->mw.endpoints);
	yaml_values_free(&config_schema, last);
}

const struct cscf_wwsf *cscf_config_wwsf(const struct cscf_config *config, const char *origin)
{
	for (unsigned i = 0; i < config->wwsfs_count; i++) {
		const struct cscf_wwsf *wwsf = &config->wwsfs[i];

		for (unsigned k = 0; k < wwsf->origins_count; k++) {
			if (strcmp(wwsf->origins[k], origin) == 0)
				return wwsf;
		}
	}
	return NULL;
}

const struct cscf_issuer *cscf_config_issuer(const struct cscf_config *config, const char *issuer)
{
	for (unsigned i = 0; i < config->issuers_count; i++) {
		if (strcmp(config->issuers[i].issuer, issuer) == 0)
			return &config->issuers[i];
	}
	return NULL;
}

bool cscf_config_domain_is_served(const struct cscf_config *config, const char *domain)
{
	for (unsigned i = 0; i < config->home.domains_count; i++) {
		if (strcasecmp(config->home.domains[i], domain) == 0)
			return true;
	}
	return false;
}
