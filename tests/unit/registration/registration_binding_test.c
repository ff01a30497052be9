// SPDX-License-Identifier: Apache-2.0
// Bindings from the first REGISTER to their end, with real tokens and an injected clock.
#include "auth.h"
#include "auth_vectors.h"
#include "clock.h"
#include "registration.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW 1800000000
#define PAGE "https://web.test"
#define OTHER_PAGE "https://digest.test"
#define DIGEST "Digest username=\"alice@ims.test\", realm=\"ims.test\", response=\"abc\""
#define INSTANCE "urn:uuid:1"

static char keys_path[] = "/tmp/registration_keys_XXXXXX";
static EVP_PKEY *key;
static uint64_t now_us;

static uint64_t on_now_us(void *arg)
{
	(void)arg;
	return now_us;
}

static int64_t on_wall_s(void *arg)
{
	(void)arg;
	return NOW + (int64_t)(now_us / 1000000);
}

static const struct clock_source fake_clock = {on_now_us, on_wall_s, NULL};

// What was decided and told last.
static struct {
	unsigned decisions;
	struct registration_decision decision;
	char phrase[64], challenge[256], token[64], authorization[512], organization[64];
	char events[256];
} seen;

static struct registrations *regs;
static struct auth *auth;
static struct cscf_config *config;

static void keep(char *to, size_t room, const char *from)
{
	snprintf(to, room, "%s", from != NULL ? from : "-");
}

static void on_decision(const struct registration_decision *decision, void *arg)
{
	(void)arg;
	seen.decisions++;
	seen.decision = *decision;
	keep(seen.phrase, sizeof(seen.phrase), decision->phrase);
	keep(seen.challenge, sizeof(seen.challenge), decision->challenge);
	keep(seen.token, sizeof(seen.token), decision->flow_token);
	keep(seen.authorization, sizeof(seen.authorization), decision->authorization);
	keep(seen.organization, sizeof(seen.organization), decision->organization);
}

static void on_event(const struct registration_event *event, void *arg)
{
	static const char *const types[] = {"bound", "refreshed", "resumed", "parked", "gone"};
	static const char *const gone[] = {"-deregistered", "-expired", "-token", "-lost", "-core"};
	char text[64];

	(void)arg;
	snprintf(text, sizeof(text), "%s%s:%s ", types[event->type],
		event->type == REGISTRATION_GONE ? gone[event->gone] : "", event->view->impi);
	strcat(seen.events, text);
}

static void assert_events(const char *expected)
{
	assert_string_equal(seen.events, expected);
	seen.events[0] = '\0';
}

static int setup(void **state)
{
	static char *domains[] = {"ims.test"}, *pages[] = {PAGE}, *other_pages[] = {OTHER_PAGE};
	static struct cscf_wwsf wwsfs[2];
	struct auth_config auth_config = {0};
	struct registrations_config regs_config = {.node = 7, .shard = 3, .on_event = on_event};

	(void)state;
	memset(&seen, 0, sizeof(seen));
	now_us = 5000000;
	clock_inject(&fake_clock);
	config = vector_config(keys_path, NULL);
	wwsfs[0] = config->wwsfs[0];
	wwsfs[0].origins = pages;
	wwsfs[0].modes = CSCF_MODE_DIGEST | CSCF_MODE_TOKEN;
	wwsfs[1] = (struct cscf_wwsf){.id = "digest.test",
		.origins = other_pages,
		.origins_count = 1,
		.modes = CSCF_MODE_DIGEST};
	config->wwsfs = wwsfs;
	config->wwsfs_count = 2;
	config->home.domains = domains;
	config->home.domains_count = 1;
	config->w2.park_time_ms = 3000;
	config->registration = (struct cscf_registration){.expires_max_s = 600000,
		.failures_max = 3,
		.lock_s = 300,
		.requests_per_minute = 600};
	auth_config.config = regs_config.config = config;
	auth = auth_create(&auth_config);
	regs_config.auth = auth;
	regs = registrations_create(&regs_config);
	return auth != NULL && regs != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	auth_destroy(auth);
	registrations_destroy(regs);
	clock_inject(NULL);
	return 0;
}

