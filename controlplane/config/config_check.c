// SPDX-License-Identifier: Apache-2.0
// The rules of the configuration that a schema can't say, and what isn't said.
#include "config_priv.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int refuse(struct config_check *check, const char *reason, const char *way, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(struct config_check *check, const char *reason, const char *way, ...)
{
	char place[128];
	va_list ap;

	va_start(ap, way);
	vsnprintf(place, sizeof(place), way, ap);
	va_end(ap);
	return yaml_file_refuse(check->file, place, "%s: %s", place, reason);
}

int config_endpoint_parse(const char *text, struct cscf_endpoint *endpoint)
{
	const char *colon = strrchr(text, ':');
	bool is_v6 = text[0] == '[';
	struct in6_addr address;
	unsigned long port = 0;
	size_t len;

	if (colon == NULL || colon[1] == '\0' || strlen(colon + 1) > 5 ||
		strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
		(is_v6 && (colon < text + 2 || colon[-1] != ']')))
		return -EINVAL;
	port = strtoul(colon + 1, NULL, 10);
	len = (size_t)(colon - text) - (is_v6 ? 2 : 0);
	if (port == 0 || port > 65535 || len == 0 || len >= sizeof(endpoint->address))
		return -EINVAL;
	memcpy(endpoint->address, text + (is_v6 ? 1 : 0), len);
	endpoint->address[len] = '\0';
	endpoint->port = (uint16_t)port;
	return inet_pton(is_v6 ? AF_INET6 : AF_INET, endpoint->address, &address) == 1 ? 0
										       : -EINVAL;
}

static int endpoints_take(struct config_check *check, const char *way, char **texts, unsigned count,
	struct cscf_endpoint **out)
{
	*out = calloc(count, sizeof(**out));
	if (*out == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < count; i++) {
		if (config_endpoint_parse(texts[i], &(*out)[i]) < 0)
			return refuse(check,
				"must be ADDRESS:PORT, with an IPv6 address in brackets", "%s/%u",
				way, i);
	}
	return 0;
}

// What can stand in a host name or an address; nothing that could end a header or a URI early.
static bool host_is_plain(const char *text)
{
	return text[strspn(text,
		       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")] == '\0';
}

// Text for a header: printable ASCII without what quotes or separates.
static bool text_is_plain(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < ' ' || *text > '~' || strchr("\"\\<>,;", *text) != NULL)
			return false;
	}
	return true;
}

// As browsers send it (RFC 6454 section 6.1): lower case, no path.
static bool origin_is_plain(const char *text)
{
	size_t scheme = strncmp(text, "https://", 8) == 0 ? 8
		: strncmp(text, "http://", 7) == 0	  ? 7
							  : 0;

	return scheme > 0 && text[scheme] != '\0' &&
		text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-:[]/")] == '\0' &&
		strchr(text + scheme, '/') == NULL;
}

static int numbers_check(struct config_check *check)
{
	struct cscf_config *config = check->config;
	struct cscf_registration *registration = &config->registration;
	struct cscf_w2 *w2 = &config->w2;
	const struct {
		const char *way;
		uint32_t *value, preset, low, high;
	} numbers[] = {
		{"w2/threads", &w2->threads, 2, 1, 64},
		{"w2/connections_max", &w2->connections_max, 100000, 1, 4000000},
		{"w2/connections_per_address", &w2->connections_per_address, 200, 1, 1000000},
		{"w2/message_max", &w2->message_max, 65536, 1024, 1048576},
		{"w2/messages_per_s", &w2->messages_per_s, 50, 1, 10000},
		{"w2/ping_s", &w2->ping_s, 30, 1, 3600},
		{"w2/idle_unbound_s", &w2->idle_unbound_s, 30, 1, 3600},
		{"w2/park_time_ms", &w2->park_time_ms, 32000, 100, 600000},
		{"registration/expires_max_s", &registration->expires_max_s, 600000, 60, 31536000},
		{"registration/failures_max", &registration->failures_max, 5, 1, 1000},
		{"registration/lock_s", &registration->lock_s, 300, 1, 86400},
		{"registration/requests_per_minute", &registration->requests_per_minute, 60, 1,
			6000},
		{"media/setup_timeout_ms", &config->media.setup_timeout_ms, 180000, 1000, 600000},
		{"media/orphan_time_ms", &config->media.orphan_time_ms, 60000, 100, 3600000},
	};
	char reason[64];

	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (*numbers[i].value == 0 && !yaml_file_has(check->file, numbers[i].way))
			*numbers[i].value = numbers[i].preset;
		if (*numbers[i].value >= numbers[i].low && *numbers[i].value <= numbers[i].high)
			continue;
		snprintf(reason, sizeof(reason), "must be %u to %u", numbers[i].low,
			numbers[i].high);
		return refuse(check, reason, "%s", numbers[i].way);
	}
	return 0;
}

