// SPDX-License-Identifier: Apache-2.0
// An attempt: what a REGISTER that is relayed becomes if the core accepts it, and the credentials it is relayed with.
#include "clock.h"
#include "registration_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int text_copy(char **to, const char *from)
{
	*to = from != NULL ? strdup(from) : NULL;
	return from == NULL || *to != NULL ? 0 : -ENOMEM;
}

// No page is known where clients without Origin are let in: the first one whose rule fits stands for them.
const struct cscf_wwsf *wwsf_of(const struct registrations *regs, const char *origin)
{
	return origin[0] != '\0' ? cscf_config_wwsf(regs->config, origin) : &regs->config->wwsfs[0];
}

struct attempt *attempt_find(struct registrations *regs, registration_attempt id)
{
	struct table_entry *entry = NULL;
	uint64_t hash = table_hash_id(&regs->attempts, id);

	while ((entry = table_find(&regs->attempts, hash, entry)) != NULL) {
		if (((struct attempt *)entry)->id == id)
			return (struct attempt *)entry;
	}
	return NULL;
}

void attempt_end(struct registrations *regs, struct attempt *attempt)
{
	char *const texts[] = {attempt->impi, attempt->instance, attempt->to, attempt->contact,
		attempt->peer, attempt->authorization, attempt->origin, attempt->wwsf_id,
		attempt->organization, attempt->waf_id, attempt->home_domain};

	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free(texts[i]);
	table_del(&regs->attempts, &attempt->entry);
	free(attempt);
}

// The flow that the Path will tell: today's of the connection, or a new one (of the binding that may move here).
static struct flow flow_choose(
	struct registrations *regs, const struct conn *conn, const char *impi, const char *instance)
{
	const struct binding *binding = conn->binding;
	struct flow flow;

	if (binding != NULL)
		return binding->flow;
	binding = binding_of_key(regs, impi, instance);
	flow.id = binding != NULL ? binding->flow.id : regs->next_id++;
	if (flow.id == 0)
		flow.id = regs->next_id++;
	flow.generation = regs->next_generation++;
	return flow;
}

static int attempt_fill(struct registrations *regs, struct attempt *attempt,
	const struct conn *conn, const struct registration_request *request, const char *impi)
{
	const struct cscf_wwsf *wwsf = wwsf_of(regs, conn->origin);
	const char *contact = request->contact != NULL ? request->contact : "";
	const char *instance = request->instance != NULL ? request->instance : contact;

	if (text_copy(&attempt->impi, impi) < 0 || text_copy(&attempt->instance, instance) < 0 ||
		text_copy(&attempt->to, request->to) < 0 ||
		text_copy(&attempt->contact, contact) < 0 ||
		text_copy(&attempt->peer, conn->peer) < 0 ||
		text_copy(&attempt->origin, conn->origin) < 0 ||
		text_copy(&attempt->wwsf_id, wwsf != NULL ? wwsf->id : "") < 0 ||
		text_copy(&attempt->home_domain, regs->config->home.domains[0]) < 0)
		return -ENOMEM;
	attempt->conn = conn->id;
	attempt->has_instance = request->instance != NULL;
	attempt->is_query = request->contact == NULL;
	attempt->flow = flow_choose(regs, conn, impi, instance);
	return flow_token_write(regs, &attempt->flow, attempt->flow_token);
}

struct attempt *attempt_create(struct registrations *regs, const struct conn *conn,
	const struct registration_request *request, const char *impi)
{
	struct attempt *attempt = calloc(1, sizeof(*attempt));

	if (attempt == NULL)
		return NULL;
	attempt->id = regs->next_id++;
	if (attempt->id == 0)
		attempt->id = regs->next_id++;
	table_add(&regs->attempts, &attempt->entry, table_hash_id(&regs->attempts, attempt->id));
	if (attempt_fill(regs, attempt, conn, request, impi) < 0) {
		attempt_end(regs, attempt);
		return NULL;
	}
	return attempt;
}

// What the core is told of a token's holder instead of the token.
int attempt_vouch(struct registrations *regs, struct attempt *attempt, const char *origin,
	const struct auth_identity *identity)
{
	const struct cscf_wwsf *wwsf = wwsf_of(regs, origin);
	const struct cscf_tna *tna = &regs->config->tna;
	bool tells_waf = tna->waf_identity == CSCF_WAF_IDENTITY_ALWAYS ||
		waf_is_third_party(regs->config, identity->waf_id);
	int64_t left_s = identity->expires_at_s - clock_wall_s();
	char text[AUTHORIZATION_MAX];

	attempt->scenario = REGISTRATION_WEB_AUTH;
	attempt->token_expires_at_s = identity->expires_at_s;
	// Within the clock skew a token may seem to be over already.
	left_s = left_s < 1 ? 1 : left_s;
	if (left_s > regs->config->registration.expires_max_s)
		left_s = regs->config->registration.expires_max_s;
	attempt->expires_max = (uint32_t)left_s;
	if (text_copy(&attempt->waf_id, tells_waf ? identity->waf_id : "") < 0 ||
		text_copy(&attempt->organization, wwsf != NULL ? wwsf->organization : NULL) < 0 ||
		tna_write(attempt->impi, attempt->home_domain, attempt->waf_id, text,
			sizeof(text)) < 0)
		return -ENOMEM;
	return text_copy(&attempt->authorization, text);
}

int attempt_authorize(struct attempt *attempt, const struct conn *conn, const char *digest)
{
	// Bound by an earlier 200 to the identity (TS 24.229 table 7.2A.2).
	const char *integrity = conn->binding != NULL ? "tls-yes" : "tls-pending";
	char text[AUTHORIZATION_MAX];
	int ret;

	if (digest == NULL)
		return 0;
	ret = digest_rewrite(digest, integrity, text, sizeof(text));
	return ret < 0 ? ret : text_copy(&attempt->authorization, text);
}