static const struct registration_decision *ask(
	ws_conn conn, const char *to, const char *authorization)
{
	struct registration_request request = {.conn = conn,
		.domain = "ims.test",
		.to = to,
		.from = to,
		.contact = "sip:x@y.invalid;transport=ws",
		.instance = INSTANCE,
		.expires = 600,
		.authorizations = &authorization,
		.authorization_count = authorization != NULL};
	unsigned before = seen.decisions;

	registration_register(regs, &request, on_decision, NULL);
	assert_int_equal(seen.decisions, before + 1);
	return &seen.decision;
}

static int accept_with(const char *associated, uint32_t expires, struct registration_view *view)
{
	struct registration_result result = {.service_route = "<sip:orig@198.51.100.2;lr>",
		.associated_uri = associated,
		.expires = expires};

	memset(view, 0, sizeof(*view));
	return registration_accepted(regs, seen.decision.attempt, &result, view);
}

#define ALICES "<sip:alice@ims.test>, <tel:+15550100>"

// Alice by digest on a connection, bound.
static struct registration_view alice_bind(ws_conn conn)
{
	struct registration_view view;

	assert_int_equal(registration_conn_opened(regs, conn, PAGE, "203.0.113.2"), 0);
	assert_int_equal(ask(conn, "sip:alice@ims.test", DIGEST)->action, REGISTRATION_RELAY);
	assert_int_equal(accept_with(ALICES, 600, &view), 0);
	return view;
}

static char *token_of(int lifetime_s, const char *impi)
{
	char claims[1024], *token, *value = NULL;

	snprintf(claims, sizeof(claims),
		"{\"iss\":\"https://"
		"waf.test\",\"aud\":\"ep-cscf.test\",\"exp\":%lld,\"scope\":\"ims\","
		"\"ims_impi\":\"%s\",\"ims_impu\":[\"sip:%s\",\"tel:+15550100\"],\"wwsf_id\":"
		"\"wwsf.test\"}",
		(long long)on_wall_s(NULL) + lifetime_s, impi, impi);
	token = vector_token(key, "{\"alg\":\"ES256\",\"kid\":\"one\"}", claims);
	assert_true(asprintf(&value, "Bearer %s", token) > 0);
	free(token);
	return value;
}

static const struct registration_decision *ask_with_token(
	ws_conn conn, const char *to, int lifetime_s, const char *impi)
{
	char *value = token_of(lifetime_s, impi);
	const struct registration_decision *decision = ask(conn, to, value);

	free(value);
	return decision;
}

static void test_digest(void **state)
{
	const struct registration_decision *decision;
	struct registration_view view;

	(void)state;
	assert_int_equal(registration_conn_opened(regs, 1, PAGE, "203.0.113.2"), 0);
	decision = ask(1, "sip:alice@ims.test", NULL);
	assert_int_equal(decision->action, REGISTRATION_RELAY);
	assert_int_equal(decision->scenario, REGISTRATION_IMS_AUTH);
	assert_string_equal(seen.authorization, "-");
	assert_string_equal(decision->impi, "alice@ims.test");
	registration_failed(regs, decision->attempt, 401);
	decision = ask(1, "sip:alice@ims.test", DIGEST);
	assert_non_null(strstr(seen.authorization, "integrity-protected=\"tls-pending\""));
	assert_int_equal(registration_by_conn(regs, 1, &view), -ENOENT);
	assert_int_equal(registration_by_flow_token(regs, seen.token, &view), -ESTALE);
	assert_int_equal(accept_with(ALICES, 600, &view), 0);
	assert_events("bound:alice@ims.test ");
	assert_string_equal(view.impi, "alice@ims.test");
	assert_int_equal(view.impu_count, 2);
	assert_string_equal(view.impus[1], "tel:+15550100");
	assert_string_equal(view.service_route, "<sip:orig@198.51.100.2;lr>");
	assert_string_equal(view.wwsf_id, "wwsf.test");
	assert_string_equal(view.instance, INSTANCE);
	assert_int_equal(view.expires_at_s, on_wall_s(NULL) + 600);
	assert_int_equal(registration_by_flow_token(regs, seen.token, &view), 0);
	assert_int_equal(view.conn, 1);
	// A refresh is of the bound identity, by the same flow.
	ask(1, "tel:+15550100", DIGEST);
	assert_non_null(strstr(seen.authorization, "integrity-protected=\"tls-yes\""));
	assert_string_equal(seen.token, view.flow_token);
	assert_int_equal(accept_with(ALICES, 300, &view), 0);
	assert_events("refreshed:alice@ims.test ");
	// The end that the client wishes.
	ask(1, "sip:alice@ims.test", DIGEST);
	assert_int_equal(accept_with(NULL, 0, &view), 0);
	assert_events("gone-deregistered:alice@ims.test ");
	assert_int_equal(registrations_count(regs), 0);
	assert_int_equal(registration_accepted(regs, 4711, &(struct registration_result){0}, &view),
		-ENOENT);
}

