// SPDX-License-Identifier: Apache-2.0
// Which headers pass between a browser and the core.
#include "header_policy.h"

#include "sip_message.h"

#include <sofia-sip/msg_header.h>
#include <sofia-sip/su_string.h>

#include <errno.h>
#include <string.h>
#include <strings.h>

#define OWN 1 // made anew on each side
#define NOT_TO_CORE 2
#define NOT_TO_WIC 4
#define OPTIONS 8 // a list of option tags
#define CREDENTIALS 16 // to the core only, a digest only, not of REGISTER
#define CHALLENGE 32 // to the WIC only, not of REGISTER
#define NEITHER (NOT_TO_CORE | NOT_TO_WIC)

static const struct {
	const char *name;
	unsigned rule;
} rules[] = {
	{"Via", OWN},
	{"Route", OWN},
	{"Record-Route", OWN},
	{"From", OWN},
	{"To", OWN},
	{"Call-ID", OWN},
	{"CSeq", OWN},
	{"Contact", OWN},
	{"Max-Forwards", OWN},
	{"Content-Length", OWN},
	{"Content-Type", OWN},
	{"Content-Disposition", OWN},
	{"Content-Encoding", OWN},
	{"Content-Language", OWN},
	{"MIME-Version", OWN},
	{"Allow", OWN},
	{"Path", OWN},
	{"Service-Route", OWN},
	{"Timestamp", OWN},
	{"Supported", OPTIONS},
	{"Require", OPTIONS},
	{"Proxy-Require", OPTIONS},
	{"Unsupported", OPTIONS},
	{"Authorization", CREDENTIALS},
	{"Proxy-Authorization", CREDENTIALS},
	{"WWW-Authenticate", CHALLENGE},
	{"Proxy-Authenticate", CHALLENGE},
	{"Authentication-Info", CHALLENGE},
	{"Proxy-Authentication-Info", CHALLENGE},
	{"RSeq", NEITHER},
	{"RAck", NEITHER},
	{"Session-Expires", NEITHER},
	{"Min-SE", NEITHER},
	{"Security-Client", NEITHER},
	{"Security-Server", NEITHER},
	{"Security-Verify", NEITHER},
	{"P-Charging-Vector", NEITHER},
	{"P-Charging-Function-Addresses", NEITHER},
	{"P-Early-Media", NEITHER},
	{"P-Served-User", NEITHER},
	{"P-Visited-Network-ID", NEITHER},
	{"P-Profile-Key", NEITHER},
	{"P-User-Database", NEITHER},
	{"P-Associated-URI", NEITHER},
	{"P-Asserted-Service", NEITHER},
	{"P-Preferred-Service", NEITHER},
	{"P-Preferred-Identity", NEITHER},
	{"P-Private-Network-Indication", NEITHER},
	{"Feature-Caps", NEITHER},
	{"Resource-Priority", NEITHER},
	{"Cellular-Network-Info", NEITHER},
	{"Restoration-Info", NEITHER},
	{"Relayed-Charge", NEITHER},
	{"Flow-Timer", NEITHER},
	{"P-Asserted-Identity", NOT_TO_CORE},
	{"P-Called-Party-ID", NOT_TO_CORE},
	{"History-Info", NOT_TO_CORE},
	{"Organization", NOT_TO_CORE},
	{"P-Access-Network-Info", NOT_TO_WIC},
	{"Error-Info", NOT_TO_WIC},
};

static const char *const refused_options[] = {"100rel", "precondition", "timer", "sec-agree"};

static unsigned rule_of(const char *name)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (strcasecmp(rules[i].name, name) == 0)
			return rules[i].rule;
	return 0;
}

static bool option_is_refused(const char *option)
{
	for (size_t i = 0; i < sizeof(refused_options) / sizeof(refused_options[0]); i++)
		if (strcasecmp(refused_options[i], option) == 0)
			return true;
	return false;
}

// The options of a list for which option_is_refused() says refused, joined; NULL: none or no memory.
static char *options_join(su_home_t *home, const msg_list_t *list, bool refused)
{
	char *joined = NULL;

	for (size_t i = 0; list && list->k_items && list->k_items[i]; i++) {
		if (option_is_refused(list->k_items[i]) != refused)
			continue;
		joined = joined ? su_sprintf(home, "%s, %s", joined, list->k_items[i])
				: su_strdup(home, list->k_items[i]);
		if (!joined)
			return NULL;
	}
	return joined;
}

char *headers_unsupported(su_home_t *home, const sip_t *request)
{
	char *require = options_join(home, request->sip_require, true);
	char *proxy = options_join(home, request->sip_proxy_require, true);

	if (require && proxy)
		return su_sprintf(home, "%s, %s", require, proxy);
	return require ? require : proxy;
}

unsigned headers_hops_left(const sip_t *request)
{
	unsigned long hops =
		request->sip_max_forwards ? request->sip_max_forwards->mf_count : 70 + 1;

	if (hops == 0)
		return 0;
	return hops - 1 > 70 ? 70 : (unsigned)hops - 1;
}

static bool feature_passes(const char *param)
{
	static const char *const others[] = {
		"expires", "q", "reg-id", "temp-gruu", "pub-gruu", "+sip.ice", "received"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		size_t len = strlen(others[i]);

		if (strncasecmp(param, others[i], len) == 0 &&
			(param[len] == '\0' || param[len] == '='))
			return false;
	}
	return true;
}