static int text_preset(char **text, const char *preset)
{
	if (*text == NULL)
		*text = strdup(preset);
	return *text != NULL ? 0 : -ENOMEM;
}

static int home_check(struct config_check *check)
{
	struct cscf_home *home = &check->config->home;

	for (unsigned i = 0; i < home->domains_count; i++) {
		if (!host_is_plain(home->domains[i]))
			return refuse(check, "must be a domain name", "home/domains/%u", i);
	}
	if (text_preset(&home->visited_network_id, home->domains[0]) < 0 ||
		text_preset(&home->ioi, home->domains[0]) < 0)
		return -ENOMEM;
	if (!text_is_plain(home->visited_network_id))
		return refuse(check, "may hold no quotes, brackets, commas or semicolons",
			"home/visited_network_id");
	if (!text_is_plain(home->ioi))
		return refuse(
			check, "may hold no quotes, brackets, commas or semicolons", "home/ioi");
	if (home->access_network != NULL &&
		(strpbrk(home->access_network, "\r\n,") != NULL ||
			strstr(home->access_network, "network-provided") != NULL))
		return refuse(check, "must be one access-net-spec; network-provided is added to it",
			"home/access_network");
	return 0;
}

static int file_check(struct config_check *check, const char *way, const char *file)
{
	char reason[200];

	if (access(file, R_OK) == 0)
		return 0;
	snprintf(reason, sizeof(reason), "%s: %s", file, strerror(errno));
	return refuse(check, reason, "%s", way);
}

static int w2_check(struct config_check *check)
{
	struct cscf_w2 *w2 = &check->config->w2;
	int ret;

	if (!host_is_plain(w2->host))
		return refuse(check, "must be a host name", "w2/host");
	ret = endpoints_take(check, "w2/listens", w2->listens, w2->listens_count, &w2->endpoints);
	if (ret == 0)
		ret = file_check(check, "w2/certificate", w2->certificate);
	if (ret == 0)
		ret = file_check(check, "w2/private_key", w2->private_key);
	return ret;
}

static int mw_check(struct config_check *check)
{
	struct cscf_mw *mw = &check->config->mw;
	struct in6_addr address;
	int ret =
		endpoints_take(check, "mw/listens", mw->listens, mw->listens_count, &mw->endpoints);

	if (ret < 0)
		return ret;
	if (strncmp(mw->core, "sip:", 4) != 0 || mw->core[4] == '\0' ||
		strpbrk(mw->core, " <>\"\r\n") != NULL)
		return refuse(check, "must be a SIP URI, as sip:198.51.100.2:5060", "mw/core");
	for (unsigned i = 0; i < mw->peers_count; i++) {
		if (inet_pton(AF_INET, mw->peers[i], &address) != 1 &&
			inet_pton(AF_INET6, mw->peers[i], &address) != 1)
			return refuse(check, "must be an IPv4 or IPv6 address, without brackets",
				"mw/peers/%u", i);
	}
	return 0;
}

static int origins_check(struct config_check *check, unsigned index)
{
	struct cscf_config *config = check->config;
	const struct cscf_wwsf *wwsf = &config->wwsfs[index];

	for (unsigned i = 0; i < wwsf->origins_count; i++) {
		if (!origin_is_plain(wwsf->origins[i]))
			return refuse(check,
				"must be https://HOST[:PORT] in lower case, without a path",
				"wwsfs/%u/origins/%u", index, i);
		for (unsigned k = 0; k < config->origins_count; k++) {
			if (strcmp(config->origins[k], wwsf->origins[i]) == 0)
				return refuse(check, "stands here for the second time",
					"wwsfs/%u/origins/%u", index, i);
		}
		config->origins[config->origins_count++] = wwsf->origins[i];
	}
	return 0;
}