static void test_query(void **state)
{
	struct registration_view view = alice_bind(1);
	struct registration_request request = {.conn = 1,
		.domain = "ims.test",
		.to = "sip:alice@ims.test",
		.from = "sip:alice@ims.test"};

	(void)state;
	registration_register(regs, &request, on_decision, NULL);
	assert_int_equal(seen.decision.action, REGISTRATION_RELAY);
	assert_int_equal(accept_with(NULL, 0, &view), 0);
	assert_string_equal(view.impi, "alice@ims.test");
	assert_int_equal(registrations_count(regs), 1);
}

static void test_refused(void **state)
{
	struct registration_request request = {.conn = 1,
		.domain = "evil.test",
		.to = "sip:alice@ims.test",
		.from = "sip:alice@ims.test",
		.contact = "sip:x@y.invalid"};

	(void)state;
	assert_int_equal(registration_conn_opened(regs, 1, PAGE, "203.0.113.2"), 0);
	registration_register(regs, &request, on_decision, NULL);
	assert_int_equal(seen.decision.status, 403);
	assert_string_equal(seen.phrase, "Domain Not Served");
	assert_int_equal(registration_conn_opened(regs, 2, "https://evil.test", "203.0.113.2"), 0);
	assert_int_equal(ask(2, "sip:alice@ims.test", NULL)->status, 403);
	assert_int_equal(ask(3, "sip:alice@ims.test", NULL)->status, 408);
	assert_int_equal(ask(1, "sip:alice@ims.test", "Digest username=\"alice")->status, 400);
	assert_int_equal(ask(1, "sip:alice@ims.test", "Digest realm=\"x\"")->status, 400);
	assert_int_equal(ask(1, "sip:\"@ims.test", NULL)->status, 400);
	assert_int_equal(registrations_count(regs), 0);
}

static void test_one_identity(void **state)
{
	struct registration_view view;

	(void)state;
	alice_bind(1);
	assert_int_equal(ask(1, "sip:bob@ims.test", NULL)->status, 403);
	assert_int_equal(
		ask(1, "sip:bob@ims.test", "Digest username=\"bob@ims.test\"")->status, 403);
	// Alice's credentials for somebody else's public identity.
	assert_int_equal(ask(1, "sip:bob@ims.test", DIGEST)->status, 403);
	// Two at once on a fresh connection: the second 200 comes too late.
	assert_int_equal(registration_conn_opened(regs, 2, PAGE, "203.0.113.2"), 0);
	ask(2, "sip:bob@ims.test", "Digest username=\"bob@ims.test\"");
	{
		registration_attempt bob = seen.decision.attempt;
		struct registration_result result = {.expires = 600};

		ask(2, "sip:carol@ims.test", "Digest username=\"carol@ims.test\"");
		assert_int_equal(registration_accepted(regs, bob, &result, &view), 0);
		assert_int_equal(accept_with(NULL, 600, &view), -EPERM);
	}
	assert_int_equal(registrations_count(regs), 2);
}

static void test_assertion(void **state)
{
	registration_id id = alice_bind(1).id;

	(void)state;
	assert_string_equal(registration_assert(regs, id, NULL), "sip:alice@ims.test");
	assert_string_equal(registration_assert(regs, id, "tel:+15550100"), "tel:+15550100");
	assert_string_equal(
		registration_assert(regs, id, "sip:alice@IMS.TEST"), "sip:alice@ims.test");
	assert_string_equal(
		registration_assert(regs, id, "sip:bob@ims.test"), "sip:alice@ims.test");
	assert_null(registration_assert(regs, id + 1, NULL));
}

