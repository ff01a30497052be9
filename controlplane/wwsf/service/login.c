// SPDX-License-Identifier: Apache-2.0
// Who the user is: login in one or two steps, renewal of the token by session cookie, logout.
#include "clock.h"
#include "hex.h"
#include "log.h"
#include "wwsf_json.h"
#include "wwsf_service.h"
#include "wwsf_token.h"

#include <openssl/crypto.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PASSWORD_TEXT_MAX 1024
// The prefix makes the browser insist on Secure and on this very host (RFC 6265bis).
#define COOKIE "__Host-wwsf"

// What the page needs to register: how, as whom, and where.
static json_t *identity_build(
	const struct service *service, const struct request *request, const struct user *user)
{
	const char *domain = service->config->domain;
	json_t *impus = json_array();

	for (unsigned i = 0; i < user->impus_count; i++)
		json_array_append_new(impus, json_string(user->impus[i]));
	return json_pack("{s:s, s:s, s:s, s:o, s:s, s:s, s:s}", "mode",
		user->mode == USER_MODE_IMS ? "ims" : "token", "user", user->name, "impi",
		user->impi, "impu", impus, "realm", domain, "domain", domain, "wss_url",
		request_site(service, request)->wss_url);
}

static void identity_reply(struct service *service, const struct request *request,
	const struct user *user, struct reply *reply)
{
	json_t *root = identity_build(service, request, user);
	char *token = NULL;

	if (user->mode == USER_MODE_TOKEN) {
		pthread_rwlock_rdlock(&service->keys_lock);
		token = token_issue(service->config, service->keys, user, clock_wall_s());
		pthread_rwlock_unlock(&service->keys_lock);
		if (token == NULL) {
			json_decref(root);
			reply_error(reply, 500, "no token could be made");
			return;
		}
		json_object_set_new(root, "token", json_string(token));
		json_object_set_new(
			root, "expires_in", json_integer(service->config->token_lifetime_s));
	}
	reply_json(reply, 200, json_dumps(root, JSON_COMPACT));
	json_decref(root);
	if (token != NULL)
		OPENSSL_cleanse(token, strlen(token));
	free(token);
}

// An address as the limiter's key: an IPv6 network of 64 bits is one sender.
static size_t peer_key(const struct sockaddr *peer, uint8_t key[static 9])
{
	if (peer != NULL && peer->sa_family == AF_INET6) {
		key[0] = 6;
		memcpy(key + 1, &((const struct sockaddr_in6 *)peer)->sin6_addr, 8);
		return 9;
	}
	key[0] = 4;
	memset(key + 1, 0, 8);
	if (peer != NULL && peer->sa_family == AF_INET)
		memcpy(key + 1, &((const struct sockaddr_in *)peer)->sin_addr, 4);
	return 9;
}

// The seconds to wait before this user or address may try again, 0 when the attempt may go on.
static unsigned attempt_begin(
	struct service *service, const struct request *request, const char *name)
{
	const struct wwsf_config *config = service->config;
	uint8_t key[9];
	size_t len = peer_key(request->peer, key);
	unsigned wait_s;

	wait_s = limiter_take(service->limiter, key, len, config->failures_per_address);
	if (wait_s > 0)
		return wait_s;
	wait_s = limiter_take(service->limiter, name, strlen(name), config->failures_per_user);
	if (wait_s > 0)
		limiter_return(service->limiter, key, len);
	return wait_s;
}

static void attempt_succeeded(
	struct service *service, const struct request *request, const char *name)
{
	uint8_t key[9];
	size_t len = peer_key(request->peer, key);

	limiter_return(service->limiter, key, len);
	limiter_return(service->limiter, name, strlen(name));
}

static void session_begin(struct service *service, const struct request *request,
	const struct user *user, struct reply *reply)
{
	uint32_t lifetime_s = service->config->session_lifetime_s;
	uint8_t id[SESSION_ID_BYTES];
	char text[2 * SESSION_ID_BYTES + 1];

	if (session_add(service->store, user->name, clock_wall_s() + lifetime_s, id) < 0) {
		reply_error(reply, 500, "no session could be made");
		return;
	}
	hex_write(text, id, sizeof(id));
	reply_header_add(reply, "Set-Cookie",
		COOKIE "=%s; Path=/; Max-Age=%u; Secure; HttpOnly; SameSite=Strict", text,
		lifetime_s);
	OPENSSL_cleanse(text, sizeof(text));
	OPENSSL_cleanse(id, sizeof(id));
	identity_reply(service, request, user, reply);
}