char *headers_contact_features(su_home_t *home, const sip_contact_t *contact)
{
	char *joined = su_strdup(home, "");

	for (size_t i = 0; joined && contact && contact->m_params && contact->m_params[i]; i++)
		if (feature_passes(contact->m_params[i]))
			joined = su_sprintf(home, "%s;%s", joined, contact->m_params[i]);
	return joined;
}

// The end of the first of comma-separated parts; quoted commas don't count.
static const char *part_end(const char *at)
{
	bool quoted = false;

	for (; *at && (quoted || *at != ','); at++) {
		if (quoted && *at == '\\' && at[1])
			at++;
		else if (*at == '"')
			quoted = !quoted;
	}
	return at;
}

char *headers_access_network(su_home_t *home, const char *value)
{
	char *joined = NULL;

	while (*value) {
		const char *end = part_end(value);
		char *part = su_strndup(home, value + strspn(value, " \t"),
			(isize_t)(end - value) - (isize_t)strspn(value, " \t"));

		if (!part)
			return NULL;
		if (*part && !strcasestr(part, "network-provided"))
			joined = joined ? su_sprintf(home, "%s, %s", joined, part) : part;
		value = *end ? end + 1 : end;
	}
	return joined;
}

static int access_network_pass(msg_t *to, const sip_header_t *header)
{
	char *value = headers_access_network(msg_home(to), header->sh_unknown->un_value);

	return value ? sip_message_add(to, "P-Access-Network-Info", value) : 0;
}

static int options_pass(msg_t *to, const sip_header_t *header, const char *name)
{
	// All lists of option tags are msg_list_t.
	char *value = options_join(msg_home(to), (const msg_list_t *)header, false);

	return value ? sip_message_add(to, name, value) : 0;
}

// What only a P-CSCF may add to credentials, and what only it may see of a challenge (TS 24.229 section 5.2.2).
static const char *const trusted_params[] = {
	"integrity-protected", "authorization-entity", "ik", "ck", "ip"};

static int digest_pass(msg_t *to, const sip_header_t *header)
{
	msg_header_t *copy = msg_header_dup_one(msg_home(to), (const msg_header_t *)header);

	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(trusted_params) / sizeof(trusted_params[0]); i++)
		msg_header_remove_param(copy->sh_common, trusted_params[i]);
	return msg_header_insert(to, (msg_pub_t *)sip_object(to), copy) < 0 ? -ENOMEM : 0;
}

// REGISTER has rules of its own: registration/ decides what its credentials become.
static int auth_pass(msg_t *to, const sip_t *from, const sip_header_t *header, unsigned rule,
	enum header_way way)
{
	bool is_digest =
		(rule & CHALLENGE) || strcasecmp(header->sh_auth->au_scheme, "Digest") == 0;

	if (way != (rule & CREDENTIALS ? HEADERS_TO_CORE : HEADERS_TO_WIC) || !is_digest ||
		sip_method_is(from, "REGISTER"))
		return 0;
	return digest_pass(to, header);
}

// A warning's agent would tell the WIC who is who in the core: it is told another name (RFC 3261 section 20.43).
static int warning_pass(msg_t *to, const sip_header_t *header)
{
	const sip_warning_t *warning = (const sip_warning_t *)header;

	return sip_message_warn(to, warning->w_code, "gateway", warning->w_text);
}

static bool privacy_is_wanted(const sip_t *sip)
{
	static const char *const wishes[] = {"id", "user"};

	for (size_t i = 0; sip->sip_privacy && sip->sip_privacy->priv_values &&
		sip->sip_privacy->priv_values[i];
		i++)
		for (size_t j = 0; j < sizeof(wishes) / sizeof(wishes[0]); j++)
			if (strcasecmp(sip->sip_privacy->priv_values[i], wishes[j]) == 0)
				return true;
	return false;
}

static int header_pass(
	msg_t *to, const sip_t *from, const sip_header_t *header, enum header_way way)
{
	const char *name = sip_message_header_name(header);
	unsigned rule = rule_of(name);
	msg_header_t *copy;

	if (!*name || (rule & OWN) || (rule & (way == HEADERS_TO_CORE ? NOT_TO_CORE : NOT_TO_WIC)))
		return 0;
	if (rule & OPTIONS)
		return options_pass(to, header, name);
	if (rule & (CREDENTIALS | CHALLENGE))
		return auth_pass(to, from, header, rule, way);
	if (way == HEADERS_TO_WIC && strcasecmp(name, "Warning") == 0)
		return warning_pass(to, header);
	if (strcasecmp(name, "P-Access-Network-Info") == 0)
		return access_network_pass(to, header);
	if (way == HEADERS_TO_WIC && strcasecmp(name, "P-Asserted-Identity") == 0 &&
		privacy_is_wanted(from))
		return 0;
	copy = msg_header_dup_one(msg_home(to), (const msg_header_t *)header);
	if (!copy || msg_header_insert(to, (msg_pub_t *)sip_object(to), copy) < 0)
		return -ENOMEM;
	return 0;
}

int headers_pass(msg_t *to, const sip_t *from, enum header_way way)
{
	const sip_header_t *header = from->sip_request ? (sip_header_t *)from->sip_request
						       : (sip_header_t *)from->sip_status;
	int ret = 0;

	for (; header && ret == 0; header = (const sip_header_t *)header->sh_succ)
		ret = header_pass(to, from, header, way);
	return ret;
}