static void test_forged_tokens(void **state)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	struct registration_view view;
	char token[64], changed[80];

	(void)state;
	keep(token, sizeof(token), alice_bind(1).flow_token);
	assert_int_equal(strlen(token), 40);
	for (unsigned i = 0; i < 40; i++) {
		for (unsigned k = 0; k < 64; k++) {
			keep(changed, sizeof(changed), token);
			changed[i] = digits[k];
			assert_int_equal(registration_by_flow_token(regs, changed, &view),
				strcmp(changed, token) == 0 ? 0 : -EPERM);
		}
		keep(changed, sizeof(changed), token);
		changed[i] = '\0';
		assert_int_equal(registration_by_flow_token(regs, changed, &view), -EPERM);
		changed[i] = '%';
		assert_int_equal(registration_by_flow_token(regs, changed, &view), -EPERM);
	}
	snprintf(changed, sizeof(changed), "%sA", token);
	assert_int_equal(registration_by_flow_token(regs, changed, &view), -EPERM);
}

static void test_keys(void **state)
{
	struct registrations_config other = {.config = config, .node = 7, .shard = 3};
	struct registrations *restarted = registrations_create(&other);
	uint8_t one[REGISTRATION_KEY_LEN] = {1}, two[REGISTRATION_KEY_LEN] = {2};
	struct registration_view view;
	char token[64];

	(void)state;
	registrations_key_add(regs, 9, one);
	keep(token, sizeof(token), alice_bind(1).flow_token);
	registrations_key_add(regs, 9, two);
	assert_int_equal(registration_by_flow_token(regs, token, &view), 0);
	// Another process that has the key knows it as one that was ours; without it, it is forged.
	assert_int_equal(registration_by_flow_token(restarted, token, &view), -EPERM);
	registrations_key_add(restarted, 9, one);
	assert_int_equal(registration_by_flow_token(restarted, token, &view), -ESTALE);
	registrations_destroy(restarted);
	other.shard = 4;
	restarted = registrations_create(&other);
	registrations_key_add(restarted, 9, one);
	assert_int_equal(registration_by_flow_token(restarted, token, &view), -ESTALE);
	registrations_destroy(restarted);
	for (unsigned i = 0; i < 15; i++)
		registrations_key_add(regs, (uint8_t)i, two);
	assert_int_equal(registration_by_flow_token(regs, token, &view), -EPERM);
}

static void test_takeover(void **state)
{
	struct registration_view view = alice_bind(1);
	registration_id id = view.id;
	char token[64];

	(void)state;
	keep(token, sizeof(token), view.flow_token);
	seen.events[0] = '\0';
	// Somebody names Alice's instance: nothing happens to it before the core has said yes.
	assert_int_equal(registration_conn_opened(regs, 2, PAGE, "203.0.113.9"), 0);
	ask(2, "sip:alice@ims.test", DIGEST);
	assert_string_not_equal(seen.token, token);
	assert_int_equal(registration_by_flow_token(regs, token, &view), 0);
	registration_failed(regs, seen.decision.attempt, 403);
	assert_int_equal(registration_by_flow_token(regs, token, &view), 0);
	assert_events("");
	// She herself, from another socket.
	ask(2, "sip:alice@ims.test", DIGEST);
	assert_int_equal(accept_with(ALICES, 600, &view), 0);
	assert_events("resumed:alice@ims.test ");
	assert_int_equal(view.id, id);
	assert_int_equal(view.conn, 2);
	assert_int_equal(registration_by_flow_token(regs, token, &view), -ESTALE);
	assert_int_equal(registration_by_flow_token(regs, seen.token, &view), 0);
	assert_int_equal(registration_by_conn(regs, 1, &view), -ENOENT);
	registration_conn_closed(regs, 1);
	assert_events("");
	assert_int_equal(registrations_count(regs), 1);
}