static int wwsfs_check(struct config_check *check)
{
	struct cscf_config *config = check->config;
	unsigned count = 0;
	int ret = 0;

	for (unsigned i = 0; i < config->wwsfs_count; i++)
		count += config->wwsfs[i].origins_count;
	config->origins = calloc(count, sizeof(*config->origins));
	if (config->origins == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < config->wwsfs_count && ret == 0; i++) {
		const struct cscf_wwsf *wwsf = &config->wwsfs[i];
		bool has_token = wwsf->modes & CSCF_MODE_TOKEN;

		if (!text_is_plain(wwsf->id))
			ret = refuse(check, "may hold no quotes, brackets, commas or semicolons",
				"wwsfs/%u/id", i);
		else if (wwsf->organization != NULL && !text_is_plain(wwsf->organization))
			ret = refuse(check, "may hold no quotes, brackets, commas or semicolons",
				"wwsfs/%u/organization", i);
		else if (wwsf->modes == 0)
			ret = refuse(check, "must name digest, token or both", "wwsfs/%u/modes", i);
		else if (has_token &&
			(wwsf->issuer == NULL || cscf_config_issuer(config, wwsf->issuer) == NULL))
			ret = refuse(check, "must name one of the issuers, since token is a mode",
				"wwsfs/%u/issuer", i);
		else
			ret = origins_check(check, i);
	}
	return ret;
}

static int issuers_check(struct config_check *check)
{
	struct cscf_config *config = check->config;
	int ret = 0;

	for (unsigned i = 0; i < config->issuers_count && ret == 0; i++) {
		struct cscf_issuer *issuer = &config->issuers[i];
		char way[64];

		if (text_preset(&issuer->scope, "ims") < 0)
			return -ENOMEM;
		if (cscf_config_issuer(config, issuer->issuer) != issuer)
			return refuse(
				check, "stands here for the second time", "issuers/%u/issuer", i);
		if (!text_is_plain(issuer->waf_id))
			return refuse(check, "may hold no quotes, brackets, commas or semicolons",
				"issuers/%u/waf_id", i);
		if (issuer->algorithms == 0)
			return refuse(check, "must name one or more of ES256, RS256 and PS256",
				"issuers/%u/algorithms", i);
		if (strstr(issuer->jwks, "://") != NULL &&
			strncmp(issuer->jwks, "https://", 8) != 0)
			return refuse(
				check, "must be a file or an https URL", "issuers/%u/jwks", i);
		snprintf(way, sizeof(way), "issuers/%u/clock_skew_s", i);
		if (!yaml_file_has(check->file, way))
			issuer->clock_skew_s = 60;
		if (issuer->clock_skew_s > 300)
			return refuse(check, "must be 0 to 300", "%s", way);
		snprintf(way, sizeof(way), "issuers/%u/jwks_ca", i);
		if (issuer->jwks_ca != NULL)
			ret = file_check(check, way, issuer->jwks_ca);
	}
	return ret;
}

static int media_check(struct config_check *check)
{
	const struct cscf_media *media = &check->config->media;

	for (unsigned i = 0; i < media->gateways_count; i++) {
		// sun_path of sockaddr_un
		if (media->gateways[i][0] != '/' || strlen(media->gateways[i]) > 107)
			return refuse(check, "must be the path of a socket, at most 107 bytes",
				"media/gateways/%u", i);
	}
	for (unsigned i = 0; i < check->config->tna.operator_domains_count; i++) {
		if (!host_is_plain(check->config->tna.operator_domains[i]))
			return refuse(check, "must be a domain name", "tna/operator_domains/%u", i);
	}
	return 0;
}

// Who has the token may end calls: it goes over no network.
static bool endpoint_is_loopback(const struct cscf_endpoint *endpoint)
{
	return strncmp(endpoint->address, "127.", 4) == 0 || strcmp(endpoint->address, "::1") == 0;
}

static int admin_check(struct config_check *check)
{
	struct cscf_admin *admin = &check->config->admin;

	if (admin->listen == NULL)
		return 0;
	if (admin->listen[0] == '/') {
		if (strlen(admin->listen) > 107) // sun_path of sockaddr_un
			return refuse(check, "must be a path of at most 107 bytes", "admin/listen");
	} else if (config_endpoint_parse(admin->listen, &admin->endpoint) < 0 ||
		!endpoint_is_loopback(&admin->endpoint)) {
		return refuse(check, "must be the path of a socket, or a loopback ADDRESS:PORT",
			"admin/listen");
	} else if (admin->token == NULL) {
		return refuse(check, "needs a token beside it, since it is not a unix socket",
			"admin/listen");
	}
	return admin->token != NULL ? file_check(check, "admin/token", admin->token) : 0;
}

int config_check_all(struct config_check *check)
{
	static int (*const checks[])(struct config_check *) = {numbers_check, home_check, w2_check,
		mw_check, issuers_check, wwsfs_check, media_check, admin_check};
	int ret = 0;

	for (unsigned i = 0; i < sizeof(checks) / sizeof(checks[0]) && ret == 0; i++)
		ret = checks[i](check);
	return ret;
}
