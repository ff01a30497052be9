// SPDX-License-Identifier: Apache-2.0
// Checks tokens; has the keys of each issuer read or fetched, and lets checks wait for them.
#include "auth_priv.h"
#include "clock.h"
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { WAITING_MAX = 1000, REFETCH_S = 30, MAX_AGE_S = 3600 };

// A check that waits for keys.
struct waiting {
	struct waiting *next;
	const struct cscf_wwsf *wwsf;
	auth_on_result on_result;
	void *arg;
	size_t len;
	char token[];
};

// The keys of one issuer.
struct source {
	struct auth *auth;
	const struct cscf_issuer *issuer;
	struct keys keys;
	bool is_url, is_fetching, has_keys;
	uint64_t tried_us; // 0: never
	uint64_t loaded_us;
	struct timespec modified; // of the file
	struct waiting *first, **last;
	unsigned waiting;
};

struct auth {
	const struct cscf_config *config;
	uint64_t refetch_us, max_age_us;
	struct fetcher *fetcher;
	struct source *sources;
};

// More than any key set has, so that too long a one is noticed by keys_parse.
static char file_buffer[KEY_SET_BYTES_MAX + 1];

// Reads a key file when it has changed since.
static void source_read(struct source *source)
{
	const char *path = source->issuer->jwks;
	struct stat st;
	FILE *file;
	size_t len;

	source->tried_us = clock_now_us();
	if (stat(path, &st) < 0) {
		log_warn("auth: keys of %s: %s: %s", source->issuer->issuer, path, strerror(errno));
		return;
	}
	if (source->has_keys && st.st_mtim.tv_sec == source->modified.tv_sec &&
		st.st_mtim.tv_nsec == source->modified.tv_nsec)
		return;
	file = fopen(path, "re");
	if (file == NULL) {
		log_warn("auth: keys of %s: %s: %s", source->issuer->issuer, path, strerror(errno));
		return;
	}
	len = fread(file_buffer, 1, sizeof(file_buffer), file);
	fclose(file);
	if (keys_parse(&source->keys, file_buffer, len) < 0) {
		log_warn("auth: keys of %s: %s is no JWK set", source->issuer->issuer, path);
		return;
	}
	source->modified = st.st_mtim;
	source->has_keys = true;
	source->loaded_us = source->tried_us;
	log_info("auth: %u keys of %s", source->keys.count, source->issuer->issuer);
}

static void result_tell(auth_on_result on_result, void *arg, enum auth_error error, const char *why)
{
	struct auth_result result = {.error = error, .why = why};

	on_result(&result, arg);
}

// With a key at hand there is nothing to wait for.
static void token_judge(const struct source *source, const struct token *token,
	const struct waiting *check, const struct key *key)
{
	struct auth_result result = {AUTH_INVALID_TOKEN, "the signature is wrong", NULL};
	struct auth_identity identity;

	if (token_is_signed(check->token, check->len, key))
		result.error = token_claims_check(
			token, source->issuer, check->wwsf, &identity, &result.why);
	if (result.error == AUTH_OK)
		result.identity = &identity;
	check->on_result(&result, check->arg);
}

static void on_keys(const char *body, size_t len, const char *error, void *arg);

static bool source_may_try(const struct source *source)
{
	uint64_t pause_us = source->is_url ? source->auth->refetch_us : 1000000u;

	return source->tried_us == 0 || clock_now_us() - source->tried_us >= pause_us;
}

// Starts a fetch if one is due. True: keys are on their way.
static bool source_fetch(struct source *source)
{
	if (source->is_fetching)
		return true;
	if (!source_may_try(source))
		return false;
	source->tried_us = clock_now_us();
	source->is_fetching = fetcher_get(source->auth->fetcher, source->issuer->jwks,
				      source->issuer->jwks_ca, on_keys, source) == 0;
	return source->is_fetching;
}

static const struct key *source_find(struct source *source, const struct token *token)
{
	if (!source->is_url && source_may_try(source))
		source_read(source);
	if (source->is_url && source->has_keys &&
		clock_now_us() - source->loaded_us >= source->auth->max_age_us)
		source_fetch(source); // those at hand are good until others come
	return keys_find(&source->keys, token->kid, token->algorithm);
}

static struct source *source_of(struct auth *auth, const struct token *token,
	const struct cscf_wwsf *wwsf, const char **why)
{
	const char *issuer = json_string_value(json_object_get(token->claims, "iss"));

	*why = "iss isn't the issuer of this page's tokens";
	if (issuer == NULL || wwsf->issuer == NULL || strcmp(issuer, wwsf->issuer) != 0)
		return NULL;
	for (unsigned i = 0; i < auth->config->issuers_count; i++) {
		struct source *source = &auth->sources[i];

		if (strcmp(source->issuer->issuer, issuer) != 0)
			continue;
		*why = "the issuer may not use this algorithm";
		return source->issuer->algorithms & token->algorithm ? source : NULL;
	}
	return NULL;
}