static void test_park(void **state)
{
	struct registration_view view = alice_bind(1);
	char token[64];

	(void)state;
	keep(token, sizeof(token), view.flow_token);
	seen.events[0] = '\0';
	registration_conn_closed(regs, 1);
	assert_events("parked:alice@ims.test ");
	assert_int_equal(registration_by_flow_token(regs, token, &view), -ENOTCONN);
	assert_int_equal(view.conn, 0);
	now_us += 2999000;
	assert_in_range(registrations_run(regs), 1, 2);
	assert_events("");
	assert_int_equal(registration_conn_opened(regs, 2, PAGE, "203.0.113.2"), 0);
	ask(2, "sip:alice@ims.test", DIGEST);
	assert_int_equal(accept_with(ALICES, 600, &view), 0);
	assert_events("resumed:alice@ims.test ");
	now_us += 5000000;
	registrations_run(regs);
	assert_events("");
	registration_conn_closed(regs, 2);
	now_us += 3000000;
	assert_int_equal(registrations_run(regs), 60000);
	assert_events("parked:alice@ims.test gone-lost:alice@ims.test ");
	assert_int_equal(registration_by_flow_token(regs, seen.token, &view), -ESTALE);
}

static const uint8_t key_left[REGISTRATION_KEY_LEN] = {5};

// The process dies and another one begins with the keys and records that it has left.
static struct registrations *regs_begin_again(void)
{
	const struct registrations_config again = {
		.config = config, .auth = auth, .node = 7, .shard = 3, .on_event = on_event};
	struct registrations *fresh = registrations_create(&again);

	assert_non_null(fresh);
	registrations_key_add(fresh, 1, key_left);
	return fresh;
}

static void test_restore(void **state)
{
	struct registration_view view;
	char record[4096], token[64];
	registration_id id;
	int len;

	(void)state;
	registrations_key_add(regs, 1, key_left);
	view = alice_bind(1);
	id = view.id;
	keep(token, sizeof(token), view.flow_token);
	len = registration_record(regs, id, record, sizeof(record));
	assert_in_range(len, 1, sizeof(record) - 1);
	assert_int_equal(registration_record(regs, id, record, (size_t)len), -ENOSPC);
	assert_int_equal(registration_record(regs, id + 1, record, sizeof(record)), -ENOENT);
	assert_int_equal(registration_record(regs, id, record, sizeof(record)), len);
	registrations_destroy(regs);
	regs = regs_begin_again();
	seen.events[0] = '\0';
	assert_int_equal(registration_restore(regs, id, record, (size_t)len), 0);
	assert_events("parked:alice@ims.test ");
	assert_int_equal(registration_restore(regs, id, record, (size_t)len), -EEXIST);
	assert_int_equal(registration_restore(regs, id + 1, record, (size_t)len), -EEXIST);
	assert_int_equal(registration_by_id(regs, id, &view), 0);
	assert_string_equal(view.instance, INSTANCE);
	assert_string_equal(view.service_route, "<sip:orig@198.51.100.2;lr>");
	assert_string_equal(view.wwsf_id, "wwsf.test");
	assert_string_equal(view.impus[1], "tel:+15550100");
	assert_int_equal(view.expires_at_s, on_wall_s(NULL) + 600);
	assert_int_equal(registration_by_flow_token(regs, token, &view), -ENOTCONN);
	// She is back: the same binding, by a flow that it never had.
	assert_int_equal(registration_conn_opened(regs, 2, PAGE, "203.0.113.2"), 0);
	ask(2, "sip:alice@ims.test", DIGEST);
	assert_int_equal(accept_with(ALICES, 600, &view), 0);
	assert_events("resumed:alice@ims.test ");
	assert_int_equal(view.id, id);
	assert_int_equal(registration_by_flow_token(regs, token, &view), -ESTALE);
	assert_int_equal(registration_by_flow_token(regs, seen.token, &view), 0);
}

static void test_restore_who_stays_away(void **state)
{
	struct registration_view view = alice_bind(1);
	char record[4096];
	registration_id id = view.id;
	int len = registration_record(regs, id, record, sizeof(record));

	(void)state;
	registrations_destroy(regs);
	regs = regs_begin_again();
	assert_int_equal(registration_restore(regs, id, record, (size_t)len), 0);
	seen.events[0] = '\0';
	now_us += 3000000;
	registrations_run(regs);
	assert_events("gone-lost:alice@ims.test ");
	// One whose time is over ends at the next turn.
	now_us += 700000000;
	assert_int_equal(registration_restore(regs, id, record, (size_t)len), 0);
	now_us += 1;
	registrations_run(regs);
	assert_events("parked:alice@ims.test gone-expired:alice@ims.test ");
}

