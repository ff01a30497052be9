// SPDX-License-Identifier: Apache-2.0
// Identities: comparing URIs, reading P-Associated-URI, who is a third party.
#include "registration_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// Without parameters and headers: sip:user@host or tel:number.
static size_t uri_len(const char *uri)
{
	return strcspn(uri, ";?>");
}

bool uri_is_same(const char *a, const char *b)
{
	size_t len = uri_len(a), scheme = strcspn(a, ":"), host;
	const char *at;

	if (len != uri_len(b) || scheme >= len)
		return false;
	at = memchr(a, '@', len);
	host = at != NULL ? (size_t)(at - a) : scheme;
	// Scheme and host in any case, the user as it is.
	return strncasecmp(a, b, scheme + 1) == 0 &&
		memcmp(a + scheme, b + scheme, host - scheme) == 0 &&
		strncasecmp(a + host, b + host, len - host) == 0;
}

int impi_of_uri(const char *uri, char *impi, size_t room)
{
	const char *colon = strchr(uri, ':');
	size_t len;

	if (colon == NULL)
		return -EINVAL;
	len = uri_len(colon + 1);
	if (len == 0 || len >= room)
		return -EINVAL;
	for (size_t i = 1; i <= len; i++) {
		if (colon[i] <= ' ' || colon[i] > '~' || colon[i] == '"' || colon[i] == '\\')
			return -EINVAL;
	}
	memcpy(impi, colon + 1, len);
	impi[len] = '\0';
	return 0;
}

void impus_free(char **impus, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		free(impus[i]);
	free(impus);
}

static int impu_add(char **impus, unsigned *count, const char *text, size_t len)
{
	if (len == 0 || *count == AUTH_IMPUS_MAX)
		return 0;
	impus[*count] = strndup(text, len);
	if (impus[*count] == NULL)
		return -ENOMEM;
	(*count)++;
	return 0;
}

// The URI of one name-addr or addr-spec at text; *len is its length. Where the next value begins.
static const char *value_next(const char *text, const char **uri, size_t *len)
{
	*len = 0;
	text += strspn(text, " \t,");
	if (*text == '"') {
		for (text++; *text != '\0' && *text != '"'; text++)
			text += text[0] == '\\' && text[1] != '\0';
		text += *text == '"';
	}
	text += strcspn(text, "<,") < strcspn(text, ",") ? strcspn(text, "<") : 0;
	if (*text == '<') {
		*uri = text + 1;
		*len = strcspn(text + 1, ">");
		text += 1 + *len;
	} else {
		*uri = text;
		*len = strcspn(text, " \t,;");
	}
	return text + strcspn(text, ",");
}

int impus_parse(const char *value, const char *fallback, char ***impus, unsigned *count)
{
	char **list = calloc(AUTH_IMPUS_MAX, sizeof(char *));
	unsigned found = 0;
	const char *uri;
	size_t len;
	int ret = list != NULL ? 0 : -ENOMEM;

	while (ret == 0 && value != NULL && *value != '\0') {
		value = value_next(value, &uri, &len);
		ret = impu_add(list, &found, uri, len);
	}
	if (ret == 0 && found == 0)
		ret = impu_add(list, &found, fallback, uri_len(fallback));
	if (ret < 0) {
		if (list != NULL)
			impus_free(list, found);
		return ret;
	}
	*impus = list;
	*count = found;
	return 0;
}

bool waf_is_third_party(const struct cscf_config *config, const char *waf_id)
{
	size_t len = strlen(waf_id);

	for (unsigned i = 0; i < config->tna.operator_domains_count; i++) {
		const char *domain = config->tna.operator_domains[i];
		size_t domain_len = strlen(domain);

		if (len < domain_len || strcasecmp(waf_id + len - domain_len, domain) != 0)
			continue;
		if (len == domain_len || strchr(".@", waf_id[len - domain_len - 1]) != NULL)
			return false;
	}
	return true;
}