static void check_wait(struct source *source, const struct waiting *check)
{
	struct waiting *waiting =
		source->waiting < WAITING_MAX ? malloc(sizeof(*waiting) + check->len) : NULL;

	if (waiting == NULL) {
		result_tell(
			check->on_result, check->arg, AUTH_UNAVAILABLE, "too many wait for keys");
		return;
	}
	memcpy(waiting, check, sizeof(*check) + check->len);
	waiting->next = NULL;
	*source->last = waiting;
	source->last = &waiting->next;
	source->waiting++;
}

// A token that parses, of a source that it may come from.
static void token_check(struct source *source, const struct token *token,
	const struct waiting *check, bool may_wait)
{
	const struct key *key = source_find(source, token);

	if (key != NULL)
		token_judge(source, token, check, key);
	else if (may_wait && source->is_url && source_fetch(source))
		check_wait(source, check);
	else
		result_tell(check->on_result, check->arg,
			source->has_keys ? AUTH_INVALID_TOKEN : AUTH_UNAVAILABLE,
			source->has_keys ? "no such key" : "the keys can't be had");
}

static void check_run(struct auth *auth, const struct waiting *check, bool may_wait)
{
	struct source *source = NULL;
	const char *why = NULL;
	struct token token;

	if (token_parse(&token, check->token, check->len, &why) == 0) {
		source = source_of(auth, &token, check->wwsf, &why);
		if (source != NULL)
			token_check(source, &token, check, may_wait);
		token_clear(&token);
	}
	if (source == NULL)
		result_tell(check->on_result, check->arg, AUTH_INVALID_TOKEN, why);
}

static void waiting_free(struct waiting *waiting)
{
	explicit_bzero(waiting->token, waiting->len);
	free(waiting);
}

static void waiting_run(struct source *source)
{
	struct waiting *check = source->first;

	source->first = NULL;
	source->last = &source->first;
	source->waiting = 0;
	while (check != NULL) {
		struct waiting *next = check->next;

		check_run(source->auth, check, false);
		waiting_free(check);
		check = next;
	}
}

static void on_keys(const char *body, size_t len, const char *error, void *arg)
{
	struct source *source = arg;

	source->is_fetching = false;
	if (body == NULL) {
		log_warn("auth: keys of %s: %s", source->issuer->issuer, error);
	} else if (keys_parse(&source->keys, body, len) < 0) {
		log_warn("auth: keys of %s: no JWK set", source->issuer->issuer);
	} else {
		source->has_keys = true;
		source->loaded_us = clock_now_us();
		log_info("auth: %u keys of %s", source->keys.count, source->issuer->issuer);
	}
	waiting_run(source);
}

void auth_check(struct auth *auth, const struct cscf_wwsf *wwsf, const char *token, size_t len,
	auth_on_result on_result, void *arg)
{
	struct waiting *check = len <= AUTH_TOKEN_MAX ? malloc(sizeof(*check) + len) : NULL;

	if (check == NULL) {
		result_tell(on_result, arg,
			len > AUTH_TOKEN_MAX ? AUTH_INVALID_TOKEN : AUTH_UNAVAILABLE,
			len > AUTH_TOKEN_MAX ? "too long" : "no memory");
		return;
	}
	*check = (struct waiting){.wwsf = wwsf, .on_result = on_result, .arg = arg, .len = len};
	memcpy(check->token, token, len);
	check_run(auth, check, true);
	waiting_free(check);
}

static void sources_init(struct auth *auth)
{
	for (unsigned i = 0; i < auth->config->issuers_count; i++) {
		struct source *source = &auth->sources[i];

		source->auth = auth;
		source->issuer = &auth->config->issuers[i];
		source->is_url = strncmp(source->issuer->jwks, "https://", 8) == 0;
		source->last = &source->first;
		if (!source->is_url)
			source_read(source);
	}
}

struct auth *auth_create(const struct auth_config *config)
{
	struct auth *auth = calloc(1, sizeof(*auth));

	if (auth == NULL)
		return NULL;
	auth->sources = calloc(config->config->issuers_count + 1, sizeof(*auth->sources));
	auth->fetcher = auth->sources != NULL ? fetcher_create() : NULL;
	if (auth->fetcher == NULL) {
		free(auth->sources);
		free(auth);
		return NULL;
	}
	auth->config = cscf_config_ref(config->config);
	auth->refetch_us = (config->refetch_s > 0 ? config->refetch_s : REFETCH_S) * 1000000ull;
	auth->max_age_us = (config->max_age_s > 0 ? config->max_age_s : MAX_AGE_S) * 1000000ull;
	sources_init(auth);
	return auth;
}

void auth_destroy(struct auth *auth)
{
	if (auth == NULL)
		return;
	fetcher_destroy(auth->fetcher);
	for (unsigned i = 0; i < auth->config->issuers_count; i++) {
		struct source *source = &auth->sources[i];

		// Not to be fetched any more.
		source->tried_us = clock_now_us();
		source->is_fetching = false;
		waiting_run(source);
		keys_clear(&source->keys);
	}
	free(auth->sources);
	cscf_config_unref(auth->config);
	free(auth);
}

int auth_fd(const struct auth *auth)
{
	return fetcher_fd(auth->fetcher);
}

void auth_dispatch(struct auth *auth)
{
	fetcher_dispatch(auth->fetcher);
}