static void test_restore_garbage(void **state)
{
	struct registration_view view = alice_bind(1);
	char record[4096];
	registration_id id = view.id;
	int len = registration_record(regs, id, record, sizeof(record));

	(void)state;
	registration_remove(regs, id);
	assert_int_equal(registration_restore(regs, id, "", 0), -EINVAL);
	assert_int_equal(registration_restore(regs, id, "impi\n=\n\n", 8), -EINVAL);
	assert_int_equal(registration_restore(regs, 0, record, (size_t)len), -EINVAL);
	for (int cut = len - 2; cut > 0; cut -= 7) { // the last line is whole without its end
		int ret = registration_restore(regs, id, record, (size_t)cut);

		if (ret == 0)
			registration_remove(regs, id);
		assert_true(ret == 0 || ret == -EINVAL);
	}
	assert_int_equal(registrations_count(regs), 0);
}

static void test_conn_lost_meanwhile(void **state)
{
	struct registration_view view;

	(void)state;
	assert_int_equal(registration_conn_opened(regs, 1, PAGE, "203.0.113.2"), 0);
	ask(1, "sip:alice@ims.test", DIGEST);
	registration_conn_closed(regs, 1);
	assert_int_equal(accept_with(ALICES, 600, &view), -ENOTCONN);
	assert_events("bound:alice@ims.test parked:alice@ims.test ");
	now_us += 3000000;
	registrations_run(regs);
	assert_events("gone-lost:alice@ims.test ");
}

static void test_expiry(void **state)
{
	struct registration_view view = alice_bind(1);

	(void)state;
	now_us += 599000000;
	assert_in_range(registrations_run(regs), 1000, 1001);
	ask(1, "sip:alice@ims.test", DIGEST);
	assert_int_equal(accept_with(ALICES, 10, &view), 0);
	now_us += 9000000;
	registrations_run(regs);
	assert_int_equal(registrations_count(regs), 1);
	now_us += 1000000;
	registrations_run(regs);
	assert_events("bound:alice@ims.test refreshed:alice@ims.test gone-expired:alice@ims.test ");
}

static void test_token(void **state)
{
	const struct registration_decision *decision;
	struct registration_view view;

	(void)state;
	assert_int_equal(registration_conn_opened(regs, 1, PAGE, "203.0.113.2"), 0);
	decision = ask_with_token(1, "sip:alice@ims.test", 100, "alice@ims.test");
	assert_int_equal(decision->action, REGISTRATION_RELAY);
	assert_int_equal(decision->scenario, REGISTRATION_WEB_AUTH);
	assert_int_equal(decision->expires_max, 100);
	assert_string_equal(seen.authorization,
		"Digest username=\"alice@ims.test\", realm=\"ims.test\", nonce=\"\", "
		"uri=\"sip:ims.test\", response=\"\", integrity-protected=\"auth-done\", "
		"authorization-entity=\"waf.test\"");
	assert_string_equal(seen.organization, "-");
	assert_int_equal(accept_with(ALICES, 600, &view), 0);
	assert_string_equal(view.waf_id, "waf.test");
	assert_int_equal(view.token_expires_at_s, on_wall_s(NULL) + 100);
	// A new token carries it on; without one the binding ends with the old one, and the client is told why.
	now_us += 90000000;
	ask_with_token(1, "sip:alice@ims.test", 100, "alice@ims.test");
	assert_int_equal(accept_with(ALICES, 600, &view), 0);
	now_us += 99000000;
	registrations_run(regs);
	assert_int_equal(registrations_count(regs), 1);
	now_us += 1000000;
	registrations_run(regs);
	assert_events("bound:alice@ims.test refreshed:alice@ims.test gone-token:alice@ims.test ");
	registration_admit(regs, 1, NULL, 0, on_decision, NULL);
	assert_int_equal(seen.decision.status, 401);
	assert_string_equal(seen.challenge,
		"Bearer realm=\"ims.test\", scope=\"ims\", error=\"invalid_token\"");
	assert_int_equal(ask(1, "sip:alice@ims.test", NULL)->status, 401);
	assert_int_equal(ask_with_token(1, "sip:alice@ims.test", 100, "alice@ims.test")->action,
		REGISTRATION_RELAY);
}

