// SPDX-License-Identifier: Apache-2.0
// Which handler answers a request, and the headers that every answer carries (CORS, CSP).
#include "wwsf_service.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void reply_header_add(struct reply *reply, const char *name, const char *fmt, ...)
{
	struct reply_header *header = &reply->headers[reply->headers_count];
	va_list ap;

	if (reply->headers_count == REPLY_HEADERS_MAX)
		return;
	header->name = name;
	va_start(ap, fmt);
	vsnprintf(header->value, sizeof(header->value), fmt, ap);
	va_end(ap);
	reply->headers_count++;
}

void reply_json(struct reply *reply, unsigned status, char *json)
{
	static char apology[] = "{\"error\":\"the server is out of memory\"}";

	reply->status = json != NULL ? status : 500;
	reply->borrowed = json == NULL;
	reply->body = json != NULL ? json : apology;
	reply->len = strlen(reply->body);
	reply_header_add(reply, "Content-Type", "application/json");
}

void reply_error(struct reply *reply, unsigned status, const char *sentence)
{
	json_t *root = json_pack("{s:s}", "error", sentence);

	reply_json(reply, status, json_dumps(root, JSON_COMPACT));
	json_decref(root);
}

const struct wwsf_site *request_site(const struct service *service, const struct request *request)
{
	const struct wwsf_config *config = service->config;

	for (unsigned i = 0; request->host != NULL && i < config->sites_count; i++) {
		const char *authority = config->sites[i].origin + strlen("https://");

		if (strcasecmp(authority, request->host) == 0)
			return &config->sites[i];
	}
	return &config->sites[0];
}

// Exact comparison with what is configured (RFC 6454 section 5); "null" never is.
static bool origin_is_ours(const struct wwsf_config *config, const char *origin)
{
	for (unsigned i = 0; i < config->sites_count; i++) {
		if (strcmp(config->sites[i].origin, origin) == 0)
			return true;
	}
	return config->cors_origin != NULL && strcmp(config->cors_origin, origin) == 0;
}

static void jwks_answer(struct service *service, const struct request *request, struct reply *reply)
{
	(void)request;
	pthread_rwlock_rdlock(&service->keys_lock);
	reply_json(reply, 200, key_set_jwks(service->keys));
	pthread_rwlock_unlock(&service->keys_lock);
}

struct route {
	const char *path, *methods, *cache;
	void (*answer)(struct service *service, const struct request *request, struct reply *reply);
};

static const struct route routes[] = {
	{"/login", "POST, OPTIONS", "no-store", login_answer},
	{"/token", "POST, OPTIONS", "no-store", token_answer},
	{"/logout", "POST, OPTIONS", "no-store", logout_answer},
	{"/.well-known/jwks.json", "GET, HEAD, OPTIONS", "public, max-age=300", jwks_answer},
};

// Whether the method is one of the list "A, B, C".
static bool method_is_listed(const char *methods, const char *method)
{
	size_t len = strlen(method);

	for (const char *at = strstr(methods, method); at != NULL; at = strstr(at + 1, method)) {
		if ((at == methods || at[-1] == ' ') && (at[len] == ',' || at[len] == '\0'))
			return true;
	}
	return false;
}

static void route_answer(struct service *service, const struct route *route,
	const struct request *request, struct reply *reply)
{
	bool ours = request->origin != NULL && origin_is_ours(service->config, request->origin);

	reply_header_add(reply, "Vary", "Origin");
	reply_header_add(reply, "Cache-Control", "%s", route->cache);
	if (ours) {
		reply_header_add(reply, "Access-Control-Allow-Origin", "%s", request->origin);
		reply_header_add(reply, "Access-Control-Allow-Credentials", "true");
	}
	if (!method_is_listed(route->methods, request->method)) {
		reply_header_add(reply, "Allow", "%s", route->methods);
		reply_error(reply, 405, "this address does not take that method");
	} else if (request->origin != NULL && !ours && route->answer != jwks_answer) {
		reply_error(reply, 403, "this Origin is not allowed");
	} else if (strcmp(request->method, "OPTIONS") == 0) {
		reply->status = 204;
		if (ours) {
			reply_header_add(
				reply, "Access-Control-Allow-Methods", "%s", route->methods);
			reply_header_add(reply, "Access-Control-Allow-Headers", "Content-Type");
			reply_header_add(reply, "Access-Control-Max-Age", "600");
		}
	} else {
		route->answer(service, request, reply);
	}
}

static void page_answer(struct service *service, const struct request *request, struct reply *reply)
{
	const struct page_file *file = page_find(service->page, request->path);

	if (file == NULL) {
		reply_error(reply, 404, "there is nothing at this address");
		return;
	}
	if (!method_is_listed("GET, HEAD", request->method)) {
		reply_header_add(reply, "Allow", "GET, HEAD");
		reply_error(reply, 405, "this address does not take that method");
		return;
	}
	// Always asked for again, so that a new page is seen at once; the answer is mostly 304.
	reply_header_add(reply, "Cache-Control", "no-cache");
	reply_header_add(reply, "ETag", "%s", file->etag);
	if (request->if_none_match != NULL && strstr(request->if_none_match, file->etag) != NULL) {
		reply->status = 304;
		return;
	}
	reply->status = 200;
	reply->body = file->bytes;
	reply->len = file->len;
	reply->borrowed = true;
	reply_header_add(reply, "Content-Type", "%s", file->content_type);
}

// A source list has no form for an IPv6 address (CSP level 3, host-source), and browsers ignore one
// that they can't read: then any secure WebSocket is allowed.
static const char *csp_source(const char *wss_url)
{
	return strncmp(wss_url, "wss://[", 7) == 0 ? "wss:" : wss_url;
}

void service_answer(struct service *service, const struct request *request, struct reply *reply)
{
	const char *source = csp_source(request_site(service, request)->wss_url);

	memset(reply, 0, sizeof(*reply));
	reply_header_add(reply, "X-Content-Type-Options", "nosniff");
	reply_header_add(reply, "Referrer-Policy", "no-referrer");
	reply_header_add(reply, "Cross-Origin-Opener-Policy", "same-origin");
	reply_header_add(reply, "Permissions-Policy", "microphone=(self), camera=(self)");
	reply_header_add(reply, "Content-Security-Policy",
		"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
		"media-src 'self' blob: mediastream:; connect-src 'self' %s; base-uri 'none'; "
		"form-action 'none'; frame-ancestors 'none'",
		source);
	for (unsigned i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (strcmp(routes[i].path, request->path) == 0) {
			route_answer(service, &routes[i], request, reply);
			return;
		}
	}
	page_answer(service, request, reply);
}
