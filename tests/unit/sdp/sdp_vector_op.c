// SPDX-License-Identifier: Apache-2.0
// The operations of a vector file: arguments by name, results as text.
#include "sdp_vector_priv.h"

#include <stdlib.h>
#include <string.h>

bool vector_argument(const struct arguments *arguments, const char *key, char *value, size_t size)
{
	const char *at = arguments->text;
	size_t len = strlen(key);

	while (*at != '\0') {
		at += strspn(at, " ");
		if (strncmp(at, key, len) == 0 && at[len] == '=') {
			snprintf(
				value, size, "%.*s", (int)strcspn(at + len + 1, " "), at + len + 1);
			return true;
		}
		at += strcspn(at, " ");
	}
	return false;
}

static bool switched(const struct arguments *arguments, const char *key)
{
	char value[8];

	return vector_argument(arguments, key, value, sizeof(value)) && strcmp(value, "yes") == 0;
}

static const struct sdp_session *session_argument(
	struct vector *vector, const struct arguments *arguments, const char *key)
{
	char name[64];
	struct block *block;

	if (!vector_argument(arguments, key, name, sizeof(name)))
		return NULL;
	block = vector_block(vector, name);
	if (!block || !block->session) {
		vector_fail(vector, "no such description", name);
		return NULL;
	}
	return block->session;
}

static int run_needs(struct vector *vector, const struct arguments *arguments, FILE *result,
	struct sdp_error *err)
{
	const struct sdp_session *offer = session_argument(vector, arguments, "offer");
	bool web = switched(arguments, "web");
	struct sdp_needs needs;
	int ret;

	if (!offer)
		return 0;
	ret = sdp_needs_of(offer, web ? &sdp_profile_web : &sdp_profile_ims,
		web ? &sdp_profile_ims : &sdp_profile_web, &needs, err);
	for (unsigned i = 0; i < needs.count; i++)
		fprintf(result, "%u kind %d usable %d mux %d bundle %d\n", i,
			needs.sections[i].kind, needs.sections[i].usable,
			needs.sections[i].rtcp_mux, needs.sections[i].bundle);
	return ret;
}

static int run_plan(struct vector *vector, const struct arguments *arguments, FILE *result,
	struct sdp_error *err)
{
	struct sdp_pair pair = {
		.web_local = session_argument(vector, arguments, "wl"),
		.web_remote = session_argument(vector, arguments, "wr"),
		.ims_local = session_argument(vector, arguments, "il"),
		.ims_remote = session_argument(vector, arguments, "ir"),
	};
	struct sdp_plan *plan = calloc(1, sizeof(*plan));
	int ret = sdp_media_plan(&pair, plan, err);

	if (ret == 0)
		vector_plan_print(plan, result);
	free(plan);
	return ret;
}

static int run_changes(struct vector *vector, const struct arguments *arguments, FILE *result)
{
	static const char *const names[] = {
		"ice", "dtls", "direction", "codecs", "sections", "address", "candidates"};
	const struct sdp_session *before = session_argument(vector, arguments, "before");
	const struct sdp_session *after = session_argument(vector, arguments, "after");
	unsigned changes = after ? sdp_changes(before, after) : 0;

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (changes & 1u << i)
			fprintf(result, "%s\n", names[i]);
	if (changes == 0)
		fprintf(result, "none\n");
	return 0;
}

static int run_build(struct vector *vector, const struct arguments *arguments,
	struct sdp_session **out, struct sdp_error *err)
{
	bool web = strncmp(arguments->op, "web", 3) == 0;
	struct sdp_profile profile = web ? sdp_profile_web : sdp_profile_ims;
	struct sdp_build in = {
		.profile = &profile,
		.other = web ? &sdp_profile_ims : &sdp_profile_web,
		.remote = session_argument(vector, arguments, "remote"),
		.offer = session_argument(vector, arguments, "offer"),
		.previous = session_argument(vector, arguments, "previous"),
		.local = &vector->locals[web ? SDP_WEB : SDP_IMS],
		.video = switched(arguments, "video"),
		.remote_is_offer = switched(arguments, "cached"),
	};

	profile.avpf = switched(arguments, "avpf");
	profile.ice_lite = switched(arguments, "lite");
	profile.bundle = web && !switched(arguments, "unbundled");
	if (switched(arguments, "active"))
		profile.dtls_default = SDP_ROLE_ACTIVE;
	if (strcmp(arguments->op, "ims_offer") == 0)
		return sdp_ims_offer(&in, out, err);
	if (strcmp(arguments->op, "web_offer") == 0)
		return sdp_web_offer(&in, out, err);
	if (strcmp(arguments->op, "ims_answer") == 0)
		return sdp_ims_answer(&in, out, err);
	if (strcmp(arguments->op, "web_answer") == 0)
		return sdp_web_answer(&in, out, err);
	return vector_fail(vector, "no such operation", arguments->op);
}

int vector_operate(struct vector *vector, const struct arguments *arguments, FILE *result,
	struct sdp_session **session, struct sdp_error *err)
{
	if (strcmp(arguments->op, "plan") == 0)
		return run_plan(vector, arguments, result, err);
	if (strcmp(arguments->op, "needs") == 0)
		return run_needs(vector, arguments, result, err);
	if (strcmp(arguments->op, "changes") == 0)
		return run_changes(vector, arguments, result);
	return run_build(vector, arguments, session, err);
}