static void test_token_trusted_domain(void **state)
{
	char *domains[] = {"test"};

	(void)state;
	config->tna = (struct cscf_tna){.operator_domains = domains, .operator_domains_count = 1};
	config->wwsfs[0].organization = (char *)"Example Pages";
	assert_int_equal(registration_conn_opened(regs, 1, PAGE, "203.0.113.2"), 0);
	ask_with_token(1, "sip:alice@ims.test", 100, "alice@ims.test");
	assert_null(strstr(seen.authorization, "authorization-entity"));
	assert_string_equal(seen.organization, "Example Pages");
	config->tna.waf_identity = CSCF_WAF_IDENTITY_ALWAYS;
	ask_with_token(1, "sip:alice@ims.test", 100, "alice@ims.test");
	assert_non_null(strstr(seen.authorization, "authorization-entity=\"waf.test\""));
}

static void test_token_refused(void **state)
{
	struct registration_view view;
	char *value = token_of(100, "alice@ims.test");

	(void)state;
	config->wwsfs[0].modes = CSCF_MODE_TOKEN;
	assert_int_equal(registration_conn_opened(regs, 1, PAGE, "203.0.113.2"), 0);
	assert_int_equal(ask(1, "sip:alice@ims.test", NULL)->status, 401);
	assert_string_equal(seen.challenge, "Bearer realm=\"ims.test\", scope=\"ims\"");
	assert_int_equal(ask(1, "sip:alice@ims.test", DIGEST)->status, 401);
	assert_int_equal(ask(1, "sip:bob@ims.test", value)->status, 403);
	assert_string_equal(seen.phrase, "Identity Not in the Token");
	value[strlen(value) - 8] ^= 1;
	assert_int_equal(ask(1, "sip:alice@ims.test", value)->status, 401);
	assert_non_null(strstr(seen.challenge, "error=\"invalid_token\""));
	assert_int_equal(ask(1, "sip:alice@ims.test", "Bearer \"\"")->status, 401);
	assert_int_equal(
		ask_with_token(1, "sip:alice@ims.test", -100, "alice@ims.test")->status, 401);
	// The third wrong token; a right one has to wait, too.
	assert_int_equal(
		ask_with_token(1, "sip:alice@ims.test", 100, "alice@ims.test")->status, 503);
	assert_int_equal(seen.decision.retry_after_s, 300);
	now_us += 300000000;
	ask_with_token(1, "sip:alice@ims.test", 100, "alice@ims.test");
	assert_int_equal(accept_with(ALICES, 600, &view), 0);
	assert_int_equal(ask_with_token(1, "sip:bob@ims.test", 100, "bob@ims.test")->status, 403);
	free(value);
	// A page that may not: the token is as good as none.
	assert_int_equal(registration_conn_opened(regs, 2, OTHER_PAGE, "203.0.113.2"), 0);
	assert_int_equal(ask_with_token(2, "sip:bob@ims.test", 100, "bob@ims.test")->scenario,
		REGISTRATION_IMS_AUTH);
	assert_string_equal(seen.authorization, "-");
}

static void test_admit(void **state)
{
	struct registration_view view;
	const char *value;
	char *token;

	(void)state;
	registration_admit(regs, 1, NULL, 0, on_decision, NULL);
	assert_int_equal(seen.decision.status, 403);
	assert_int_equal(registration_conn_opened(regs, 1, PAGE, "203.0.113.2"), 0);
	registration_admit(regs, 1, NULL, 0, on_decision, NULL);
	assert_int_equal(seen.decision.status, 403);
	ask_with_token(1, "sip:alice@ims.test", 100, "alice@ims.test");
	assert_int_equal(accept_with(ALICES, 100, &view), 0);
	registration_admit(regs, 1, NULL, 0, on_decision, NULL);
	assert_int_equal(seen.decision.action, REGISTRATION_RELAY);
	value = token = token_of(50, "alice@ims.test");
	registration_admit(regs, 1, &value, 1, on_decision, NULL);
	assert_int_equal(seen.decision.action, REGISTRATION_RELAY);
	token[strlen(token) - 8] ^= 1;
	registration_admit(regs, 1, &value, 1, on_decision, NULL);
	assert_int_equal(seen.decision.status, 401);
	free(token);
	value = token = token_of(50, "bob@ims.test");
	registration_admit(regs, 1, &value, 1, on_decision, NULL);
	assert_int_equal(seen.decision.status, 403);
	free(token);
}

