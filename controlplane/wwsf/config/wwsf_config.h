// SPDX-License-Identifier: Apache-2.0
// The configuration of wwsf: one YAML file, read once, refused with file, line and reason.
#pragma once

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define WWSF_LISTEN_MAX 8
#define WWSF_WHY_MAX 512

// A page origin that this server is reached by, and the W2 address that goes with it. Origins are
// in the form that browsers send (RFC 6454 section 6.1): scheme, host, port if not 443.
struct wwsf_site {
	char *origin;
	char *wss_url;
};

// Read-only after wwsf_config_load. Strings are never NULL, except cors_origin.
struct wwsf_config {
	char **listen;
	unsigned listen_count;
	struct wwsf_site *sites;
	unsigned sites_count;
	char *cors_origin;
	char *certificate;
	char *private_key;
	char *page;
	char *database;
	char *keys;
	char *domain;
	char *issuer;
	char *audience;
	char *wwsf_id;
	char *waf_id;
	uint32_t token_lifetime_s;
	uint32_t session_lifetime_s;
	uint32_t threads;
	uint32_t failures_per_user;
	uint32_t failures_per_address;
	uint32_t failures_window_s;
	char *log_level;
};

// Reads and checks the file. 0 and a configuration that the caller gives to wwsf_config_destroy, or
// -errno and in why (WWSF_WHY_MAX bytes) a sentence "FILE:LINE: reason".
int wwsf_config_load(const char *path, struct wwsf_config **config, char *why);
void wwsf_config_destroy(struct wwsf_config *config);

// "203.0.113.1:8444" or "[fd00:203::1]:8444" to an address. 0, or -EINVAL.
int wwsf_listen_parse(const char *text, struct sockaddr_storage *address);