// found: whether the name is a user's. Both ways cost one scrypt.
static void password_answer(struct service *service, const struct request *request,
	const struct user *user, bool found, const char *password, struct reply *reply)
{
	unsigned wait_s = attempt_begin(service, request, user->name);
	bool matched;

	if (wait_s > 0) {
		reply_header_add(reply, "Retry-After", "%u", wait_s);
		reply_error(reply, 429, "too many wrong passwords: wait, then try again");
		return;
	}
	matched = password_verify(password, found ? user->password : service->nobody);
	if (!found || !matched) {
		log_info("login of %s refused: wrong user name or password",
			user_name_valid(user->name) ? user->name : "(no valid name)");
		reply_error(reply, 401, "wrong user name or password");
		return;
	}
	attempt_succeeded(service, request, user->name);
	log_info("login of %s: token", user->name);
	session_begin(service, request, user, reply);
}

static void user_answer(struct service *service, const struct request *request, const char *name,
	const char *password, struct reply *reply)
{
	struct user user = {0};
	int ret = user_find(service->store, name, &user);

	if (ret < 0 && ret != -ENOENT) {
		reply_error(reply, 500, "the user store does not answer");
		return;
	}
	if (ret < 0)
		snprintf(user.name, sizeof(user.name), "%s", name);
	if (ret == 0 && user.mode == USER_MODE_IMS) {
		if (password != NULL) {
			reply_error(reply, 400,
				"this user proves himself to the IMS: send the user name only");
			return;
		}
		log_debug("%s proves himself to the IMS", user.name);
		identity_reply(service, request, &user, reply);
	} else if (password == NULL) {
		// An unknown name is asked for its password like a known one.
		reply_json(reply, 200, strdup("{\"mode\":\"token\"}"));
	} else {
		password_answer(service, request, &user, ret == 0, password, reply);
	}
	OPENSSL_cleanse(user.password, sizeof(user.password));
}

static bool body_is_json(const struct request *request)
{
	static const char json[] = "application/json";
	size_t len = strlen(json);

	return request->content_type != NULL &&
		strncasecmp(request->content_type, json, len) == 0 &&
		(request->content_type[len] == '\0' ||
			strchr("; ", request->content_type[len]) != NULL);
}

static void object_answer(struct service *service, const struct request *request,
	const json_t *object, struct reply *reply)
{
	char why[JSON_WHY_MAX];
	const char *name, *password;

	name = json_body_text(object, "user", USER_NAME_MAX, why);
	if (name == NULL || name[0] == '\0') {
		reply_error(reply, 400, why[0] != '\0' ? why : "\"user\" is missing");
		return;
	}
	password = json_body_text(object, "password", PASSWORD_TEXT_MAX, why);
	if (why[0] != '\0') {
		reply_error(reply, 400, why);
		return;
	}
	user_answer(service, request, name, password, reply);
	if (password != NULL)
		OPENSSL_cleanse((char *)(uintptr_t)password, strlen(password));
}

void login_answer(struct service *service, const struct request *request, struct reply *reply)
{
	char why[JSON_WHY_MAX];
	json_t *object;

	if (!body_is_json(request)) {
		reply_error(reply, 415, "the Content-Type must be application/json");
		return;
	}
	object = json_body_parse(request->body, request->body_len, why);
	if (object == NULL) {
		reply_error(reply, 400, why);
		return;
	}
	object_answer(service, request, object, reply);
	json_decref(object);
}

// The id in the session cookie (RFC 6265 section 4.2). 0 or -ENOENT.
static int cookie_id(const struct request *request, uint8_t id[static SESSION_ID_BYTES])
{
	const char *at = request->cookie;

	while (at != NULL) {
		at += strspn(at, " ");
		if (strncmp(at, COOKIE "=", strlen(COOKIE "=")) == 0)
			break;
		at = strchr(at, ';');
		at = at != NULL ? at + 1 : NULL;
	}
	if (at == NULL || hex_parse(id, SESSION_ID_BYTES, at + strlen(COOKIE "=")) < 0)
		return -ENOENT;
	return 0;
}

void token_answer(struct service *service, const struct request *request, struct reply *reply)
{
	uint8_t id[SESSION_ID_BYTES];
	struct user user = {0};
	int ret;

	ret = cookie_id(request, id);
	if (ret == 0)
		ret = session_find(service->store, id, clock_wall_s(), &user);
	if (ret == 0 && user.mode != USER_MODE_TOKEN)
		ret = -ENOENT;
	if (ret == 0)
		identity_reply(service, request, &user, reply);
	else if (ret == -ENOENT)
		reply_error(reply, 401, "there is no session: log in");
	else
		reply_error(reply, 500, "the user store does not answer");
	OPENSSL_cleanse(&user, sizeof(user));
}

void logout_answer(struct service *service, const struct request *request, struct reply *reply)
{
	uint8_t id[SESSION_ID_BYTES];

	if (cookie_id(request, id) == 0 && session_del(service->store, id) < 0) {
		reply_error(reply, 500, "the user store does not answer");
		return;
	}
	reply->status = 204;
	reply_header_add(reply, "Set-Cookie",
		COOKIE "=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict");
}