static void test_lock(void **state)
{
	(void)state;
	assert_int_equal(registration_conn_opened(regs, 1, PAGE, "203.0.113.2"), 0);
	assert_int_equal(registration_conn_opened(regs, 2, PAGE, "203.0.113.9"), 0);
	for (unsigned i = 0; i < 3; i++) {
		// The challenge itself is no failure.
		assert_int_equal(ask(1, "sip:alice@ims.test", NULL)->action, REGISTRATION_RELAY);
		registration_failed(regs, seen.decision.attempt, 401);
		assert_int_equal(ask(1, "sip:alice@ims.test", DIGEST)->action, REGISTRATION_RELAY);
		registration_failed(regs, seen.decision.attempt, 401);
	}
	assert_int_equal(ask(1, "sip:alice@ims.test", DIGEST)->status, 503);
	assert_in_range(seen.decision.retry_after_s, 299, 301);
	// Others from there, and she from elsewhere, are not locked out.
	assert_int_equal(ask(1, "sip:bob@ims.test", NULL)->action, REGISTRATION_RELAY);
	assert_int_equal(ask(2, "sip:alice@ims.test", DIGEST)->action, REGISTRATION_RELAY);
	now_us += 300000000;
	assert_int_equal(ask(1, "sip:alice@ims.test", DIGEST)->action, REGISTRATION_RELAY);
}

static void test_rate(void **state)
{
	unsigned refused = 0;

	(void)state;
	config->registration.requests_per_minute = 10;
	assert_int_equal(registration_conn_opened(regs, 1, PAGE, "203.0.113.2"), 0);
	for (unsigned i = 0; i < 20; i++) {
		if (ask(1, "sip:alice@ims.test", NULL)->action == REGISTRATION_RELAY)
			registration_failed(regs, seen.decision.attempt, 401);
		else
			refused++;
	}
	assert_in_range(refused, 9, 10);
	now_us += 60000000;
	assert_int_equal(ask(1, "sip:alice@ims.test", NULL)->action, REGISTRATION_RELAY);
}

static void test_core_ends_it(void **state)
{
	registration_id id = alice_bind(1).id;

	(void)state;
	ask(1, "sip:alice@ims.test", DIGEST);
	registration_failed(regs, seen.decision.attempt, 403);
	assert_events("bound:alice@ims.test gone-deregistered:alice@ims.test ");
	registration_remove(regs, id);
	assert_events("");
	registration_conn_closed(regs, 1);
	id = alice_bind(1).id;
	ask(1, "sip:alice@ims.test", DIGEST);
	registration_failed(regs, seen.decision.attempt, 503);
	assert_int_equal(registrations_count(regs), 1);
	registration_remove(regs, id);
	assert_events("bound:alice@ims.test gone-core:alice@ims.test ");
}

static int keys_make(void **state)
{
	int fd = mkstemp(keys_path);
	FILE *file = fdopen(fd, "w");
	char *jwk;

	(void)state;
	key = vector_key_ec("P-256");
	jwk = vector_jwk(key, "one");
	fprintf(file, "{\"keys\":[%s]}", jwk);
	fclose(file);
	free(jwk);
	return 0;
}

static int keys_free(void **state)
{
	(void)state;
	unlink(keys_path);
	EVP_PKEY_free(key);
	return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_digest),
		CASE(test_query),
		CASE(test_refused),
		CASE(test_one_identity),
		CASE(test_assertion),
		CASE(test_forged_tokens),
		CASE(test_keys),
		CASE(test_takeover),
		CASE(test_park),
		CASE(test_restore),
		CASE(test_restore_who_stays_away),
		CASE(test_restore_garbage),
		CASE(test_conn_lost_meanwhile),
		CASE(test_expiry),
		CASE(test_token),
		CASE(test_token_trusted_domain),
		CASE(test_token_refused),
		CASE(test_admit),
		CASE(test_lock),
		CASE(test_rate),
		CASE(test_core_ends_it),
	};

	return cmocka_run_group_tests(tests, keys_make, keys_free);
}
